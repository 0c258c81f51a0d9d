package io.tenantdb.bench;

import io.tenantdb.testing.PostgresServer;
import java.nio.file.Files;
import java.nio.file.Path;

/** psql on one database: what a team would run without us. */
final class Psql {
  private final ProcessBuilder builder;

  Psql(PostgresServer server, String database) {
    builder =
        new ProcessBuilder("psql", "-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-f", "-");
    builder.environment().putAll(server.psqlEnvironment(database));
    builder.redirectOutput(ProcessBuilder.Redirect.DISCARD);
    builder.redirectError(ProcessBuilder.Redirect.INHERIT);
  }

  /** Runs the script and returns the seconds that it took, the start of psql included. */
  double run(String script) throws Exception {
    Path file = Files.createTempFile("tenantdb-bench", ".sql");
    try {
      Files.writeString(file, script);
      long start = System.nanoTime();
      int exit = builder.redirectInput(file.toFile()).start().waitFor();
      if (exit != 0) {
        throw new IllegalStateException("psql ended with " + exit);
      }
      return (System.nanoTime() - start) / 1e9;
    } finally {
      Files.delete(file);
    }
  }
}
