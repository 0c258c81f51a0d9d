package io.tenantdb.cli;

import io.tenantdb.database.ConnectionSettings;
import io.tenantdb.fleet.Gate;
import io.tenantdb.fleet.Outcome;
import io.tenantdb.fleet.PassListener;
import io.tenantdb.model.Desired;
import io.tenantdb.model.IndexReport;

/** The engine on one database for one resource, as the commands see it. */
interface EngineSession extends AutoCloseable {

  /** As {@link io.tenantdb.fleet.Engine#pass}. */
  Outcome pass(Gate gate, PassListener listener);

  /** As {@link io.tenantdb.fleet.Engine#indexes(io.tenantdb.database.Database, Desired)}. */
  IndexReport indexes();

  /** As {@link io.tenantdb.fleet.Engine#cancelRunning}. */
  void cancelRunning();

  @Override
  void close();

  /** Opens sessions; connects when the first pass does. */
  @FunctionalInterface
  interface Opener {
    EngineSession open(ConnectionSettings settings, Desired desired);
  }
}
