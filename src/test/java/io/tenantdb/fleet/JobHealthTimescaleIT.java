package io.tenantdb.fleet;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.fabric8.kubernetes.client.utils.Serialization;
import io.tenantdb.api.v1alpha1.TenantDatabaseSpec;
import io.tenantdb.database.Database;
import io.tenantdb.desired.Resolution;
import io.tenantdb.model.Desired;
import io.tenantdb.model.Reason;
import io.tenantdb.model.TenantState;
import io.tenantdb.testing.RealParts;
import io.tenantdb.testing.RealParts.NativeTimescale;
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

/** Policies that TimescaleDB accepts and cannot run are told, and only those. */
@RealParts
class JobHealthTimescaleIT {

  private static final String SPEC =
      """
      database: {host: localhost, name: fruit, credentialsSecretRef: {name: x}}
      tenants: {patterns: ["tenant_*"], settle: 0s}
      safety: {onDestructive: Allow}
      hypertables:
      - {table: weighings, timeColumn: at, compression: {after: 5000}, retention: {dropAfter: 90000}}
      aggregates:
      - name: weighings_per_lane
        query: SELECT time_bucket(100, at) AS slot, lane, count(*) AS n FROM weighings GROUP BY slot, lane
        refresh: {every: 1 hour, startOffset: 4000, endOffset: 100}
      """;

  private static final List<String> ROLES = List.of("Weigh House", "weigh_other");

  private final TimescaleServer server;
  private final Engine engine = new Engine();

  JobHealthTimescaleIT(TimescaleServer server) {
    this.server = server;
  }

  @BeforeEach
  void tenant() {
    server.reset();
    dropRoles();
    server.execute(
        "CREATE ROLE \"Weigh House\" LOGIN",
        "CREATE ROLE weigh_other LOGIN",
        "CREATE SCHEMA clocks",
        "GRANT USAGE ON SCHEMA clocks TO \"Weigh House\"",
        "CREATE FUNCTION clocks.now() RETURNS bigint LANGUAGE sql STABLE AS 'SELECT 10000::bigint'",
        "CREATE SCHEMA tenant_a AUTHORIZATION \"Weigh House\"",
        "CREATE TABLE tenant_a.weighings (at bigint NOT NULL, lane int, kg numeric)",
        "ALTER TABLE tenant_a.weighings OWNER TO \"Weigh House\"",
        "SELECT create_hypertable('tenant_a.weighings', 'at', chunk_time_interval => 1000)",
        "INSERT INTO tenant_a.weighings SELECT g, g % 3, g FROM generate_series(1, 9000, 10) g");
  }

  @AfterEach
  void cleanUp() {
    server.reset();
    server.execute("DROP SCHEMA IF EXISTS clocks CASCADE");
    dropRoles();
    assertThat(server.alive()).isTrue();
  }

  private void dropRoles() {
    for (String role : ROLES) {
      server.execute(
          "DO $$ BEGIN IF EXISTS (SELECT FROM pg_roles WHERE rolname = '"
              + role
              + "') THEN EXECUTE 'DROP OWNED BY \""
              + role
              + "\"'; EXECUTE 'DROP ROLE \""
              + role
              + "\"'; END IF; END $$");
    }
  }

  @Test
  void nothing_is_made_on_integer_time_before_there_is_a_function_and_all_of_it_afterwards() {
    try (Database database = EngineTimescaleIT.open(server)) {
      Outcome without = pass(database);

      assertThat(without.failures())
          .as("retention waits for the aggregate, and is not judged before")
          .hasSize(2)
          .allSatisfy(
              failure -> {
                assertThat(failure.reason()).isEqualTo(Reason.JobCannotRun);
                assertThat(failure.message())
                    .startsWith("tenant_a: weighings")
                    .contains("set_integer_now_func('\"tenant_a\".\"weighings\"'");
              });
      assertThat(jobs()).isEmpty();

      setClock();

      assertThat(pass(database).converged()).isTrue();
      assertThat(jobs()).hasSize(3).allSatisfy(job -> run(job));
      assertThat(pass(database).initial().empty()).isTrue();
    }
  }

  @Test
  void a_function_that_is_gone_or_changed_is_told_of_every_live_policy() {
    try (Database database = EngineTimescaleIT.open(server)) {
      converged(database);

      server.execute("ALTER FUNCTION clocks.now() RENAME TO later");
      toldOfAll(database, Reason.JobCannotRun, "integer_now function of weighings is gone");

      server.execute(
          "CREATE FUNCTION clocks.now() RETURNS int LANGUAGE sql STABLE AS 'SELECT 10000'");
      toldOfAll(database, Reason.JobCannotRun, "returns another type");

      server.execute(
          "DROP FUNCTION clocks.now()",
          "ALTER FUNCTION clocks.later() RENAME TO now",
          "REVOKE USAGE ON SCHEMA clocks FROM \"Weigh House\"");
      toldOfAll(database, Reason.JobCannotRun, "may not use");

      server.execute("GRANT USAGE ON SCHEMA clocks TO \"Weigh House\"");
      assertThat(pass(database).converged()).isTrue();
    }
  }

