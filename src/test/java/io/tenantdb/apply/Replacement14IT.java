package io.tenantdb.apply;

import io.tenantdb.testing.PostgresServer;
import io.tenantdb.testing.RealParts;

/** On PostgreSQL 14. */
class Replacement14IT extends ReplacementTests {
  Replacement14IT(@RealParts.Version(14) PostgresServer server) {
    super(server);
  }
}
