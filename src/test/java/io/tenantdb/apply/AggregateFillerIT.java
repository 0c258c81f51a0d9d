package io.tenantdb.apply;

import static org.assertj.core.api.Assertions.assertThat;

import io.tenantdb.database.ConnectionSettings;
import io.tenantdb.database.ConnectionSettings.Tls;
import io.tenantdb.database.Database;
import io.tenantdb.database.Password;
import io.tenantdb.model.AggregateChange.FillAggregate;
import io.tenantdb.model.BuildProgress;
import io.tenantdb.model.Change;
import io.tenantdb.model.ChangeResult;
import io.tenantdb.model.ChangeResult.Status;
import io.tenantdb.model.Desired.OnDestructive;
import io.tenantdb.model.Desired.Safety;
import io.tenantdb.model.Identifiers;
import io.tenantdb.model.Mark;
import io.tenantdb.model.Reason;
import io.tenantdb.model.Target;
import io.tenantdb.model.TimeSpan;
import io.tenantdb.testing.RealParts;
import io.tenantdb.testing.RealParts.ApacheOnly;
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
import java.util.function.Predicate;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/** The first fill of continuous aggregates. */
@RealParts
class AggregateFillerIT {

  private static final String SCHEMA = "Tenant \"A\"";
  private static final String SOURCE = "Sour ce";
  private static final String RELATION = Identifiers.qualified(SCHEMA, SOURCE);

  private static final String CLOCK = Identifiers.qualified(SCHEMA, "now_i");
  private static final String INTEGERS =
      "SELECT time_bucket(BIGINT '300', \"At\") AS b, sum(v) AS s FROM \"Sour ce\" GROUP BY 1";

  private final TimescaleServer server;
  private final List<BuildProgress> told = new ArrayList<>();

  AggregateFillerIT(TimescaleServer server) {
    this.server = server;
  }

  /** Time columns and buckets: each cuts chunks and windows in another way. */
  private enum Shape {
    DAYS("timestamptz", "time_bucket('1 day', \"At\")", "1 day", "7 days"),
    MONTHS("timestamptz", "time_bucket('1 month', \"At\")", "1 month", "7 days"),
    DAYS_OF_A_TIME_ZONE(
        "timestamptz", "time_bucket('1 day', \"At\", 'Europe/Paris')", "1 day", "1 day"),
    MONTHS_OF_A_TIME_ZONE(
        "timestamptz", "time_bucket('1 month', \"At\", 'America/New_York')", "1 month", "20 days"),
    HOURS("timestamptz", "time_bucket('1 hour', \"At\")", "1 hour", "2 hours"),
    ODD_HOURS("timestamptz", "time_bucket('7 hours', \"At\")", "7 hours", "1 day"),
    NO_ZONE("timestamp", "time_bucket('5 days', \"At\")", "5 days", "3 days"),
    DATES("date", "time_bucket('1 day', \"At\")", "1 day", "7 days"),
    WEEKS_OF_DATES("date", "time_bucket('1 week', \"At\")", "1 week", "5 days");

    private final String type;
    private final String bucket;
    private final String width;
    private final String chunks;

    Shape(String type, String bucket, String width, String chunks) {
      this.type = type;
      this.bucket = bucket;
      this.width = width;
      this.chunks = chunks;
    }

    String query() {
      return "SELECT " + bucket + " AS b, sum(v) AS s FROM \"" + SOURCE + "\" GROUP BY 1";
    }
  }

  @BeforeEach
  void tenant() {
    server.reset();
    server.execute(
        "CREATE SCHEMA " + Identifiers.quote(SCHEMA),
        "DO $$ BEGIN CREATE ROLE fruit_owner LOGIN; EXCEPTION WHEN duplicate_object THEN NULL; END $$",
        "GRANT USAGE, CREATE ON SCHEMA " + Identifiers.quote(SCHEMA) + " TO fruit_owner");
  }

