package io.tenantdb.operator;

import io.tenantdb.testing.InProcessApi;
import io.tenantdb.testing.PostgresServer;

/** On the API in this process: where no real one is to be had, the operator is still tried. */
class OperatorInProcessIT extends OperatorTests {

  OperatorInProcessIT(InProcessApi api, PostgresServer server) {
    super(api, server);
  }
}
