package io.tenantdb.bench;

import io.tenantdb.testing.Checkout;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;

/** {@code bin/tenantdb operator}, as its users run it, in a process of its own that is measured. */
final class RestingOperator implements AutoCloseable {
  private static final long GRACE_SECONDS = 30;
  private static final Duration START_LIMIT = Duration.ofMinutes(2);

  /** Short against what is measured, long enough not to take the processor from it. */
  private static final Duration POLL = Duration.ofMillis(10);

  private static final HttpClient HTTP =
      HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();

  private final Process process;
  private final Path log;
  private final String url;
  private final long started;

  private RestingOperator(Process process, Path log, String url, long started) {
    this.process = process;
    this.log = log;
    this.url = url;
    this.started = started;
  }

  static RestingOperator start(Path kubeconfig, Map<String, String> environment)
      throws IOException {
    Path log = Files.createTempFile("tenantdb-bench-operator-", ".log");
    int port = freePort();
    ProcessBuilder builder =
        new ProcessBuilder(List.of(Checkout.root().resolve("bin/tenantdb").toString(), "operator"))
            .redirectErrorStream(true)
            .redirectOutput(log.toFile())
            .redirectInput(Path.of("/dev/null").toFile());
    builder.environment().put("KUBECONFIG", kubeconfig.toString());
    builder.environment().put("TENANTDB_LISTEN", "127.0.0.1:" + port);
    builder.environment().putAll(environment);
    long started = System.nanoTime();
    return new RestingOperator(builder.start(), log, "http://127.0.0.1:" + port, started);
  }

  /**
   * Waits for 200 from a probe.
   *
   * @return seconds since the process was started
   */
  double awaitGood(String probe) throws InterruptedException {
    return await(() -> status(probe) == 200);
  }

  /**
   * Waits for something that the operator does.
   *
   * @return seconds since the process was started
   */
  double await(BooleanSupplier done) throws InterruptedException {
    while (!done.getAsBoolean()) {
      check();
      Thread.sleep(POLL.toMillis());
    }
    return (System.nanoTime() - started) / 1e9;
  }

  private void check() {
    if (!process.isAlive()) {
      throw new IllegalStateException("the operator ended; see " + log);
    }
    if (System.nanoTime() - started > START_LIMIT.toNanos()) {
      throw new IllegalStateException("the operator is not ready; see " + log);
    }
  }

  private int status(String path) {
    try {
      return HTTP.send(request(path), BodyHandlers.discarding()).statusCode();
    } catch (IOException notYet) {
      return -1;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return -1;
    }
  }

  /** How many passes have ended. */
  long passes() throws IOException, InterruptedException {
    return HTTP.send(request("/metrics"), BodyHandlers.ofString())
        .body()
        .lines()
        .filter(line -> line.startsWith("tenantdb_pass_duration_seconds_count{"))
        .mapToLong(line -> Math.round(Double.parseDouble(line.substring(line.indexOf('}') + 1))))
        .sum();
  }

  private HttpRequest request(String path) {
    return HttpRequest.newBuilder(URI.create(url + path)).timeout(Duration.ofSeconds(10)).build();
  }

  ProcessMemory memory() throws IOException {
    return ProcessMemory.of(process.pid());
  }

  /** Processor time since its start; the system counts it in hundredths of a second. */
  Duration cpu() {
    return process.info().totalCpuDuration().orElseThrow();
  }

  Path log() {
    return log;
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

  private static int freePort() throws IOException {
    try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      return socket.getLocalPort();
    }
  }
}
