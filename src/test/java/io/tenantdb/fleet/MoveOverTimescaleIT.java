package io.tenantdb.fleet;

import static org.assertj.core.api.Assertions.assertThat;

import io.tenantdb.database.ConnectionSettings;
import io.tenantdb.database.ConnectionSettings.Tls;
import io.tenantdb.database.Database;
import io.tenantdb.database.Password;
import io.tenantdb.model.IndexChange.MarkIndex;
import io.tenantdb.model.PolicyChange.AlterPolicy;
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

/** What docs/how-to/move-over.md promises for policies, with its own statements. */
@RealParts
class MoveOverTimescaleIT {

  private static final String JOBS =
      "SELECT concat_ws(' ', job_id, hypertable_schema, proc_name, schedule_interval, config - 'managed_by')"
          + " FROM timescaledb_information.jobs WHERE hypertable_schema = 'tenant_a' ORDER BY 1";

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
        "SELECT add_retention_policy('batch_history', drop_after => interval '2 years', schedule_interval => interval '1 month')");
    List<String> jobs = query(JOBS);
    assertThat(jobs).hasSize(2);
    assertThat(query(MoveOverIT.PAGE.blocks("sql").get(1).statements().get(0))).hasSize(2);
    try (Database database = open()) {
      Engine engine = new Engine();

      Outcome outcome = engine.pass(database, Example.desired(), Gate.OPEN, PassListener.NONE);

      assertThat(outcome.failures()).isEmpty();
      assertThat(outcome.initial().changes())
          .hasSize(9)
          .allSatisfy(
              change ->
                  assertThat(change)
                      .isInstanceOfAny(MarkIndex.class, AlterPolicy.class)
                      .satisfies(c -> assertThat(change.after()).isIn("adopted", "marked")));
      assertThat(query(JOBS)).isEqualTo(jobs);
      assertThat(query(MARKS))
          .hasSize(2)
          .allMatch(
              mark ->
                  mark.startsWith("tenantdb:v1 owner=platform/fruitpak ")
                      && mark.endsWith(" adopted"));
    }

    server.execute(MoveOverIT.PAGE.blocks("sql").get(3).statements().get(0));

    assertThat(query(MARKS)).isEmpty();
    assertThat(query(JOBS)).isEqualTo(jobs);
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
