package io.tenantdb.fleet;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.tenantdb.database.Database;
import io.tenantdb.fleet.Outcome.Failure;
import io.tenantdb.model.Blocker;
import io.tenantdb.model.BuildProgress;
import io.tenantdb.model.Desired;
import io.tenantdb.model.Reason;
import io.tenantdb.model.TenantState;
import io.tenantdb.testing.PostgresServer;
import io.tenantdb.testing.RealParts;
import java.sql.Connection;
import java.sql.Statement;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;

/** The whole engine on a native PostgreSQL. */
@RealParts
class EngineIT {

  private static final List<String> EXPECTED =
      List.of(
          "tenant_a.ix_batches_grower",
          "tenant_a.ix_batches_intake_date",
          "tenant_a.ix_payments_created",
          "tenant_b.ix_batches_grower",
          "tenant_b.ix_batches_intake_date",
          "tenant_b.ix_payments_created");

  private final PostgresServer server;
  private final Engine engine = new Engine();

  EngineIT(PostgresServer server) {
    this.server = server;
  }

  @Test
  void every_tenant_converges_and_a_second_pass_changes_no_row_of_the_catalogs() {
    Fruit fruit = new Fruit(server, "converge").tenants("tenant_a", "tenant_b", "other");
    Desired desired = Fruit.desired(Fruit.INDEXES);
    try (Database database = fruit.open()) {
      Outcome first = engine.pass(database, desired, Gate.OPEN, PassListener.NONE);

      assertThat(first.failures()).isEmpty();
      assertThat(first.converged()).isTrue();
      assertThat(fruit.validIndexes()).isEqualTo(EXPECTED);

      List<String> before = fruit.catalogVersions();
      Outcome second = engine.pass(database, desired, Gate.OPEN, PassListener.NONE);

      assertThat(second.initial().empty()).isTrue();
      assertThat(fruit.catalogVersions()).isEqualTo(before);
    }
  }

  @Test
  void what_it_makes_belongs_to_the_owner_of_the_table_and_bears_the_mark() {
    Fruit fruit = new Fruit(server, "owners").tenants("tenant_a");
    try (Database database = fruit.open()) {
      engine.pass(database, Fruit.desired(Fruit.INDEXES), Gate.OPEN, PassListener.NONE);
    }
    assertThat(
            fruit.query(
                """
                SELECT relowner::regrole::text || ' ' || obj_description(oid) FROM pg_class
                WHERE relname = 'ix_batches_intake_date'"""))
        .singleElement()
        .asString()
        .matches(
            "tenant_a_owner tenantdb:v1 owner=platform/fruit name=ix_batches_intake_date"
                + " table=batches spec=[0-9a-f]{16} made");
  }

  @Test
  void a_role_with_nothing_but_the_owners_memberships_is_enough() {
    Fruit fruit = new Fruit(server, "least").tenants("tenant_a");
    fruit.execute(
        "CREATE ROLE least_operator LOGIN PASSWORD 'pw' NOSUPERUSER NOINHERIT",
        "GRANT tenant_a_owner TO least_operator");
    try (Database database = fruit.open("least_operator", "pw")) {
      Outcome outcome =
          engine.pass(database, Fruit.desired(Fruit.INDEXES), Gate.OPEN, PassListener.NONE);

      assertThat(outcome.failures()).isEmpty();
      assertThat(outcome.converged()).isTrue();
    }
  }

  @Test
  void a_role_without_the_owners_membership_is_told_which_grant_is_missing() {
    Fruit fruit = new Fruit(server, "nogrant").tenants("tenant_a");
    fruit.execute("CREATE ROLE stranger LOGIN PASSWORD 'pw'");
    try (Database database = fruit.open("stranger", "pw")) {
      Outcome outcome =
          engine.pass(database, Fruit.desired(Fruit.INDEXES), Gate.OPEN, PassListener.NONE);

      assertThat(outcome.failures())
          .first()
          .satisfies(
              f -> {
                assertThat(f.reason()).isEqualTo(Reason.InsufficientPrivilege);
                assertThat(f.message())
                    .startsWith("tenant_a: stranger may not SET ROLE to tenant_a_owner");
              });
    }
  }

