package io.tenantdb.fleet;

import io.tenantdb.testing.PostgresServer;
import io.tenantdb.testing.RealParts.Version;

/** On the oldest PostgreSQL. */
class Role14IT extends RoleTests {
  Role14IT(@Version(14) PostgresServer server) {
    super(server);
  }
}
