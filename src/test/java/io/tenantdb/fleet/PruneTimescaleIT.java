package io.tenantdb.fleet;

import static org.assertj.core.api.Assertions.assertThat;

import io.tenantdb.database.Database;
import io.tenantdb.model.Change;
import io.tenantdb.model.Desired;
import io.tenantdb.model.IndexSetting.DropIndex;
import io.tenantdb.model.PruneChange.DropAggregate;
import io.tenantdb.model.PruneChange.DropAggregateIndex;
import io.tenantdb.model.PruneChange.DropPolicy;
import io.tenantdb.model.Reason;
import io.tenantdb.testing.RealParts;
import io.tenantdb.testing.TimescaleServer;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What left the spec, and what is left of a resource that is deleted, on TimescaleDB. */
@RealParts
class PruneTimescaleIT {

  private static final String PRUNE = "safety: {onDestructive: Allow, prune: OwnedOnly}\n";
  private static final String POLICIES =
      """
        compression: {after: 30 days, segmentBy: [grower_id]}
        retention: {dropAfter: 2 years}
      """;
  private static final String HYPERTABLE =
      """
      hypertables:
      - table: batches
        timeColumn: intake_date
        convert: WhenEmpty
      """;
  private static final String INDEXES =
      """
      indexes:
      - {name: ix_grower, table: batches, columns: [grower_id]}
      - {name: ix_day, table: daily, columns: [day]}
      """;
  private static final String DAILY =
      """
      aggregates:
      - name: daily
        query: SELECT time_bucket('1 day', intake_date) AS day, sum(kg) AS kg FROM batches GROUP BY 1
        refresh: {every: 1 hour, startOffset: 7 days, endOffset: 1 hour}
      """;
  private static final String WEEKLY =
      """
      - name: weekly
        query: SELECT time_bucket('7 days', day) AS week, sum(kg) AS kg FROM daily GROUP BY 1
        refresh: {every: 1 day, startOffset: 28 days, endOffset: 1 day}
      """;
  private static final String ALL = HYPERTABLE + POLICIES + INDEXES + DAILY + WEEKLY;

  private final TimescaleServer server;
  private final Engine engine = new Engine();

  PruneTimescaleIT(TimescaleServer server) {
    this.server = server;
  }

  @BeforeEach
  void tenants() {
    server.reset();
    server.execute(
        "DO $$ BEGIN CREATE ROLE fruit_owner LOGIN; EXCEPTION WHEN duplicate_object THEN NULL; END $$");
    for (String tenant : List.of("tenant_a", "tenant_b")) {
      server.execute(
          "CREATE SCHEMA " + tenant + " AUTHORIZATION fruit_owner",
          "SET ROLE fruit_owner",
          "CREATE TABLE "
              + tenant
              + ".batches (intake_date timestamptz NOT NULL, grower_id text, kg int)",
          "RESET ROLE");
    }
  }

  @Test
  void policies_aggregates_and_indexes_that_left_the_spec_go_and_the_hypertable_stays() {
    try (Database database = EngineTimescaleIT.open(server)) {
      assertThat(pass(database, ALL + PRUNE).converged()).isTrue();
      assertThat(jobs()).hasSize(8);

      Outcome policies = pass(database, HYPERTABLE + INDEXES + DAILY + WEEKLY + PRUNE);
      assertThat(policies.converged()).isTrue();
      assertThat(kinds(policies)).containsOnly(DropPolicy.class).hasSize(4);
      assertThat(jobs()).hasSize(4).containsOnly("policy_refresh_continuous_aggregate");

      Outcome index =
          pass(
              database,
              HYPERTABLE
                  + INDEXES.replaceFirst("- \\{name: ix_day.*\n", "")
                  + DAILY
                  + WEEKLY
                  + PRUNE);
      assertThat(index.converged()).isTrue();
      assertThat(kinds(index)).containsOnly(DropAggregateIndex.class).hasSize(2);

      Outcome kept = pass(database, HYPERTABLE + "aggregates:\n" + WEEKLY + PRUNE);
      assertThat(kept.converged()).isTrue();
      assertThat(kinds(kept)).containsOnly(DropIndex.class);
      assertThat(aggregates()).containsExactly("daily", "daily", "weekly", "weekly");

      Outcome rest = pass(database, HYPERTABLE + PRUNE);
      assertThat(rest.failures()).isEmpty();
      assertThat(rest.converged()).isTrue();
      assertThat(rest.results())
          .extracting(result -> result.change().target().schema() + "." + result.change().object())
          .containsSubsequence("tenant_a.weekly", "tenant_a.daily")
          .containsSubsequence("tenant_b.weekly", "tenant_b.daily");
      assertThat(kinds(rest)).containsOnly(DropAggregate.class);
      assertThat(aggregates()).isEmpty();
      assertThat(jobs()).isEmpty();
      assertThat(hypertables()).hasSize(2);
      assertThat(pass(database, HYPERTABLE + PRUNE).initial().empty()).isTrue();
    }
  }

