package io.tenantdb.canonical;

import io.tenantdb.database.Database;
import io.tenantdb.model.Canonical;
import io.tenantdb.model.Desired;
import io.tenantdb.model.DesiredTenant;
import io.tenantdb.model.Observed;
import java.util.function.Function;

/**
 * Asks PostgreSQL what the desired items would look like once made. Keeps the answers for the next
 * pass.
 */
public final class Canonicalizer {

  /**
   * The canonical form of everything that a plan for these tenants will compare.
   *
   * @param resolved what each tenant must have, by schema
   * @throws io.tenantdb.database.DatabaseException when the server could not be asked at all
   */
  public Canonical canonicalize(
      Database database,
      Desired desired,
      Function<String, DesiredTenant> resolved,
      Observed observed) {
    throw new UnsupportedOperationException();
  }
}
