package io.tenantdb.apply;

import io.tenantdb.testing.PostgresServer;
import io.tenantdb.testing.RealParts;

/** On PostgreSQL 18. */
class Replacement18IT extends ReplacementTests {
  Replacement18IT(@RealParts.Version(18) PostgresServer server) {
    super(server);
  }
}
