package io.tenantdb.fleet;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.tenantdb.database.ConnectionSettings;
import io.tenantdb.database.ConnectionSettings.Tls;
import io.tenantdb.database.Database;
import io.tenantdb.database.Password;
import io.tenantdb.model.AggregateChange.FillAggregate;
import io.tenantdb.model.AggregateChange.MarkAggregate;
import io.tenantdb.model.Mark;
import io.tenantdb.model.Reason;
import io.tenantdb.model.TenantState;
import io.tenantdb.testing.RealParts;
import io.tenantdb.testing.TimescaleServer;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Continuous aggregates. */
@RealParts
class AggregatesTimescaleIT {

  private static final String QUERY =
      "SELECT time_bucket('1 day', intake_date) AS day, grower_id, sum(kg) AS kg FROM batches"
          + " GROUP BY 1, 2";

  private static final String SPEC =
      """
      hypertables:
      - {table: batches, timeColumn: intake_date}
      aggregates:
      - name: daily_intake
        query: %s
        materializedOnly: true
        refresh: {every: 1 hour, startOffset: 7 days, endOffset: 1 hour}
      """
          .formatted(QUERY);

  private static final String ANY_ROW =
      "SELECT 1 FROM timescaledb_information.chunks WHERE hypertable_name LIKE '\\_materialized%' LIMIT 1";

  private final TimescaleServer server;
  private final Engine engine = new Engine();