  @ParameterizedTest
  @EnumSource
  void no_whole_bucket_is_left_out_whatever_cuts_it(Shape shape) {
    Target target = aggregate(shape);
    // A year ago, with a hole, across two changes of the clock; and up to now, which no bucket ends
    // with.
    insert(shape, "now() - interval '400 days'", "now() - interval '380 days'");
    insert(shape, "timestamptz '2024-03-28 22:17+00'", "timestamptz '2024-04-03 11:00+00'");
    insert(shape, "timestamptz '2024-10-25 03:17+00'", "timestamptz '2024-11-05 11:00+00'");
    insert(shape, "now() - interval '9 days'", "now() + interval '2 days'");

    ChangeResult result = fill(target, AggregateFillerIT::always);

    assertThat(result.status()).as(result.message()).isEqualTo(Status.DONE);
    assertSame(target, shape);
    assertThat(comment(target)).hasValueSatisfying(mark -> assertThat(mark.filled()).isTrue());
    assertThat(told)
        .first()
        .satisfies(
            progress -> {
              assertThat(progress.object()).isEqualTo("Day ly rows");
              assertThat(progress.phase()).startsWith("filling, up to 20");
              assertThat(progress.percent()).hasValue(0);
            });
  }

  @Test
  void a_bucket_of_integer_time_that_goes_beyond_its_chunk_is_filled() {
    integerTime("SELECT 10000::bigint", "sql");
    Target target = create(INTEGERS);

    ChangeResult result =
        run(Aggregates.fill(target, SOURCE, Optional.empty()), AggregateFillerIT::always);

    assertThat(result.status()).as(result.message()).isEqualTo(Status.DONE);
    assertSame(target, INTEGERS, "true");
    assertThat(newest(target)).isGreaterThan(1L << 61);
  }

  @ParameterizedTest
  @CsvSource({"100, 9600", "250, 9300", "-200, 9900", "12800, none", "9223372036854775807, none"})
  void a_fill_of_integer_time_ends_with_the_last_bucket_before_the_end_offset(
      long endOffset, String newest) {
    Target target = integerAggregate("SELECT 10000::bigint", "sql");

    ChangeResult result = fillIntegers(target, endOffset);

    assertThat(result.status()).as(result.message()).isEqualTo(Status.DONE);
    assertThat(rows(target).isEmpty()).isEqualTo(newest.equals("none"));
    if (!newest.equals("none")) {
      assertThat(newest(target)).isEqualTo(Long.parseLong(newest));
      assertSame(target, INTEGERS, "b <= " + newest);
    }
    assertThat(told).noneSatisfy(progress -> assertThat(progress.phase()).contains("integer_now"));
  }

  @Test
  void an_aggregate_of_an_aggregate_has_the_clock_of_the_hypertable_below() {
    Target low = integerAggregate("SELECT 10000::bigint", "sql");
    fillIntegers(low, 0);
    Target high = new Target(SCHEMA, "Months", "fruit_owner");
    run(
        Aggregates.create(
            high,
            "SELECT time_bucket(BIGINT '900', b) AS b, sum(s) AS s FROM \"Day ly\" GROUP BY 1",
            "Day ly"),
        AggregateFillerIT::always);

    ChangeResult result =
        run(
            Aggregates.fill(high, "Day ly", Optional.of(new TimeSpan.Whole(1500))),
            AggregateFillerIT::always);

    assertThat(result.status()).as(result.message()).isEqualTo(Status.DONE);
    assertThat(newest(high)).isEqualTo(7200);
  }

  /** Clocks that tell nothing. */
  private enum Broken {
    RAISES("BEGIN RAISE EXCEPTION 'no'; END", "it fails (SQLSTATE P0001)"),
    NULL("BEGIN RETURN NULL; END", "it returns NULL");

    private final String body;
    private final String told;

    Broken(String body, String told) {
      this.body = body;
      this.told = told;
    }
  }

  @ParameterizedTest
  @EnumSource
  void where_no_clock_tells_the_present_the_newest_rows_are_filled_too_and_it_is_told(
      Broken clock) {
    Target target = integerAggregate("BEGIN RETURN 10000; END", "plpgsql");
    clock(clock.body, "plpgsql");

    ChangeResult result = fillIntegers(target, 100);

    assertThat(result.status()).as(result.message()).isEqualTo(Status.DONE);
    assertSame(target, INTEGERS, "true");
    assertThat(newest(target)).isGreaterThan(1L << 61);
    assertThat(told).first().extracting(BuildProgress::phase).asString().endsWith(clock.told);
  }

