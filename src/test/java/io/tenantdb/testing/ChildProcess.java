package io.tenantdb.testing;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;

/**
 * A server process that ends with this JVM, even when that is killed.
 *
 * <p>The process hangs on a shell that waits for its standard input to close: closing it is how we
 * stop the server, and the operating system closes it when the JVM is no more.
 */
final class ChildProcess implements AutoCloseable {

  /** Arguments: first signal, seconds until SIGKILL, command. */
  private static final String LEASH =
      """
      signal=$1; grace=$2; shift 2
      exec 3<&0 </dev/null
      "$@" 3<&- &
      child=$!
      { read -r _ <&3
        kill -"$signal" "$child"
        waited=0
        while kill -0 "$child" && [ "$waited" -lt "$grace" ]; do sleep 1; waited=$((waited + 1)); done
        kill -KILL "$child"
      } >/dev/null 2>&1 &
      watcher=$!
      exec 3<&-
      wait "$child"
      result=$?
      kill "$watcher" 2>/dev/null
      exit "$result"
      """;

  private final String name;
  private final Process process;
  private final Path log;
  private final int graceSeconds;

  private ChildProcess(String name, Process process, Path log, int graceSeconds) {
    this.name = name;
    this.process = process;
    this.log = log;
    this.graceSeconds = graceSeconds;
  }

  /**
   * Starts {@code command}.
   *
   * @param stopSignal the signal that asks the server to stop, without its SIG
   * @param graceSeconds how long it may take before it is killed
   * @param log where its output goes
   */
  static ChildProcess start(
      String name,
      List<String> command,
      Map<String, String> environment,
      String stopSignal,
      int graceSeconds,
      Path log) {
    List<String> leashed = new ArrayList<>();
    if (Files.isExecutable(Path.of("/usr/bin/setsid"))) {
      // Ctrl-C at a terminal goes to every process of the JVM's session; servers stop when we say
      // so.
      leashed.add("/usr/bin/setsid");
    }
    leashed.addAll(List.of("sh", "-c", LEASH, "leash", stopSignal, Integer.toString(graceSeconds)));
    leashed.addAll(command);
    ProcessBuilder builder =
        new ProcessBuilder(leashed)
            .directory(log.getParent().toFile())
            .redirectErrorStream(true)
            .redirectOutput(ProcessBuilder.Redirect.appendTo(log.toFile()));
    builder.environment().putAll(environment);
    try {
      return new ChildProcess(name, builder.start(), log, graceSeconds);
    } catch (IOException e) {
      throw new PartUnavailableException("cannot start " + name + ": " + e.getMessage(), e);
    }
  }

  /** Waits until {@code ready}; a process that ends first, or is too slow, is told with its log. */
  void await(Duration limit, BooleanSupplier ready) {
    long end = System.nanoTime() + limit.toNanos();
    while (!ready.getAsBoolean()) {
      if (!process.isAlive()) {
        throw new PartUnavailableException(
            "%s ended with status %d:%n%s".formatted(name, process.exitValue(), logTail()));
      }
      if (System.nanoTime() > end) {
        close();
        throw new PartUnavailableException(
            "%s was not ready in %d s:%n%s".formatted(name, limit.toSeconds(), logTail()));
      }
      pause();
    }
  }

  boolean alive() {
    return process.isAlive();
  }

  /** The last lines of the log, for messages. */
  String logTail() {
    try {
      List<String> lines = Files.readString(log, StandardCharsets.UTF_8).lines().toList();
      return String.join("\n", lines.subList(Math.max(0, lines.size() - 30), lines.size()));
    } catch (IOException e) {
      return "(no log: " + e.getMessage() + ")";
    }
  }

  /** Asks the process to stop and waits until it has. */
  @Override
  public void close() {
    try {
      process.getOutputStream().close();
    } catch (IOException gone) {
      // It has ended by itself.
    }
    try {
      if (!process.waitFor(graceSeconds + 5L, TimeUnit.SECONDS)) {
        process.destroyForcibly();
      }
    } catch (InterruptedException e) {
      process.destroyForcibly();
      Thread.currentThread().interrupt();
    }
  }

  /** A port that nobody listens on now. Another process may take it before its server does. */
  static int freePort() {
    try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      return socket.getLocalPort();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static void pause() {
    try {
      Thread.sleep(50);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException("interrupted while a server was starting", e);
    }
  }
}
