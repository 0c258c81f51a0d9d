package io.tenantdb.fleet;

import static org.assertj.core.api.Assertions.assertThat;

import io.fabric8.kubernetes.client.utils.Serialization;
import io.tenantdb.api.v1alpha1.TenantDatabaseSpec;
import io.tenantdb.database.Database;
import io.tenantdb.desired.Resolution;
import io.tenantdb.model.Reason;
import io.tenantdb.model.TenantState;
import io.tenantdb.testing.RealParts;
import io.tenantdb.testing.TimescaleServer;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/**
 * Aggregates over aggregates, on every version: {@code alter_job} of TimescaleDB 2.22.1 and 2.23.0
 * refuses each of their refresh jobs.
 */
@RealParts
class HierarchyTimescaleIT {

  private static final String SPEC =
      """
      database: {host: localhost, name: fruit, credentialsSecretRef: {name: x}}
      tenants: {patterns: ["tenant_*"], settle: 0s}
      safety: {prune: OwnedOnly, onDestructive: Allow}
      hypertables:
      - {table: pickings, timeColumn: at}
      aggregates:
      - name: picked_hourly
        query: SELECT time_bucket('1 hour', at) AS hour, row_no, count(*) AS n FROM pickings GROUP BY hour, row_no
        refresh: {every: 1 hour, startOffset: 3 days, endOffset: 1 hour}
      """;

  private static final String DAILY =
      """
      - name: picked_daily
        query: SELECT time_bucket('1 day', hour) AS day, row_no, sum(n) AS n FROM picked_hourly GROUP BY day, row_no
      """;

  private static final String REFRESHED =
      "  refresh: {every: 1 hour, startOffset: 30 days, endOffset: 1 hour}\n";

  private final TimescaleServer server;
  private final Engine engine = new Engine();

  HierarchyTimescaleIT(TimescaleServer server) {
    this.server = server;
  }

  @BeforeEach
  void tenant() {
    server.reset();
    noRole();
    server.execute(
        "CREATE SCHEMA tenant_a",
        "CREATE ROLE orchard LOGIN",
        "ALTER SCHEMA tenant_a OWNER TO orchard",
        "CREATE TABLE tenant_a.pickings (at timestamptz NOT NULL, row_no int)",
        "ALTER TABLE tenant_a.pickings OWNER TO orchard",
        "SELECT create_hypertable('tenant_a.pickings', 'at')",
        "INSERT INTO tenant_a.pickings SELECT now() - g * interval '1 hour', g % 3 FROM generate_series(1, 400) g");
  }

  @AfterEach
  void cleanUp() {
    server.reset();
    noRole();
    assertThat(server.alive()).isTrue();
  }

  private void noRole() {
    for (String role : List.of("orchard", "press_house")) {
      server.execute(
          "DO $$ BEGIN IF EXISTS (SELECT FROM pg_roles WHERE rolname = '%1$s') THEN DROP OWNED BY %1$s; DROP ROLE %1$s; END IF; END $$"
              .formatted(role));
    }
  }

  @Test
  void it_is_made_with_its_policy_and_its_mark_and_changed_in_place() {
    try (Database database = EngineTimescaleIT.open(server)) {
      assertThat(pass(database, SPEC + DAILY + REFRESHED).converged()).isTrue();

      List<String> made = dailyJobs();
      assertThat(made).hasSize(1);
      assertThat(made.get(0)).contains("01:00:00, 30 days, tenantdb:v1 ").contains(" made");
      assertThat(pass(database, SPEC + DAILY + REFRESHED).initial().empty()).isTrue();

      Outcome changed =
          pass(
              database,
              SPEC
                  + DAILY
                  + REFRESHED
                      .replace("1 hour, start", "2 hours, start")
                      .replace("30 days", "40 days"));

      assertThat(changed.failures()).isEmpty();
      assertThat(changed.converged()).isTrue();
      assertThat(dailyJobs().get(0))
          .startsWith(made.get(0).substring(0, made.get(0).indexOf(',')))
          .contains("02:00:00, 40 days, tenantdb:v1 ");
      server.execute("SELECT remove_continuous_aggregate_policy('tenant_a.picked_daily')");
      assertThat(dailyJobs()).as("it hangs on its aggregate as before").isEmpty();
    }
  }

  @Test
  void one_that_was_made_by_hand_is_adopted_and_given_back() {
    byHand("orchard");
    try (Database database = EngineTimescaleIT.open(server)) {
      Outcome adopted = pass(database, SPEC + DAILY + REFRESHED);

      assertThat(adopted.failures()).isEmpty();
      assertThat(adopted.converged()).isTrue();
      assertThat(dailyJobs()).hasSize(1).allSatisfy(job -> assertThat(job).endsWith(" adopted"));
      assertThat(pass(database, SPEC + DAILY + REFRESHED).initial().empty()).isTrue();

      Outcome left = pass(database, SPEC + DAILY);

      assertThat(left.failures()).isEmpty();
      assertThat(dailyJobs()).hasSize(1).allSatisfy(job -> assertThat(job).endsWith("days, none"));
    }
  }