  @Test
  void jobs_of_a_former_owner_are_told_until_they_are_made_anew() {
    try (Database database = EngineTimescaleIT.open(server)) {
      converged(database);
      // What ALTER TABLE … OWNER TO does before TimescaleDB 2.25.2.
      owner("weigh_other");

      Outcome told = toldOfAll(database, Reason.InsufficientPrivilege, "belongs to weigh_other");

      assertThat(told.failures())
          .allSatisfy(failure -> assertThat(failure.message()).contains("as Weigh House"));

      server.execute("GRANT \"Weigh House\" TO weigh_other");
      assertThat(pass(database).converged()).as("a member has the rights").isTrue();
      assertThat(jobs()).allSatisfy(job -> run(job));

      server.execute(
          "REVOKE \"Weigh House\" FROM weigh_other",
          "SELECT remove_compression_policy('tenant_a.weighings')",
          "SELECT remove_retention_policy('tenant_a.weighings')",
          "SELECT remove_continuous_aggregate_policy('tenant_a.weighings_per_lane')");
      assertThat(pass(database).converged()).isTrue();
      assertThat(jobs()).hasSize(3).allSatisfy(job -> run(job));
    }
  }

  @Test
  void what_the_role_of_the_jobs_may_not_do_any_more_is_told() {
    try (Database database = EngineTimescaleIT.open(server)) {
      converged(database);

      server.execute("ALTER ROLE \"Weigh House\" NOLOGIN");
      said(database, 3, Reason.OwnerCannotLogin, "ALTER ROLE \"Weigh House\" LOGIN");
      server.execute("ALTER ROLE \"Weigh House\" LOGIN");

      server.execute("REVOKE USAGE ON SCHEMA _timescaledb_functions FROM PUBLIC");
      toldOfAll(database, Reason.InsufficientPrivilege, "policy procedures");
      server.execute("GRANT USAGE ON SCHEMA _timescaledb_functions TO PUBLIC");

      assertThat(pass(database).converged()).isTrue();
    }
  }

  /** On a database of its own: the WASM build is in another one than it is asked for. */
  @Test
  @NativeTimescale
  void a_role_that_may_not_connect_any_more_is_told() {
    try (Database database = EngineTimescaleIT.open(server)) {
      converged(database);

      server.execute("REVOKE CONNECT ON DATABASE " + database() + " FROM PUBLIC");
      said(database, 3, Reason.InsufficientPrivilege, "lacks CONNECT");
      server.execute("GRANT CONNECT ON DATABASE " + database() + " TO PUBLIC");

      assertThat(pass(database).converged()).isTrue();
    }
  }

  @Test
  void a_refresh_that_may_not_read_and_a_compression_that_cannot_find_its_table_are_told() {
    try (Database database = EngineTimescaleIT.open(server)) {
      converged(database);
      server.execute(
          "INSERT INTO tenant_a.weighings SELECT g, g % 3, g FROM generate_series(7001, 9500, 10) g",
          "REVOKE SELECT ON tenant_a.weighings FROM \"Weigh House\"");

      said(database, 1, Reason.InsufficientPrivilege, "lacks SELECT on tenant_a.weighings");
      refused("policy_refresh_continuous_aggregate");
      server.execute("GRANT SELECT ON tenant_a.weighings TO \"Weigh House\"");
      assertThat(pass(database).converged()).isTrue();
      run("policy_refresh_continuous_aggregate");

      server.execute(
          "ALTER SCHEMA tenant_a OWNER TO CURRENT_USER",
          "GRANT CREATE ON SCHEMA tenant_a TO \"Weigh House\"");
      said(database, 1, Reason.InsufficientPrivilege, "lacks USAGE on the schema");
      refused("policy_compression");
      run("policy_retention");
      run("policy_refresh_continuous_aggregate");
    }
  }

  @Test
  void jobs_that_never_start_or_never_end_are_told() {
    try (Database database = EngineTimescaleIT.open(server)) {
      converged(database);

      alter("policy_retention", "max_runtime => interval '1 ms'");
      said(database, 1, Reason.JobCannotRun, "max_runtime is less than a second");
      alter("policy_retention", "max_runtime => interval '5 min'");

      alter("policy_retention", "next_start => 'infinity'");
      Outcome paused = pass(database);
      assertThat(paused.count(TenantState.SYNCED)).isEqualTo(1);
      assertThat(paused.initial().tenants().get(0).findings())
          .anySatisfy(
              finding -> {
                assertThat(finding.reason()).isEqualTo(Reason.JobPaused);
                assertThat(finding.message()).contains("next_start infinity");
              });
      alter("policy_retention", "next_start => now() + interval '1 day'");

      alter("policy_retention", "max_retries => 2, scheduled => false");
      failures("policy_retention", 2);
      said(database, 1, Reason.JobCannotRun, "was given up by TimescaleDB");
    }
  }