  AggregatesTimescaleIT(TimescaleServer server) {
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
          "SELECT create_hypertable('" + tenant + ".batches', 'intake_date')",
          "INSERT INTO "
              + tenant
              + ".batches SELECT g, 'g' || extract(day FROM g), 1 FROM generate_series(now() - interval '150 days', now(), interval '3 hours') g");
    }
  }

  @Test
  void every_tenant_has_the_aggregate_its_job_and_its_rows() {
    try (Database database = open()) {
      Outcome outcome = pass(engine, database, SPEC, Gate.OPEN);

      assertThat(outcome.failures()).isEmpty();
      assertThat(outcome.converged()).isTrue();
      assertThat(
              query(
                  "SELECT schedule_interval || ' ' || (config->>'start_offset') || ' ' || (config->>'end_offset') FROM timescaledb_information.jobs WHERE proc_name = 'policy_refresh_continuous_aggregate'"))
          .containsExactly("01:00:00 7 days 01:00:00", "01:00:00 7 days 01:00:00");
      assertFilled("tenant_a");
      assertFilled("tenant_b");
      assertThat(pass(engine, database, SPEC, Gate.OPEN).initial().empty()).isTrue();
    }
  }

  @Test
  void a_fill_that_was_killed_is_ended_by_the_next_operator_without_a_gap() {
    AtomicInteger asked = new AtomicInteger();
    Gate closing =
        change ->
            change instanceof FillAggregate && asked.incrementAndGet() > 4
                ? Optional.of(Reason.Progressing)
                : Optional.empty();
    try (Database database = open()) {
      Outcome killed = pass(engine, database, SPEC, closing);

      assertThat(killed.converged()).isFalse();
      assertThat(killed.held()).isPresent();
      assertThat(killed.plan().changes()).hasAtLeastOneElementOfType(FillAggregate.class);

      Outcome outcome = pass(new Engine(), database, SPEC, Gate.OPEN);

      assertThat(outcome.converged()).isTrue();
      assertFilled("tenant_a");
      assertFilled("tenant_b");
    }
  }

  @Test
  void a_fill_whose_process_was_killed_is_ended_by_another_without_a_gap() throws Exception {
    for (String tenant : List.of("tenant_a", "tenant_b")) {
      server.execute(
          "SET ROLE fruit_owner",
          "SELECT set_chunk_time_interval('" + tenant + ".batches', interval '1 day')",
          "INSERT INTO "
              + tenant
              + ".batches SELECT g, 'g', 1 FROM generate_series(now() - interval '350 days', now() - interval '160 days', interval '12 hours') g",
          "RESET ROLE");
    }
    Process process = EngineProcess.start(server, SPEC.replace("'1 day'", "'1 hour'"));
    try {
      await()
          .atMost(Duration.ofSeconds(60))
          .pollInterval(Duration.ofMillis(20))
          .until(() -> !query(ANY_ROW).isEmpty());
    } finally {
      process.destroyForcibly().waitFor();
    }
    assertThat(marks()).as("killed before its end").anyMatch(mark -> !mark.filled());

    try (Database database = open()) {
      Outcome outcome =
          pass(new Engine(), database, SPEC.replace("'1 day'", "'1 hour'"), Gate.OPEN);

      assertThat(outcome.failures()).isEmpty();
      assertThat(outcome.converged()).isTrue();
    }
    assertThat(marks()).hasSize(2).allMatch(Mark::filled);
    for (String tenant : List.of("tenant_a", "tenant_b")) {
      assertThat(query("SELECT sum(kg)::text FROM " + tenant + ".daily_intake"))
          .isEqualTo(
              query(
                  "SELECT sum(kg)::text FROM "
                      + tenant
                      + ".batches WHERE time_bucket('1 hour', intake_date) + interval '1 hour' <= now() - interval '1 hour'"));
    }
  }

  private List<Mark> marks() {
    return query(
            "SELECT description FROM pg_description JOIN pg_class c ON c.oid = objoid WHERE c.relkind = 'v' AND description LIKE 'tenantdb:%'")
        .stream()
        .flatMap(text -> Mark.parse(text).stream())
        .toList();
  }

  @Test
  void one_that_was_made_by_hand_is_adopted_and_its_job_kept() {
    for (String tenant : List.of("tenant_a", "tenant_b")) {
      server.execute(
          "SET ROLE fruit_owner",
          "SET search_path = " + tenant + ", public",
          "CREATE MATERIALIZED VIEW daily_intake WITH (timescaledb.continuous, timescaledb.materialized_only = true) AS "
              + QUERY
              + " WITH NO DATA",
          "SELECT add_continuous_aggregate_policy('daily_intake', start_offset => interval '7 days', end_offset => interval '1 hour', schedule_interval => interval '1 hour')");
    }
    List<String> jobs = jobs();
    try (Database database = open()) {
      Outcome outcome = pass(engine, database, SPEC, Gate.OPEN);

      assertThat(outcome.initial().changes()).hasAtLeastOneElementOfType(MarkAggregate.class);
      assertThat(outcome.initial().changes())
          .as("what was there before us is filled by who made it")
          .doesNotHaveAnyElementsOfTypes(FillAggregate.class);
      assertThat(outcome.converged()).isTrue();
      assertThat(jobs()).isEqualTo(jobs);
      assertThat(pass(engine, database, SPEC, Gate.OPEN).initial().empty()).isTrue();
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"smallint", "integer", "bigint"})
  void integer_time_of_any_type_has_its_policy_and_its_rows(String type) {
    for (String tenant : List.of("tenant_a", "tenant_b")) {
      server.execute(
          "SET ROLE fruit_owner",
          "SET search_path = " + tenant + ", public",
          "CREATE TABLE counts (at " + type + " NOT NULL, n int)",
          "SELECT create_hypertable('counts', 'at', chunk_time_interval => 100)",
          "CREATE FUNCTION now_i() RETURNS %s LANGUAGE sql STABLE AS 'SELECT 1000::%s'"
              .formatted(type, type),
          "SELECT set_integer_now_func('counts', 'now_i')",
          "INSERT INTO counts SELECT g, 1 FROM generate_series(0, 990) g");
    }
    String spec =
        """
        hypertables:
        - {table: counts, timeColumn: at, chunkInterval: 100}
        aggregates:
        - name: tens
          query: SELECT time_bucket(10::%s, at) AS ten, sum(n) AS n FROM counts GROUP BY 1
          refresh: {every: 1 hour, startOffset: 500, endOffset: 20}
        """
            .formatted(type);
    try (Database database = open()) {
      Outcome outcome = pass(engine, database, spec, Gate.OPEN);

      assertThat(outcome.failures()).isEmpty();
      assertThat(outcome.converged()).isTrue();
      // From 0 up to 20 before now, which is 1000.
      assertThat(query("SELECT sum(n)::text FROM tenant_b.tens")).containsExactly("980");
      assertThat(pass(engine, database, spec, Gate.OPEN).initial().empty()).isTrue();
    }
  }

  @Test
  void a_changed_query_is_told_and_changes_nothing() {
    try (Database database = open()) {
      pass(engine, database, SPEC, Gate.OPEN);
      List<String> jobs = jobs();

      Outcome outcome =
          pass(engine, database, SPEC.replace("sum(kg) AS kg", "max(kg) AS kg"), Gate.OPEN);

      // The spec is what changed: nobody touched the database.
      assertThat(outcome.states().values()).containsOnly(TenantState.PENDING);
      assertThat(outcome.failures())
          .hasSize(2)
          .allSatisfy(f -> assertThat(f.reason()).isEqualTo(Reason.DefinitionDiffers));
      assertThat(jobs()).isEqualTo(jobs);
      assertFilled("tenant_a");
    }
  }

  @Test
  void a_changed_index_of_an_aggregate_is_replaced_in_every_tenant() {
    String indexes = "indexes:\n- {name: ix_kg, table: daily_intake, columns: [kg]}\n";
    try (Database database = open()) {
      pass(engine, database, SPEC + indexes, Gate.OPEN);
      assertThat(aggregateIndexes()).containsOnly("USING btree (kg)").hasSize(2);

      for (String keys : List.of("grower_id, kg", "kg, grower_id")) {
        Outcome outcome =
            pass(engine, database, SPEC + indexes.replace("kg]", keys + "]"), Gate.OPEN);

        assertThat(outcome.failures()).isEmpty();
        assertThat(outcome.converged()).isTrue();
        assertThat(aggregateIndexes()).containsOnly("USING btree (" + keys + ")").hasSize(2);
      }
      assertFilled("tenant_a");
    }
  }

  private List<String> aggregateIndexes() {
    return query(
        "SELECT substring(indexdef from 'USING.*') FROM pg_indexes WHERE tablename LIKE '\\_materialized%' AND indexname LIKE 'ix\\_kg%'");
  }

  @Test
  void retention_that_would_drop_what_a_refresh_reads_is_refused_before_anything_is_touched() {
    try (Database database = open()) {
      Outcome outcome =
          pass(
              engine,
              database,
              SPEC.replace(
                      "timeColumn: intake_date",
                      "timeColumn: intake_date, retention: {dropAfter: 5 days}")
                  + "safety: {onDestructive: Allow}\n",
              Gate.OPEN);

      assertThat(outcome.states().values()).containsOnly(TenantState.FAILED);
      assertThat(outcome.failures())
          .isNotEmpty()
          .allSatisfy(f -> assertThat(f.reason()).isEqualTo(Reason.RefreshWindowInvalid));
      assertThat(jobs()).isEmpty();
      assertThat(query("SELECT view_name FROM timescaledb_information.continuous_aggregates"))
          .isEmpty();
    }
  }

  private static Outcome pass(Engine engine, Database database, String spec, Gate gate) {
    return engine.pass(database, Fruit.desired(spec), gate, PassListener.NONE);
  }

  /** Every whole bucket that ended before the end offset is as the raw rows say. */
  private void assertFilled(String tenant) {
    String which = " WHERE day + interval '1 day' <= now() - interval '1 hour' ORDER BY 1";
    List<String> kept = query("SELECT row(q)::text FROM " + tenant + ".daily_intake q" + which);
    List<String> raw =
        query(
            "SELECT row(q)::text FROM ("
                + QUERY.replace("FROM batches", "FROM " + tenant + ".batches")
                + ") q"
                + which);
    assertThat(kept).isNotEmpty().isEqualTo(raw);
  }

  private List<String> jobs() {
    return query(
        "SELECT job_id::text FROM timescaledb_information.jobs WHERE proc_name LIKE 'policy\\_re%' ORDER BY 1");
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
      statement.execute("SET TimeZone = 'UTC'");
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