  @Test
  void one_of_another_role_than_its_source_goes_without_what_the_server_refuses() {
    server.execute(
        "CREATE ROLE press_house LOGIN", "GRANT USAGE, CREATE ON SCHEMA tenant_a TO press_house");
    byHand("press_house");
    try (Database database = EngineTimescaleIT.open(server)) {
      Outcome adopted = pass(database, SPEC + DAILY + REFRESHED);

      assertThat(adopted.failures()).isEmpty();
      assertThat(adopted.converged()).isTrue();
      assertThat(pass(database, SPEC + DAILY + REFRESHED).initial().empty()).isTrue();

      Outcome changed = pass(database, SPEC + DAILY + REFRESHED.replace("30 days", "40 days"));

      boolean knownToAlter = database.probe().timescale().altersHierarchies();
      if (!altersHierarchies()) {
        assertThat(knownToAlter).as("a version that refuses it is known").isFalse();
      }
      if (knownToAlter) {
        assertThat(changed.converged()).isTrue();
        assertThat(dailyJobs().get(0)).contains("40 days, tenantdb:v1 ");
      } else {
        assertThat(changed.results()).isEmpty();
        assertThat(changed.count(TenantState.FAILED)).isEqualTo(1);
        assertThat(changed.failures())
            .hasSize(1)
            .allSatisfy(
                failure -> {
                  assertThat(failure.reason()).isEqualTo(Reason.NotSupported);
                  assertThat(failure.message())
                      .startsWith("tenant_a: job ")
                      .contains("alter_job of TimescaleDB 2.2", "2.23.1 or later");
                });
        assertThat(dailyJobs().get(0)).contains("30 days, none");
      }
    }
  }

  private void byHand(String role) {
    try (Database database = EngineTimescaleIT.open(server)) {
      assertThat(pass(database, SPEC).converged()).isTrue();
    }
    server.execute(
        "CREATE MATERIALIZED VIEW tenant_a.picked_daily WITH (timescaledb.continuous, timescaledb.materialized_only = true) AS"
            + " SELECT time_bucket('1 day', hour) AS day, row_no, sum(n) AS n FROM tenant_a.picked_hourly"
            + " GROUP BY day, row_no WITH NO DATA",
        "GRANT SELECT ON tenant_a.picked_hourly TO " + role,
        "ALTER MATERIALIZED VIEW tenant_a.picked_daily OWNER TO " + role,
        "SELECT add_continuous_aggregate_policy('tenant_a.picked_daily', interval '30 days', interval '1 hour', interval '1 hour')");
  }

  /** What the server itself says, by doing it in a transaction that is rolled back. */
  private boolean altersHierarchies() {
    try (Connection connection = server.connect();
        Statement statement = connection.createStatement()) {
      connection.setAutoCommit(false);
      try {
        statement.execute(
            "SELECT alter_job(job_id, config => config) FROM timescaledb_information.jobs"
                + " WHERE proc_name = 'policy_refresh_continuous_aggregate'");
        return true;
      } catch (SQLException refused) {
        assertThat(refused.getSQLState()).isEqualTo("0A000");
        return false;
      } finally {
        connection.rollback();
      }
    } catch (SQLException e) {
      throw new IllegalStateException(e.getMessage(), e);
    }
  }

  private Outcome pass(Database database, String spec) {
    return engine.pass(
        database,
        Resolution.template(
            "platform", "fruit", Serialization.unmarshal(spec, TenantDatabaseSpec.class)),
        Gate.OPEN,
        PassListener.NONE);
  }

  /** {@code id, schedule, startOffset, mark} of the refresh jobs of the upper aggregate. */
  private List<String> dailyJobs() {
    try (Connection connection = server.connect();
        Statement statement = connection.createStatement();
        ResultSet rows =
            statement.executeQuery(
                """
                SELECT concat_ws(', ', j.job_id, j.schedule_interval, j.config->>'start_offset',
                                 COALESCE(j.config->>'managed_by', 'none'))
                FROM timescaledb_information.jobs j
                JOIN _timescaledb_catalog.continuous_agg a
                  ON a.mat_hypertable_id::text = j.config->>'mat_hypertable_id'
                WHERE a.user_view_name = 'picked_daily'""")) {
      List<String> jobs = new ArrayList<>();
      while (rows.next()) {
        jobs.add(rows.getString(1));
      }
      return jobs;
    } catch (SQLException e) {
      throw new IllegalStateException(e.getMessage(), e);
    }
  }
}
