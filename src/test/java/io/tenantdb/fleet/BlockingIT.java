package io.tenantdb.fleet;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.tenantdb.apply.OldSnapshots;
import io.tenantdb.database.Database;
import io.tenantdb.model.Desired;
import io.tenantdb.model.Reason;
import io.tenantdb.model.TenantState;
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

/** Whom builds wait for, and how long. */
@RealParts
class BlockingIT {

  /** Not one that is built in a moment under a lock. */
  private static final String EXPRESSION =
      """
      indexes:
      - {name: ix_lower, table: batches, keys: [{expression: lower(grower_id)}]}
      safety: {buildTimeout: %s}
      """;

  private final PostgresServer server;
  private final Hearing hearing = new Hearing();

  BlockingIT(PostgresServer server) {
    this.server = server;
  }

  @Test
  void a_build_waits_for_a_snapshot_in_another_tenant_and_names_it() throws Exception {
    Fruit fruit = new Fruit(server, "snapshot").tenants("tenant_a", "tenant_b");
    try (Database database = fruit.open();
        Connection reader = reader(fruit, "tenant_b.grower_payments")) {
      CompletableFuture<Outcome> pass =
          pass(database, Fruit.desired(EXPRESSION.formatted("2h")), OldSnapshots.LIMIT);
      patiently()
          .untilAsserted(
              () ->
                  assertThat(hearing.blockers())
                      .anySatisfy(
                          by ->
                              assertThat(by)
                                  .contains("(a report of postgres), idle in transaction")));
      // Should it be killed now, it is known whose it is.
      patiently()
          .untilAsserted(
              () ->
                  assertThat(
                          fruit.query(
                              "SELECT obj_description(oid, 'pg_class') FROM pg_class"
                                  + " WHERE starts_with(relname, '_tdb_b_')"))
                      .contains("tenantdb:building owner=platform/fruit"));
      reader.rollback();

      assertThat(pass.get(60, TimeUnit.SECONDS).converged()).isTrue();
      assertThat(fruit.validIndexes()).containsExactly("tenant_a.ix_lower", "tenant_b.ix_lower");
      assertThat(fruit.leftovers()).isEmpty();
    }
  }

  @Test
  void a_build_that_waits_too_long_is_given_up_and_leaves_nothing() throws Exception {
    Fruit fruit = new Fruit(server, "too_long").tenants("tenant_a");
    try (Database database = fruit.open();
        Connection reader = reader(fruit, "pg_class")) {
      Outcome outcome =
          pass(database, Fruit.desired(EXPRESSION.formatted("10s")), OldSnapshots.LIMIT)
              .get(60, TimeUnit.SECONDS);

      assertThat(outcome.failures())
          .singleElement()
          .satisfies(
              f -> {
                assertThat(f.reason()).isEqualTo(Reason.BuildTimeout);
                assertThat(f.message())
                    .startsWith("tenant_a: batches.ix_lower: ")
                    .contains("(a report of postgres), idle in transaction");
              });
      assertThat(fruit.leftovers()).isEmpty();
      reader.rollback();
    }
  }

  @Test
  void what_cannot_be_removed_now_is_pending_and_goes_later() throws Exception {
    Fruit fruit = new Fruit(server, "pending").tenants("tenant_a");
    Desired desired = Fruit.desired(EXPRESSION.formatted("2s"));
    try (Database database = fruit.open();
        Connection reader = reader(fruit, "tenant_a.batches")) {
      pass(database, desired, OldSnapshots.LIMIT).get(60, TimeUnit.SECONDS);
      Outcome second = pass(database, desired, OldSnapshots.LIMIT).get(60, TimeUnit.SECONDS);

      assertThat(second.failures())
          .singleElement()
          .satisfies(
              f -> {
                assertThat(f.reason()).isEqualTo(Reason.LeftoverPending);
                assertThat(f.message()).contains("(a report of postgres), idle in transaction");
              });
      reader.rollback();

      assertThat(pass(database, desired, OldSnapshots.LIMIT).get(60, TimeUnit.SECONDS).converged())
          .isTrue();
      assertThat(fruit.leftovers()).isEmpty();
    }
  }

  @Test
  void no_build_starts_under_an_old_snapshot_and_the_rest_goes_on() throws Exception {
    Fruit fruit = new Fruit(server, "old_snapshot").tenants("tenant_a", "tenant_b");
    fruit.execute("CREATE INDEX ix_lower ON tenant_b.batches (lower(grower_id))");
    try (Database database = fruit.open();
        Connection reader = oldReader(fruit)) {
      CompletableFuture<Outcome> pass =
          pass(database, Fruit.desired(EXPRESSION.formatted("2h")), Duration.ofMillis(500));
      patiently().until(() -> hearing.isDone("tenant_b"));
      patiently().until(() -> hearing.wasPutOff("tenant_a", Reason.WaitingForSnapshot));
      patiently()
          .untilAsserted(
              () ->
                  assertThat(hearing.blockers("tenant_a"))
                      .anySatisfy(by -> assertThat(by).contains("(a report of postgres)")));
      assertThat(fruit.leftovers()).as("it was not started").isEmpty();
      assertThat(pass).isNotDone();
      reader.rollback();

      assertThat(pass.get(60, TimeUnit.SECONDS).converged()).isTrue();
      assertThat(hearing.finished).hasSize(2);
    }
  }

