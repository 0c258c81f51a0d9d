package io.tenantdb.apply;

import io.tenantdb.testing.PostgresServer;
import io.tenantdb.testing.RealParts;

/** On PostgreSQL 18. */
class SmallBuild18IT extends SmallBuildTests {
  SmallBuild18IT(@RealParts.Version(18) PostgresServer server) {
    super(server);
  }
}
