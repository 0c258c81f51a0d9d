package io.tenantdb.fleet;

import static org.assertj.core.api.Assertions.assertThat;

import io.tenantdb.database.ConnectionSettings;
import io.tenantdb.database.ConnectionSettings.Tls;
import io.tenantdb.database.Database;
import io.tenantdb.database.Password;
import io.tenantdb.model.Mark;
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
import java.util.Optional;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What {@code onDrift: Report} leaves on TimescaleDB, by a process that comes later, too. */
@RealParts
class ReportTimescaleIT {

  private static final String REPORT = "safety: {onDrift: Report, onDestructive: Allow}\n";

  private static final String SPEC =
      """
      indexes:
      - {name: ix_grower, table: batches, columns: [grower_id, intake_date]}
      hypertables:
      - table: batches
        timeColumn: intake_date
        chunkInterval: 7 days
        compression: {after: 30 days, segmentBy: [grower_id], orderBy: [{column: intake_date, order: Desc}]}
        retention: {dropAfter: 2 years}
      aggregates:
      - name: daily_intake
        query: SELECT time_bucket('1 day', intake_date) AS day, grower_id, sum(kg) AS kg FROM batches GROUP BY 1, 2
        materializedOnly: true
        refresh: {every: 1 hour, startOffset: 7 days, endOffset: 1 hour}
      - name: hourly_intake
        query: SELECT time_bucket('1 hour', intake_date) AS hour, sum(kg) AS kg FROM batches GROUP BY 1
        materializedOnly: true
        refresh: {every: 1 hour, startOffset: 7 days, endOffset: 1 hour}
      """
          + REPORT;

  private final TimescaleServer server;

  ReportTimescaleIT(TimescaleServer server) {
    this.server = server;
  }

  @BeforeEach
  void tenants() {
    server.reset();
    for (String tenant : List.of("tenant_a", "tenant_b")) {
      server.execute(
          "DO $$ BEGIN CREATE ROLE fruit_owner LOGIN; EXCEPTION WHEN duplicate_object THEN NULL; END $$",
          "CREATE SCHEMA " + tenant + " AUTHORIZATION fruit_owner",
          "SET ROLE fruit_owner",
          "CREATE TABLE "
              + tenant
              + ".batches (intake_date timestamptz NOT NULL, grower_id text, kg int)",
          "SELECT create_hypertable('"
              + tenant
              + ".batches', 'intake_date', create_default_indexes => false)",
          "INSERT INTO " + tenant + ".batches SELECT now() - interval '1 day', 'g', 1");
    }
  }

  @Test
  void what_was_dropped_and_changed_while_no_process_ran_is_reported_and_left() {
    Convergence had = pass(new Engine(), SPEC).convergence().orElseThrow();
    server.execute(
        "DROP INDEX tenant_a.ix_grower",
        "SELECT remove_retention_policy('tenant_a.batches')",
        "SELECT remove_continuous_aggregate_policy('tenant_a.daily_intake')",
        "DROP MATERIALIZED VIEW tenant_a.hourly_intake",
        "SELECT set_chunk_time_interval('tenant_a.batches', interval '1 day')",
        "SELECT remove_compression_policy('tenant_a.batches')",
        "ALTER TABLE tenant_a.batches SET (timescaledb.compress, timescaledb.compress_segmentby = '', timescaledb.compress_orderby = 'intake_date DESC')");

    Engine next = new Engine();
    next.recall(had);
    Outcome reported = pass(next, SPEC);

    assertThat(reported.states())
        .containsEntry("tenant_a", TenantState.DRIFTED)
        .containsEntry("tenant_b", TenantState.SYNCED);
    assertThat(reported.applied()).isZero();
    assertThat(reported.failures())
        .extracting(Outcome.Failure::reason)
        .containsOnly(Reason.DriftReported);
    assertThat(reported.failures())
        .extracting(Outcome.Failure::object)
        .containsExactlyInAnyOrder(
            "batches.ix_grower",
            "batches retention",
            "batches chunk interval",
            "batches compression",
            "batches compression settings",
            "daily_intake refresh",
            "hourly_intake");

    Engine third = new Engine();
    third.recall(reported.convergence().orElseThrow());
    assertThat(pass(third, SPEC).failures()).hasSize(7);

    Outcome unknowing = pass(new Engine(), SPEC);
    assertThat(unknowing.converged()).as("the catalogs alone do not tell").isTrue();
  }

  @Test
  void a_spec_that_was_never_made_whole_is_made_by_the_next_process() {
    Gate indexesOnly =
        change ->
            change.kind().equals("CreateIndex") ? Optional.empty() : Optional.of(Reason.Suspended);
    Outcome half = pass(new Engine(), SPEC, indexesOnly);
    assertThat(half.converged()).isFalse();

    Engine next = new Engine();
    half.convergence().ifPresent(next::recall);

    assertThat(pass(next, SPEC).converged()).isTrue();
  }

  @Test
  void what_another_spec_changes_and_cannot_make_yet_stays_to_be_made() {
    Engine engine = new Engine();
    assertThat(pass(engine, SPEC).converged()).isTrue();
    String changed =
        SPEC.replace("segmentBy: [grower_id]", "segmentBy: []")
            .replace("materializedOnly: true", "materializedOnly: false")
            .replace("dropAfter: 2 years", "dropAfter: 3 years");
    Gate marksAlone =
        change ->
            change.after().equals("marked") || change.kind().equals("AlterPolicy")
                ? Optional.empty()
                : Optional.of(Reason.Suspended);

    Outcome held = pass(engine, changed, marksAlone);

    assertThat(held.states()).containsEntry("tenant_a", TenantState.PENDING);
    assertThat(held.plan().changes()).noneMatch(change -> change.drift());
    String hash = aggregateSpec();
    Outcome made = pass(new Engine(), changed);
    assertThat(made.converged()).isTrue();
    assertThat(aggregateSpec()).isNotEqualTo(hash);
  }

  /** The hash in the mark of the tenant's aggregate. */
  private String aggregateSpec() {
    return Mark.parse(
            query("SELECT obj_description('tenant_a.daily_intake'::regclass, 'pg_class')").get(0))
        .orElseThrow()
        .spec();
  }

  private Outcome pass(Engine engine, String spec) {
    return pass(engine, spec, Gate.OPEN);
  }

  private Outcome pass(Engine engine, String spec, Gate gate) {
    ConnectionSettings settings =
        new ConnectionSettings(
            server.host(),
            server.port(),
            server.database(),
            server.user(),
            new Password(server.password()),
            new Tls(Tls.Mode.DISABLE, Optional.empty()),
            4,
            "tenantdb test");
    try (Database database = Database.of(settings)) {
      return engine.pass(database, Fruit.desired(spec), gate, PassListener.NONE);
    }
  }

  private List<String> query(String sql) {
    try (Connection connection = server.connect();
        Statement statement = connection.createStatement();
        ResultSet rows = statement.executeQuery(sql)) {
      List<String> values = new ArrayList<>();
      while (rows.next()) {
        values.add(rows.getString(1));
      }
      return values;
    } catch (SQLException e) {
      throw new IllegalStateException(sql, e);
    }
  }
}