  /** The server agrees: each of the jobs fails, with the rights of its owner. */
  private Outcome toldOfAll(Database database, Reason reason, String words) {
    Outcome outcome = said(database, 3, reason, words);
    refused("policy_compression");
    refused("policy_retention");
    refused("policy_refresh_continuous_aggregate");
    return outcome;
  }

  private Outcome said(Database database, int times, Reason reason, String words) {
    Outcome outcome = pass(database);
    assertThat(outcome.results()).isEmpty();
    assertThat(outcome.failures())
        .hasSize(times)
        .allSatisfy(
            failure -> {
              assertThat(failure.reason()).isEqualTo(reason);
              assertThat(failure.message()).startsWith("tenant_a: ").contains(words);
            });
    assertThat(outcome.count(TenantState.FAILED)).isEqualTo(1);
    return outcome;
  }

  private void converged(Database database) {
    setClock();
    assertThat(pass(database).converged()).isTrue();
  }

  private void setClock() {
    server.execute("SELECT set_integer_now_func('tenant_a.weighings', 'clocks.now')");
  }

  private Outcome pass(Database database) {
    return engine.pass(database, desired(), Gate.OPEN, PassListener.NONE);
  }

  private static Desired desired() {
    return Resolution.template(
        "platform", "fruit", Serialization.unmarshal(SPEC, TenantDatabaseSpec.class));
  }

  private String database() {
    return '"' + server.database() + '"';
  }

  private void alter(String procedure, String what) {
    server.execute(
        "SELECT alter_job(job_id, "
            + what
            + ") FROM timescaledb_information.jobs WHERE proc_name = '"
            + procedure
            + "'");
  }

  private void failures(String procedure, int runs) {
    server.execute(
        """
        INSERT INTO _timescaledb_internal.bgw_job_stat (job_id, last_start, last_finish, next_start,
          last_successful_finish, last_run_success, total_runs, total_duration,
          total_duration_failures, total_successes, total_failures, total_crashes,
          consecutive_failures, consecutive_crashes)
        SELECT job_id, now(), now(), '-infinity', '-infinity', false, %1$d, '1 s', '1 s', 0, %1$d, 0, %1$d, 0
        FROM timescaledb_information.jobs WHERE proc_name = '%2$s'
        ON CONFLICT (job_id) DO UPDATE SET consecutive_failures = %1$d"""
            .formatted(runs, procedure));
  }

  /** Its table is in another schema since 2.25. */
  private void owner(String role) {
    server.execute(
        """
        DO $$ BEGIN EXECUTE format('UPDATE %%s SET owner = %%L::regrole WHERE id >= 1000',
          COALESCE(to_regclass('_timescaledb_catalog.bgw_job'), to_regclass('_timescaledb_config.bgw_job')),
          '%s'); END $$"""
            .formatted(role));
  }

  private List<String> jobs() {
    try (Connection connection = server.connect();
        Statement statement = connection.createStatement();
        ResultSet rows =
            statement.executeQuery(
                "SELECT proc_name FROM timescaledb_information.jobs WHERE job_id >= 1000 AND"
                    + " proc_name LIKE 'policy\\_%' AND hypertable_name IS NOT NULL")) {
      List<String> procedures = new ArrayList<>();
      while (rows.next()) {
        procedures.add(rows.getString(1));
      }
      return procedures;
    } catch (SQLException e) {
      throw new IllegalStateException(e.getMessage(), e);
    }
  }

  private void refused(String procedure) {
    assertThatThrownBy(() -> run(procedure))
        .as(procedure)
        .isInstanceOf(IllegalStateException.class);
  }

  /** Runs the job in this session, as its owner, as a background worker would. */
  private void run(String procedure) {
    try (Connection connection = server.connect();
        Statement statement = connection.createStatement()) {
      String job;
      String owner;
      try (ResultSet row =
          statement.executeQuery(
              "SELECT job_id, owner::text FROM timescaledb_information.jobs WHERE proc_name = '"
                  + procedure
                  + "'")) {
        row.next();
        job = row.getString(1);
        owner = row.getString(2);
      }
      statement.execute("SET SESSION AUTHORIZATION " + owner);
      statement.execute("CALL run_job(" + job + ")");
    } catch (SQLException e) {
      throw new IllegalStateException(e.getMessage(), e);
    }
  }
}
