package io.tenantdb.apply;

import io.tenantdb.testing.PostgresServer;
import io.tenantdb.testing.RealParts;

/** On PostgreSQL 14. */
class SmallBuild14IT extends SmallBuildTests {
  SmallBuild14IT(@RealParts.Version(14) PostgresServer server) {
    super(server);
  }
}
