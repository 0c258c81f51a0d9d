package io.tenantdb.cli;

import io.tenantdb.database.ConnectionSettings;
import io.tenantdb.database.Database;
import io.tenantdb.fleet.Engine;
import io.tenantdb.fleet.Gate;
import io.tenantdb.fleet.Outcome;
import io.tenantdb.fleet.PassListener;
import io.tenantdb.model.Desired;
import io.tenantdb.model.IndexReport;

/** The real thing. */
final class LiveSession implements EngineSession {
  private final Engine engine = new Engine();
  private final Database database;
  private final Desired desired;

  LiveSession(ConnectionSettings settings, Desired desired) {
    this.database = Database.of(settings);
    this.desired = desired;
  }

  @Override
  public Outcome pass(Gate gate, PassListener listener) {
    return engine.pass(database, desired, gate, listener);
  }

  @Override
  public IndexReport indexes() {
    return engine.indexes(database, desired);
  }

  @Override
  public void cancelRunning() {
    engine.cancelRunning();
  }

  @Override
  public void close() {
    database.close();
  }
}
