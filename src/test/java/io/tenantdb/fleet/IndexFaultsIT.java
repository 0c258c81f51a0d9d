package io.tenantdb.fleet;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.tenantdb.database.Database;
import io.tenantdb.database.DatabaseException;
import io.tenantdb.testing.FaultProxy;
import io.tenantdb.testing.FaultProxy.Done;
import io.tenantdb.testing.FaultProxy.Fault;
import io.tenantdb.testing.FaultProxy.Moment;
import io.tenantdb.testing.PostgresServer;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * Breaks the operator's work on indexes after every single statement: its connection, or its
 * process. Whoever comes next finds what was left, and ends with what is declared and nothing else.
 */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class IndexFaultsIT {

  private static final Duration BOUND = Duration.ofSeconds(60);

  private PostgresServer server;

  @BeforeAll
  void start() {
    server = PostgresServer.start(PostgresServer.NEWEST);
  }

  @AfterAll
  void stop() {
    server.close();
  }

  @ParameterizedTest
  @EnumSource(IndexScenario.class)
  void a_connection_that_breaks_after_any_statement_leaves_nothing_behind(IndexScenario scenario)
      throws Exception {
    Fruit fruit = new Fruit(server, "cut_" + scenario.name().toLowerCase(Locale.ROOT));
    for (Done point : points(fruit, scenario)) {
      scenario.prepare(fruit);
      breakAt(fruit, scenario, new Fault(point.session(), point.nth(), Moment.DONE, () -> {}));
      assertRecovered(fruit, scenario, "after " + point);
    }
  }

  @ParameterizedTest
  @EnumSource(IndexScenario.class)
  void a_connection_that_breaks_with_any_change_on_its_way_leaves_nothing_behind(
      IndexScenario scenario) throws Exception {
    Fruit fruit = new Fruit(server, "sent_" + scenario.name().toLowerCase(Locale.ROOT));
    for (Done point : changes(points(fruit, scenario))) {
      scenario.prepare(fruit);
      breakAt(fruit, scenario, new Fault(point.session(), point.nth(), Moment.SENT, () -> {}));
      assertRecovered(fruit, scenario, "on its way: " + point);
    }
  }

  @ParameterizedTest
  @EnumSource(IndexScenario.class)
  void a_process_that_is_killed_after_any_change_leaves_nothing_behind(IndexScenario scenario)
      throws Exception {
    String name = "kill_" + scenario.name().toLowerCase(Locale.ROOT);
    Fruit fruit = new Fruit(server, name);
    for (Done point : changes(points(fruit, scenario))) {
      scenario.prepare(fruit);
      kill("engine_" + name, scenario, point);
      assertRecovered(fruit, scenario, "killed at " + point);
    }
  }

  @ParameterizedTest
  @EnumSource(IndexScenario.class)
  void a_server_process_that_ends_within_a_concurrent_statement_leaves_nothing_behind(
      IndexScenario scenario) throws Exception {
    Fruit fruit = new Fruit(server, "end_" + scenario.name().toLowerCase(Locale.ROOT));
    Set<String> concurrent =
        points(fruit, scenario).stream()
            .map(Done::sql)
            .filter(sql -> sql.contains(" CONCURRENTLY "))
            .collect(Collectors.toSet());
    for (String statement : concurrent) {
      scenario.prepare(fruit);
      terminateWithin(fruit, scenario, statement);
      assertRecovered(fruit, scenario, "ended within " + statement);
    }
  }

  @Test
  void a_fault_that_never_strikes_would_be_seen() throws Exception {
    Fruit fruit = new Fruit(server, "no_fault");
    IndexScenario.CREATE.prepare(fruit);
    try (FaultProxy proxy = FaultProxy.before(server.host(), server.port())) {
      proxy.plan(new Fault(99, 0, Moment.DONE, () -> {}));
      pass(fruit, IndexScenario.CREATE, proxy);
      assertThat(proxy.struck()).isFalse();
    }
    assertThat(fruit.validIndexes()).isEqualTo(IndexScenario.CREATE.expected());
  }

  /** The statements of the connections on which changes are made, in an undisturbed pass. */
  private List<Done> points(Fruit fruit, IndexScenario scenario) throws IOException {
    scenario.prepare(fruit);
    try (FaultProxy proxy = FaultProxy.before(server.host(), server.port())) {
      Outcome outcome = pass(fruit, scenario, proxy);
      assertThat(outcome.converged())
          .as("undisturbed %s: %s", scenario, outcome.failures())
          .isTrue();
      Set<Integer> working =
          proxy.done().stream()
              .filter(done -> done.sql().equals("SET synchronous_commit = off"))
              .map(Done::session)
              .collect(Collectors.toSet());
      // A session is set up before it takes the owner's role; nothing is changed until then.
      List<Done> points =
          proxy.done().stream()
              .filter(done -> working.contains(done.session()))
              .dropWhile(done -> !done.sql().startsWith("SET ROLE "))
              .toList();
      assertThat(points).isNotEmpty();
      return points;
    }
  }

  /** Without what leaves the database as it was: reading, settings, the parts of a transaction. */
  private static List<Done> changes(List<Done> points) {
    List<Done> changes =
        points.stream()
            .filter(done -> done.sql().matches("(?s)(CREATE|DROP|COMMIT|.*advisory).*"))
            .toList();
    assertThat(changes).isNotEmpty();
    return changes;
  }

  private void breakAt(Fruit fruit, IndexScenario scenario, Fault fault) throws IOException {
    try (FaultProxy proxy = FaultProxy.before(server.host(), server.port())) {
      proxy.plan(fault);
      try {
        pass(fruit, scenario, proxy);
      } catch (DatabaseException broken) {
        assertThat(broken.getMessage()).isNotBlank();
      }
      assertThat(proxy.struck()).as("%s of %s", fault, scenario).isTrue();
    }
  }

  private void kill(String database, IndexScenario scenario, Done point) throws Exception {
    try (FaultProxy proxy = FaultProxy.before(server.host(), server.port())) {
      Process[] process = new Process[1];
      proxy.plan(
          new Fault(
              point.session(),
              point.nth(),
              Moment.DONE,
              () -> process[0].destroyForcibly().onExit().join()));
      process[0] = EngineProcess.start(server, proxy.port(), database, scenario.after());
      assertThat(process[0].onExit().get(BOUND.toSeconds(), java.util.concurrent.TimeUnit.SECONDS))
          .isNotNull();
    }
  }

  private void terminateWithin(Fruit fruit, IndexScenario scenario, String statement)
      throws Exception {
    try (IndexScenario.Holder holder = scenario.hold(fruit);
        FaultProxy proxy = FaultProxy.before(server.host(), server.port())) {
      Thread pass =
          new Thread(
              () -> {
                try {
                  pass(fruit, scenario, proxy);
                } catch (DatabaseException broken) {
                  assertThat(broken.getMessage()).isNotBlank();
                }
              });
      pass.start();
      // Statements before it wait for the holder too: each is let through in its turn.
      await()
          .atMost(BOUND)
          .until(
              () -> {
                List<String> waiting =
                    fruit.query(
                        "SELECT query FROM pg_stat_activity WHERE wait_event_type = 'Lock'"
                            + " AND query LIKE '% CONCURRENTLY %' AND pid <> pg_backend_pid()");
                if (waiting.contains(statement)) {
                  return true;
                }
                if (!waiting.isEmpty()) {
                  holder.letOneThrough();
                }
                return !pass.isAlive();
              });
      assertThat(
              fruit.query(
                  "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                      + " WHERE wait_event_type = 'Lock' AND query LIKE '% CONCURRENTLY %'"
                      + " AND pid <> pg_backend_pid()"))
          .as("ended within " + statement)
          .isNotEmpty();
      holder.letGo();
      pass.join(BOUND.toMillis());
      assertThat(pass.isAlive()).isFalse();
    }
  }

  private static Outcome pass(Fruit fruit, IndexScenario scenario, FaultProxy proxy) {
    try (Database database = fruit.through(proxy.port())) {
      return new Engine()
          .pass(database, Fruit.desired(scenario.after()), Gate.OPEN, PassListener.NONE);
    }
  }

  /** Another operator comes, once the server has noticed that the first one is gone. */
  private static void assertRecovered(Fruit fruit, IndexScenario scenario, String when) {
    try (Database database = fruit.open()) {
      Engine engine = new Engine();
      await(when)
          .atMost(BOUND)
          .until(
              () ->
                  engine
                      .pass(database, Fruit.desired(scenario.after()), Gate.OPEN, PassListener.NONE)
                      .converged());
    }
    assertThat(fruit.leftovers()).as(when).isEmpty();
    assertThat(fruit.validIndexes()).as(when).isEqualTo(scenario.expected());
  }
}
