package io.tenantdb.operator;

import io.tenantdb.database.ConnectionSettings;
import io.tenantdb.database.Database;
import io.tenantdb.fleet.Convergence;
import io.tenantdb.fleet.Engine;
import io.tenantdb.fleet.Gate;
import io.tenantdb.fleet.Outcome;
import io.tenantdb.fleet.PassListener;
import io.tenantdb.model.Desired;
import io.tenantdb.model.IndexReport;
import io.tenantdb.model.Observed;
import java.util.Optional;

/** Passes of the real engine. The engine outlives the connections: it remembers what settled. */
final class EnginePasses implements Passes {
  private final Engine engine;
  private Optional<Database> database = Optional.empty();

  EnginePasses(Engine engine) {
    this.engine = engine;
  }

  @Override
  public Outcome pass(
      ConnectionSettings settings, Desired desired, Gate gate, PassListener listener) {
    return engine.pass(connected(settings), desired, gate, listener);
  }

  @Override
  public IndexReport indexes(ConnectionSettings settings, Desired desired, Observed observed) {
    return engine.indexes(connected(settings), desired, observed);
  }

  @Override
  public void recall(Convergence convergence) {
    engine.recall(convergence);
  }

  @Override
  public void cancelRunning() {
    engine.cancelRunning();
  }

  @Override
  public synchronized void close() {
    database.ifPresent(Database::close);
    database = Optional.empty();
  }

  private synchronized Database connected(ConnectionSettings settings) {
    if (database.isPresent() && !database.get().settings().equals(settings)) {
      close();
    }
    if (database.isEmpty()) {
      database = Optional.of(Database.of(settings));
    }
    return database.get();
  }
}
