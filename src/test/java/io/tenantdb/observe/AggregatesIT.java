package io.tenantdb.observe;

import static io.tenantdb.observe.Fleet.aggregate;
import static io.tenantdb.observe.Fleet.index;
import static io.tenantdb.observe.Fleet.select;
import static io.tenantdb.observe.Fleet.wants;
import static org.assertj.core.api.Assertions.assertThat;

import io.tenantdb.database.ConnectionSettings;
import io.tenantdb.database.ConnectionSettings.Tls;
import io.tenantdb.database.Database;
import io.tenantdb.database.Password;
import io.tenantdb.model.Desired;
import io.tenantdb.model.Mark;
import io.tenantdb.model.ObservedAggregate;
import io.tenantdb.model.ObservedAggregate.RefreshJob;
import io.tenantdb.model.ObservedIndex;
import io.tenantdb.model.ObservedTable;
import io.tenantdb.model.ObservedTable.Kind;
import io.tenantdb.model.ObservedTenant;
import io.tenantdb.model.TableLayout;
import io.tenantdb.model.TimeSpan;
import io.tenantdb.testing.RealParts;
import io.tenantdb.testing.RealParts.SinceTimescale;
import io.tenantdb.testing.TimescaleServer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/** The aggregate side of a reading, on TimescaleDB. */
@RealParts
class AggregatesIT {
  private static final String QUERY =
      "SELECT time_bucket('1 day', at) AS day, grower, count(*) AS batches FROM intake"
          + " GROUP BY 1, 2";
  private static final String DAILY = create("daily", true, QUERY);

  private static String create(String name, boolean materializedOnly, String query) {
    return "CREATE MATERIALIZED VIEW "
        + name
        + " WITH (timescaledb.continuous, timescaledb.materialized_only = "
        + materializedOnly
        + ") AS "
        + query
        + " WITH NO DATA";
  }

  private static Database connect(TimescaleServer server) {
    return Database.of(
        new ConnectionSettings(
            server.host(),
            server.port(),
            server.database(),
            server.user(),
            new Password(server.password()),
            new Tls(Tls.Mode.DISABLE, Optional.empty()),
            4,
            "tenantdb test"));
  }

  private static void tenant(TimescaleServer server, String schema, String... more) {
    List<String> statements = new ArrayList<>();
    statements.add("CREATE SCHEMA " + schema);
    statements.add("SET search_path = " + schema + ", public");
    statements.add("CREATE TABLE intake (at timestamptz NOT NULL, grower int, kg float8)");
    statements.add("SELECT create_hypertable('intake', 'at', create_default_indexes => false)");
    statements.addAll(Arrays.asList(more));
    server.execute(statements.toArray(String[]::new));
  }

  /** By the aggregate that they refresh: before 2.20 the view names its hypertable instead. */
  private static String refreshJobs(String schema) {
    return """
        timescaledb_information.jobs JOIN _timescaledb_catalog.continuous_agg
          ON mat_hypertable_id = (config ->> 'mat_hypertable_id')::int AND user_view_schema = '%s'
        """
        .formatted(schema);
  }

  private static Desired desired(String schema) {
    return wants(
        select(schema),
        List.of(index("ix_batches", "daily", "batches")),
        List.of(),
        List.of(aggregate("daily", QUERY, "time_bucket", "at", "day", "grower", "intake")));
  }

  private static ObservedTenant observe(Database database, String schema) {
    return new Observer().observe(database, desired(schema)).tenants().get(schema);
  }

