package io.tenantdb.fleet;

import io.tenantdb.testing.PostgresServer;
import io.tenantdb.testing.RealParts.Version;

/** On the oldest PostgreSQL. */
class IndexTies14IT extends IndexTiesTests {
  IndexTies14IT(@Version(14) PostgresServer server) {
    super(server);
  }
}
