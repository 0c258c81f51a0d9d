package io.tenantdb.observe;

import static io.tenantdb.observe.Fleet.aggregate;
import static io.tenantdb.observe.Fleet.fallback;
import static io.tenantdb.observe.Fleet.index;
import static io.tenantdb.observe.Fleet.select;
import static io.tenantdb.observe.Fleet.wants;
import static org.assertj.core.api.Assertions.assertThat;

import io.tenantdb.model.Desired;
import io.tenantdb.model.DesiredAggregate;
import io.tenantdb.model.DesiredHypertable;
import io.tenantdb.model.Mark;
import io.tenantdb.model.Observed;
import io.tenantdb.model.ObservedAggregate;
import io.tenantdb.model.ObservedTable;
import io.tenantdb.model.ObservedTenant;
import io.tenantdb.model.ObservedTenant.NamedRelation;
import io.tenantdb.testing.PostgresServer;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;

/** What a reading of materialized views on a native server must hold, whatever its version. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
abstract class ObservingViewsTests {
  private static final String INTAKE = "CREATE TABLE intake (day date, grower int, kg float8)";
  private static final String QUERY =
      "SELECT day, grower, count(*) AS n FROM intake GROUP BY day, grower";
  private static final String DAILY = "CREATE MATERIALIZED VIEW daily AS " + QUERY;
  private static final String KEY = "CREATE UNIQUE INDEX daily_key ON daily (day, grower)";
  private static final DesiredAggregate AGGREGATE =
      fallback(aggregate("daily", QUERY, "day", "grower", "intake"), "day", "grower");
  private static final Desired DESIRED =
      wants(select("t*"), List.of(), List.of(), List.of(AGGREGATE));

  private final int version;
  private PostgresServer server;
  private int databases;

  ObservingViewsTests(int version) {
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
    return Fleet.create(server, "views_" + databases++);
  }

  private static ObservedAggregate daily(Observed observed, String schema) {
    return observed.tenants().get(schema).aggregate("daily").orElseThrow();
  }

  @Test
  void aMaterializedViewIsReadWithItsMarkAndItsIndex() {
    try (Fleet fleet = fleet()) {
      Mark mark =
          new Mark(
                  Fleet.OWNER_ID,
                  "daily",
                  Mark.NO_TABLE,
                  "0123456789abcdef",
                  Mark.Origin.MADE,
                  false)
              .withRefreshed(Instant.parse("2026-11-23T10:00:00Z"));
      fleet.tenant(
          "t1",
          "app",
          INTAKE,
          DAILY,
          KEY,
          "COMMENT ON MATERIALIZED VIEW daily IS '" + mark.above("mine") + "'");
      fleet.tenant("t2", "app", INTAKE, DAILY + " WITH NO DATA");
      Observed observed = new Observer().observe(fleet.database(), DESIRED);
      ObservedAggregate daily = daily(observed, "t1");
      assertThat(daily.kind()).isEqualTo(ObservedAggregate.Kind.MATERIALIZED_VIEW);
      assertThat(daily.owner()).isEqualTo("app");
      assertThat(daily.populated()).isTrue();
      assertThat(daily.comment()).isEqualTo(mark.text() + "\nmine");
      assertThat(daily.mark()).contains(mark);
      assertThat(daily.materialization()).isEmpty();
      assertThat(daily.jobs()).isEmpty();
      ObservedTenant tenant = observed.tenants().get("t1");
      ObservedTable table = tenant.table("daily").orElseThrow();
      assertThat(table.kind()).isEqualTo(ObservedTable.Kind.MATERIALIZED_VIEW);
      assertThat(table.oid()).isEqualTo(daily.oid());
      assertThat(table.index("daily_key").orElseThrow().uniqueColumns())
          .containsExactlyInAnyOrder("day", "grower");
      assertThat(tenant.names().values())
          .containsExactlyInAnyOrder(
              new NamedRelation("daily", "materialized view", Optional.empty()),
              new NamedRelation("daily_key", "index", Optional.of("daily")));
      assertThat(tenant.hasMarkOf(Fleet.OWNER_ID)).isTrue();
      ObservedAggregate empty = daily(observed, "t2");
      assertThat(empty.populated()).isFalse();
      assertThat(empty.comment()).isEmpty();
      // Equal views of two tenants have equal texts.
      assertThat(empty.definition()).isPresent().isEqualTo(daily.definition());
      assertThat(empty.definition().orElseThrow().text()).contains("FROM <tenant>.intake");
    }
  }

  @Test
  void whatElseBearsADeclaredNameIsNamedAndIsNoAggregate() {
    try (Fleet fleet = fleet()) {
      fleet.tenant(
          "t1",
          "app",
          INTAKE,
          "CREATE VIEW daily AS SELECT 1 AS one",
          "CREATE SEQUENCE daily_key",
          "CREATE MATERIALIZED VIEW grower AS SELECT 1 AS one");
      ObservedTenant tenant = new Observer().observe(fleet.database(), DESIRED).tenants().get("t1");
      assertThat(tenant.aggregates()).isEmpty();
      assertThat(tenant.names().values())
          .containsExactlyInAnyOrder(
              new NamedRelation("daily", "view", Optional.empty()),
              new NamedRelation("daily_key", "sequence", Optional.empty()));
      assertThat(tenant.table("daily").orElseThrow().kind()).isEqualTo(ObservedTable.Kind.OTHER);
      assertThat(tenant.table("daily").orElseThrow().columnSignature()).isNotEmpty();
      // Mentioned, so it is there; declared it is not.
      assertThat(tenant.table("grower").orElseThrow().kind())
          .isEqualTo(ObservedTable.Kind.MATERIALIZED_VIEW);
    }
  }

  @Test
  void aMentionedTableIsNotMeasuredForAConversion() {
    try (Fleet fleet = fleet()) {
      fleet.tenant(
          "t1",
          "app",
          "CREATE TABLE intake (day date PRIMARY KEY, grower int)",
          "CREATE TABLE items (day date REFERENCES intake)",
          "CREATE TABLE declared (day date PRIMARY KEY)",
          "CREATE TABLE more (day date CONSTRAINT fk REFERENCES declared)");
      DesiredHypertable declared =
          new DesiredHypertable(
              "declared",
              "day",
              DesiredHypertable.Convert.WHEN_EMPTY,
              Optional.empty(),
              Optional.empty(),
              Optional.empty());
      ObservedTenant tenant =
          new Observer()
              .observe(
                  fleet.database(),
                  wants(select("t1"), List.of(), List.of(declared), List.of(AGGREGATE)))
              .tenants()
              .get("t1");
      assertThat(tenant.table("declared").orElseThrow().referencedBy())
          .containsExactly("t1.more.fk");
      assertThat(tenant.table("intake").orElseThrow().referencedBy()).isEmpty();
    }
  }

  @Test
  void aLockedViewHasNoTextAndStopsNoOther() throws SQLException {
    try (Fleet fleet = fleet()) {
      fleet.tenants("t", 0, 4, INTAKE, DAILY, KEY);
      Observer observer = new Observer();
      try (Connection c = fleet.server().connect(fleet.name());
          Statement s = c.createStatement()) {
        c.setAutoCommit(false);
        // A source that is locked keeps the text from being printed as the view itself does.
        s.execute("LOCK TABLE t1.intake IN ACCESS EXCLUSIVE MODE");
        s.execute("REFRESH MATERIALIZED VIEW t2.daily");
        Observed observed = observer.observe(fleet.database(), DESIRED);
        c.rollback();
        assertThat(daily(observed, "t0").definition()).isPresent();
        assertThat(daily(observed, "t1").definition()).isEmpty();
        assertThat(daily(observed, "t2").definition()).isEmpty();
        assertThat(daily(observed, "t3").definition()).isPresent();
      }
      Observed free = observer.observe(fleet.database(), DESIRED);
      assertThat(daily(free, "t1").definition())
          .isPresent()
          .isEqualTo(daily(free, "t0").definition());
      // What is known needs no lock.
      try (Connection c = fleet.server().connect(fleet.name());
          Statement s = c.createStatement()) {
        c.setAutoCommit(false);
        s.execute("LOCK TABLE t1.intake IN ACCESS EXCLUSIVE MODE");
        assertThat(daily(observer.observe(fleet.database(), DESIRED), "t1").definition())
            .isPresent();
        c.rollback();
      }
    }
  }

  @Test
  void aLockThatAppearsWhileTextsArePrintedCostsOneTenantItsText() throws SQLException {
    try (Fleet fleet = fleet()) {
      fleet.tenants("t", 0, 3, INTAKE, DAILY);
      Observed before = new Observer().observe(fleet.database(), DESIRED);
      List<ViewTexts.View> views =
          before.tenants().keySet().stream()
              .map(
                  schema ->
                      new ViewTexts.View(
                          daily(before, schema).oid(), new ViewTexts.Stamp("1", ""), schema))
              .toList();
      try (Connection c = fleet.server().connect(fleet.name());
          Statement s = c.createStatement();
          Connection reader = fleet.database().borrow()) {
        c.setAutoCommit(false);
        s.execute("LOCK TABLE t1.intake IN ACCESS EXCLUSIVE MODE");
        Catalog catalog = new Catalog(reader, version * 10000);
        // As if nobody had held it a moment ago.
        ViewTexts texts = ViewTexts.none().refreshed(catalog, views, Set.of());
        c.rollback();
        assertThat(texts.text(daily(before, "t0").oid())).isPresent();
        assertThat(texts.text(daily(before, "t1").oid())).isEmpty();
        assertThat(texts.text(daily(before, "t2").oid())).isPresent();
      }
    }
  }

  @Test
  void aTextIsReadAgainOnceTheViewOrAColumnIsAnother() {
    try (Fleet fleet = fleet()) {
      fleet.tenant("t1", "app", INTAKE, DAILY);
      Observer observer = new Observer();
      assertThat(text(observer, fleet)).contains("count(*) AS n ");
      fleet.run("ALTER TABLE t1.intake RENAME grower TO farm");
      assertThat(text(observer, fleet)).contains("farm AS grower");
      fleet.run("ALTER MATERIALIZED VIEW t1.daily RENAME n TO batches");
      assertThat(text(observer, fleet)).contains("count(*) AS batches");
      fleet.run(
          "DROP MATERIALIZED VIEW t1.daily",
          "CREATE MATERIALIZED VIEW t1.daily AS SELECT day, sum(kg) AS kg FROM t1.intake GROUP BY 1");
      assertThat(text(observer, fleet)).contains("sum(").doesNotContain("count(");
    }
  }

  private static String text(Observer observer, Fleet fleet) {
    return daily(observer.observe(fleet.database(), DESIRED), "t1")
        .definition()
        .orElseThrow()
        .summary();
  }

  @Test
  void theNumberOfQueriesIsTheSameForTenAndForAHundredTenants() throws SQLException {
    try (Fleet fleet = fleet()) {
      fleet.run("CREATE EXTENSION pg_stat_statements", "GRANT pg_read_all_stats TO op");
      fleet.tenants("t", 0, 10, INTAKE, DAILY, KEY);
      new Observer().observe(fleet.database(), DESIRED);
      long few = statements(fleet, DESIRED, "%");
      fleet.tenants("t", 10, 100, INTAKE, DAILY, KEY);
      assertThat(statements(fleet, DESIRED, "%")).isEqualTo(few);
      // Without aggregates nothing asks for views.
      Desired none = wants(select("t*"), index("ix", "intake", "day"));
      assertThat(statements(fleet, none, "%")).isPositive().isLessThan(few);
      assertThat(statements(fleet, none, "%pg_rewrite%")).isZero();
      assertThat(statements(fleet, none, "%viewdef%")).isZero();
    }
  }

  /**
   * Statements of a first reading, which knows nothing yet; not those that the server's own
   * functions run.
   */
  private static long statements(Fleet fleet, Desired desired, String like) throws SQLException {
    Observer observer = new Observer();
    fleet.database().probe();
    fleet.run("SELECT pg_stat_statements_reset()");
    observer.observe(fleet.database(), desired);
    try (Connection c = fleet.server().connect(fleet.name());
        Statement s = c.createStatement();
        ResultSet rows =
            s.executeQuery(
                "SELECT coalesce(sum(calls), 0) FROM pg_stat_statements st"
                    + " JOIN pg_roles r ON r.oid = st.userid"
                    + " WHERE r.rolname = 'op' AND st.toplevel AND st.query LIKE '"
                    + like
                    + "'")) {
      rows.next();
      return rows.getLong(1);
    }
  }
}