  @Test
  void an_aggregate_that_something_depends_on_stays_and_the_failure_names_it() {
    try (Database database = EngineTimescaleIT.open(server)) {
      assertThat(pass(database, HYPERTABLE + DAILY + PRUNE).converged()).isTrue();
      server.execute("CREATE VIEW tenant_a.report AS SELECT * FROM tenant_a.daily");

      Outcome outcome = pass(database, HYPERTABLE + PRUNE);
      assertThat(outcome.failures())
          .singleElement()
          .satisfies(
              failure -> {
                assertThat(failure.reason()).isEqualTo(Reason.HasDependents);
                assertThat(failure.message()).contains("tenant_a: daily", "report depends on");
              });
      assertThat(aggregates()).containsExactly("daily");
    }
  }

  @Test
  void deletion_takes_back_what_was_made_and_what_was_found_loses_its_mark() {
    server.execute(
        "SET ROLE fruit_owner",
        "SELECT create_hypertable('tenant_a.batches', 'intake_date')",
        "ALTER TABLE tenant_a.batches SET (timescaledb.compress, timescaledb.compress_segmentby = 'grower_id')",
        "SELECT add_compression_policy('tenant_a.batches', interval '30 days')",
        "CREATE MATERIALIZED VIEW tenant_a.daily WITH (timescaledb.continuous, timescaledb.materialized_only = true)"
            + " AS SELECT time_bucket('1 day', intake_date) AS day, sum(kg) AS kg FROM tenant_a.batches GROUP BY 1 WITH NO DATA",
        "COMMENT ON VIEW tenant_a.daily IS 'a person''s'",
        "CREATE INDEX ix_grower ON tenant_a.batches (grower_id)",
        "RESET ROLE");
    List<String> before = catalog("tenant_a");
    try (Database database = EngineTimescaleIT.open(server)) {
      Desired desired = Fruit.desired(ALL);
      Outcome made = engine.pass(database, desired, Gate.OPEN, PassListener.NONE);
      assertThat(made.failures()).isEmpty();
      assertThat(catalog("tenant_a")).isNotEqualTo(before);

      Outcome outcome =
          new Engine().pass(database, desired.forDeletion(), Gate.OPEN, PassListener.NONE);
      assertThat(outcome.failures()).isEmpty();
      assertThat(outcome.plan().empty()).isTrue();
      assertThat(catalog("tenant_a")).isEqualTo(before);
      assertThat(catalog("tenant_b")).noneMatch(line -> line.contains("tenantdb:"));
      assertThat(jobs()).containsExactly("policy_compression");
      assertThat(hypertables()).hasSize(2);
    }
  }

  private List<String> jobs() {
    return query(
        "SELECT proc_name FROM timescaledb_information.jobs WHERE proc_name LIKE 'policy\\_%'"
            + " AND proc_name NOT IN ('policy_telemetry', 'policy_job_stat_history_retention',"
            + " 'policy_job_error_retention')");
  }

  private List<String> aggregates() {
    return query(
        "SELECT view_name FROM timescaledb_information.continuous_aggregates ORDER BY view_name");
  }

  private List<String> hypertables() {
    return query(
        "SELECT hypertable_schema FROM timescaledb_information.hypertables WHERE hypertable_schema LIKE 'tenant%'");
  }

  /** Relations with their comments, indexes of aggregates, and jobs with their configs. */
  private List<String> catalog(String tenant) {
    return query(
        """
        SELECT concat_ws(' | ', c.relname, c.relkind,
                 CASE WHEN c.relkind IN ('i', 'I') THEN pg_get_indexdef(c.oid) END,
                 obj_description(c.oid, 'pg_class'))
        FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
        WHERE n.nspname = '%1$s'
        UNION ALL
        SELECT concat_ws(' | ', j.proc_name, (j.config - 'mat_hypertable_id')::text, j.schedule_interval)
        FROM timescaledb_information.jobs j WHERE j.hypertable_schema = '%1$s'
        ORDER BY 1"""
            .formatted(tenant));
  }

  private List<String> query(String sql) {
    try (Connection connection = server.connect();
        Statement statement = connection.createStatement();
        ResultSet rows = statement.executeQuery(sql)) {
      List<String> out = new ArrayList<>();
      while (rows.next()) {
        out.add(rows.getString(1));
      }
      return out;
    } catch (SQLException e) {
      throw new IllegalStateException(e.getMessage(), e);
    }
  }

  private static List<Class<? extends Change>> kinds(Outcome outcome) {
    List<Class<? extends Change>> kinds = new ArrayList<>();
    outcome.results().forEach(result -> kinds.add(result.change().getClass()));
    return kinds;
  }

  private Outcome pass(Database database, String spec) {
    return engine.pass(database, Fruit.desired(spec), Gate.OPEN, PassListener.NONE);
  }
}