  @Test
  void the_clock_is_not_asked_where_its_owner_may_have_no_temporary_functions() {
    Target target = integerAggregate("SELECT 10000::bigint", "sql");
    temporary("REVOKE TEMP ON DATABASE %I FROM PUBLIC");
    try {
      ChangeResult result = fillIntegers(target, 100);

      assertThat(result.status()).as(result.message()).isEqualTo(Status.DONE);
      assertThat(newest(target)).isGreaterThan(1L << 61);
      assertThat(told)
          .first()
          .extracting(BuildProgress::phase)
          .asString()
          .endsWith("fruit_owner may not make temporary functions in this database");
    } finally {
      temporary("GRANT TEMP ON DATABASE %I TO PUBLIC");
    }
  }

  private void temporary(String sql) {
    server.execute(
        "DO $$ BEGIN EXECUTE format('%s', current_database()); END $$".replace("%s", sql));
  }

  /** What a clock may try before it tells the time. */
  private enum Hostile {
    NO_ROLE("NULL"),
    SET_ROLE("EXECUTE 'SET ROLE fruit_other'"),
    RESET_ROLE("EXECUTE 'RESET ROLE'"),
    SET_CONFIG("PERFORM pg_catalog.set_config('role', 'fruit_other', false)"),
    AUTHORIZATION("EXECUTE 'SET SESSION AUTHORIZATION fruit_other'"),
    A_FUNCTION_THAT_SETS_THE_ROLE(
        "EXECUTE 'CREATE FUNCTION pg_temp.f() RETURNS int LANGUAGE sql SET role = fruit_other AS"
            + " $f$ SELECT v FROM \"Tenant B\".secret $f$'; PERFORM pg_temp.f(); RETURN 1000");

    private final String attempt;

    Hostile(String attempt) {
      this.attempt = attempt;
    }
  }

  @ParameterizedTest
  @EnumSource
  void a_clock_that_reaches_for_another_tenant_gets_nothing(Hostile clock) {
    another();
    Target target = integerAggregate("SELECT 10000::bigint", "sql");
    clock(
        "BEGIN BEGIN %s; PERFORM v FROM \"Tenant B\".secret; RETURN 1000; EXCEPTION WHEN OTHERS THEN RETURN 10000; END; END"
            .formatted(clock.attempt),
        "plpgsql");

    ChangeResult result = fillIntegers(target, 100);

    assertThat(result.status()).as(result.message()).isEqualTo(Status.DONE);
    assertThat(newest(target)).as("a clock that got at the rows says 1000").isEqualTo(9600);
  }

  @Test
  @RealParts.NativeTimescale
  void what_a_clock_leaves_in_its_session_ends_with_it() {
    another();
    Target target = integerAggregate("SELECT 10000::bigint", "sql");
    // Statements of a driver that is used for long are named so.
    String prepare =
        IntStream.rangeClosed(1, 30)
            .mapToObj(
                i ->
                    "EXECUTE 'PREPARE \"S_%d\" AS SELECT pg_advisory_lock(4712) FROM \"Tenant B\".secret';"
                        .formatted(i))
            .collect(Collectors.joining(" "));
    clock(
        "BEGIN "
            + prepare
            + " PERFORM pg_catalog.pg_advisory_lock(4711);"
            + " PERFORM pg_catalog.set_config('search_path', '\"Tenant \"\"A\"\"\"', false);"
            + " CREATE TABLE \"Tenant \"\"A\"\"\".loot (v int); RETURN 10000; END",
        "plpgsql");
    server.execute("GRANT SELECT ON \"Tenant B\".secret TO fruit_owner");

    ChangeResult result = fillIntegers(target, 100);

    assertThat(result.status()).as(result.message()).isEqualTo(Status.DONE);
    assertThat(newest(target)).isEqualTo(9600);
    assertThat(query("SELECT to_regclass('loot')")).containsExactly((String) null);
    assertThat(
            query(
                "SELECT objid FROM pg_locks WHERE locktype = 'advisory' AND objid IN (4711, 4712)"
                    + " AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"))
        .isEmpty();
  }

  @Test
  @RealParts.NativeTimescale
  void a_clock_that_survives_its_cancel_is_ended_with_its_session() {
    Target target = integerAggregate("SELECT 10000::bigint", "sql");
    clock(
        "BEGIN LOOP BEGIN PERFORM pg_catalog.pg_sleep(3600); EXCEPTION WHEN query_canceled THEN NULL; END; END LOOP; END",
        "plpgsql");

    ChangeResult result = fillIntegers(target, 100);

    assertThat(result.status()).as(result.message()).isEqualTo(Status.DONE);
    assertThat(newest(target)).isGreaterThan(1L << 61);
    Awaitility.await()
        .untilAsserted(
            () ->
                assertThat(
                        query(
                            "SELECT query FROM pg_stat_activity WHERE datname = current_database()"
                                + " AND query LIKE '%_tdb_c_ask%' AND pid <> pg_backend_pid()"))
                    .isEmpty());
  }

