package io.tenantdb.fleet;

import io.tenantdb.database.Database;
import io.tenantdb.model.Desired;

/**
 * The one loop: observe, plan, apply, look again. The command line and the operator are two thin
 * faces on it.
 *
 * <p>One engine a resource: it remembers, and may forget, which tenants have settled and which
 * definitions were canonicalised. One pass at a time.
 */
public final class Engine {

  /**
   * One pass over all tenants. Observing needs no lock; from the first change on, one session lock
   * per (database, owner) is held, so that an operator and a command line never act at once.
   *
   * @throws io.tenantdb.database.DatabaseException when the database could not be reached or read
   */
  public Outcome pass(Database database, Desired desired, Gate gate, PassListener listener) {
    throw new UnsupportedOperationException();
  }

  /**
   * Cancels the statements that run now, from another thread; what they leave half-built is dropped
   * where it can be.
   */
  public void cancelRunning() {
    throw new UnsupportedOperationException();
  }
}
