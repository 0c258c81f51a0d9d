package io.tenantdb.fleet;

import io.tenantdb.testing.PostgresServer;
import io.tenantdb.testing.RealParts.Version;

/** On PostgreSQL 14. */
class PlantedNames14IT extends PlantedNamesTests {
  PlantedNames14IT(@Version(14) PostgresServer server) {
    super(server);
  }
}