  @Test
  void a_fill_that_was_stopped_goes_on_and_leaves_no_gap() {
    Shape shape = Shape.DAYS;
    Target target = aggregate(shape);
    insert(shape, "now() - interval '200 days'", "now()");
    AtomicInteger windows = new AtomicInteger();

    ChangeResult stopped = fill(target, change -> windows.incrementAndGet() < 3);

    assertThat(stopped.status()).isEqualTo(Status.POSTPONED);
    assertThat(stopped.reason()).isEqualTo(Reason.Progressing);
    assertThat(stopped.message()).contains("stopped after 3 of ");
    assertThat(comment(target)).hasValueSatisfying(mark -> assertThat(mark.filled()).isFalse());
    List<String> before = rows(target);
    assertThat(before).isNotEmpty();

    assertThat(fill(target, AggregateFillerIT::always).status()).isEqualTo(Status.DONE);
    assertSame(target, shape);
    assertThat(rows(target)).as("what was filled is not filled again").containsAll(before);
  }

  @Test
  void filling_again_writes_no_row() {
    Shape shape = Shape.DAYS;
    Target target = aggregate(shape);
    insert(shape, "now() - interval '100 days'", "now() - interval '3 days'");
    fill(target, AggregateFillerIT::always);
    List<String> before = rows(target);

    assertThat(fill(target, AggregateFillerIT::always).status()).isEqualTo(Status.DONE);

    assertThat(rows(target)).isEqualTo(before);
  }

  @Test
  void one_without_rows_is_filled_at_once() {
    Target target = aggregate(Shape.DAYS);

    assertThat(fill(target, AggregateFillerIT::always).status()).isEqualTo(Status.DONE);

    assertThat(comment(target)).hasValueSatisfying(mark -> assertThat(mark.filled()).isTrue());
    assertThat(told).isEmpty();
  }

  @Test
  void very_old_rows_are_filled_too() {
    Shape shape = Shape.DAYS;
    Target target = aggregate(shape);
    server.execute(
        "INSERT INTO %s VALUES ('0011-02-03 04:05+00', 1), ('1970-01-01 00:00+00', 1)"
            .formatted(RELATION));
    insert(shape, "now() - interval '20 days'", "now()");

    ChangeResult result = fill(target, AggregateFillerIT::always);

    assertThat(result.status()).as(result.message()).isEqualTo(Status.DONE);
    assertSame(target, shape);
  }

  @Test
  void a_width_that_is_computed_is_timescaledbs() {
    String query =
        "SELECT time_bucket(bucket_width => make_interval(hours => 3) * 2, ts => \"At\") AS b, sum(v) AS s FROM \"Sour ce\" GROUP BY 1";
    table("timestamptz", "interval '1 day'");
    Target target = create(query);
    insert(Shape.HOURS, "now() - interval '50 days'", "now()");

    ChangeResult result =
        run(
            Aggregates.fill(target, SOURCE, Optional.of(new TimeSpan.Interval("1 hour"))),
            AggregateFillerIT::always);

    assertThat(result.status()).as(result.message()).isEqualTo(Status.DONE);
    assertSame(target, query, "b + interval '6 hours' <= now() - interval '1 hour'");
  }

  @Test
  void an_aggregate_of_an_aggregate_is_filled_from_its_rows() {
    Shape shape = Shape.DAYS;
    Target days = aggregate(shape);
    insert(shape, "now() - interval '400 days'", "now()");
    fill(days, AggregateFillerIT::always);
    Target months = new Target(SCHEMA, "Months", "fruit_owner");
    String query = "SELECT time_bucket('1 month', b) AS b, sum(s) AS s FROM \"Day ly\" GROUP BY 1";
    run(Aggregates.create(months, query, "Day ly"), AggregateFillerIT::always);

    ChangeResult result =
        run(
            Aggregates.fill(months, "Day ly", Optional.of(new TimeSpan.Interval("1 day"))),
            AggregateFillerIT::always);

    assertThat(result.status()).as(result.message()).isEqualTo(Status.DONE);
    assertSame(months, query, "b + interval '1 month' <= now() - interval '1 day'");
  }

