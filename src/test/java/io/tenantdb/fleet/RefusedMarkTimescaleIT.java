package io.tenantdb.fleet;

import static org.assertj.core.api.Assertions.assertThat;

import io.fabric8.kubernetes.client.utils.Serialization;
import io.tenantdb.api.v1alpha1.TenantDatabaseSpec;
import io.tenantdb.database.Database;
import io.tenantdb.desired.Resolution;
import io.tenantdb.model.Change;
import io.tenantdb.model.Reason;
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

/** Where the server refuses marks, what they are to tell of is made all the same, once. */
@RealParts
class RefusedMarkTimescaleIT {

  private static final String SPEC =
      """
      database: {host: localhost, name: fruit, credentialsSecretRef: {name: x}}
      tenants: {patterns: ["tenant_*"], settle: 0s}
      indexes:
      - {name: ix_crates_lot, table: crates, columns: [lot]}
      - {name: ix_crates_lot_text, table: crates, keys: [{expression: lot::text}]}
      - {name: ix_dipping_tank, table: dipping, columns: [tank]}
      - {name: ix_dipped_tank, table: dipped_hourly, columns: [tank]}
      hypertables:
      - {table: dipping, timeColumn: at, compression: {after: 30 days}, retention: {dropAfter: 400 days}}
      aggregates:
      - name: dipped_hourly
        query: SELECT time_bucket('1 hour', at) AS hour, tank, count(*) AS n FROM dipping GROUP BY hour, tank
        refresh: {every: 1 hour, startOffset: 3 days, endOffset: 1 hour}
      """;

  private final TimescaleServer server;
  private final Engine engine = new Engine();

  RefusedMarkTimescaleIT(TimescaleServer server) {
    this.server = server;
  }

  @BeforeEach
  void tenant() {
    server.reset();
    server.execute(
        "CREATE SCHEMA tenant_a",
        "CREATE TABLE tenant_a.crates (lot int)",
        "CREATE TABLE tenant_a.dipping (at timestamptz NOT NULL, tank int)",
        "SELECT create_hypertable('tenant_a.dipping', 'at')",
        "INSERT INTO tenant_a.dipping SELECT now() - g * interval '1 hour', g % 3 FROM generate_series(1, 100) g",
        "CREATE ROLE dip_house LOGIN",
        "ALTER SCHEMA tenant_a OWNER TO dip_house",
        "ALTER TABLE tenant_a.crates OWNER TO dip_house",
        "ALTER TABLE tenant_a.dipping OWNER TO dip_house",
        "CREATE SCHEMA guard",
        "GRANT USAGE ON SCHEMA guard TO PUBLIC",
        "CREATE FUNCTION guard.no_comments() RETURNS event_trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'comments are for people'; END $$",
        "CREATE EVENT TRIGGER no_comments ON ddl_command_start WHEN TAG IN ('COMMENT') EXECUTE FUNCTION guard.no_comments()");
  }

  @AfterEach
  void cleanUp() {
    server.execute(
        "DROP EVENT TRIGGER IF EXISTS no_comments", "DROP SCHEMA IF EXISTS guard CASCADE");
    server.reset();
    server.execute("DROP OWNED BY dip_house", "DROP ROLE dip_house");
    assertThat(server.alive()).isTrue();
  }

  @Test
  void all_is_made_without_marks_and_the_refusal_is_told_until_it_ends() {
    try (Database database = EngineTimescaleIT.open(server)) {
      Outcome first = pass(database);

      assertThat(
              query(
                  "SELECT count(*) FROM pg_indexes WHERE indexdef LIKE '%lot%' AND indexname LIKE 'ix\\_%'"))
          .containsExactly("2");
      assertThat(query("SELECT user_view_name FROM _timescaledb_catalog.continuous_agg"))
          .containsExactly("dipped_hourly");
      assertThat(
              query(
                  "SELECT proc_name FROM timescaledb_information.jobs WHERE config ? 'managed_by' ORDER BY 1"))
          .contains("policy_compression", "policy_refresh_continuous_aggregate");
      assertThat(
              query(
                  "SELECT job_id::text FROM timescaledb_information.jobs WHERE proc_name = 'policy_retention'"))
          .as("nobody can tell whether an aggregate without a mark was filled")
          .isEmpty();
      assertThat(first.converged()).isFalse();
      assertThat(first.failures())
          .isNotEmpty()
          .allSatisfy(failure -> assertThat(failure.reason()).isEqualTo(Reason.EventTriggerRefused))
          .allSatisfy(failure -> assertThat(failure.message()).contains("no_comments"));
      List<String> made = indexes();

      Outcome second = pass(database);

      assertThat(second.initial().changes())
          .extracting(Change::kind)
          .as("nothing is made twice")
          .allSatisfy(kind -> assertThat(kind).doesNotContain("Create"));
      assertThat(indexes()).isEqualTo(made);

      server.execute("DROP EVENT TRIGGER no_comments");
      assertThat(pass(database).converged()).isTrue();
      assertThat(indexes()).isEqualTo(made);
      assertThat(pass(database).initial().empty()).isTrue();
    }
  }

  @Test
  void a_setting_is_made_although_the_mark_that_vouches_for_it_is_refused() {
    server.execute("ALTER EVENT TRIGGER no_comments DISABLE");
    try (Database database = EngineTimescaleIT.open(server)) {
      assertThat(pass(database).converged()).isTrue();
      server.execute("ALTER EVENT TRIGGER no_comments ENABLE");
      String realTime =
          SPEC.replace(
              "- name: dipped_hourly\n", "- name: dipped_hourly\n  materializedOnly: false\n");

      assertThat(pass(database, realTime).failures())
          .isNotEmpty()
          .allSatisfy(
              failure -> assertThat(failure.reason()).isEqualTo(Reason.EventTriggerRefused));
      assertThat(
              query(
                  "SELECT materialized_only::text FROM timescaledb_information.continuous_aggregates"))
          .containsExactly("false");

      server.execute("DROP EVENT TRIGGER no_comments");
      assertThat(pass(database, realTime).converged()).isTrue();
      assertThat(pass(database, realTime).initial().empty()).isTrue();
      Outcome back = pass(database);
      assertThat(back.results())
          .as("in one transaction where it is not refused")
          .extracting(result -> result.change().kind())
          .containsExactly("SetMaterializedOnly");
      assertThat(back.converged()).isTrue();
    }
  }

  private List<String> indexes() {
    return query(
        "SELECT schemaname || '.' || indexname FROM pg_indexes WHERE indexname LIKE 'ix\\_%' OR indexname LIKE '\\_tdb%' ORDER BY 1");
  }

  private Outcome pass(Database database) {
    return pass(database, SPEC);
  }

  private Outcome pass(Database database, String spec) {
    return engine.pass(
        database,
        Resolution.template(
            "platform", "fruit", Serialization.unmarshal(spec, TenantDatabaseSpec.class)),
        Gate.OPEN,
        PassListener.NONE);
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
}
