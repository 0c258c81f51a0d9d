package io.tenantdb.fleet;

import io.tenantdb.testing.PostgresServer;
import io.tenantdb.testing.RealParts.Version;

/** On the newest PostgreSQL. */
class Exactness18IT extends ExactnessTests {
  Exactness18IT(@Version(18) PostgresServer server) {
    super(server);
  }
}