  @Test
  void one_that_is_gone_is_no_failure() {
    ChangeResult result =
        fill(new Target(SCHEMA, "nothing", "fruit_owner"), AggregateFillerIT::always);

    assertThat(result.status()).isEqualTo(Status.POSTPONED);
    assertThat(result.reason()).isEqualTo(Reason.Gone);
  }

  @Test
  void what_timescaledb_refuses_is_told_in_its_words_with_the_detail() {
    server.execute(
        "CREATE TABLE %s (\"At\" timestamptz NOT NULL, v int)".formatted(RELATION),
        "ALTER TABLE %s OWNER TO fruit_owner".formatted(RELATION));

    ChangeResult result =
        run(Aggregates.create(target(), Shape.DAYS.query(), SOURCE), AggregateFillerIT::always);

    assertThat(result.status()).isEqualTo(Status.FAILED);
    if (!server.atLeast("2.16")) {
      assertThat(result.reason()).isEqualTo(Reason.NotHypertable);
      assertThat(result.message()).startsWith(SCHEMA + ": Day ly: ").contains("not a hypertable");
      return;
    }
    assertThat(result.reason()).isEqualTo(Reason.DefinitionRefused);
    assertThat(result.sqlState()).isEqualTo("0A000");
    assertThat(result.message())
        .startsWith(
            SCHEMA
                + ": Day ly: aggregates[Day ly].query is refused: invalid continuous aggregate view")
        .contains("At least one hypertable should be used");
  }

  @Test
  void under_the_apache_licence_the_licence_is_the_reason(@ApacheOnly TimescaleServer apache)
      throws SQLException {
    apache.reset();
    apache.execute(
        "CREATE SCHEMA t",
        "CREATE TABLE t.s (\"At\" timestamptz NOT NULL, v int)",
        "SELECT create_hypertable('t.s', 'At')");
    Target target = new Target("t", "a", apache.user());

    ChangeResult result =
        run(
            apache,
            Aggregates.create(
                target,
                "SELECT time_bucket('1 day', \"At\") AS b, sum(v) AS s FROM s GROUP BY 1",
                "s"),
            AggregateFillerIT::always);

    assertThat(result.reason()).isEqualTo(Reason.TimescaleLicense);
  }

  private static boolean always(Change change) {
    return true;
  }

  private Target aggregate(Shape shape) {
    table(shape.type, "interval '" + shape.chunks + "'");
    return create(shape.query());
  }

  private Target create(String query) {
    ChangeResult made = run(Aggregates.create(target(), query, SOURCE), AggregateFillerIT::always);
    assertThat(made.status()).as(made.message()).isEqualTo(Status.DONE);
    return target();
  }

  private static Target target() {
    return new Target(SCHEMA, "Day ly", "fruit_owner");
  }

  private void table(String type, String chunks) {
    server.execute(
        "CREATE TABLE %s (\"At\" %s NOT NULL, v int)".formatted(RELATION, type),
        "SELECT create_hypertable(%s, 'At', chunk_time_interval => %s)"
            .formatted(Identifiers.literal(RELATION), chunks),
        "ALTER TABLE %s OWNER TO fruit_owner".formatted(RELATION));
  }

  private void insert(Shape shape, String from, String to) {
    server.execute(
        "SET TimeZone = 'UTC'",
        "INSERT INTO %s SELECT (g AT TIME ZONE 'UTC')::%s, 1 FROM generate_series(%s, %s, interval '97 minutes') g"
            .formatted(
                RELATION, shape.type.equals("timestamptz") ? "timestamp" : shape.type, from, to));
  }

  /** A hypertable of integer time with rows up to 10,150 and one far away. */
  private void integerTime(String body, String language) {
    table("bigint", "1000");
    clock(body, language + " STABLE");
    server.execute(
        "SELECT set_integer_now_func(%s, %s)"
            .formatted(Identifiers.literal(RELATION), Identifiers.literal(CLOCK)),
        "INSERT INTO %s SELECT i, 1 FROM generate_series(-2500, 10150, 7) i".formatted(RELATION),
        "INSERT INTO %s VALUES (%d, 1)".formatted(RELATION, 1L << 62));
  }

