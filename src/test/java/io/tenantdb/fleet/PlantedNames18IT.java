package io.tenantdb.fleet;

import io.tenantdb.testing.PostgresServer;
import io.tenantdb.testing.RealParts.Version;

/** On PostgreSQL 18. */
class PlantedNames18IT extends PlantedNamesTests {
  PlantedNames18IT(@Version(18) PostgresServer server) {
    super(server);
  }
}
