package io.tenantdb.fleet;

import io.tenantdb.testing.PostgresServer;
import io.tenantdb.testing.RealParts.Version;

/** On the oldest PostgreSQL. */
class Exactness14IT extends ExactnessTests {
  Exactness14IT(@Version(14) PostgresServer server) {
    super(server);
  }
}
