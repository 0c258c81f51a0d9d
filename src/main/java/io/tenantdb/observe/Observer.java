package io.tenantdb.observe;

import io.tenantdb.database.Database;
import io.tenantdb.model.Desired;
import io.tenantdb.model.Observed;

/**
 * Reads the live state of all tenants in a few queries whatever their number. Keeps what it
 * deparsed for the next reading.
 */
public final class Observer {

  /**
   * One reading. Takes no lock on a tenant's table, and waits for none longer than a moment.
   *
   * @throws io.tenantdb.database.DatabaseException when the catalogs could not be read
   */
  public Observed observe(Database database, Desired desired) {
    throw new UnsupportedOperationException();
  }
}
