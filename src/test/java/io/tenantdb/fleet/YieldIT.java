package io.tenantdb.fleet;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.tenantdb.database.Database;
import io.tenantdb.model.ChangeResult;
import io.tenantdb.model.Desired;
import io.tenantdb.model.Reason;
import io.tenantdb.testing.PostgresServer;
import io.tenantdb.testing.RealParts;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.awaitility.core.ConditionFactory;
import org.junit.jupiter.api.Test;

/** Builds that last give way to sessions that wait for their locks. */
@RealParts
class YieldIT {

  private static final String SLOW =
      """
      CREATE OR REPLACE FUNCTION public.slow(text) RETURNS text IMMUTABLE LANGUAGE plpgsql
      AS 'BEGIN PERFORM pg_catalog.pg_sleep(%s); RETURN $1; END'""";

  private static final Desired DESIRED =
      Fruit.desired(
          """
          indexes:
          - {name: ix_slow, table: batches, keys: [{expression: public.slow(grower_id)}]}
          safety: {lockTimeout: 600ms}
          """);

  private final PostgresServer server;
  private final Hearing hearing = new Hearing();
  private final Engine engine = new Engine();

  YieldIT(PostgresServer server) {
    this.server = server;
  }

  @Test
  void an_alter_table_gets_through_and_the_build_comes_back() throws Exception {
    Fruit fruit = slow("alter").tenants("tenant_a");
    try (Database database = fruit.open()) {
      CompletableFuture<Outcome> pass = pass(database);
      patiently().until(() -> isBuilding(fruit));
      int application = asApplication(fruit, "ALTER TABLE tenant_a.batches ADD COLUMN note text");
      fruit.execute(SLOW.formatted("0"));

      Outcome outcome = pass.get(60, TimeUnit.SECONDS);
      assertThat(hearing.putOff)
          .singleElement()
          .satisfies(result -> assertYielded(result, application));
      assertThat(outcome.converged()).isTrue();
      assertThat(fruit.validIndexes()).containsExactly("tenant_a.ix_slow");
      assertThat(fruit.leftovers()).isEmpty();
    }
  }

  @Test
  void a_drop_schema_gets_through_and_nothing_has_failed() throws Exception {
    Fruit fruit = slow("drop").tenants("tenant_a");
    try (Database database = fruit.open()) {
      CompletableFuture<Outcome> pass = pass(database);
      patiently().until(() -> isBuilding(fruit));
      int application = asApplication(fruit, "DROP SCHEMA tenant_a CASCADE");

      Outcome outcome = pass.get(60, TimeUnit.SECONDS);
      assertThat(hearing.putOff)
          .singleElement()
          .satisfies(result -> assertYielded(result, application));
      assertThat(outcome.failures()).isEmpty();
      assertThat(outcome.states()).isEmpty();
    }
  }

  @Test
  void only_the_build_that_somebody_waits_for_gives_way() throws Exception {
    Fruit fruit = slow("only").tenants("tenant_a", "tenant_b");
    try (Database database = fruit.open();
        Connection other = fruit.connect();
        Statement statement = other.createStatement()) {
      other.setAutoCommit(false);
      statement.execute("LOCK TABLE tenant_b.grower_payments");
      CompletableFuture<Outcome> pass = pass(database);
      patiently().until(() -> isBuilding(fruit));
      CompletableFuture<Integer> stranger =
          CompletableFuture.supplyAsync(
              () -> {
                try {
                  return asApplication(
                      fruit, "ALTER TABLE tenant_b.grower_payments ADD COLUMN note text");
                } catch (SQLException e) {
                  throw new IllegalStateException(e);
                }
              });
      patiently().until(() -> hasWaited(fruit, "2 s"));
      assertThat(hearing.putOff)
          .noneSatisfy(r -> assertThat(r.reason()).isEqualTo(Reason.YieldedTo));
      other.rollback();
      stranger.get(60, TimeUnit.SECONDS);
      engine.cancelRunning();
      pass.get(60, TimeUnit.SECONDS);
    }
  }

  @Test
  void a_cancel_that_hits_the_publishing_is_made_good_for() throws Exception {
    Fruit fruit = slow("late").tenants("tenant_a");
    fruit.execute(
        SLOW.formatted("0"),
        """
        CREATE FUNCTION public.nap() RETURNS event_trigger LANGUAGE plpgsql
        AS 'BEGIN PERFORM pg_catalog.pg_sleep(60); END'""",
        "CREATE EVENT TRIGGER nap ON ddl_command_end WHEN TAG IN ('COMMENT')"
            + " EXECUTE FUNCTION public.nap()");
    try (Database database = fruit.open()) {
      CompletableFuture<Outcome> pass = pass(database);
      patiently()
          .until(
              () ->
                  !fruit
                      .query(
                          """
                          SELECT pg_cancel_backend(pid) FROM pg_stat_activity
                          WHERE wait_event = 'PgSleep' AND datname = current_database()
                            AND query LIKE '%tenantdb:v1%'""")
                      .isEmpty());
      Outcome outcome = pass.get(60, TimeUnit.SECONDS);
      assertThat(outcome.converged()).isFalse();
      assertThat(hearing.finished)
          .extracting(ChangeResult::reason)
          .containsExactly(Reason.Interrupted);
      fruit.execute("DROP EVENT TRIGGER nap");

      assertThat(engine.pass(database, DESIRED, Gate.OPEN, hearing).converged()).isTrue();
      assertThat(fruit.validIndexes()).containsExactly("tenant_a.ix_slow");
      assertThat(fruit.leftovers()).isEmpty();
    }
  }

