package io.tenantdb.apply;

import io.tenantdb.testing.PostgresServer;
import io.tenantdb.testing.RealParts;

/** On PostgreSQL 18. */
class Serving18IT extends ServingTests {
  Serving18IT(@RealParts.Version(18) PostgresServer server) {
    super(server);
  }
}
