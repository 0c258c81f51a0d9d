package io.tenantdb.operator;

import io.tenantdb.database.ConnectionSettings;
import io.tenantdb.fleet.Convergence;
import io.tenantdb.fleet.Gate;
import io.tenantdb.fleet.Outcome;
import io.tenantdb.fleet.PassListener;
import io.tenantdb.model.Desired;
import io.tenantdb.model.IndexReport;
import io.tenantdb.model.Observed;

/** The passes of one resource: the engine and the connections that it works on. */
interface Passes extends AutoCloseable {

  /**
   * One pass, on open connections where the settings are those of the last pass, on new ones
   * otherwise.
   *
   * @throws io.tenantdb.database.DatabaseException when the database could not be reached or read
   */
  Outcome pass(ConnectionSettings settings, Desired desired, Gate gate, PassListener listener);

  /**
   * How the indexes are used that the last pass saw.
   *
   * @throws io.tenantdb.database.DatabaseException when the catalogs could not be read
   */
  IndexReport indexes(ConnectionSettings settings, Desired desired, Observed observed);

  /** Told before the first pass: what an earlier process has left word of. */
  void recall(Convergence convergence);

  /** Cancels the statements that run now; called from another thread. */
  void cancelRunning();

  /** Gives the connections back. No pass runs. */
  @Override
  void close();
}