  @Test
  void the_failure_of_one_tenant_does_not_touch_another() {
    Fruit fruit = new Fruit(server, "failure").tenants("tenant_a", "tenant_b");
    fruit.execute(
        "INSERT INTO tenant_a.grower_payments VALUES (1, 'secret-grower', now()), (2, 'secret-grower', now())");
    Desired desired =
        Fruit.desired(
            """
            indexes:
            - {name: ux_grower, table: grower_payments, columns: [grower_id], unique: true}
            - {name: ix_batches_intake_date, table: batches, columns: [intake_date]}
            """);
    try (Database database = fruit.open()) {
      Outcome outcome = engine.pass(database, desired, Gate.OPEN, PassListener.NONE);

      assertThat(outcome.states())
          .containsEntry("tenant_a", TenantState.FAILED)
          .containsEntry("tenant_b", TenantState.SYNCED);
      assertThat(outcome.failures())
          .singleElement()
          .satisfies(
              f -> {
                assertThat(f.reason()).isEqualTo(Reason.DuplicateRows);
                assertThat(f.sqlState()).isEqualTo("23505");
                assertThat(f.object()).isEqualTo("grower_payments.ux_grower");
                assertThat(f.message())
                    .startsWith("tenant_a: ")
                    .doesNotContain("secret-grower")
                    .doesNotContain("_tdb_");
              });
      assertThat(fruit.validIndexes()).contains("tenant_a.ix_batches_intake_date");
      assertThat(fruit.leftovers()).isEmpty();
    }
  }

  @Test
  void drift_is_healed_and_called_drift() {
    Fruit fruit = new Fruit(server, "drift").tenants("tenant_a", "tenant_b");
    Desired desired = Fruit.desired(Fruit.INDEXES);
    try (Database database = fruit.open()) {
      engine.pass(database, desired, Gate.OPEN, PassListener.NONE);
      fruit.execute(
          "DROP INDEX tenant_a.ix_batches_grower",
          "ALTER INDEX tenant_b.ix_batches_grower RENAME TO by_hand");

      Outcome outcome = engine.pass(database, desired, Gate.OPEN, PassListener.NONE);

      assertThat(outcome.initial().changes()).hasSize(2).allMatch(c -> c.drift());
      assertThat(outcome.converged()).isTrue();
      assertThat(fruit.validIndexes()).isEqualTo(EXPECTED);
    }
  }

  @Test
  void a_closed_gate_changes_nothing_and_says_what_would_be_done() {
    Fruit fruit = new Fruit(server, "gate").tenants("tenant_a");
    try (Database database = fruit.open()) {
      Outcome outcome =
          engine.pass(database, Fruit.desired(Fruit.INDEXES), Gate.OBSERVE, PassListener.NONE);

      assertThat(outcome.held().map(Outcome.Held::reason)).contains(Reason.Suspended);
      assertThat(outcome.plan().changes()).hasSize(3);
      assertThat(fruit.validIndexes()).isEmpty();
    }
  }

  @Test
  void two_actors_of_one_owner_never_act_at_once() throws Exception {
    Fruit fruit = new Fruit(server, "twice").tenants("tenant_a");
    Desired desired = Fruit.desired(Fruit.INDEXES);
    try (Database database = fruit.open();
        Connection writer = writerOf(fruit, "tenant_a")) {
      CompletableFuture<Outcome> first = inBackground(engine, database, desired, o -> {});
      await().until(() -> isBuilding(fruit));

      try (Database other = fruit.open()) {
        Outcome outcome = new Engine().pass(other, desired, Gate.OPEN, PassListener.NONE);
        assertThat(outcome.held().map(Outcome.Held::reason)).contains(Reason.Busy);
        assertThat(outcome.results()).isEmpty();
      }
      writer.rollback();
      assertThat(first.join().converged()).isTrue();
    }
  }

  @Test
  void a_killed_database_session_leaves_nothing_behind() throws Exception {
    Fruit fruit = new Fruit(server, "killed").tenants("tenant_a", "tenant_b");
    Desired desired = Fruit.desired(Fruit.INDEXES);
    try (Database database = fruit.open()) {
      try (Connection writer = writerOf(fruit, "tenant_a")) {
        CompletableFuture<Outcome> first = inBackground(engine, database, desired, o -> {});
        await().until(() -> isBuilding(fruit));
        fruit.query("SELECT pg_terminate_backend(pid) FROM pg_stat_progress_create_index");
        assertThat(first.join().converged()).isFalse();
        assertThat(fruit.leftovers()).isNotEmpty();
        writer.rollback();
      }
      converge(engine, database, desired);
      assertThat(fruit.validIndexes()).isEqualTo(EXPECTED);
      assertThat(fruit.leftovers()).isEmpty();
    }
  }