  @Test
  void a_drop_that_waits_for_one_partition_after_the_other_gives_way_to_a_reader_of_the_table()
      throws Exception {
    Partitioned table = new Partitioned(server, "yield");
    assertThat(
            table
                .pass(Partitioned.desired("{name: ix_old, table: batches, columns: [grower]}"))
                .converged())
        .isTrue();
    Desired without =
        Fruit.desired(
            """
            indexes:
            - {name: ix_day, table: batches, columns: [day, grower]}
            safety: {lockTimeout: 6s, onDestructive: Allow, prune: OwnedOnly}
            """);
    table.fruit.execute("CREATE INDEX ix_day ON tenant_a.batches (day, grower)");
    // It is adopted before anything is dropped.
    try (Database database = table.open();
        Connection first = table.fruit.connect();
        Connection last = table.fruit.connect();
        Statement inFirst = first.createStatement();
        Statement inLast = last.createStatement()) {
      first.setAutoCommit(false);
      last.setAutoCommit(false);
      inFirst.execute("LOCK TABLE tenant_a.b2024 IN ACCESS SHARE MODE");
      inLast.execute("LOCK TABLE tenant_a.b2025_s IN ACCESS SHARE MODE");
      CompletableFuture<Outcome> pass =
          CompletableFuture.supplyAsync(() -> engine.pass(database, without, Gate.OPEN, hearing));
      patiently().until(() -> isDropping(table.fruit));
      CompletableFuture<Integer> application =
          CompletableFuture.supplyAsync(
              () -> read(table.fruit, "SELECT count(*) FROM tenant_a.batches"));
      patiently().until(() -> readerHasWaited(table.fruit, "4 s"));
      boolean firstInTheWay = isWaitingFor(table.fruit, "b2024");
      (firstInTheWay ? first : last).rollback();

      int pid = application.get(60, TimeUnit.SECONDS);
      (firstInTheWay ? last : first).rollback();
      assertThat(pass.get(60, TimeUnit.SECONDS).converged()).isTrue();
      assertThat(hearing.putOff)
          .singleElement()
          .satisfies(
              result -> {
                assertThat(result.reason()).isEqualTo(Reason.YieldedTo);
                // Whose it is, is told to pg_read_all_stats only.
                assertThat(result.message())
                    .startsWith("tenant_a: batches.ix_old: it gave way to pid " + pid);
              });
    }
    assertThat(table.valid("ix_old")).isEmpty();
    assertThat(table.fruit.leftovers()).isEmpty();
  }

  private static boolean isWaitingFor(Fruit fruit, String partition) {
    return !fruit
        .query(
            "SELECT pid FROM pg_locks WHERE NOT granted AND relation = 'tenant_a."
                + partition
                + "'::regclass")
        .isEmpty();
  }

  private static int read(Fruit fruit, String sql) {
    try {
      return asApplication(fruit, sql);
    } catch (SQLException e) {
      throw new IllegalStateException(e);
    }
  }

  private static boolean isDropping(Fruit fruit) {
    return !fruit
        .query(
            "SELECT pid FROM pg_stat_activity WHERE datname = current_database()"
                + " AND wait_event_type = 'Lock' AND query LIKE 'DROP INDEX%'")
        .isEmpty();
  }

  private static boolean readerHasWaited(Fruit fruit, String time) {
    return !fruit
        .query(
            "SELECT l.pid FROM pg_locks l JOIN pg_stat_activity a ON a.pid = l.pid"
                + " WHERE NOT l.granted AND a.application_name = 'the application'"
                + " AND l.waitstart < clock_timestamp() - interval '"
                + time
                + "'")
        .isEmpty();
  }

  private static void assertYielded(ChangeResult result, int application) {
    assertThat(result.status()).isEqualTo(ChangeResult.Status.POSTPONED);
    assertThat(result.reason()).isEqualTo(Reason.YieldedTo);
    assertThat(result.message())
        .startsWith(
            "tenant_a: batches.ix_slow: it gave way to pid "
                + application
                + " (the application of postgres)");
  }

  private Fruit slow(String name) {
    Fruit fruit = new Fruit(server, "yield_" + name);
    // 500 rows: the build would take longer than any test waits.
    fruit.execute(SLOW.formatted("0.2"));
    return fruit;
  }

  private CompletableFuture<Outcome> pass(Database database) {
    return CompletableFuture.supplyAsync(() -> engine.pass(database, DESIRED, Gate.OPEN, hearing));
  }

  /** Runs it and tells by which server process. */
  private static int asApplication(Fruit fruit, String sql) throws SQLException {
    try (Connection connection = fruit.connect();
        Statement statement = connection.createStatement()) {
      statement.execute("SET application_name = 'the application'");
      statement.execute("SET statement_timeout = '60s'");
      statement.execute(sql);
      return connection.unwrap(org.postgresql.PGConnection.class).getBackendPID();
    }
  }

  private static boolean isBuilding(Fruit fruit) {
    return !fruit
        .query(
            "SELECT pid FROM pg_stat_progress_create_index WHERE datname = current_database()"
                + " AND phase LIKE 'building%'")
        .isEmpty();
  }

  private static boolean hasWaited(Fruit fruit, String time) {
    return !fruit
        .query(
            "SELECT pid FROM pg_locks WHERE NOT granted AND waitstart < clock_timestamp() -"
                + " interval '"
                + time
                + "'")
        .isEmpty();
  }

  private static ConditionFactory patiently() {
    return await().atMost(Duration.ofSeconds(60));
  }
}