  @Test
  void an_old_snapshot_that_stays_is_named_when_the_build_is_given_up() throws Exception {
    Fruit fruit = new Fruit(server, "old_stays").tenants("tenant_a", "tenant_b");
    try (Database database = fruit.open();
        Connection reader = oldReader(fruit)) {
      Outcome outcome =
          pass(database, Fruit.desired(EXPRESSION.formatted("3s")), Duration.ofMillis(500))
              .get(60, TimeUnit.SECONDS);

      assertThat(outcome.failures())
          .hasSize(2)
          .allSatisfy(
              f -> {
                assertThat(f.reason()).isEqualTo(Reason.BuildTimeout);
                assertThat(f.message()).contains("(a report of postgres), idle in transaction");
              });
      assertThat(fruit.leftovers()).isEmpty();
      reader.rollback();
    }
  }

  @Test
  void a_cancelled_pass_does_not_wait_for_builds_that_were_put_off() throws Exception {
    Fruit fruit = new Fruit(server, "old_cancelled").tenants("tenant_a");
    Engine engine = new Engine(System::nanoTime, Duration.ofMillis(500));
    try (Database database = fruit.open();
        Connection reader = oldReader(fruit)) {
      CompletableFuture<Outcome> pass =
          CompletableFuture.supplyAsync(
              () ->
                  engine.pass(
                      database, Fruit.desired(EXPRESSION.formatted("2h")), Gate.OPEN, hearing));
      patiently().until(() -> hearing.wasPutOff("tenant_a", Reason.WaitingForSnapshot));
      engine.cancelRunning();

      Outcome outcome = pass.get(60, TimeUnit.SECONDS);
      assertThat(outcome.failures())
          .extracting(Outcome.Failure::reason)
          .containsExactly(Reason.WaitingForSnapshot);
      assertThat(outcome.states()).containsEntry("tenant_a", TenantState.PENDING);
      reader.rollback();
    }
  }

  @Test
  void a_snapshot_that_we_may_not_see_stops_nothing_from_starting() throws Exception {
    Fruit fruit = new Fruit(server, "unseen").tenants("tenant_a");
    fruit.execute(
        "CREATE ROLE unseeing LOGIN PASSWORD 'pw' NOSUPERUSER", "GRANT tenant_a_owner TO unseeing");
    try (Database database = fruit.open("unseeing", "pw");
        Connection reader = oldReader(fruit)) {
      CompletableFuture<Outcome> pass =
          pass(database, Fruit.desired(EXPRESSION.formatted("2h")), Duration.ofMillis(500));
      patiently().until(() -> !hearing.blockers("tenant_a").isEmpty());
      assertThat(hearing.putOff).isEmpty();
      reader.rollback();

      assertThat(pass.get(60, TimeUnit.SECONDS).converged()).isTrue();
    }
  }

  @Test
  void builds_with_expressions_run_one_at_a_time() throws Exception {
    Fruit fruit = new Fruit(server, "alone").tenants("tenant_a", "tenant_b");
    try (Database database = fruit.open();
        Connection first = writer(fruit, "tenant_a");
        Connection second = writer(fruit, "tenant_b")) {
      CompletableFuture<Outcome> pass =
          pass(database, Fruit.desired(EXPRESSION.formatted("2h")), OldSnapshots.LIMIT);
      patiently().until(() -> !hearing.putOff.isEmpty());
      assertThat(builds(fruit)).isEqualTo(1);
      assertThat(hearing.putOff)
          .allSatisfy(r -> assertThat(r.reason()).isEqualTo(Reason.WaitingForSnapshot));
      first.rollback();
      second.rollback();

      assertThat(pass.get(60, TimeUnit.SECONDS).converged()).isTrue();
    }
  }

