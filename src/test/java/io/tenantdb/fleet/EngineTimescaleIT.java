package io.tenantdb.fleet;

import static org.assertj.core.api.Assertions.assertThat;

import io.fabric8.kubernetes.client.utils.Serialization;
import io.tenantdb.api.v1alpha1.TenantDatabaseSpec;
import io.tenantdb.database.ConnectionSettings;
import io.tenantdb.database.ConnectionSettings.Tls;
import io.tenantdb.database.Database;
import io.tenantdb.database.Password;
import io.tenantdb.desired.Resolution;
import io.tenantdb.model.Desired;
import io.tenantdb.model.Reason;
import io.tenantdb.model.TenantState;
import io.tenantdb.testing.RealParts;
import io.tenantdb.testing.RealParts.ApacheOnly;
import io.tenantdb.testing.TimescaleServer;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Hypertables, their settings and policies on TimescaleDB. */
@RealParts
class EngineTimescaleIT {

  private static final String SPEC =
      """
      database: {host: localhost, name: fruit, credentialsSecretRef: {name: x}}
      tenants:
        patterns: ["tenant_*"]
        settle: 0s
        overrides:
        - {name: auditors, schemas: [tenant_acme], hypertables: [{table: batch_history, retention: {dropAfter: 7 years}}]}
      indexes:
      - {name: ix_batch_history_batch_recorded, table: batch_history, columns: [batch_id, recorded_at]}
      hypertables:
      - table: batch_history
        timeColumn: recorded_at
        convert: WhenEmpty
        chunkInterval: 7 days
        compression: {after: 30 days, segmentBy: [batch_id], orderBy: [{column: recorded_at, order: Desc}], every: 1 day}
        retention: {dropAfter: 2 years, every: 1 month}
      """;

  private final TimescaleServer server;
  private final Engine engine = new Engine();

  EngineTimescaleIT(TimescaleServer server) {
    this.server = server;
  }

  @BeforeEach
  void tenants() {
    server.reset();
    for (String schema : List.of("tenant_a", "tenant_acme")) {
      tenant(server, schema);
    }
  }

  @AfterEach
  void stillAlive() {
    assertThat(server.alive()).isTrue();
  }

  @Test
  void empty_tables_become_hypertables_with_settings_and_policies_and_then_nothing_more_is_done() {
    try (Database database = open(server)) {
      Outcome first = engine.pass(database, desired(SPEC), Gate.OPEN, PassListener.NONE);

      assertThat(first.failures()).isEmpty();
      assertThat(first.converged()).isTrue();
      assertThat(chunkIntervals()).containsExactly("7 days", "7 days");
      assertThat(lags("policy_compression", "compress_after"))
          .containsExactly("tenant_a 30 days 1 day", "tenant_acme 30 days 1 day");
      assertThat(lags("policy_retention", "drop_after"))
          .containsExactly("tenant_a 2 years 1 mon", "tenant_acme 7 years 1 mon");
      assertThat(
              query(
                  """
                  SELECT attname || coalesce(' seg ' || segmentby_column_index, '') || coalesce(' ord ' || orderby_column_index || ' ' || orderby_asc, '')
                  FROM timescaledb_information.compression_settings WHERE hypertable_schema = 'tenant_a' ORDER BY 1"""))
          .containsExactly("batch_id seg 1", "recorded_at ord 1 false");

      List<String> before = jobVersions();
      Outcome second = engine.pass(database, desired(SPEC), Gate.OPEN, PassListener.NONE);

      assertThat(second.initial().empty()).isTrue();
      assertThat(jobVersions()).isEqualTo(before);
    }
  }

