package io.tenantdb.fleet;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.tenantdb.apply.OldSnapshots;
import io.tenantdb.database.Database;
import io.tenantdb.model.Change;
import io.tenantdb.model.ChangeResult;
import io.tenantdb.model.Desired;
import io.tenantdb.model.Reason;
import io.tenantdb.model.TenantState;
import io.tenantdb.testing.PostgresServer;
import io.tenantdb.testing.RealParts;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

/** Aggregates where there is no TimescaleDB: materialized views that the operator refreshes. */
@RealParts
class AggregatesIT {

  private static final String QUERY =
      "SELECT date_bin('1 day', intake_date, timestamptz '2000-01-01 00:00+00') AS day, grower_id,"
          + " count(*) AS n FROM %s.batches GROUP BY 1, 2";

  private static final String SPEC =
      """
      aggregates:
      - name: daily_intake
        query: |
          SELECT time_bucket('1 day', intake_date) AS day, grower_id, count(*) AS n
          FROM batches GROUP BY 1, 2
        fallback: MaterializedView
        fallbackQuery: |
          SELECT date_bin('1 day', intake_date, timestamptz '2000-01-01 00:00+00') AS day, grower_id,
            count(*) AS n
          FROM batches GROUP BY 1, 2
        uniqueColumns: [day, grower_id]
        refresh: {every: 1 hour, startOffset: 7 days, endOffset: 1 hour}
      """;

  private static final String SLOW =
      """
      aggregates:
      - name: daily_intake
        query: SELECT grower_id, count(*) AS n FROM batches, pg_sleep(3) GROUP BY 1
        fallback: MaterializedView
        uniqueColumns: [grower_id]
        refresh: {every: 1 hour, startOffset: 7 days, endOffset: 1 hour}
      """;

  private final PostgresServer server;
  private final Engine engine = new Engine();

  AggregatesIT(PostgresServer server) {
    this.server = server;
  }

  @Test
  void the_view_has_the_rows_of_its_query_and_a_second_pass_changes_nothing() {
    Fruit fruit = new Fruit(server, "aggregate").tenants("tenant_a", "tenant_b");
    try (Database database = fruit.open()) {
      Outcome first = pass(database, SPEC, Gate.OPEN);

      assertThat(first.failures()).isEmpty();
      assertThat(first.converged()).isTrue();
      for (String tenant : List.of("tenant_a", "tenant_b")) {
        assertSameRows(fruit, tenant);
      }
      assertThat(first.nextUpkeep())
          .hasValueSatisfying(
              next -> assertThat(next).isPositive().isLessThanOrEqualTo(Duration.ofHours(1)));

      List<String> before = fruit.catalogVersions();
      Outcome second = pass(database, SPEC, Gate.OPEN);

      assertThat(second.initial().empty()).isTrue();
      assertThat(fruit.catalogVersions()).isEqualTo(before);
    }
  }

  @Test
  void one_that_is_due_is_refreshed_though_nothing_differs_and_one_after_the_other() {
    Fruit fruit = new Fruit(server, "refreshed").tenants("tenant_a", "tenant_b");
    List<String> heard = new ArrayList<>();
    PassListener listener =
        new PassListener() {
          @Override
          public void started(Change change) {
            heard.add("started " + change.target().schema());
          }

          @Override
          public void finished(ChangeResult result) {
            heard.add("finished " + result.change().target().schema());
          }
        };
    try (Database database = fruit.open()) {
      pass(database, SPEC, Gate.OPEN);
      refreshedLongAgo(fruit, "tenant_a", "2020-01-02");
      refreshedLongAgo(fruit, "tenant_b", "2020-01-01");
      fruit.execute("INSERT INTO tenant_a.batches VALUES (1000, now(), 'new', 'received')");

      Outcome outcome = engine.pass(database, Fruit.desired(SPEC), Gate.OPEN, listener);

      assertThat(outcome.initial().empty()).as("upkeep is no difference").isTrue();
      assertThat(outcome.initial().upkeep().due()).hasSize(2);
      assertThat(outcome.plan().upkeep().due()).isEmpty();
      assertThat(outcome.converged()).isTrue();
      assertThat(heard)
          .containsExactly(
              "started tenant_b", "finished tenant_b", "started tenant_a", "finished tenant_a");
      assertSameRows(fruit, "tenant_a");
    }
  }

  @Test
  void refreshes_that_take_long_let_a_pass_end_and_go_on_in_the_next_one() {
    Fruit fruit = new Fruit(server, "shifts").tenants("tenant_a", "tenant_b");
    AtomicLong clock = new AtomicLong();
    Engine slow = new Engine(clock::get, OldSnapshots.LIMIT);
    List<String> refreshed = new ArrayList<>();
    PassListener listener =
        new PassListener() {
          @Override
          public void finished(ChangeResult result) {
            refreshed.add(result.change().target().schema());
            clock.addAndGet(Shift.LENGTH.toNanos());
          }
        };
    try (Database database = fruit.open()) {
      pass(database, SPEC, Gate.OPEN);
      refreshedLongAgo(fruit, "tenant_a", "2020-01-02");
      refreshedLongAgo(fruit, "tenant_b", "2020-01-01");

      Outcome first = slow.pass(database, Fruit.desired(SPEC), Gate.OPEN, listener);

      assertThat(refreshed).containsExactly("tenant_b");
      assertThat(first.converged()).isTrue();
      assertThat(first.nextLook()).contains(Duration.ZERO);

      Outcome second = slow.pass(database, Fruit.desired(SPEC), Gate.OPEN, listener);

      assertThat(refreshed).containsExactly("tenant_b", "tenant_a");
      assertThat(second.nextLook()).hasValueSatisfying(next -> assertThat(next).isPositive());
    }
  }

