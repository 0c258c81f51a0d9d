package io.tenantdb.operator;

import io.tenantdb.testing.InProcessApi;
import io.tenantdb.testing.PostgresServer;

/** On the API in this process: where no real one is to be had, the operator is still tried. */
class OperatorInProcessIT extends OperatorTests {
  private final InProcessApi api;
  private final PostgresServer server;

  OperatorInProcessIT(InProcessApi api, PostgresServer server) {
    this.api = api;
    this.server = server;
  }

  @Override
  Stage stage(String name) {
    return new Stage(api, server, name);
  }
}