  @Test
  void changed_policies_are_altered_in_place_and_keep_their_ids_and_what_others_put_into_them() {
    try (Database database = open(server)) {
      engine.pass(database, desired(SPEC), Gate.OPEN, PassListener.NONE);
      List<String> ids = jobIds();
      server.execute(
          "SELECT alter_job(job_id, config => config || '{\"theirs\": 1}') FROM timescaledb_information.jobs WHERE proc_name = 'policy_retention'");

      Outcome outcome =
          engine.pass(
              database,
              desired(
                  SPEC.replace("chunkInterval: 7 days", "chunkInterval: 14 days")
                      .replace("dropAfter: 2 years", "dropAfter: 3 years")
                      .replace("after: 30 days", "after: 60 days")
                      .replace("segmentBy: [batch_id]", "segmentBy: [event]")
                      .replace("every: 1 day", "every: 12 hours")),
              Gate.OPEN,
              PassListener.NONE);

      assertThat(outcome.failures()).isEmpty();
      assertThat(outcome.converged()).isTrue();
      assertThat(jobIds()).isEqualTo(ids);
      assertThat(chunkIntervals()).containsExactly("14 days", "14 days");
      assertThat(lags("policy_compression", "compress_after"))
          .containsExactly("tenant_a 60 days 12:00:00", "tenant_acme 60 days 12:00:00");
      assertThat(lags("policy_retention", "drop_after"))
          .containsExactly("tenant_a 3 years 1 mon", "tenant_acme 7 years 1 mon");
      assertThat(
              query(
                  "SELECT config->>'theirs' FROM timescaledb_information.jobs WHERE proc_name = 'policy_retention'"))
          .containsExactly("1", "1");
    }
  }

  @Test
  void what_was_removed_by_hand_comes_back() {
    try (Database database = open(server)) {
      engine.pass(database, desired(SPEC), Gate.OPEN, PassListener.NONE);
      server.execute(
          "SELECT remove_retention_policy('tenant_a.batch_history')",
          "SELECT set_chunk_time_interval('tenant_a.batch_history', interval '1 day')");

      Outcome outcome = engine.pass(database, desired(SPEC), Gate.OPEN, PassListener.NONE);

      assertThat(outcome.initial().changes()).hasSize(2).allMatch(change -> change.drift());
      assertThat(outcome.converged()).isTrue();
      assertThat(lags("policy_retention", "drop_after"))
          .containsExactly("tenant_a 2 years 1 mon", "tenant_acme 7 years 1 mon");
    }
  }

  @Test
  void retention_whose_next_run_would_drop_a_chunk_is_denied_until_it_is_allowed() {
    String old = "INSERT INTO tenant_a.batch_history VALUES (now() - interval '5 years', 1, 'old')";
    try (Database database = open(server)) {
      engine.pass(
          database,
          desired(
              SPEC.replace("retention: {dropAfter: 2 years, every: 1 month}", "")
                  .replace(", retention: {dropAfter: 7 years}", ", chunkInterval: 7 days")),
          Gate.OPEN,
          PassListener.NONE);
      server.execute(old);

      Outcome denied = engine.pass(database, desired(SPEC), Gate.OPEN, PassListener.NONE);

      assertThat(denied.failures())
          .singleElement()
          .satisfies(
              f -> {
                assertThat(f.reason()).isEqualTo(Reason.DestructiveDenied);
                assertThat(f.schema()).isEqualTo("tenant_a");
                assertThat(f.message()).contains("spec.safety.onDestructive: Allow");
              });
      assertThat(lags("policy_retention", "drop_after"))
          .containsExactly("tenant_acme 7 years 1 mon");

      Outcome allowed =
          engine.pass(
              database,
              desired(SPEC + "safety: {onDestructive: Allow}\n"),
              Gate.OPEN,
              PassListener.NONE);

      assertThat(allowed.converged()).isTrue();
      assertThat(lags("policy_retention", "drop_after")).hasSize(2);
    }
  }

  @Test
  void the_obstacles_of_a_conversion_are_named() {
    server.execute(
        "ALTER TABLE tenant_a.batch_history ADD COLUMN id int PRIMARY KEY",
        "CREATE TABLE tenant_a.notes (history int REFERENCES tenant_a.batch_history (id))");
    try (Database database = open(server)) {
      Outcome outcome = engine.pass(database, desired(SPEC), Gate.OPEN, PassListener.NONE);

      assertThat(outcome.states())
          .containsEntry("tenant_a", TenantState.FAILED)
          .containsEntry("tenant_acme", TenantState.SYNCED);
      assertThat(outcome.failures().get(0).message())
          .contains("the unique index batch_history_pkey lacks recorded_at");
    }
  }

