package io.tenantdb.apply;

import static org.assertj.core.api.Assertions.assertThat;

import io.tenantdb.database.ConnectionSettings;
import io.tenantdb.database.ConnectionSettings.Tls;
import io.tenantdb.database.Database;
import io.tenantdb.database.Password;
import io.tenantdb.model.Change;
import io.tenantdb.model.ChangeResult;
import io.tenantdb.model.ChangeResult.Status;
import io.tenantdb.model.Desired.OnDestructive;
import io.tenantdb.model.Desired.Safety;
import io.tenantdb.model.Reason;
import io.tenantdb.model.Target;
import io.tenantdb.model.TimeSpan;
import io.tenantdb.testing.RealParts;
import io.tenantdb.testing.TimescaleServer;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.Optional;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** No fill runs what a tenant put in its way. */
@RealParts
class TenantCodeIT {

  private static final Target DAILY = new Target("tenant_a", "daily", "fruit_owner");

  private static final String DAYS =
      "SELECT time_bucket('1 day', at) AS day, sum(kg) AS kg FROM batches GROUP BY 1";

  private final TimescaleServer server;

  TenantCodeIT(TimescaleServer server) {
    this.server = server;
  }

  /** Where the owner of the aggregate may put code, with what he needs no right of ours for. */
  private enum Place {
    INDEX("CREATE INDEX ON tenant_a.daily (tenant_a.code(kg))"),
    INDEX_OF_WHAT_IS_READ(
        "CREATE INDEX ON tenant_a.batches (kg) WHERE kg > tenant_a.code(1::bigint)"),
    TRIGGER(
        "DO $$ BEGIN EXECUTE format('CREATE TRIGGER t BEFORE INSERT ON %s FOR EACH ROW EXECUTE FUNCTION tenant_a.code()', tenant_a.kept()); END $$"),
    ROW_SECURITY(
        "ALTER TABLE tenant_a.batches ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;"
            + " CREATE POLICY p ON tenant_a.batches USING (tenant_a.code(1::bigint) > 0)");

    private final String statement;

    Place(String statement) {
      this.statement = statement;
    }
  }

  @BeforeEach
  void tenants() {
    server.reset();
    server.execute(
        "DO $$ BEGIN CREATE ROLE fruit_owner LOGIN; EXCEPTION WHEN duplicate_object THEN NULL; END $$",
        "CREATE TABLE public.seen (what text)",
        "CREATE SCHEMA tenant_a AUTHORIZATION fruit_owner",
        "SET ROLE fruit_owner",
        "CREATE TABLE tenant_a.batches (at timestamptz NOT NULL, kg bigint)",
        "SELECT create_hypertable('tenant_a.batches', 'at')",
        "INSERT INTO tenant_a.batches SELECT g, 1 FROM generate_series(now() - interval '20 days', now(), interval '5 hours') g",
        "CREATE FUNCTION tenant_a.escape() RETURNS void LANGUAGE plpgsql AS $$ BEGIN RESET ROLE; INSERT INTO public.seen VALUES (current_user); SET ROLE fruit_owner; EXCEPTION WHEN OTHERS THEN NULL; END $$",
        "CREATE FUNCTION tenant_a.code(n numeric) RETURNS numeric IMMUTABLE LANGUAGE plpgsql AS $$ BEGIN PERFORM tenant_a.escape(); RETURN n; END $$",
        "CREATE FUNCTION tenant_a.code(n bigint) RETURNS bigint IMMUTABLE LANGUAGE plpgsql AS $$ BEGIN PERFORM tenant_a.escape(); RETURN n; END $$",
        "CREATE FUNCTION tenant_a.code() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM tenant_a.escape(); RETURN NEW; END $$",
        "CREATE FUNCTION tenant_a.kept() RETURNS text LANGUAGE sql AS $$ SELECT format('%I.%I', h.schema_name, h.table_name) FROM _timescaledb_catalog.hypertable h JOIN _timescaledb_catalog.continuous_agg c ON c.mat_hypertable_id = h.id WHERE c.user_view_name = 'daily' $$");
  }

