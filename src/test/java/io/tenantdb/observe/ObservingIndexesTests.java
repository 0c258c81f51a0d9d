package io.tenantdb.observe;

import static io.tenantdb.observe.Fleet.index;
import static io.tenantdb.observe.Fleet.select;
import static io.tenantdb.observe.Fleet.wants;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.tenantdb.model.Desired;
import io.tenantdb.model.IndexTie;
import io.tenantdb.model.Mark;
import io.tenantdb.model.Observed;
import io.tenantdb.model.ObservedIndex;
import io.tenantdb.model.ObservedTable;
import io.tenantdb.model.ObservedTenant;
import io.tenantdb.model.ReservedName;
import io.tenantdb.testing.PostgresServer;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;

/** What a reading tells of indexes beside their bodies, whatever the server's version. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
abstract class ObservingIndexesTests {
  private static final String BATCHES =
      """
      CREATE TABLE batches (id bigint PRIMARY KEY, grower_id int NOT NULL, status varchar(20),
        "Intake Date" date, name text COLLATE "C", UNIQUE (grower_id, "Intake Date"))
      """;

  private final int version;
  private PostgresServer server;
  private int databases;

  ObservingIndexesTests(int version) {
    this.version = version;
  }

  @BeforeAll
  void start() {
    server = PostgresServer.start(version);
  }

  @AfterAll
  void stop() {
    server.close();
  }

  private Fleet fleet() {
    return Fleet.create(server, "indexes_" + databases++);
  }

  private static ObservedTable table(Observed observed, String schema, String table) {
    return observed.tenants().get(schema).table(table).orElseThrow();
  }

  @Test
  void whatRestsOnAnIndexIsToldByTheKeysThatPeopleMade() {
    try (Fleet fleet = fleet()) {
      fleet.tenant(
          "t1",
          "app",
          "CREATE TABLE growers (id int NOT NULL, code text)",
          "CREATE UNIQUE INDEX growers_id ON growers (id)",
          "CREATE INDEX growers_code ON growers (code)",
          "ALTER TABLE growers REPLICA IDENTITY USING INDEX growers_id",
          "ALTER TABLE growers CLUSTER ON growers_code",
          "CREATE TABLE events (at date NOT NULL, id int NOT NULL, grower int) PARTITION BY RANGE (at)",
          "CREATE TABLE events_a PARTITION OF events FOR VALUES FROM ('2024-01-01') TO ('2025-01-01')",
          "CREATE UNIQUE INDEX events_key ON events (at, id)",
          "ALTER TABLE events ADD CONSTRAINT of_grower FOREIGN KEY (grower) REFERENCES growers (id)");
      // A key of another schema, from and to partitioned tables.
      fleet.tenant(
          "t2",
          "app",
          "CREATE TABLE notes (at date NOT NULL, id int, event int) PARTITION BY RANGE (at)",
          "CREATE TABLE notes_a PARTITION OF notes FOR VALUES FROM ('2024-01-01') TO ('2025-01-01')",
          "ALTER TABLE notes ADD CONSTRAINT \"of event\" FOREIGN KEY (at, event) REFERENCES t1.events (at, id)");
      Observed observed =
          new Observer()
              .observe(
                  fleet.database(),
                  wants(
                      select("t1"),
                      index("growers_id", "growers", "id"),
                      index("events_key", "events", "id"),
                      index("leaf", "events_a", "id")));
      assertThat(ties(observed, "growers", "growers_id"))
          .containsExactly("the foreign key t1.events.of_grower", "the table's replica identity");
      assertThat(ties(observed, "growers", "growers_code"))
          .containsExactly("the clustering of the table");
      assertThat(ties(observed, "events", "events_key"))
          .containsExactly("the foreign key t2.notes.of event");
      assertThat(ties(observed, "events_a", "events_a_at_id_idx"))
          .containsExactly(
              "the foreign key t2.notes.of event", "the partitioned index t1.events_key");
    }
  }

  private static List<String> ties(Observed observed, String table, String index) {
    return table(observed, "t1", table).index(index).orElseThrow().ties().stream()
        .map(IndexTie::words)
        .toList();
  }

  @Test
  void whatADefinitionDoesNotPrintIsReadBesideIt() {
    try (Fleet fleet = fleet()) {
      String tablespace = "elsewhere_" + version;
      fleet.run(
          "SET allow_in_place_tablespaces = on",
          "CREATE TABLESPACE " + tablespace + " LOCATION ''");
      fleet.tenant(
          "t1",
          "app",
          BATCHES,
          "CREATE INDEX ix_home ON batches (name)",
          "CREATE INDEX ix_named ON batches (name) TABLESPACE pg_default",
          "CREATE INDEX ix_keys ON batches (lower(name), grower_id, upper(status), (id + 1))",
          "ALTER INDEX ix_keys ALTER COLUMN 1 SET STATISTICS 3000",
          "ALTER INDEX ix_keys ALTER COLUMN 3 SET STATISTICS 0",
          "ALTER INDEX ix_keys ALTER COLUMN 4 SET STATISTICS 7",
          "ALTER INDEX ix_keys ALTER COLUMN 4 SET STATISTICS -1",
          "ALTER TABLE batches ALTER name SET STATISTICS 500");
      fleet.run("CREATE INDEX ix_away ON t1.batches (name) TABLESPACE " + tablespace);
      Desired desired = wants(select("t1"), index("ix_home", "batches", "name"));
      ObservedTable table =
          table(new Observer().observe(fleet.database(), desired), "t1", "batches");
      assertThat(settings(table, "ix_home"))
          .isEqualTo(ObservedIndex.Settings.of("pg_default", Map.of()));
      assertThat(settings(table, "ix_named")).isEqualTo(settings(table, "ix_home"));
      assertThat(settings(table, "ix_away").tablespace()).isEqualTo(tablespace);
      assertThat(settings(table, "ix_keys").statistics()).isEqualTo(Map.of(1, 3000, 3, 0));
      // The body is that of the index without them.
      assertThat(table.index("ix_away").orElseThrow().body())
          .isEqualTo(table.index("ix_home").orElseThrow().body());
    }
  }

  private static ObservedIndex.Settings settings(ObservedTable table, String index) {
    return table.index(index).orElseThrow().settings();
  }

  @Test
  void theTablespaceOfADatabaseIsWhereItsIndexesAre() {
    String tablespace = "home_" + version;
    server.execute(
        "postgres",
        "SET allow_in_place_tablespaces = on",
        "CREATE TABLESPACE " + tablespace + " LOCATION ''");
    try (Fleet fleet = fleet()) {
      fleet.tenant("t1", "app", BATCHES, "CREATE INDEX ix ON batches (name)");
      server.execute(
          "postgres", "ALTER DATABASE " + fleet.name() + " SET TABLESPACE " + tablespace);
      Observed observed =
          new Observer()
              .observe(fleet.database(), wants(select("t1"), index("ix", "batches", "name")));
      assertThat(settings(table(observed, "t1", "batches"), "ix").tablespace())
          .isEqualTo(tablespace);
    }
  }

  @Test
  void anIndexThatIsNotReadyOrNotLiveIsNotValid() {
    try (Fleet fleet = fleet()) {
      fleet.tenant(
          "t1",
          "app",
          BATCHES,
          "CREATE INDEX ix_dead ON batches (name)",
          "CREATE INDEX ix_raw ON batches (name)",
          "CREATE INDEX ix_well ON batches (name)");
      fleet.run(
          "UPDATE pg_index SET indislive = false WHERE indexrelid = 't1.ix_dead'::regclass",
          "UPDATE pg_index SET indisready = false WHERE indexrelid = 't1.ix_raw'::regclass");
      ObservedTable table =
          table(
              new Observer()
                  .observe(
                      fleet.database(), wants(select("t1"), index("ix_well", "batches", "name"))),
              "t1",
              "batches");
      assertThat(table.indexes())
          .filteredOn(ObservedIndex::valid)
          .extracting(ObservedIndex::name)
          .contains("ix_well")
          .doesNotContain("ix_dead", "ix_raw");
    }
  }

  @Test
  void theCopyThatAReindexIsMakingIsBeingBuiltAndWhatItReplacesStaysValid() throws SQLException {
    try (Fleet fleet = fleet()) {
      fleet.tenant("t1", "app", BATCHES, "CREATE INDEX ix ON batches (status)");
      Desired desired = wants(select("t1"), index("ix", "batches", "status"));
      Thread reindex;
      try (Connection writer = fleet.server().connect(fleet.name());
          Statement s = writer.createStatement()) {
        writer.setAutoCommit(false);
        s.execute("INSERT INTO t1.batches VALUES (1, 1)");
        reindex = new Thread(() -> fleet.run("REINDEX INDEX CONCURRENTLY t1.ix"));
        reindex.start();
        await()
            .atMost(Duration.ofSeconds(60))
            .untilAsserted(
                () -> {
                  ObservedTable table =
                      table(new Observer().observe(fleet.database(), desired), "t1", "batches");
                  assertThat(table.index("ix_ccnew").orElseThrow().building()).isTrue();
                  assertThat(table.index("ix_ccnew").orElseThrow().valid()).isFalse();
                  assertThat(table.index("ix_ccnew").orElseThrow().body())
                      .isEqualTo(table.index("ix").orElseThrow().body());
                  assertThat(table.index("ix").orElseThrow().valid()).isTrue();
                });
        writer.rollback();
      }
      await().atMost(Duration.ofSeconds(60)).until(() -> !reindex.isAlive());
      assertThat(
              table(new Observer().observe(fleet.database(), desired), "t1", "batches").indexes())
          .extracting(ObservedIndex::name)
          .doesNotContain("ix_ccnew", "ix_ccold");
    }
  }

  @Test
  void tablesThatTheSpecNamesNoMoreAreFoundByOurMarksAndReservedNames() {
    try (Fleet fleet = fleet()) {
      String ours = mark(Fleet.OWNER_ID, "ix", "former").text();
      String begun = ReservedName.building("begun", "ix", "0123456789abcdef").text();
      fleet.run(
          "DO $$ BEGIN IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'other') THEN"
              + " CREATE ROLE other; END IF; END $$");
      fleet.tenant(
          "t1",
          "app",
          BATCHES,
          "CREATE INDEX ix ON batches (status)",
          "COMMENT ON INDEX ix IS '" + mark(Fleet.OWNER_ID, "ix", "batches").text() + "'",
          "CREATE TABLE former (a int)",
          "CREATE INDEX ix_former ON former (a)",
          "COMMENT ON INDEX ix_former IS '" + ours + "'",
          "CREATE INDEX by_hand ON former ((a + 1))",
          "CREATE TABLE copied (LIKE former INCLUDING ALL)",
          "CREATE TABLE begun (a int)",
          "CREATE INDEX \"" + begun + "\" ON begun (a)",
          "CREATE TABLE theirs (a int)",
          "CREATE INDEX ix_theirs ON theirs (a)",
          "COMMENT ON INDEX ix_theirs IS '" + mark("platform/fleet2", "ix", "theirs").text() + "'",
          "CREATE TABLE plain (a int)",
          "CREATE INDEX ix_plain ON plain (a)");
      fleet.tenant(
          "t2",
          "other",
          "CREATE TABLE former (a int)",
          "CREATE INDEX ix_former ON former (a)",
          "COMMENT ON INDEX ix_former IS '" + ours + "'");
      fleet.tenant(
          "elsewhere",
          "app",
          "CREATE TABLE former (a int)",
          "CREATE INDEX ix_former ON former (a)",
          "COMMENT ON INDEX ix_former IS '" + ours + "'");
      Observed observed =
          new Observer()
              .observe(fleet.database(), wants(select("t?"), index("ix", "batches", "status")));
      ObservedTenant tenant = observed.tenants().get("t1");
      assertThat(tenant.undeclared())
          .extracting(ObservedTable::name)
          .containsExactly("begun", "former");
      assertThat(tenant.tables()).containsOnlyKeys("batches");
      ObservedTable former = tenant.undeclared().get(1);
      assertThat(former.indexes())
          .extracting(ObservedIndex::name)
          .containsExactly("by_hand", "ix_former");
      assertThat(former.indexes().get(0).body().orElseThrow().text())
          .isEqualTo("USING btree (((a + 1)))");
      assertThat(former.indexes().get(1).mark()).contains(mark(Fleet.OWNER_ID, "ix", "former"));
      assertThat(former.owner()).isEqualTo("app");
      assertThat(tenant.names().get(begun))
          .isEqualTo(new ObservedTenant.NamedRelation(begun, "index", Optional.of("begun")));
      ObservedTenant second = observed.tenants().get("t2");
      assertThat(second.undeclared()).extracting(ObservedTable::owner).containsExactly("other");
      assertThat(second.usableBy()).containsExactly("other");
      assertThat(second.hasMarkOf(Fleet.OWNER_ID)).isTrue();
      assertThat(observed.owners()).containsKey("other");
    }
  }

  private static Mark mark(String owner, String name, String table) {
    return new Mark(owner, name, table, "0123456789abcdef", Mark.Origin.MADE, false);
  }

  @Test
  void partitionsOfADeclaredTableAreItsOwnAndNotUndeclared() {
    try (Fleet fleet = fleet()) {
      String leaf = ReservedName.building("events", "ix", "0123456789abcdef").text();
      fleet.tenant(
          "t1",
          "app",
          "CREATE TABLE events (at date, id int) PARTITION BY RANGE (at)",
          "CREATE TABLE events_a PARTITION OF events FOR VALUES FROM ('2024-01-01') TO ('2025-01-01')"
              + " PARTITION BY LIST (id)",
          "CREATE TABLE events_a1 PARTITION OF events_a FOR VALUES IN (1)",
          "CREATE TABLE events_b PARTITION OF events FOR VALUES FROM ('2025-01-01') TO ('2026-01-01')",
          "CREATE INDEX of_all ON events (at)",
          "ALTER INDEX events_b_at_idx RENAME TO \""
              + ReservedName.building("events_b", "ix", "0123456789abcdef").text()
              + "\"",
          "CREATE INDEX \"" + leaf + "\" ON events_a1 (id)");
      assertThat(
              new Observer()
                  .observe(fleet.database(), wants(select("t1"), index("ix", "events", "id")))
                  .tenants()
                  .get("t1")
                  .undeclared())
          .isEmpty();
      assertThat(
              new Observer()
                  .observe(fleet.database(), wants(select("t1"), index("ix", "nothing", "id")))
                  .tenants()
                  .get("t1")
                  .undeclared())
          .extracting(ObservedTable::name)
          // The index of events_b hangs on that of events and cannot go without it.
          .containsExactly("events_a1");
    }
  }

  @Test
  void aReservedNameThatSomethingElseBearsIsKnownByItsKind() {
    try (Fleet fleet = fleet()) {
      String retired = ReservedName.retired("batches", "ix", "0123456789abcdef").text();
      String built = ReservedName.building("batches", "ix", "0123456789abcdef").text();
      fleet.tenant(
          "t1",
          "app",
          BATCHES,
          "CREATE VIEW \"" + retired + "\" AS SELECT 1 AS one",
          "CREATE SEQUENCE \"" + built + "\"");
      assertThat(
              new Observer()
                  .observe(fleet.database(), wants(select("t1"), index("ix", "batches", "name")))
                  .tenants()
                  .get("t1")
                  .names()
                  .values())
          .containsExactlyInAnyOrder(
              new ObservedTenant.NamedRelation(retired, "view", Optional.empty()),
              new ObservedTenant.NamedRelation(built, "sequence", Optional.empty()));
    }
  }
}