  @Test
  void aContinuousAggregateIsReadWithItsPolicyAndItsMark(TimescaleServer server) {
    Mark own =
        new Mark(
            Fleet.OWNER_ID, "daily", Mark.NO_TABLE, "0123456789abcdef", Mark.Origin.MADE, false);
    Mark refresh =
        new Mark(
            Fleet.OWNER_ID, Mark.REFRESH, "daily", "0123456789abcdef", Mark.Origin.MADE, false);
    tenant(
        server,
        "agg_policy",
        DAILY,
        "COMMENT ON VIEW daily IS '" + own.above("for the board") + "'",
        "SELECT add_continuous_aggregate_policy('daily', interval '7 days', interval '1 hour',"
            + " interval '1 hour')",
        "SELECT alter_job(job_id, config => config || jsonb_build_object('managed_by', '"
            + refresh.text()
            + "')) FROM "
            + refreshJobs("agg_policy"));
    try (Database database = connect(server)) {
      ObservedTenant tenant = observe(database, "agg_policy");
      ObservedAggregate daily = tenant.aggregate("daily").orElseThrow();
      assertThat(daily.kind()).isEqualTo(ObservedAggregate.Kind.CONTINUOUS);
      assertThat(daily.owner()).isEqualTo(server.user());
      assertThat(daily.materializedOnly()).isTrue();
      assertThat(daily.populated()).isTrue();
      assertThat(daily.comment()).isEqualTo(own.text() + "\nfor the board");
      assertThat(daily.mark()).contains(own);
      // Before PostgreSQL 16 every column is qualified.
      assertThat(daily.definition().orElseThrow().summary().replace("intake.", ""))
          .isEqualTo(
              "SELECT public.time_bucket('1 day'::interval, at) AS day, grower, count(*) AS batches"
                  + " FROM <tenant>.intake"
                  + " GROUP BY (public.time_bucket('1 day'::interval, at)), grower");
      assertThat(daily.jobs()).hasSize(1);
      RefreshJob job = daily.jobs().get(0);
      assertThat(job.startOffset()).contains(new TimeSpan.Interval("7 days"));
      assertThat(job.endOffset()).contains(new TimeSpan.Interval("01:00:00"));
      assertThat(job.every()).isEqualTo("01:00:00");
      assertThat(job.scheduled()).isTrue();
      assertThat(job.owner()).isEqualTo(server.user());
      assertThat(job.mark()).contains(refresh);
      assertThat(tenant.hasMarkOf(Fleet.OWNER_ID)).isTrue();
    }
  }

  @Test
  void itsTableIsTheHypertableThatKeepsItsRows(TimescaleServer server) {
    tenant(server, "agg_table", DAILY);
    try (Database database = connect(server)) {
      var observed = new Observer().observe(database, desired("agg_table"));
      ObservedTenant tenant = observed.tenants().get("agg_table");
      ObservedAggregate daily = tenant.aggregate("daily").orElseThrow();
      ObservedTable table = tenant.table("daily").orElseThrow();
      assertThat(table.kind()).isEqualTo(Kind.CONTINUOUS_AGGREGATE);
      assertThat(table.name()).isEqualTo("daily");
      assertThat(table.oid()).isNotEqualTo(daily.oid());
      assertThat(table.hypertable()).isEmpty();
      ObservedAggregate.Materialization materialization = daily.materialization().orElseThrow();
      assertThat(materialization.schema()).isEqualTo("_timescaledb_internal");
      assertThat(materialization.table())
          .isEqualTo("_materialized_hypertable_" + materialization.id());
      assertThat(observed.layouts().get(table.columnSignature()).columns())
          .extracting(TableLayout.Column::name)
          .containsExactly("day", "grower", "batches");
      // The source comes along, because the query mentions it.
      assertThat(tenant.tables()).containsOnlyKeys("daily", "intake");
      assertThat(tenant.table("intake").orElseThrow().hypertable()).isPresent();
      assertThat(tenant.table("intake").orElseThrow().hypertable().orElseThrow().chunks()).isZero();
      assertThat(tenant.names()).containsOnlyKeys("daily");
    }
  }

  @Test
  void whatAPersonMadeHasNoMarkAndMayShowFreshRows(TimescaleServer server) {
    tenant(server, "agg_hand", create("daily", false, QUERY));
    try (Database database = connect(server)) {
      ObservedAggregate daily = observe(database, "agg_hand").aggregate("daily").orElseThrow();
      assertThat(daily.materializedOnly()).isFalse();
      assertThat(daily.comment()).isEmpty();
      assertThat(daily.mark()).isEmpty();
      assertThat(daily.jobs()).isEmpty();
      // That of the view itself would have the union with the fresh rows.
      assertThat(daily.definition().orElseThrow().text()).doesNotContain("UNION");
    }
  }

