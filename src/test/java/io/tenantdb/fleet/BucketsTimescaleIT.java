package io.tenantdb.fleet;

import static org.assertj.core.api.Assertions.assertThat;

import io.tenantdb.database.ConnectionSettings;
import io.tenantdb.database.ConnectionSettings.Tls;
import io.tenantdb.database.Database;
import io.tenantdb.database.Password;
import io.tenantdb.model.AggregateChange.CreateAggregate;
import io.tenantdb.model.Reason;
import io.tenantdb.testing.RealParts;
import io.tenantdb.testing.TimescaleServer;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.Optional;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Whether a query has buckets, and how wide they are, is TimescaleDB's to say. */
@RealParts
class BucketsTimescaleIT {

  private final TimescaleServer server;

  BucketsTimescaleIT(TimescaleServer server) {
    this.server = server;
  }

  @BeforeEach
  void tenant() {
    server.reset();
    server.execute(
        "DO $$ BEGIN CREATE ROLE fruit_owner LOGIN; EXCEPTION WHEN duplicate_object THEN NULL; END $$",
        "CREATE SCHEMA tenant_a AUTHORIZATION fruit_owner",
        "SET ROLE fruit_owner",
        "CREATE TABLE tenant_a.batches (intake_date timestamptz NOT NULL, grower_id int, kg int)",
        "SELECT create_hypertable('tenant_a.batches', 'intake_date')",
        "CREATE TABLE tenant_a.growers (id int PRIMARY KEY, name text)",
        "CREATE TABLE tenant_a.scans (n bigint NOT NULL, v int)",
        "SELECT create_hypertable('tenant_a.scans', 'n', chunk_time_interval => 1000)",
        "CREATE FUNCTION tenant_a.clock() RETURNS bigint LANGUAGE sql STABLE AS 'SELECT 5000::bigint'",
        "SELECT set_integer_now_func('tenant_a.scans', 'tenant_a.clock')",
        "INSERT INTO tenant_a.batches SELECT now() - g * interval '1 hour', g, 1 FROM generate_series(1, 1000) g",
        "INSERT INTO tenant_a.scans SELECT g, 1 FROM generate_series(1, 4000, 7) g",
        // What it counts is not rolled back.
        "CREATE SEQUENCE tenant_a.called");
  }

  private static String spec(String query, String start, String end) {
    return """
    hypertables:
    - {table: batches, timeColumn: intake_date}
    - {table: scans, timeColumn: n}
    aggregates:
    - name: sums
      query: >-
        %s
      refresh: {every: 1 hour, startOffset: %s, endOffset: %s}
    """
        .formatted(query, start, end);
  }

