package io.tenantdb.fleet;

import io.tenantdb.testing.PostgresServer;
import io.tenantdb.testing.RealParts.Version;

/** On PostgreSQL 14. */
class Script14IT extends ScriptTests {
  Script14IT(@Version(14) PostgresServer server) {
    super(server);
  }
}