  @Test
  @SinceTimescale(value = "2.21", lacks = "several refresh policies of one aggregate")
  void severalPoliciesAndOpenWindowsAreRead(TimescaleServer server) {
    tenant(
        server,
        "agg_open",
        DAILY,
        "SELECT add_continuous_aggregate_policy('daily', NULL, interval '30 days',"
            + " interval '1 day')",
        "SELECT add_continuous_aggregate_policy('daily', interval '30 days', NULL,"
            + " interval '1 hour')",
        "SELECT alter_job(job_id, scheduled => false) FROM "
            + refreshJobs("agg_open")
            + " WHERE schedule_interval = interval '1 hour'");
    try (Database database = connect(server)) {
      List<RefreshJob> jobs = observe(database, "agg_open").aggregate("daily").orElseThrow().jobs();
      assertThat(jobs).hasSize(2);
      assertThat(jobs.get(0).startOffset()).isEmpty();
      assertThat(jobs.get(0).endOffset()).contains(new TimeSpan.Interval("30 days"));
      assertThat(jobs.get(0).scheduled()).isTrue();
      assertThat(jobs.get(1).startOffset()).contains(new TimeSpan.Interval("30 days"));
      assertThat(jobs.get(1).endOffset()).isEmpty();
      assertThat(jobs.get(1).scheduled()).isFalse();
    }
  }

  @Test
  void aMarkAboutSomethingElseIsNotTheJobs(TimescaleServer server) {
    Mark copied =
        new Mark(
            Fleet.OWNER_ID, Mark.REFRESH, "weekly", "0123456789abcdef", Mark.Origin.MADE, false);
    tenant(
        server,
        "agg_copied",
        DAILY,
        "COMMENT ON VIEW daily IS '" + copied.text() + "'",
        "SELECT add_continuous_aggregate_policy('daily', NULL, NULL, interval '1 day')",
        "SELECT alter_job(job_id, config => config || jsonb_build_object('managed_by', '"
            + copied.text()
            + "')) FROM "
            + refreshJobs("agg_copied"));
    try (Database database = connect(server)) {
      ObservedAggregate daily = observe(database, "agg_copied").aggregate("daily").orElseThrow();
      assertThat(daily.jobs()).hasSize(1).allMatch(job -> job.mark().isEmpty());
      assertThat(daily.mark()).isEmpty();
      assertThat(daily.comment()).isEqualTo(copied.text());
    }
  }

  @Test
  void integerOffsetsAreWholeUnits(TimescaleServer server) {
    tenant(
        server,
        "agg_whole",
        "CREATE TABLE counts (at bigint NOT NULL, v int)",
        "SELECT create_hypertable('counts', 'at', chunk_time_interval => 1000)",
        "CREATE FUNCTION present() RETURNS bigint LANGUAGE sql STABLE AS 'SELECT 5000::bigint'",
        "SELECT set_integer_now_func('counts', 'present')",
        create(
            "daily", true, "SELECT time_bucket(10, at) AS b, sum(v) AS v FROM counts GROUP BY 1"),
        "SELECT add_continuous_aggregate_policy('daily', 500::bigint, 10::bigint,"
            + " interval '1 hour')");
    try (Database database = connect(server)) {
      RefreshJob job =
          observe(database, "agg_whole").aggregate("daily").orElseThrow().jobs().get(0);
      assertThat(job.startOffset()).contains(new TimeSpan.Whole(500));
      assertThat(job.endOffset()).contains(new TimeSpan.Whole(10));
    }
  }