  @Test
  void builds_of_plain_columns_run_beside_each_other_up_to_max_parallel() throws Exception {
    Fruit fruit =
        new Fruit(server, "beside_each_other").tenants("tenant_a", "tenant_b", "tenant_c");
    for (String schema : new String[] {"tenant_a", "tenant_b", "tenant_c"}) {
      // Too large to be built in a moment under a lock.
      fruit.execute(
          "INSERT INTO %s.batches SELECT i, now(), repeat('g', 100), 's' FROM generate_series(1, 10000) i"
              .formatted(schema));
    }
    Desired desired =
        Fruit.desired("indexes: [{name: ix_date, table: batches, columns: [intake_date]}]\n");
    try (Database database = fruit.open();
        Connection first = writer(fruit, "tenant_a");
        Connection second = writer(fruit, "tenant_b");
        Connection third = writer(fruit, "tenant_c")) {
      CompletableFuture<Outcome> pass = pass(database, desired, OldSnapshots.LIMIT);
      patiently().until(() -> builds(fruit) == desired.rollout().maxParallel());
      patiently()
          .until(() -> hearing.progress.stream().filter(p -> p.blocker().isPresent()).count() > 2);
      assertThat(builds(fruit)).isEqualTo(2);
      first.rollback();
      second.rollback();
      third.rollback();

      assertThat(pass.get(60, TimeUnit.SECONDS).converged()).isTrue();
      assertThat(hearing.putOff).isEmpty();
    }
  }

  @Test
  void a_prepared_transaction_is_named_by_its_gid() throws Exception {
    // The oldest: the catalogs that are asked are the same on all.
    PostgresServer.Options options =
        PostgresServer.Options.of(PostgresServer.VERSIONS.get(0))
            .with("max_prepared_transactions", "5");
    try (PostgresServer own = PostgresServer.start(options)) {
      Fruit fruit = new Fruit(own, "prepared").tenants("tenant_a", "tenant_b");
      for (Duration limit : new Duration[] {OldSnapshots.LIMIT, Duration.ofMillis(500)}) {
        hearing.progress.clear();
        fruit.execute(
            "DROP INDEX IF EXISTS tenant_a.ix_lower",
            "DROP INDEX IF EXISTS tenant_b.ix_lower",
            """
            BEGIN; INSERT INTO tenant_a.batches VALUES (0, now(), 'g', 's');
            PREPARE TRANSACTION 'a forgotten one'""",
            "SELECT pg_sleep(0.6)");
        try (Database database = fruit.open()) {
          CompletableFuture<Outcome> pass =
              pass(database, Fruit.desired(EXPRESSION.formatted("2h")), limit);
          patiently()
              .untilAsserted(
                  () ->
                      assertThat(hearing.blockers("tenant_a"))
                          .anySatisfy(
                              by ->
                                  assertThat(by)
                                      .startsWith("prepared transaction a forgotten one")));
          fruit.execute("ROLLBACK PREPARED 'a forgotten one'");

          assertThat(pass.get(60, TimeUnit.SECONDS).converged()).isTrue();
          assertThat(hearing.blockers("tenant_b"))
              .noneMatch(by -> by.startsWith("prepared transaction"));
        }
      }
    }
  }

  private CompletableFuture<Outcome> pass(Database database, Desired desired, Duration limit) {
    Engine engine = new Engine(System::nanoTime, limit);
    return CompletableFuture.supplyAsync(() -> engine.pass(database, desired, Gate.OPEN, hearing));
  }

  private static long builds(Fruit fruit) {
    return fruit
        .query("SELECT pid FROM pg_stat_progress_create_index WHERE datname = current_database()")
        .size();
  }

  /** A transaction that holds a snapshot, as pg_dump does. */
  private static Connection reader(Fruit fruit, String table) throws SQLException {
    return transaction(
        fruit, "a report", "ISOLATION LEVEL REPEATABLE READ", "SELECT * FROM " + table);
  }

  /** One that is older than half a second. */
  private static Connection oldReader(Fruit fruit) throws SQLException {
    Connection reader =
        transaction(fruit, "a report", "ISOLATION LEVEL REPEATABLE READ", "SELECT 1");
    await()
        .until(
            () ->
                !fruit
                    .query(
                        "SELECT 1 FROM pg_stat_activity WHERE application_name = 'a report' AND"
                            + " datname = current_database()"
                            + " AND xact_start < clock_timestamp() - interval '600 ms'")
                    .isEmpty());
    return reader;
  }

  private static Connection writer(Fruit fruit, String schema) throws SQLException {
    return transaction(
        fruit,
        "a writer",
        "READ WRITE",
        "INSERT INTO " + schema + ".batches VALUES (0, now(), 'g', 's')");
  }

  private static Connection transaction(Fruit fruit, String who, String mode, String sql)
      throws SQLException {
    Connection connection = fruit.connect();
    try (Statement statement = connection.createStatement()) {
      statement.execute("SET application_name = '" + who + "'");
      connection.setAutoCommit(false);
      statement.execute("SET TRANSACTION " + mode);
      statement.execute(sql);
    }
    return connection;
  }

  private static ConditionFactory patiently() {
    return await().atMost(Duration.ofSeconds(60));
  }
}