  private static String days(String bucket) {
    return spec(
        "SELECT " + bucket + " AS bucket, sum(kg) AS kg FROM batches GROUP BY bucket",
        "70 days",
        "1 hour");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "time_bucket(bucket_width => '1 day'::interval, ts => intake_date, timezone => 'Asia/Tokyo')",
        "time_bucket(make_interval(hours => 3), intake_date)",
        "time_bucket(interval '1 hour' * 2, intake_date)",
        "public.time_bucket('1 week', intake_date)",
        "time_bucket('1 month', intake_date)"
      })
  void what_timescaledb_takes_is_made_and_filled(String bucket) {
    try (Database database = open()) {
      Outcome outcome = pass(database, days(bucket));

      assertThat(outcome.failures()).isEmpty();
      assertThat(outcome.converged()).isTrue();
      assertThat(query("SELECT count(*) > 0 FROM tenant_a.sums")).isEqualTo("t");
      assertThat(pass(database, days(bucket)).initial().empty()).isTrue();
    }
    assertNothingIsLeft();
  }

  @Test
  void so_are_integer_time_a_join_and_an_aggregate_of_an_aggregate() {
    String yaml =
        spec(
                "SELECT time_bucket(50 + 50, n) AS bucket, sum(v) AS v FROM scans GROUP BY bucket",
                "1000",
                "100")
            + """
            - name: daily
              query: SELECT time_bucket(make_interval(days => 1), intake_date) AS day, sum(kg) AS kg FROM batches GROUP BY day
              refresh: {every: 1 hour, startOffset: 30 days, endOffset: 1 hour}
            - name: weekly
              query: SELECT time_bucket(make_interval(days => 7), day) AS week, sum(kg) AS kg FROM daily GROUP BY week
              refresh: {every: 1 hour, startOffset: 60 days, endOffset: 1 day}
            - name: by_name
              query: SELECT time_bucket('1 day', intake_date) AS day, g.name, sum(kg) AS kg FROM batches AS b JOIN growers AS g ON g.id = b.grower_id GROUP BY day, g.name
              refresh: {every: 1 hour, startOffset: 30 days, endOffset: 1 hour}
            """;
    try (Database database = open()) {
      Outcome outcome = pass(database, yaml);

      assertThat(outcome.failures()).isEmpty();
      assertThat(outcome.converged()).isTrue();
      assertThat(query("SELECT sum(v) FROM tenant_a.sums WHERE bucket < 4000"))
          .isEqualTo(query("SELECT sum(v) FROM tenant_a.scans WHERE n < 4000"));
      assertThat(pass(database, yaml).initial().empty()).isTrue();
    }
    assertNothingIsLeft();
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          SELECT intake_date AS bucket, sum(kg) AS kg FROM batches GROUP BY 1 | time bucket
          SELECT time_bucket('1 day', intake_date) AS bucket, sum(kg) AS kg FROM batches GROUP BY 1 LIMIT 3 | LIMIT
          SELECT time_bucket(ts => intake_date, bucket_width => '2 hours') AS bucket, sum(kg) AS kg FROM batches GROUP BY 1 | dimension column
          SELECT time_bucket(grower_id * interval '1 day', intake_date) AS bucket, sum(kg) AS kg FROM batches GROUP BY 1 | bucket
          """)
  void what_it_refuses_is_found_before_anything_is_changed(String query, String words) {
    try (Database database = open()) {
      Outcome outcome = pass(database, spec(query, "70 days", "1 hour"));

      assertThat(outcome.initial().changes()).noneMatch(CreateAggregate.class::isInstance);
      assertThat(outcome.failures())
          .singleElement()
          .satisfies(
              failure -> {
                assertThat(failure.reason()).isEqualTo(Reason.DefinitionRefused);
                assertThat(failure.sqlState()).isNotEmpty();
                assertThat(failure.message())
                    .contains("aggregates[sums].query is refused by TimescaleDB")
                    .contains(words)
                    .doesNotContain("_tdb_c_");
              });
    }
    assertNothingIsLeft();
  }

  @ParameterizedTest
  @CsvSource({
    "1 month, 3 months, 80 days, RefreshWindowInvalid",
    "1 day, 2 days, 1 hour, RefreshWindowInvalid",
    "1 day, 49 hours, 1 hour, ",
    "1 month, 63 days, 1 day, "
  })
  void the_window_is_compared_by_timescaledb(
      String width, String start, String end, Reason reason) {
    try (Database database = open()) {
      Outcome outcome =
          pass(
              database,
              spec(
                  "SELECT time_bucket('"
                      + width
                      + "', intake_date) AS bucket, sum(kg) AS kg FROM batches GROUP BY 1",
                  start,
                  end));

      assertThat(outcome.failures())
          .extracting(Outcome.Failure::reason)
          .isEqualTo(Optional.ofNullable(reason).stream().toList());
      assertThat(outcome.initial().changes().stream().anyMatch(CreateAggregate.class::isInstance))
          .isEqualTo(reason == null);
    }
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          time_bucket(interval, timestamptz) RETURNS timestamptz | SELECT $2 FROM nextval('tenant_a.called') | time_bucket('1 day', intake_date)
          width() RETURNS interval | SELECT interval '1 day' FROM nextval('tenant_a.called') | public.time_bucket(width(), intake_date)
          twice(interval, int) RETURNS interval | SELECT $1 FROM nextval('tenant_a.called') | public.time_bucket(interval '1 hour' * 2, intake_date)
          """)
  void a_tenants_own_code_is_neither_taken_for_a_bucket_nor_run(
      String function, String body, String bucket) {
    server.execute(
        "SET ROLE fruit_owner",
        "CREATE FUNCTION tenant_a." + function + " LANGUAGE sql IMMUTABLE AS $$ " + body + " $$");
    if (function.startsWith("twice")) {
      server.execute(
          "SET ROLE fruit_owner",
          "CREATE OPERATOR tenant_a.* (LEFTARG = interval, RIGHTARG = int, FUNCTION = tenant_a.twice)");
    }
    try (Database database = open()) {
      Outcome outcome = pass(database, days(bucket));

      assertThat(outcome.failures())
          .singleElement()
          .extracting(Outcome.Failure::reason)
          .isEqualTo(Reason.DefinitionRefused);
    }
    assertThat(query("SELECT is_called FROM tenant_a.called")).isEqualTo("f");
  }

  @Test
  @RealParts.NativeTimescale
  void nobody_who_writes_waits_for_the_question() throws SQLException {
    try (Connection writer = server.connect();
        Statement statement = writer.createStatement();
        Database database = open()) {
      writer.setAutoCommit(false);
      statement.execute("INSERT INTO tenant_a.batches VALUES (now(), 1, 1)");

      Outcome outcome =
          pass(
              database,
              spec(
                  "SELECT intake_date AS bucket, sum(kg) AS kg FROM batches GROUP BY 1",
                  "70 days",
                  "1 hour"));

      assertThat(outcome.failures())
          .singleElement()
          .extracting(Outcome.Failure::reason)
          .isEqualTo(Reason.DefinitionRefused);
      writer.rollback();
    }
  }

  private void assertNothingIsLeft() {
    assertThat(query("SELECT count(*) FROM pg_class WHERE relname LIKE '\\_tdb\\_c%'"))
        .isEqualTo("0");
    assertThat(query("SELECT count(*) FROM pg_proc WHERE proname LIKE '\\_tdb\\_c%'"))
        .isEqualTo("0");
  }

  private Outcome pass(Database database, String yaml) {
    return new Engine().pass(database, Fruit.desired(yaml), Gate.OPEN, PassListener.NONE);
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