  @ParameterizedTest
  @EnumSource
  void a_fill_runs_no_code_that_the_owner_put_there(Place place) {
    make(DAILY, DAYS, "batches");
    asOwner(place.statement);
    server.execute("TRUNCATE public.seen");

    ChangeResult result = fill(DAILY, "batches");

    assertThat(query("SELECT count(*) FROM public.seen")).as("escapes").isEqualTo("0");
    assertThat(result.reason()).isEqualTo(Reason.FillLeftToOwner);
    assertThat(result.message())
        .startsWith("tenant_a: daily rows: the first fill would run ")
        .contains("is left to fruit_owner");
  }

  @Test
  void nor_what_an_aggregate_that_it_reads_computes_itself() {
    asOwner(
        "CREATE MATERIALIZED VIEW tenant_a.hourly WITH (timescaledb.continuous, timescaledb.materialized_only = false) AS"
            + " SELECT time_bucket('1 hour', at) AS hour, tenant_a.code(sum(kg)) AS kg FROM tenant_a.batches GROUP BY 1 WITH NO DATA",
        "CALL refresh_continuous_aggregate('tenant_a.hourly', NULL, now() - interval '5 days')");
    server.execute("TRUNCATE public.seen");
    make(
        DAILY,
        "SELECT time_bucket('1 day', hour) AS day, sum(kg) AS kg FROM hourly GROUP BY 1",
        "hourly");

    ChangeResult result = fill(DAILY, "hourly");

    assertThat(query("SELECT count(*) FROM public.seen")).as("escapes").isEqualTo("0");
    assertThat(result.reason()).isEqualTo(Reason.FillLeftToOwner);
  }

  @Test
  void what_any_tenant_may_have_is_in_nobodys_way() {
    asOwner(
        "CREATE TRIGGER t BEFORE INSERT ON tenant_a.batches FOR EACH ROW EXECUTE FUNCTION tenant_a.code()",
        "ALTER TABLE tenant_a.batches ADD CHECK (kg >= 0)",
        "CREATE INDEX ON tenant_a.batches (abs(kg)) WHERE kg > 0");
    make(DAILY, DAYS, "batches");
    asOwner("CREATE INDEX ON tenant_a.daily (abs(kg))");

    ChangeResult result = fill(DAILY, "batches");

    assertThat(result.status()).as(result.message()).isEqualTo(Status.DONE);
    assertThat(query("SELECT count(*) > 10 FROM tenant_a.daily")).isEqualTo("t");
  }

  private void asOwner(String... statements) {
    for (String statement : statements) {
      server.execute("SET ROLE fruit_owner", statement);
    }
  }

  private void make(Target target, String query, String source) {
    ChangeResult made = run(Aggregates.create(target, query, source));
    assertThat(made.status()).as(made.message()).isEqualTo(Status.DONE);
  }

  private ChangeResult fill(Target target, String source) {
    return run(Aggregates.fill(target, source, Optional.of(new TimeSpan.Interval("1 hour"))));
  }

  private ChangeResult run(Change change) {
    Safety safety = new Safety(OnDestructive.DENY, Duration.ofSeconds(3), Duration.ofMinutes(5));
    try (Database database = open();
        WorkSession session = WorkSession.open(database, safety);
        ChangeExecutor executor = new ChangeExecutor(session, told -> {}, any -> true)) {
      return executor.execute(change);
    } catch (SQLException e) {
      throw new IllegalStateException(e.getMessage(), e);
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

  private String query(String sql) {
    try (Connection connection = server.connect();
        Statement statement = connection.createStatement();
        ResultSet rows = statement.executeQuery(sql)) {
      rows.next();
      return rows.getString(1);
    } catch (SQLException e) {
      throw new IllegalStateException(e.getMessage(), e);
    }
  }
}
