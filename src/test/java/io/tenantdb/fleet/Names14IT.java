package io.tenantdb.fleet;

import io.tenantdb.testing.PostgresServer;
import io.tenantdb.testing.RealParts.Version;

/** On PostgreSQL 14. */
class Names14IT extends NamesTests {
  Names14IT(@Version(14) PostgresServer server) {
    super(server);
  }
}
