package io.tenantdb.apply;

import io.tenantdb.testing.PostgresServer;
import io.tenantdb.testing.RealParts;

/** On PostgreSQL 14. */
class Kill14IT extends KillTests {
  Kill14IT(@RealParts.Version(14) PostgresServer server) {
    super(server);
  }
}
