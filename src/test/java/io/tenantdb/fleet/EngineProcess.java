package io.tenantdb.fleet;

import io.tenantdb.database.ConnectionSettings;
import io.tenantdb.database.ConnectionSettings.Tls;
import io.tenantdb.database.Database;
import io.tenantdb.database.Password;
import io.tenantdb.testing.PostgresServer;
import java.io.File;
import java.io.IOException;
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
          new Engine().pass(database, Fruit.desired(Fruit.INDEXES), Gate.OPEN, PassListener.NONE);
      System.exit(outcome.converged() ? 0 : 3);
    }
  }

  /** Starts it. */
  static Process start(PostgresServer server, String database) throws IOException {
    ProcessBuilder builder =
        new ProcessBuilder(
            List.of(
                ProcessHandle.current().info().command().orElse("java"),
                "-cp",
                System.getProperty("java.class.path"),
                EngineProcess.class.getName(),
                server.host(),
                Integer.toString(server.port()),
                database,
                server.user()));
    builder.environment().put("PGPASSWORD", server.password());
    File log = File.createTempFile("tenantdb-engine", ".log");
    log.deleteOnExit();
    return builder.redirectErrorStream(true).redirectOutput(log).start();
  }
}
