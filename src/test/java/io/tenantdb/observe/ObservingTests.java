package io.tenantdb.observe;

import static io.tenantdb.observe.Fleet.index;
import static io.tenantdb.observe.Fleet.select;
import static io.tenantdb.observe.Fleet.wants;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.tenantdb.model.Desired;
import io.tenantdb.model.DesiredHypertable;
import io.tenantdb.model.DesiredIndex;
import io.tenantdb.model.Mark;
import io.tenantdb.model.Observed;
import io.tenantdb.model.ObservedIndex;
import io.tenantdb.model.ObservedTable;
import io.tenantdb.model.ObservedTenant;
import io.tenantdb.model.ReservedName;
import io.tenantdb.model.TenantSelection;
import io.tenantdb.testing.PostgresServer;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;

/** What a reading of a native server must hold, whatever its version. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
abstract class ObservingTests {
  private static final String BATCHES =
      """
      CREATE TABLE batches (id bigint PRIMARY KEY, grower_id int NOT NULL, status varchar(20),
        "Intake Date" date, name text COLLATE "C", UNIQUE (grower_id, "Intake Date"))
      """;

  private final int version;
  private PostgresServer server;
  private int databases;

  ObservingTests(int version) {
    this.version = version;
  }

  @BeforeAll
  void start() {
    server =
        PostgresServer.start(
            version,
            Map.of(
                "shared_preload_libraries", "pg_stat_statements",
                "pg_stat_statements.track", "all"));
  }

  @AfterAll
  void stop() {
    server.close();
  }

  private Fleet fleet() {
    return Fleet.create(server, "observing_" + databases++);
  }

  private static ObservedTable table(Observed observed, String schema, String table) {
    return observed.tenants().get(schema).table(table).orElseThrow();
  }

  @Test
  void selectsByNameAndGlobAndNeverASystemSchema() {
    try (Fleet fleet = fleet()) {
      fleet.tenants("tenant_", 0, 3).tenant("tenantx1", "app").tenant("Ten.ant \"é\"", "app");
      TenantSelection tenants =
          new TenantSelection(
              List.of("Ten.ant \"é\"", "gone", "gone_too"),
              List.of("tenant_*", "pg_*", "information_schema", "_timescaledb_*"),
              List.of("*_2", "gone_t?o"),
              List.of(),
              Duration.ZERO,
              TenantSelection.OnMissingTable.WAIT);
      Observed observed = new Observer().observe(fleet.database(), wants(tenants));
      assertThat(observed.tenants()).containsOnlyKeys("tenant_0", "tenant_1", "Ten.ant \"é\"");
      assertThat(observed.missingSchemas()).containsExactly("gone");
    }
  }

  @Test
  void theNumberOfQueriesIsTheSameForTenAndForAHundredTenants() throws SQLException {
    try (Fleet fleet = fleet()) {
      fleet.run("CREATE EXTENSION pg_stat_statements", "GRANT pg_read_all_stats TO op");
      fleet.tenants("t", 0, 10, BATCHES, "CREATE INDEX ix ON batches (lower(status))");
      Desired desired = wants(select("t*"), index("ix", "batches", "status"));
      Observed ten = new Observer().observe(fleet.database(), desired);
      long few = statements(fleet, desired);
      fleet.tenants("t", 10, 100, BATCHES, "CREATE INDEX ix ON batches (lower(status))");
      long many = statements(fleet, desired);
      assertThat(ten.tenants()).hasSize(10);
      assertThat(few).isBetween(8L, 60L);
      assertThat(many).isEqualTo(few);
    }
  }

  /** Statements of a first reading, which knows nothing yet. */
  private static long statements(Fleet fleet, Desired desired) throws SQLException {
    Observer observer = new Observer();
    fleet.database().probe();
    fleet.run("SELECT pg_stat_statements_reset()");
    observer.observe(fleet.database(), desired);
    try (Connection c = fleet.server().connect(fleet.name());
        Statement s = c.createStatement();
        ResultSet rows =
            s.executeQuery(
                "SELECT sum(calls) FROM pg_stat_statements st JOIN pg_roles r ON r.oid = st.userid"
                    + " WHERE r.rolname = 'op'")) {
      rows.next();
      return rows.getLong(1);
    }
  }

  @Test
  void equalTablesOfAllTenantsShareOneLayoutAndOneBody() {
    try (Fleet fleet = fleet()) {
      fleet.tenants("t", 0, 3, BATCHES, "CREATE INDEX ix ON batches (lower(status), grower_id)");
      Observer observer = new Observer();
      Observed observed =
          observer.observe(fleet.database(), wants(select("t?"), index("ix", "batches", "id")));
      assertThat(observed.layouts()).hasSize(1);
      assertThat(observed.layouts().values().iterator().next().columns())
          .extracting(c -> c.name() + ":" + c.type() + ":" + c.collation() + ":" + c.notNull())
          .containsExactly(
              "id:bigint::true",
              "grower_id:integer::true",
              "status:character varying(20)::false",
              "Intake Date:date::false",
              "name:text:pg_catalog.\"C\":false");
      ObservedIndex first = table(observed, "t0", "batches").index("ix").orElseThrow();
      ObservedIndex last = table(observed, "t2", "batches").index("ix").orElseThrow();
      assertThat(first.body()).isEqualTo(last.body());
      assertThat(first.body().orElseThrow().text())
          .isEqualTo("USING btree (lower((status)::text), grower_id)");
    }
  }

  @Test
  void indexesTellTheirConstraintTheirUniqueColumnsAndTheirValidity() {
    try (Fleet fleet = fleet()) {
      fleet.tenant("t1", "app", BATCHES, "CREATE UNIQUE INDEX ux ON batches (lower(name), id)");
      Observed observed =
          new Observer()
              .observe(fleet.database(), wants(select("t1"), index("ux", "batches", "id")));
      List<ObservedIndex> indexes = table(observed, "t1", "batches").indexes();
      assertThat(indexes)
          .extracting(ObservedIndex::name)
          .containsExactly("batches_grower_id_Intake Date_key", "batches_pkey", "ux");
      assertThat(indexes.get(0).constraint()).contains("batches_grower_id_Intake Date_key");
      assertThat(indexes.get(0).uniqueColumns())
          .containsExactlyInAnyOrder("grower_id", "Intake Date");
      assertThat(indexes.get(2).constraint()).isEmpty();
      assertThat(indexes.get(2).uniqueColumns()).containsExactly("id");
      assertThat(indexes).allMatch(ObservedIndex::valid).noneMatch(ObservedIndex::building);
    }
  }

  @Test
  void aTableUnderAccessExclusiveStopsNothing() throws SQLException {
    try (Fleet fleet = fleet()) {
      fleet.tenants("t", 0, 3, BATCHES, "CREATE INDEX ix ON batches (status)");
      fleet.tenant("t9", "app", BATCHES, "CREATE INDEX ix ON batches (lower(status))");
      Desired desired = convertWhenEmpty();
      try (Connection c = fleet.server().connect(fleet.name());
          Statement s = c.createStatement()) {
        c.setAutoCommit(false);
        s.execute("LOCK TABLE t0.batches, t9.batches IN ACCESS EXCLUSIVE MODE");
        Observed observed = new Observer().observe(fleet.database(), desired);
        c.rollback();
        ObservedTable locked = table(observed, "t0", "batches");
        assertThat(locked.foreignLock()).isTrue();
        assertThat(locked.pages()).isEqualTo(ObservedTable.UNKNOWN_PAGES);
        // Another tenant's exemplar speaks for it; the one that nobody else has stays unread.
        assertThat(locked.index("ix").orElseThrow().body()).isPresent();
        assertThat(table(observed, "t9", "batches").index("ix").orElseThrow().body()).isEmpty();
        assertThat(table(observed, "t1", "batches").foreignLock()).isFalse();
        assertThat(table(observed, "t1", "batches").pages()).isZero();
      }
      Observer observer = new Observer();
      assertThat(
              table(observer.observe(fleet.database(), desired), "t9", "batches")
                  .index("ix")
                  .orElseThrow()
                  .body())
          .isPresent();
    }
  }

  private static Desired convertWhenEmpty() {
    return wants(
        select("t*"),
        List.of(index("ix", "batches", "status")),
        List.of(
            new DesiredHypertable(
                "batches",
                "Intake Date",
                DesiredHypertable.Convert.WHEN_EMPTY,
                Optional.empty(),
                Optional.empty(),
                Optional.empty())));
  }

  @Test
  void aLockOfOurOwnApplicationIsNotForeign() throws SQLException {
    try (Fleet fleet = fleet()) {
      fleet.tenant("t1", "app", BATCHES);
      try (Connection c = fleet.database().dedicated();
          Statement s = c.createStatement()) {
        c.setAutoCommit(false);
        s.execute("LOCK TABLE t1.batches IN SHARE UPDATE EXCLUSIVE MODE");
        Observed observed = new Observer().observe(fleet.database(), convertWhenEmpty());
        c.rollback();
        assertThat(table(observed, "t1", "batches").foreignLock()).isFalse();
      }
    }
  }

  @Test
  void anInvalidIndexIsBuildingWhileSomebodyHoldsTheTableForIt() throws SQLException {
    try (Fleet fleet = fleet()) {
      fleet.tenant("t1", "app", BATCHES, "CREATE INDEX ix ON batches (status)");
      fleet.run("UPDATE pg_index SET indisvalid = false WHERE indexrelid = 't1.ix'::regclass");
      Desired desired = wants(select("t1"), index("ix", "batches", "status"));
      ObservedIndex left =
          table(new Observer().observe(fleet.database(), desired), "t1", "batches")
              .index("ix")
              .orElseThrow();
      assertThat(left.valid()).isFalse();
      assertThat(left.building()).isFalse();
      try (Connection c = fleet.server().connect(fleet.name());
          Statement s = c.createStatement()) {
        c.setAutoCommit(false);
        s.execute("LOCK TABLE t1.batches IN SHARE UPDATE EXCLUSIVE MODE");
        assertThat(
                table(new Observer().observe(fleet.database(), desired), "t1", "batches")
                    .index("ix")
                    .orElseThrow()
                    .building())
            .isTrue();
        c.rollback();
      }
    }
  }

  @Test
  void autovacuumOnTheTableBuildsNothing() throws SQLException {
    try (Fleet fleet = fleet()) {
      fleet.tenant(
          "t1",
          "app",
          BATCHES,
          "CREATE INDEX ix ON batches (status)",
          // So slow that it is there as long as this test.
          "ALTER TABLE batches SET (autovacuum_vacuum_cost_delay = 100,"
              + " autovacuum_vacuum_cost_limit = 1, autovacuum_vacuum_threshold = 1)");
      // A session's end is when PostgreSQL 14 counts what it has done, at the latest.
      try (Connection c = fleet.server().connect(fleet.name());
          Statement s = c.createStatement()) {
        s.execute(
            "INSERT INTO t1.batches (id, grower_id, name)"
                + " SELECT i, i, repeat('x', 500) FROM generate_series(1, 5000) i");
        s.execute("DELETE FROM t1.batches");
        s.execute("UPDATE pg_index SET indisvalid = false WHERE indexrelid = 't1.ix'::regclass");
      }
      fleet.run("ALTER SYSTEM SET autovacuum_naptime = '1s'");
      fleet.run("SELECT pg_reload_conf()");
      try {
        await().atMost(Duration.ofMinutes(2)).until(() -> isVacuumed(fleet, "t1.batches"));
        assertThat(
                table(
                        new Observer()
                            .observe(
                                fleet.database(),
                                wants(select("t1"), index("ix", "batches", "status"))),
                        "t1",
                        "batches")
                    .index("ix")
                    .orElseThrow()
                    .building())
            .isFalse();
        assertThat(isVacuumed(fleet, "t1.batches")).isTrue();
      } finally {
        fleet.run("ALTER SYSTEM RESET autovacuum_naptime");
        fleet.run("SELECT pg_reload_conf()");
      }
    }
  }

  private static boolean isVacuumed(Fleet fleet, String table) throws SQLException {
    try (Connection c = fleet.server().connect(fleet.name());
        Statement s = c.createStatement();
        ResultSet rows =
            s.executeQuery(
                "SELECT 1 FROM pg_locks l JOIN pg_stat_activity a ON a.pid = l.pid WHERE l.granted"
                    + " AND a.backend_type = 'autovacuum worker'"
                    + " AND l.mode = 'ShareUpdateExclusiveLock' AND l.relation = '"
                    + table
                    + "'::regclass")) {
      return rows.next();
    }
  }

  @Test
  void marksAreReadAndThoseCopiedToAnotherTableAreNot() {
    try (Fleet fleet = fleet()) {
      Mark mark =
          new Mark(Fleet.OWNER_ID, "ix", "batches", "0123456789abcdef", Mark.Origin.MADE, false);
      fleet.tenant(
          "t1",
          "app",
          BATCHES,
          "CREATE INDEX ix ON batches (status)",
          "COMMENT ON INDEX ix IS '" + mark.above("mine") + "'",
          "CREATE TABLE copies (LIKE batches INCLUDING ALL)");
      Observed observed =
          new Observer()
              .observe(
                  fleet.database(),
                  wants(
                      select("t1"), index("ix", "batches", "status"), index("iy", "copies", "id")));
      ObservedIndex own = table(observed, "t1", "batches").index("ix").orElseThrow();
      assertThat(own.mark()).contains(mark);
      assertThat(own.comment()).isEqualTo(mark.text() + "\nmine");
      assertThat(observed.tenants().get("t1").hasMarkOf(Fleet.OWNER_ID)).isTrue();
      List<ObservedIndex> copies = table(observed, "t1", "copies").indexes();
      assertThat(copies).anyMatch(index -> index.comment().startsWith("tenantdb:v1"));
      assertThat(copies).allMatch(index -> index.mark().isEmpty());
    }
  }

  @Test
  void declaredAndReservedNamesAreKnownWhateverBearsThem() {
    try (Fleet fleet = fleet()) {
      String reserved = ReservedName.building("batches", "ix_a", "0123456789abcdef").text();
      fleet.tenant(
          "t1",
          "app",
          BATCHES,
          "CREATE INDEX ix_a ON batches (status)",
          "CREATE INDEX \"" + reserved + "\" ON batches (name)",
          "CREATE VIEW ix_b AS SELECT 1 AS one",
          "CREATE TABLE other (a int)",
          "CREATE INDEX ix_c ON other (a)",
          "CREATE SEQUENCE \"_tdbx\"");
      Observed observed =
          new Observer()
              .observe(
                  fleet.database(),
                  wants(
                      select("t1"),
                      index("ix_a", "batches", "status"),
                      index("ix_b", "batches", "status"),
                      index("ix_c", "batches", "status")));
      assertThat(observed.tenants().get("t1").names().values())
          .containsExactlyInAnyOrder(
              new ObservedTenant.NamedRelation("ix_a", "index", Optional.of("batches")),
              new ObservedTenant.NamedRelation(reserved, "index", Optional.of("batches")),
              new ObservedTenant.NamedRelation("ix_b", "view", Optional.empty()),
              new ObservedTenant.NamedRelation("ix_c", "index", Optional.of("other")));
    }
  }

  @Test
  void localObjectsAreEqualWhereSchemasHaveTheSameAndEmptyWhereTheyHaveNone() {
    try (Fleet fleet = fleet()) {
      String norm =
          "CREATE FUNCTION norm(text) RETURNS text LANGUAGE sql IMMUTABLE AS 'SELECT lower($1)'";
      fleet.tenant("t1", "app", BATCHES, norm).tenant("t2", "app", BATCHES, norm);
      fleet.tenant("t3", "app", BATCHES, norm.replace("lower", "upper"));
      fleet.tenant("t4", "app", BATCHES);
      fleet.tenant("t5", "app", BATCHES, "CREATE TYPE mood AS ENUM ('ok')");
      fleet.tenant("t6", "app", BATCHES, "CREATE DOMAIN mood AS text");
      Observed observed =
          new Observer()
              .observe(fleet.database(), wants(select("t*"), index("ix", "batches", "id")));
      Map<String, ObservedTenant> tenants = observed.tenants();
      assertThat(tenants.get("t1").localObjects())
          .isNotEmpty()
          .isEqualTo(tenants.get("t2").localObjects());
      assertThat(tenants.get("t3").localObjects())
          .isNotEmpty()
          .isNotEqualTo(tenants.get("t1").localObjects());
      assertThat(tenants.get("t4").localObjects()).isEmpty();
      assertThat(tenants.get("t5").localObjects())
          .isNotEmpty()
          .isNotEqualTo(tenants.get("t6").localObjects());
    }
  }

  @Test
  void ownersTellWhatTheyMayDoAndWhatWeMayDoAsThem() {
    try (Fleet fleet = fleet()) {
      fleet.run(
          "DO $$ BEGIN IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'stranger') THEN"
              + " CREATE ROLE stranger NOLOGIN; END IF; END $$");
      fleet.tenant("t1", "app", BATCHES).tenant("t2", "stranger", BATCHES);
      fleet.tenant("t3", "postgres", BATCHES);
      fleet.run("ALTER SCHEMA t1 OWNER TO postgres", "GRANT USAGE ON SCHEMA t1 TO app");
      Observed observed =
          new Observer()
              .observe(fleet.database(), wants(select("t*"), index("ix", "batches", "id")));
      assertThat(observed.owners())
          .containsEntry("app", new Observed.OwnerRights(true, false, true))
          .containsEntry("stranger", new Observed.OwnerRights(false, false, false))
          .containsEntry("postgres", new Observed.OwnerRights(true, true, false));
      assertThat(observed.tenants().get("t1").usableBy()).isEmpty();
      assertThat(observed.tenants().get("t2").usableBy()).isEqualTo(Set.of("stranger"));
      assertThat(observed.tenants().get("t3").usableBy()).isEqualTo(Set.of("postgres"));
    }
  }

  @Test
  void whatStandsInTheWayOfAConversionIsRead() {
    try (Fleet fleet = fleet()) {
      fleet.tenant(
          "t1",
          "app",
          BATCHES,
          "CREATE TABLE items (id int, batch bigint CONSTRAINT fk REFERENCES batches)",
          "INSERT INTO batches VALUES (1, 1)");
      fleet.tenant("t2", "app", BATCHES);
      fleet.run("CREATE PUBLICATION p FOR TABLE t1.batches");
      Observed observed = new Observer().observe(fleet.database(), convertWhenEmpty());
      ObservedTable obstructed = table(observed, "t1", "batches");
      assertThat(obstructed.referencedBy()).containsExactly("t1.items.fk");
      assertThat(obstructed.published()).isTrue();
      assertThat(obstructed.pages()).isEqualTo(1);
      ObservedTable free = table(observed, "t2", "batches");
      assertThat(free.referencedBy()).isEmpty();
      assertThat(free.published()).isFalse();
      assertThat(free.pages()).isZero();
    }
  }

  @Test
  void signaturesFollowColumnsAndConstraints() {
    try (Fleet fleet = fleet()) {
      fleet.tenant("t1", "app", BATCHES);
      Desired desired = wants(select("t1"), index("ix", "batches", "id"));
      Observer observer = new Observer();
      ObservedTable before = table(observer.observe(fleet.database(), desired), "t1", "batches");
      fleet.run("ALTER TABLE t1.batches ADD CHECK (grower_id > 0)");
      ObservedTable checked = table(observer.observe(fleet.database(), desired), "t1", "batches");
      fleet.run("ALTER TABLE t1.batches RENAME name TO label");
      ObservedTable renamed = table(observer.observe(fleet.database(), desired), "t1", "batches");
      assertThat(checked.columnSignature()).isEqualTo(before.columnSignature());
      assertThat(checked.constraintSignature()).isNotEqualTo(before.constraintSignature());
      assertThat(renamed.columnSignature()).isNotEqualTo(before.columnSignature());
    }
  }

  @Test
  void aNameInTheTenantsOwnSchemaIsPrintedWithoutIt() {
    try (Fleet fleet = fleet()) {
      DesiredIndex index = index("ix", "batches", "id");
      String norm =
          "CREATE FUNCTION norm(text) RETURNS text LANGUAGE sql IMMUTABLE AS 'SELECT lower($1)'";
      String[] tables = {
        BATCHES, norm, "CREATE INDEX ix ON batches (norm(status)) WHERE name <> 'a.b'"
      };
      fleet.tenant("a", "app", tables).tenant("Select \"x\"", "app", tables);
      fleet.tenant("b", "app", BATCHES, "CREATE INDEX ix ON batches (a.norm(status))");
      Observed observed = new Observer().observe(fleet.database(), wants(select("*"), index));
      String own = "USING btree (<tenant>.norm((status)::text)) WHERE (name <> 'a.b'::text)";
      assertThat(
              table(observed, "a", "batches").index("ix").orElseThrow().body().orElseThrow().text())
          .isEqualTo(own);
      assertThat(
              table(observed, "Select \"x\"", "batches")
                  .index("ix")
                  .orElseThrow()
                  .body()
                  .orElseThrow()
                  .text())
          .isEqualTo(own);
      assertThat(
              table(observed, "b", "batches").index("ix").orElseThrow().body().orElseThrow().text())
          .isEqualTo("USING btree (a.norm((status)::text))");
    }
  }

  @Test
  void aReadingLeavesNoTransactionBehind() throws SQLException {
    try (Fleet fleet = fleet()) {
      fleet.tenant("t1", "app", BATCHES, "CREATE INDEX ix ON batches (status)");
      new Observer().observe(fleet.database(), convertWhenEmpty());
      try (Connection c = fleet.server().connect(fleet.name());
          Statement s = c.createStatement();
          ResultSet rows =
              s.executeQuery(
                  "SELECT count(*) FROM pg_stat_activity WHERE usename = 'op' AND state <> 'idle'")) {
        rows.next();
        assertThat(rows.getInt(1)).isZero();
      }
    }
  }
}