  @Test
  void anIndexOnItHasABodyItsOwnNameAndItsMark(TimescaleServer server) {
    Mark mark =
        new Mark(
            Fleet.OWNER_ID, "ix_batches", "daily", "0123456789abcdef", Mark.Origin.MADE, false);
    tenant(
        server,
        "agg_index",
        DAILY,
        "CREATE INDEX ix_batches ON daily (batches DESC) WHERE grower > 0",
        "COMMENT ON INDEX _timescaledb_internal.ix_batches IS '" + mark.text() + "'");
    try (Database database = connect(server)) {
      ObservedTenant tenant = observe(database, "agg_index");
      ObservedTable table = tenant.table("daily").orElseThrow();
      ObservedIndex index = table.index("ix_batches").orElseThrow();
      assertThat(index.body().orElseThrow().text())
          .isEqualTo("USING btree (batches DESC) WHERE (grower > 0)");
      assertThat(index.valid()).isTrue();
      assertThat(index.mark()).contains(mark);
      assertThat(table.indexes()).hasSizeGreaterThan(1).allMatch(i -> i.body().isPresent());
      // It takes no name from the tenant's own schema.
      assertThat(tenant.names()).containsOnlyKeys("daily");
    }
  }

  @Test
  void aggregatesOfAggregatesAndOddNamesAreRead(TimescaleServer server) {
    String monthly =
        "SELECT time_bucket('1 month', day) AS month, sum(batches) AS n FROM \"Daily \"\"In\"\"take\""
            + " GROUP BY 1";
    tenant(
        server,
        "\"Agg.Odd\"",
        create("\"Daily \"\"In\"\"take\"", true, QUERY),
        create("monthly", true, monthly),
        "CREATE VIEW latest AS SELECT 1 AS one",
        "CREATE INDEX ix_odd ON \"Daily \"\"In\"\"take\" (grower)");
    try (Database database = connect(server)) {
      // The first is not declared here, only mentioned.
      Desired desired =
          wants(
              select("Agg.Odd"),
              List.of(),
              List.of(),
              List.of(aggregate("monthly", monthly, "day", "Daily \"In\"take", "latest")));
      ObservedTenant tenant = new Observer().observe(database, desired).tenants().get("Agg.Odd");
      assertThat(tenant.aggregates()).containsOnlyKeys("monthly");
      assertThat(tenant.aggregate("monthly").orElseThrow().definition().orElseThrow().text())
          .contains("FROM <tenant>.\"Daily \"\"In\"\"take\"");
      assertThat(tenant.tables()).containsOnlyKeys("monthly", "Daily \"In\"take", "latest");
      ObservedTable source = tenant.table("Daily \"In\"take").orElseThrow();
      assertThat(source.kind()).isEqualTo(Kind.CONTINUOUS_AGGREGATE);
      assertThat(source.index("ix_odd").orElseThrow().body().orElseThrow().text())
          .isEqualTo("USING btree (grower)");
      assertThat(tenant.table("latest").orElseThrow().kind()).isEqualTo(Kind.OTHER);
      assertThat(tenant.table("latest").orElseThrow().columnSignature()).isNotEmpty();
    }
  }

  @Test
  void aTextIsReadAgainOnceTheViewOrAColumnIsAnother(TimescaleServer server) {
    tenant(server, "agg_again", DAILY);
    try (Database database = connect(server)) {
      Observer observer = new Observer();
      assertThat(text(observer, database)).contains("grower, count(*)");
      server.execute("ALTER TABLE agg_again.intake RENAME grower TO farm");
      assertThat(text(observer, database)).contains("farm AS grower, count(*)");
      server.execute("ALTER MATERIALIZED VIEW agg_again.daily RENAME batches TO n");
      assertThat(text(observer, database)).contains("count(*) AS n");
      server.execute(
          "DROP MATERIALIZED VIEW agg_again.daily",
          "SET search_path = agg_again, public",
          create("daily", true, QUERY.replace("grower", "farm").replace("1 day", "2 days")));
      assertThat(text(observer, database)).contains("'2 days'");
    }
  }

  private static String text(Observer observer, Database database) {
    return observer
        .observe(database, desired("agg_again"))
        .tenants()
        .get("agg_again")
        .aggregate("daily")
        .orElseThrow()
        .definition()
        .orElseThrow()
        .summary();
  }
}
