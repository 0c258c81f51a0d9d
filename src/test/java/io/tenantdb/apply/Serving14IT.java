package io.tenantdb.apply;

import io.tenantdb.testing.PostgresServer;
import io.tenantdb.testing.RealParts;

/** On PostgreSQL 14. */
class Serving14IT extends ServingTests {
  Serving14IT(@RealParts.Version(14) PostgresServer server) {
    super(server);
  }
}