  @Test
  void a_killed_process_leaves_nothing_behind_even_when_its_build_lives_on() throws Exception {
    Fruit fruit = new Fruit(server, "killed_process").tenants("tenant_a", "tenant_b");
    Desired desired = Fruit.desired(Fruit.INDEXES);
    try (Database database = fruit.open()) {
      try (Connection writer = writerOf(fruit, "tenant_a")) {
        Process process = EngineProcess.start(server, "engine_killed_process", Fruit.INDEXES);
        await().atMost(Duration.ofSeconds(60)).until(() -> isBuilding(fruit));
        process.destroyForcibly().waitFor();

        Outcome meanwhile = engine.pass(database, desired, Gate.OPEN, PassListener.NONE);
        assertThat(meanwhile.failures())
            .as("the server process of the build outlives its client")
            .anyMatch(f -> f.schema().equals("tenant_a") && f.reason() == Reason.Busy);
        assertThat(meanwhile.states()).containsEntry("tenant_b", TenantState.SYNCED);
        writer.rollback();
      }
      converge(engine, database, desired);
      assertThat(fruit.validIndexes()).isEqualTo(EXPECTED);
      assertThat(fruit.leftovers()).isEmpty();
    }
  }

  @Test
  void a_cancelled_pass_leaves_nothing_behind() throws Exception {
    Fruit fruit = new Fruit(server, "cancelled").tenants("tenant_a");
    Desired desired = Fruit.desired(Fruit.INDEXES);
    try (Database database = fruit.open();
        Connection writer = writerOf(fruit, "tenant_a")) {
      CompletableFuture<Outcome> pass = inBackground(engine, database, desired, o -> {});
      await().until(() -> isBuilding(fruit));
      engine.cancelRunning();

      Outcome outcome = pass.get(30, TimeUnit.SECONDS);

      assertThat(outcome.converged()).isFalse();
      writer.rollback();
      converge(engine, database, desired);
      assertThat(fruit.leftovers()).isEmpty();
    }
  }

  @Test
  void a_waiting_build_tells_whom_it_waits_for() throws Exception {
    Fruit fruit = new Fruit(server, "progress").tenants("tenant_a");
    try (Database database = fruit.open();
        Connection writer = writerOf(fruit, "tenant_a")) {
      CompletableFuture<String> blocker = new CompletableFuture<>();
      CompletableFuture<Outcome> pass =
          inBackground(engine, database, Fruit.desired(Fruit.INDEXES), p -> blocker.complete(p));

      assertThat(blocker.get(30, TimeUnit.SECONDS))
          .contains("(a writer of ")
          .contains("idle in transaction");
      writer.rollback();
      assertThat(pass.join().converged()).isTrue();
    }
  }

  @Test
  void an_index_that_a_constraint_took_over_keeps_the_constraint_s_name() {
    Fruit fruit = new Fruit(server, "constraint").tenants("tenant_a");
    Desired desired =
        Fruit.desired(
            "indexes: [{name: ux_batches, table: batches, columns: [id], unique: true}]\n");
    try (Database database = fruit.open()) {
      engine.pass(database, desired, Gate.OPEN, PassListener.NONE);
      fruit.execute(
          "ALTER TABLE tenant_a.batches ADD CONSTRAINT app_key UNIQUE USING INDEX ux_batches");

      Outcome outcome = engine.pass(database, desired, Gate.OPEN, PassListener.NONE);

      assertThat(outcome.converged()).isTrue();
      assertThat(outcome.applied()).isZero();
      assertThat(fruit.query("SELECT conname FROM pg_constraint WHERE conname = 'app_key'"))
          .hasSize(1);
    }
  }

  @Test
  void a_build_that_rows_forbid_is_not_repeated_at_once_and_stays_named() {
    Fruit fruit = new Fruit(server, "backoff").tenants("tenant_a");
    fruit.execute("INSERT INTO tenant_a.batches SELECT * FROM tenant_a.batches");
    Desired desired =
        Fruit.desired(
            "indexes: [{name: ux_batches, table: batches, columns: [id], unique: true}]\n");
    try (Database database = fruit.open()) {
      Outcome first = engine.pass(database, desired, Gate.OPEN, PassListener.NONE);
      Outcome second = engine.pass(database, desired, Gate.OPEN, PassListener.NONE);

      assertThat(first.results()).hasSize(1);
      assertThat(second.results()).isEmpty();
      assertThat(second.failures()).isEqualTo(first.failures());
      assertThat(second.states()).containsEntry("tenant_a", TenantState.FAILED);
    }
  }

  @Test
  void a_half_built_leftover_beside_the_index_is_dropped() {
    Fruit fruit = new Fruit(server, "beside").tenants("tenant_a");
    Desired desired = Fruit.desired(Fruit.INDEXES);
    try (Database database = fruit.open()) {
      engine.pass(database, desired, Gate.OPEN, PassListener.NONE);
      fruit.execute(
          "CREATE INDEX \"%s\" ON tenant_a.batches (intake_date)"
              .formatted(desired.indexes().get(0).reservedName()));

      assertThat(engine.pass(database, desired, Gate.OPEN, PassListener.NONE).converged()).isTrue();
      assertThat(fruit.leftovers()).isEmpty();
    }
  }

