package io.tenantdb.fleet;

import io.tenantdb.database.Database;
import io.tenantdb.model.Change;
import io.tenantdb.model.Desired;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;

/** A person with what a plan prints, and a client that goes on after an error. */
final class Hand {

  private final Fruit fruit;

  Hand(Fruit fruit) {
    this.fruit = fruit;
  }

  /** What happens to a step. */
  enum Fault {
    /** It is refused, and the client goes on. */
    FAILS,
    /** It waits for another session, is cancelled, and the client goes on. */
    IS_CANCELLED,
    /** It is the last one: the client is killed. */
    IS_THE_LAST
  }

  /** The changes that are planned now. */
  List<Change> planned(Desired desired) {
    try (Database database = fruit.open()) {
      return new Engine()
          .pass(database, desired, Gate.OBSERVE, PassListener.NONE)
          .initial()
          .changes();
    }
  }

  List<String> steps(Desired desired) {
    return planned(desired).stream().flatMap(change -> change.steps().stream()).toList();
  }

  /** Runs them all, and returns what was refused. */
  List<String> run(List<String> steps) throws SQLException {
    return run(steps, -1, Fault.FAILS);
  }

  /** The same with a fault at one of them. */
  List<String> run(List<String> steps, int at, Fault fault) throws SQLException {
    List<String> errors = new ArrayList<>();
    try (Connection connection = fruit.connect();
        Statement statement = connection.createStatement()) {
      statement.setEscapeProcessing(false);
      for (int i = 0; i < steps.size(); i++) {
        if (i == at && fault == Fault.FAILS) {
          continue;
        }
        if (i == at && fault == Fault.IS_CANCELLED) {
          cancel(statement, steps.get(i), errors);
        } else {
          execute(statement, steps.get(i), errors);
        }
        if (i == at && fault == Fault.IS_THE_LAST) {
          break;
        }
      }
    }
    return errors;
  }

  private void cancel(Statement statement, String step, List<String> errors) throws SQLException {
    try (IndexScenario.Holder holder = new IndexScenario.Holder(fruit)) {
      statement.execute("SET statement_timeout = '300ms'");
      execute(statement, step, errors);
      statement.execute("SET statement_timeout = 0");
      holder.letGo();
    }
  }

  private static void execute(Statement statement, String step, List<String> errors) {
    try {
      statement.execute(step);
    } catch (SQLException e) {
      errors.add(e.getMessage() + "\n  in " + step);
    }
  }
}
