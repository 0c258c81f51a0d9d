package io.tenantdb.demo;

import io.tenantdb.testing.Checkout;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** {@code bin/tenantdb operator}, as its users run it, in a process of its own. */
final class OperatorProcess implements AutoCloseable {
  private static final long GRACE_SECONDS = 30;

  private final Process process;
  private final Path log;

  private OperatorProcess(Process process, Path log) {
    this.process = process;
    this.log = log;
  }

  static OperatorProcess start(Path kubeconfig, int httpPort) throws IOException {
    Path log = Files.createTempFile("tenantdb-demo-operator-", ".log");
    ProcessBuilder builder =
        new ProcessBuilder(List.of(Checkout.root().resolve("bin/tenantdb").toString(), "operator"))
            .redirectErrorStream(true)
            .redirectOutput(log.toFile())
            .redirectInput(Path.of("/dev/null").toFile());
    builder.environment().put("KUBECONFIG", kubeconfig.toString());
    builder.environment().put("TENANTDB_LISTEN", "127.0.0.1:" + httpPort);
    builder.environment().put("TENANTDB_WATCH_NAMESPACES", Cluster.NAMESPACE);
    builder.environment().put("JAVA_OPTS", "-Xmx512m");
    return new OperatorProcess(builder.start(), log);
  }

  Path log() {
    return log;
  }

  /** The last lines that it logged. */
  String logTail() throws IOException {
    List<String> lines = Files.readAllLines(log);
    return String.join("\n", lines.subList(Math.max(0, lines.size() - 20), lines.size()));
  }

  boolean alive() {
    return process.isAlive();
  }

  /** As Kubernetes stops it: SIGTERM, a grace period, SIGKILL. */
  @Override
  public void close() {
    process.destroy();
    try {
      if (!process.waitFor(GRACE_SECONDS, TimeUnit.SECONDS)) {
        process.destroyForcibly();
      }
    } catch (InterruptedException e) {
      process.destroyForcibly();
      Thread.currentThread().interrupt();
    }
  }
}