  private void clock(String body, String language) {
    server.execute(
        "CREATE OR REPLACE FUNCTION %s() RETURNS bigint LANGUAGE %s AS $clock$%s$clock$"
            .formatted(CLOCK, language, body));
  }

  private Target integerAggregate(String body, String language) {
    integerTime(body, language);
    return create(INTEGERS);
  }

  private ChangeResult fillIntegers(Target target, long endOffset) {
    return run(
        Aggregates.fill(target, SOURCE, Optional.of(new TimeSpan.Whole(endOffset))),
        AggregateFillerIT::always);
  }

  /** Another tenant, whose rows its owner alone may read. */
  private void another() {
    server.execute(
        "DROP SCHEMA IF EXISTS \"Tenant B\" CASCADE",
        "CREATE SCHEMA \"Tenant B\"",
        "GRANT USAGE ON SCHEMA \"Tenant B\" TO PUBLIC",
        "CREATE TABLE \"Tenant B\".secret (v int)",
        "DO $$ BEGIN CREATE ROLE fruit_other; EXCEPTION WHEN duplicate_object THEN NULL; END $$",
        "ALTER TABLE \"Tenant B\".secret OWNER TO fruit_other");
  }

  /** Begin of the newest bucket that the aggregate keeps. */
  private long newest(Target target) {
    return Long.parseLong(query("SELECT max(b) FROM " + materialization(target)).get(0));
  }

  private ChangeResult fill(Target target, Predicate<Change> mayGoOn) {
    FillAggregate fill =
        Aggregates.fill(target, SOURCE, Optional.of(new TimeSpan.Interval("1 hour")));
    return run(fill, mayGoOn);
  }

  private ChangeResult run(Change change, Predicate<Change> mayGoOn) {
    return run(server, change, mayGoOn);
  }

  private ChangeResult run(TimescaleServer where, Change change, Predicate<Change> mayGoOn) {
    Safety safety = new Safety(OnDestructive.DENY, Duration.ofSeconds(3), Duration.ofMinutes(5));
    try (Database database = open(where);
        WorkSession session = WorkSession.open(database, safety);
        ChangeExecutor executor = new ChangeExecutor(session, told::add, mayGoOn)) {
      return executor.execute(change);
    } catch (SQLException e) {
      throw new IllegalStateException(e.getMessage(), e);
    }
  }

  private static Database open(TimescaleServer server) {
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

  private void assertSame(Target target, Shape shape) {
    // A month of a time zone may be an hour longer than one of UTC: what is left to the policy
    // anyway.
    assertSame(
        target,
        shape.query(),
        "b + interval '%s' + interval '2 hours' <= now() - interval '1 hour'"
            .formatted(shape.width));
  }

  /** The rows of the aggregate that match are those of its query, and there are some. */
  private void assertSame(Target target, String query, String which) {
    String raw = "SELECT b, s FROM (%s) q WHERE %s".formatted(query, which);
    String kept = "SELECT b, s FROM %s WHERE %s".formatted(target.relation(), which);
    assertThat(query("(%s) EXCEPT (%s)".formatted(raw, kept))).as("not in the aggregate").isEmpty();
    assertThat(query("(%s) EXCEPT (%s)".formatted(kept, raw))).as("not in the rows").isEmpty();
    assertThat(query(kept)).isNotEmpty();
  }

  /** Rows that the aggregate keeps, in the versions in which they were written. */
  private List<String> rows(Target target) {
    return query(
        "SELECT xmin || ' ' || b || ' ' || s FROM " + materialization(target) + " ORDER BY b");
  }

  private String materialization(Target target) {
    return query(
            "SELECT format('%I.%I', materialization_hypertable_schema, materialization_hypertable_name) FROM timescaledb_information.continuous_aggregates WHERE view_name = "
                + Identifiers.literal(target.table()))
        .get(0);
  }

  private Optional<Mark> comment(Target target) {
    return Mark.parse(
        query(
                "SELECT obj_description("
                    + Identifiers.literal(target.relation())
                    + "::regclass, 'pg_class')")
            .get(0));
  }

  private List<String> query(String sql) {
    try (Connection connection = server.connect();
        Statement statement = connection.createStatement()) {
      statement.execute("SET TimeZone = 'UTC'");
      statement.execute("SET search_path = " + Identifiers.quote(SCHEMA) + ", public");
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