  @Test
  void a_suspended_resource_refreshes_nothing_and_is_not_looked_at_for_it() {
    Fruit fruit = new Fruit(server, "notrefreshed").tenants("tenant_a");
    try (Database database = fruit.open()) {
      pass(database, SPEC, Gate.OPEN);
      refreshedLongAgo(fruit, "tenant_a", "2020-01-01");
      List<String> before = fruit.catalogVersions();

      Outcome outcome = pass(database, SPEC, Gate.OBSERVE);

      assertThat(outcome.plan().upkeep().due()).hasSize(1);
      assertThat(outcome.nextLook()).isEmpty();
      assertThat(fruit.catalogVersions()).isEqualTo(before);
    }
  }

  @Test
  void rows_that_are_not_unique_fail_their_tenant_only() {
    Fruit fruit = new Fruit(server, "notunique").tenants("tenant_a", "tenant_b");
    fruit.execute("DELETE FROM tenant_b.batches WHERE id > 1");
    try (Database database = fruit.open()) {
      Outcome outcome = pass(database, SPEC.replace("[day, grower_id]", "[day]"), Gate.OPEN);

      assertThat(outcome.states())
          .containsEntry("tenant_a", TenantState.FAILED)
          .containsEntry("tenant_b", TenantState.SYNCED);
      assertThat(outcome.failures())
          .singleElement()
          .satisfies(
              f -> {
                assertThat(f.reason()).isEqualTo(Reason.DuplicateRows);
                assertThat(f.message())
                    .isEqualTo(
                        "tenant_a: daily_intake: rows of the result are not unique by (day):"
                            + " correct uniqueColumns.");
              });
      assertThat(fruit.query("SELECT schemaname FROM pg_matviews")).containsExactly("tenant_b");
    }
  }

  @Test
  void a_killed_process_leaves_no_half_made_view_and_readers_never_notice() throws Exception {
    Fruit fruit = new Fruit(server, "killed_view").tenants("tenant_a");
    try (Database database = fruit.open()) {
      Process creating = EngineProcess.start(server, "engine_killed_view", SLOW);
      awaitSleeping(fruit, "CREATE MATERIALIZED VIEW");
      creating.destroyForcibly().waitFor();

      assertThat(fruit.query("SELECT relname FROM pg_class WHERE relname LIKE 'daily%'")).isEmpty();
      await()
          .atMost(Duration.ofSeconds(60))
          .until(() -> pass(database, SLOW, Gate.OPEN).converged());
      assertThat(fruit.query("SELECT count(*)::text FROM tenant_a.daily_intake"))
          .containsExactly("10");

      refreshedLongAgo(fruit, "tenant_a", "2020-01-01");
      fruit.execute("INSERT INTO tenant_a.batches VALUES (1000, now(), 'new', 'received')");
      Process refreshing = EngineProcess.start(server, "engine_killed_view", SLOW);
      awaitSleeping(fruit, "REFRESH MATERIALIZED VIEW CONCURRENTLY");
      assertThat(rows(fruit)).containsExactly("10");
      refreshing.destroyForcibly().waitFor();

      assertThat(rows(fruit)).containsExactly("10");
      await()
          .atMost(Duration.ofSeconds(60))
          .until(
              () -> {
                pass(database, SLOW, Gate.OPEN);
                return rows(fruit).equals(List.of("11"));
              });
      assertThat(pass(database, SLOW, Gate.OPEN).initial().upkeep().due()).isEmpty();
    }
  }

  /** What a reader sees who does not wait for locks. */
  private static List<String> rows(Fruit fruit) throws SQLException {
    try (Connection connection = fruit.connect();
        Statement statement = connection.createStatement()) {
      statement.execute("SET lock_timeout = '100ms'");
      try (ResultSet rows =
          statement.executeQuery("SELECT count(*)::text FROM tenant_a.daily_intake")) {
        rows.next();
        return List.of(rows.getString(1));
      }
    }
  }

  private static void awaitSleeping(Fruit fruit, String statement) {
    await()
        .atMost(Duration.ofSeconds(60))
        .until(
            () ->
                !fruit
                    .query(
                        "SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND wait_event = 'PgSleep' AND query LIKE '"
                            + statement
                            + "%'")
                    .isEmpty());
  }

  private Outcome pass(Database database, String spec, Gate gate) {
    Desired desired = Fruit.desired(spec);
    return engine.pass(database, desired, gate, PassListener.NONE);
  }

  private static void assertSameRows(Fruit fruit, String tenant) {
    String query = QUERY.formatted(tenant);
    String view = "TABLE " + tenant + ".daily_intake";
    assertThat(fruit.query("SELECT row(q)::text FROM (%s) q ORDER BY 1".formatted(view)))
        .isNotEmpty()
        .isEqualTo(fruit.query("SELECT row(q)::text FROM (%s) q ORDER BY 1".formatted(query)));
  }

  private static void refreshedLongAgo(Fruit fruit, String tenant, String day) {
    fruit.execute(
        """
        DO $$ BEGIN EXECUTE format('COMMENT ON MATERIALIZED VIEW %1$s.daily_intake IS %%L',
          regexp_replace(obj_description('%1$s.daily_intake'::regclass, 'pg_class'), ' refreshed=\\S+', '')
            || ' refreshed=%2$sT00:00:00Z'); END $$"""
            .formatted(tenant, day));
  }
}
