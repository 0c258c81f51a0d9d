package io.tenantdb.fleet;

import io.tenantdb.testing.PostgresServer;
import io.tenantdb.testing.RealParts.Version;

/** On the newest PostgreSQL. */
class IndexTies18IT extends IndexTiesTests {
  IndexTies18IT(@Version(18) PostgresServer server) {
    super(server);
  }
}
