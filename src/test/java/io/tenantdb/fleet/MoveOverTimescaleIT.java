package io.tenantdb.fleet;

import static org.assertj.core.api.Assertions.assertThat;

import io.tenantdb.database.ConnectionSettings;
import io.tenantdb.database.ConnectionSettings.Tls;
import io.tenantdb.database.Database;
import io.tenantdb.database.Password;
import io.tenantdb.model.AggregateChange.MarkAggregate;
import io.tenantdb.model.IndexChange.MarkIndex;
import io.tenantdb.model.PolicyChange.AlterPolicy;
import io.tenantdb.model.RefreshPolicyChange.AlterRefreshPolicy;
import io.tenantdb.testing.RealParts;
import io.tenantdb.testing.TimescaleServer;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What docs/how-to/move-over.md promises for policies, with its own statements. */
@RealParts
class MoveOverTimescaleIT {

  private static final String JOBS =
      "SELECT concat_ws(' ', job_id, hypertable_schema, proc_name, schedule_interval, config - 'managed_by')"
          + " FROM timescaledb_information.jobs WHERE hypertable_schema IN ('tenant_a', '_timescaledb_internal') ORDER BY 1";

  /** As the team wrote it, but with the option that makes it a continuous aggregate. */
  private static final String AGGREGATE =
      """
      CREATE MATERIALIZED VIEW daily_grower_intake WITH (timescaledb.continuous) AS
      SELECT
          time_bucket('1 day', intake_date) AS day,
          grower_id,
          fruit_type,
          COUNT(*) AS batch_count,
          SUM(net_weight_kg) AS total_kg,
          AVG(net_weight_kg) AS avg_batch_kg,
          COUNT(DISTINCT packhouse_id) AS packhouse_count
      FROM batches
      WHERE is_deleted = false AND status != 'rejected'
      GROUP BY day, grower_id, fruit_type
      WITH NO DATA""";

  private static final String VIEW =
      "SELECT concat_ws(' ', mat_hypertable_id, user_view_name, direct_view_name) FROM _timescaledb_catalog.continuous_agg";

  private static final String MARKS =
      "SELECT config->>'managed_by' FROM timescaledb_information.jobs WHERE config ? 'managed_by'";

  private final TimescaleServer server;

  MoveOverTimescaleIT(TimescaleServer server) {
    this.server = server;
  }

  @Test
  void policies_made_by_hand_are_adopted_and_their_jobs_stay_and_the_marks_can_be_removed() {
    server.reset();
    server.execute(
        "CREATE SCHEMA tenant_a",
        "SET search_path = tenant_a, public",
        Example.tables(),
        "SELECT create_hypertable('batches', 'intake_date', chunk_time_interval => interval '30 days', create_default_indexes => false)",
        "SELECT create_hypertable('batch_history', 'recorded_at', chunk_time_interval => interval '7 days', create_default_indexes => false)",
        String.join(";\n", MoveOverIT.BY_HAND),
        "ALTER TABLE batch_history SET (timescaledb.compress, timescaledb.compress_segmentby = 'batch_id', timescaledb.compress_orderby = 'recorded_at DESC')",
        "SELECT add_compression_policy('batch_history', compress_after => interval '30 days', schedule_interval => interval '1 day')",
        "SELECT add_retention_policy('batch_history', drop_after => interval '2 years', schedule_interval => interval '1 month')",
        AGGREGATE,
        "SELECT add_continuous_aggregate_policy('daily_grower_intake', start_offset => interval '7 days', end_offset => interval '1 hour', schedule_interval => interval '1 hour')");
    List<String> view = query(VIEW);
    List<String> jobs = query(JOBS);
    assertThat(jobs).hasSize(3);
    assertThat(query(MoveOverIT.PAGE.blocks("sql").get(1).statements().get(0))).hasSize(3);
    try (Database database = open()) {
      Engine engine = new Engine();

      Outcome outcome = engine.pass(database, Example.desired(), Gate.OPEN, PassListener.NONE);

      assertThat(outcome.failures()).isEmpty();
      assertThat(outcome.initial().changes())
          .hasSize(11)
          .allSatisfy(
              change ->
                  assertThat(change)
                      .isInstanceOfAny(
                          MarkIndex.class,
                          AlterPolicy.class,
                          MarkAggregate.class,
                          AlterRefreshPolicy.class)
                      .satisfies(c -> assertThat(change.after()).isIn("adopted", "marked")));
      assertThat(query(JOBS)).isEqualTo(jobs);
      assertThat(query(VIEW)).isEqualTo(view);
      assertThat(engine.pass(database, Example.desired(), Gate.OPEN, PassListener.NONE).initial())
          .satisfies(plan -> assertThat(plan.empty()).isTrue());
      assertThat(query(MARKS))
          .hasSize(3)
          .allMatch(
              mark ->
                  mark.startsWith("tenantdb:v1 owner=platform/fruitpak ")
                      && mark.endsWith(" adopted"));
    }

    server.execute(MoveOverIT.PAGE.blocks("sql").get(3).statements().get(0));

    assertThat(query(MARKS)).isEmpty();
    assertThat(query(JOBS)).isEqualTo(jobs);
  }

  /** What the by-hand migration got wrong, each with a sentence that says what to do. */
  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          aggregates: [{name: daily, query: "SELECT time_bucket('1 day', created_at) AS day, count(*) AS n FROM grower_payments GROUP BY day"}] | grower_payments is no hypertable
          aggregates: [{name: daily, query: "SELECT time_bucket('1 day', intake_date) AS day, COUNT(*), COUNT(DISTINCT packhouse_id) FROM batches GROUP BY day"}] | give each column of the result a name of its own with AS
          hypertables: [{table: grower_payments, timeColumn: created_at, retention: {dropAfter: 2 years}}] | grower_payments is no hypertable
          """)
  void what_was_wrong_by_hand_gets_a_sentence(String declared, String sentence) {
    server.reset();
    server.execute(
        "CREATE SCHEMA tenant_a",
        "SET search_path = tenant_a, public",
        Example.tables(),
        "SELECT create_hypertable('batches', 'intake_date')");
    try (Database database = open()) {
      Outcome outcome =
          new Engine().pass(database, Fruit.desired(declared), Gate.OPEN, PassListener.NONE);

      assertThat(outcome.plan().tenants())
          .singleElement()
          .satisfies(
              tenant ->
                  assertThat(tenant.findings())
                      .singleElement()
                      .satisfies(finding -> assertThat(finding.message()).contains(sentence)));
      assertThat(outcome.applied()).isZero();
    }
  }

  private Database open() {
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

  private List<String> query(String sql) {
    try (Connection connection = server.connect();
        Statement statement = connection.createStatement()) {
      // The ? of a JSON operator is no parameter.
      statement.setEscapeProcessing(false);
      try (ResultSet rows = statement.executeQuery(sql)) {
        List<String> out = new ArrayList<>();
        while (rows.next()) {
          out.add(rows.getString(1));
        }
        return out;
      }
    } catch (SQLException e) {
      throw new IllegalStateException(e.getMessage(), e);
    }
  }
}