  @Test
  void a_foreign_key_may_point_at_it_where_timescaledb_follows_that() {
    server.execute(
        "ALTER TABLE tenant_a.batch_history ADD PRIMARY KEY (recorded_at, batch_id)",
        "CREATE TABLE tenant_a.notes (at timestamptz, batch bigint, FOREIGN KEY (at, batch) REFERENCES tenant_a.batch_history)");
    try (Database database = open(server)) {
      Outcome outcome = engine.pass(database, desired(SPEC), Gate.OPEN, PassListener.NONE);

      if (server.atLeast("2.16")) {
        assertThat(outcome.converged()).isTrue();
        server.execute(
            "INSERT INTO tenant_a.batch_history (recorded_at, batch_id) VALUES ('2026-01-01', 1)",
            "INSERT INTO tenant_a.notes VALUES ('2026-01-01', 1)");
      } else {
        assertThat(outcome.failures())
            .singleElement()
            .satisfies(
                failure -> {
                  assertThat(failure.reason()).isEqualTo(Reason.ConversionBlocked);
                  assertThat(failure.message())
                      .contains("the foreign key tenant_a.notes.notes_at_batch_fkey points at it")
                      .contains("before 2.16");
                });
      }
    }
  }

  @Test
  void a_policy_declared_absent_is_removed() {
    try (Database database = open(server)) {
      engine.pass(database, desired(SPEC), Gate.OPEN, PassListener.NONE);

      Outcome outcome =
          engine.pass(
              database,
              desired(
                  SPEC.replace(
                          "retention: {dropAfter: 2 years, every: 1 month}",
                          "retention: {state: Absent}")
                      .replace(", retention: {dropAfter: 7 years}", ", chunkInterval: 7 days")),
              Gate.OPEN,
              PassListener.NONE);

      assertThat(outcome.failures()).isEmpty();
      assertThat(outcome.converged()).isTrue();
      assertThat(lags("policy_retention", "drop_after")).isEmpty();
      assertThat(lags("policy_compression", "compress_after")).hasSize(2);
    }
  }

  @Test
  void under_the_apache_licence_hypertables_and_indexes_are_made_and_policies_skipped(
      @ApacheOnly TimescaleServer apache) {
    apache.reset();
    tenant(apache, "tenant_a");
    try (Database database = open(apache)) {
      Outcome outcome = engine.pass(database, desired(SPEC), Gate.OPEN, PassListener.NONE);

      assertThat(outcome.failures()).isEmpty();
      assertThat(outcome.converged()).isTrue();
    }
  }

  private static void tenant(TimescaleServer server, String schema) {
    server.execute(
        "CREATE SCHEMA " + schema,
        "CREATE TABLE "
            + schema
            + ".batch_history (recorded_at timestamptz NOT NULL, batch_id bigint, event text)");
  }

  private static Desired desired(String yaml) {
    return Resolution.template(
        "platform", "fruit", Serialization.unmarshal(yaml, TenantDatabaseSpec.class));
  }

  static Database open(TimescaleServer server) {
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

  private List<String> chunkIntervals() {
    return query(
        "SELECT time_interval::text FROM timescaledb_information.dimensions WHERE hypertable_schema LIKE 'tenant%' ORDER BY hypertable_schema");
  }

  private List<String> lags(String procedure, String key) {
    return query(
        "SELECT hypertable_schema || ' ' || (config->>'"
            + key
            + "') || ' ' || schedule_interval FROM timescaledb_information.jobs WHERE proc_name = '"
            + procedure
            + "' ORDER BY 1");
  }

  private List<String> jobIds() {
    return query(
        "SELECT job_id::text FROM timescaledb_information.jobs WHERE hypertable_schema LIKE 'tenant%' ORDER BY 1");
  }

  private List<String> jobVersions() {
    // 2.28 has put it elsewhere, with a view in its place.
    String jobs =
        query(
                "SELECT oid::regclass::text FROM pg_class WHERE relname = 'bgw_job' AND relkind = 'r'")
            .get(0);
    return query("SELECT id || ' ' || xmin FROM " + jobs + " ORDER BY 1");
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