  @Test
  void a_new_tenant_is_left_alone_until_it_looks_the_same_twice() throws Exception {
    Fruit fruit = new Fruit(server, "settle").tenants("tenant_a");
    Desired desired = Fruit.selecting(List.of(), Duration.ofMillis(500));
    try (Database database = fruit.open()) {
      Outcome first = engine.pass(database, desired, Gate.OPEN, PassListener.NONE);
      assertThat(first.states()).containsEntry("tenant_a", TenantState.WAITING);
      assertThat(first.nextLook()).isPresent();

      fruit.execute("ALTER TABLE tenant_a.batches ADD COLUMN more int");
      Thread.sleep(600);
      Outcome changed = engine.pass(database, desired, Gate.OPEN, PassListener.NONE);
      assertThat(changed.states()).containsEntry("tenant_a", TenantState.WAITING);

      Thread.sleep(600);
      Outcome same = engine.pass(database, desired, Gate.OPEN, PassListener.NONE);
      assertThat(same.converged()).isTrue();
      assertThat(fruit.validIndexes()).hasSize(3);
    }
  }

  @Test
  void without_timescaledb_the_indexes_are_built_and_the_rest_is_skipped() {
    Fruit fruit = new Fruit(server, "plain").tenants("tenant_a");
    Desired desired =
        Fruit.desired(
            Fruit.INDEXES
                + """
                hypertables:
                - {table: batches, timeColumn: intake_date, convert: WhenEmpty, retention: {dropAfter: 2 years}}
                """);
    try (Database database = fruit.open()) {
      Outcome outcome = engine.pass(database, desired, Gate.OPEN, PassListener.NONE);

      assertThat(outcome.converged()).isTrue();
      assertThat(fruit.validIndexes()).hasSize(3);
    }
  }

  @Test
  void hand_made_indexes_are_adopted_and_never_rebuilt() {
    Fruit fruit = new Fruit(server, "adopt").tenants("tenant_a");
    fruit.execute(
        "CREATE INDEX ix_batches_intake_date ON tenant_a.batches (intake_date)",
        "COMMENT ON INDEX tenant_a.ix_batches_intake_date IS 'mine'");
    List<String> oid = fruit.query("SELECT 'tenant_a.ix_batches_intake_date'::regclass::oid");
    try (Database database = fruit.open()) {
      Outcome outcome =
          engine.pass(database, Fruit.desired(Fruit.INDEXES), Gate.OPEN, PassListener.NONE);

      assertThat(outcome.converged()).isTrue();
      assertThat(fruit.query("SELECT 'tenant_a.ix_batches_intake_date'::regclass::oid"))
          .isEqualTo(oid);
      assertThat(
              fruit
                  .query("SELECT obj_description('tenant_a.ix_batches_intake_date'::regclass)")
                  .get(0))
          .endsWith(" adopted\nmine");
    }
  }

  @Test
  void a_missing_declared_schema_fails_and_the_others_go_on() {
    Fruit fruit = new Fruit(server, "missing").tenants("tenant_a");
    Desired desired = Fruit.selecting(List.of("nowhere"), Duration.ZERO);
    try (Database database = fruit.open()) {
      Outcome outcome = engine.pass(database, desired, Gate.OPEN, PassListener.NONE);

      assertThat(outcome.failures())
          .extracting(Failure::reason)
          .containsExactly(Reason.SchemaMissing);
      assertThat(fruit.validIndexes()).hasSize(3);
      assertThat(outcome.converged()).isFalse();
    }
  }

  /** An open transaction that has written to the table: a concurrent build waits for it. */
  private static Connection writerOf(Fruit fruit, String schema) throws Exception {
    Connection connection = fruit.connect();
    connection.setAutoCommit(false);
    try (Statement statement = connection.createStatement()) {
      statement.execute("SET application_name = 'a writer'");
      statement.execute("INSERT INTO " + schema + ".batches VALUES (0, now(), 'g', 's')");
    }
    return connection;
  }

  private static boolean isBuilding(Fruit fruit) {
    return !fruit
        .query("SELECT 1 FROM pg_stat_progress_create_index WHERE phase LIKE 'waiting%'")
        .isEmpty();
  }

  private static CompletableFuture<Outcome> inBackground(
      Engine engine, Database database, Desired desired, Consumer<String> blocker) {
    PassListener listener =
        new PassListener() {
          @Override
          public void progress(BuildProgress progress) {
            Optional<String> b = progress.blocker().map(Blocker::text);
            b.ifPresent(blocker);
          }
        };
    return CompletableFuture.supplyAsync(() -> engine.pass(database, desired, Gate.OPEN, listener));
  }

  private static void converge(Engine engine, Database database, Desired desired) {
    await()
        .atMost(Duration.ofSeconds(60))
        .until(() -> engine.pass(database, desired, Gate.OPEN, PassListener.NONE).converged());
  }
}
