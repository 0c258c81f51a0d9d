package io.tenantdb.fleet;

import io.tenantdb.database.ConnectionSettings;
import io.tenantdb.database.ConnectionSettings.Tls;
import io.tenantdb.database.Database;
import io.tenantdb.database.Password;
import io.tenantdb.testing.PostgresServer;
import io.tenantdb.testing.TimescaleServer;
import java.io.File;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** The engine in a process of its own, so that a test can kill it. */
final class EngineProcess {

  private EngineProcess() {}

  /** Makes one pass over the database and exits: 0 when it has converged. */
  public static void main(String[] args) {
    ConnectionSettings settings =
        new ConnectionSettings(
            args[0],
            Integer.parseInt(args[1]),
            args[2],
            args[3],
            new Password(System.getenv("PGPASSWORD")),
            new Tls(Tls.Mode.DISABLE, Optional.empty()),
            4,
            "tenantdb test");
    try (Database database = Database.of(settings)) {
      Outcome outcome =
          new Engine().pass(database, Fruit.desired(args[4]), Gate.OPEN, PassListener.NONE);
      System.exit(outcome.converged() ? 0 : 3);
    }
  }

  /** Starts it. */
  static Process start(PostgresServer server, String database, String spec) throws IOException {
    return start(server, server.port(), database, spec);
  }

  /** Starts it, with another port of 127.0.0.1 between it and the server. */
  static Process start(PostgresServer server, int port, String database, String spec)
      throws IOException {
    return start(
        List.of(server.host(), Integer.toString(port), database, server.user(), spec),
        server.password());
  }

  /** Starts it. */
  static Process start(TimescaleServer server, String spec) throws IOException {
    return start(
        List.of(
            server.host(), Integer.toString(server.port()), server.database(), server.user(), spec),
        server.password());
  }

  private static Process start(List<String> arguments, String password) throws IOException {
    List<String> command =
        new ArrayList<>(
            List.of(
                ProcessHandle.current().info().command().orElse("java"),
                "-cp",
                System.getProperty("java.class.path"),
                EngineProcess.class.getName()));
    command.addAll(arguments);
    ProcessBuilder builder = new ProcessBuilder(command);
    builder.environment().put("PGPASSWORD", password);
    File log = File.createTempFile("tenantdb-engine", ".log");
    log.deleteOnExit();
    return builder.redirectErrorStream(true).redirectOutput(log).start();
  }
}
