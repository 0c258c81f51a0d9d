package io.tenantdb.testing;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** The pooler pgbouncer: that of the {@code PATH}, or Debian's package unpacked in the cache. */
public final class PgBouncer {

  private static final Duration LIMIT = Duration.ofMinutes(2);

  private final List<String> command;
  private final Map<String, String> environment;

  /** {@code pool_mode}. */
  public enum Mode {
    SESSION,
    TRANSACTION,
    STATEMENT
  }

  /** A pooler that runs. */
  public record Running(int port, Runnable stop) implements AutoCloseable {
    @Override
    public void close() {
      stop.run();
    }
  }

  private PgBouncer(List<String> command, Map<String, String> environment) {
    this.command = List.copyOf(command);
    this.environment = Map.copyOf(environment);
  }

  /**
   * Finds it.
   *
   * @throws PartUnavailableException if it cannot be had on this machine
   */
  static PgBouncer find() {
    PgBouncer installed = new PgBouncer(List.of("pgbouncer"), Map.of());
    PgBouncer found = installed.answers() ? installed : unpacked();
    Parts.used("pgbouncer", found.version());
    return found;
  }

  /** Starts one in front of a server, for its superuser. */
  public Running start(PostgresServer server, Mode mode) {
    return start(server, mode, 20);
  }

  /**
   * The same.
   *
   * @param poolSize server sessions for each user and database
   */
  public Running start(PostgresServer server, Mode mode, int poolSize) {
    Path directory = Directories.scratch("pgbouncer");
    int port = ChildProcess.freePort();
    try {
      Files.writeString(
          directory.resolve("users.txt"),
          "\"%s\" \"%s\"%n".formatted(server.user(), server.password()));
      Files.writeString(
          directory.resolve("pgbouncer.ini"),
          """
          [databases]
          * = host=%s port=%d
          [pgbouncer]
          listen_addr = 127.0.0.1
          listen_port = %d
          unix_socket_dir =
          auth_type = scram-sha-256
          auth_file = users.txt
          pool_mode = %s
          default_pool_size = %d
          ignore_startup_parameters = extra_float_digits
          """
              .formatted(
                  server.host(),
                  server.port(),
                  port,
                  mode.name().toLowerCase(Locale.ROOT),
                  poolSize));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    Unprivileged.way().give(directory);
    List<String> all = new ArrayList<>(command);
    all.add("pgbouncer.ini");
    ChildProcess process =
        ChildProcess.start(
            "pgbouncer",
            Unprivileged.way().command(all),
            environment,
            "INT",
            10,
            directory.resolve("pgbouncer.log"));
    process.await(LIMIT, () -> accepts(server, port));
    return new Running(
        port,
        () -> {
          process.close();
          Directories.delete(directory);
        });
  }

  private static boolean accepts(PostgresServer server, int port) {
    String url = server.jdbcUrl("postgres").replace(":" + server.port(), ":" + port);
    try (Connection connection =
        DriverManager.getConnection(url, server.user(), server.password())) {
      return connection.isValid(5);
    } catch (SQLException notYet) {
      return false;
    }
  }

  private boolean answers() {
    try {
      return run("--version").status() == 0;
    } catch (PartUnavailableException none) {
      return false;
    }
  }

  private String version() {
    return run("--version").orThrow().lines().findFirst().orElse("").replace("PgBouncer ", "");
  }

  private Command.Result run(String argument) {
    List<String> all = new ArrayList<>(command);
    all.add(argument);
    return Command.run(Duration.ofSeconds(10), environment, all);
  }

  private static PgBouncer unpacked() {
    Path directory =
        Directories.once(
            Unprivileged.way().cache().resolve("pgbouncer"),
            unfinished -> {
              Parts.say("unpacking Debian's package pgbouncer, once");
              download(unfinished);
              for (Path file : files(unfinished)) {
                apt(unfinished, "dpkg", "-x", file.toString(), unfinished.toString());
              }
            });
    try (Stream<Path> libraries = Files.list(directory.resolve("usr/lib"))) {
      PgBouncer found =
          new PgBouncer(
              List.of(directory.resolve("usr/sbin/pgbouncer").toString()),
              Map.of(
                  "LD_LIBRARY_PATH",
                  libraries.map(Path::toString).collect(Collectors.joining(":"))));
      if (!found.answers()) {
        throw new PartUnavailableException("Debian's package does not run here");
      }
      return found;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** A machine that was just made has no lists of packages, or old ones. */
  private static void download(Path directory) {
    try {
      downloadListed(directory);
    } catch (PartUnavailableException notListed) {
      apt(directory, "apt-get", "update");
      downloadListed(directory);
    }
  }

  private static void downloadListed(Path directory) {
    for (String name : packages()) {
      apt(directory, "apt-get", "download", name);
    }
  }

  /** It, and the libraries that it names. */
  private static List<String> packages() {
    String depends =
        Command.run(LIMIT, Map.of("LC_ALL", "C"), List.of("apt-cache", "depends", "pgbouncer"))
            .output();
    return Stream.concat(
            Stream.of("pgbouncer"),
            depends
                .lines()
                .map(String::strip)
                .filter(line -> line.startsWith("Depends: lib"))
                .map(line -> line.replace("Depends: ", "")))
        .toList();
  }

  private static List<Path> files(Path directory) throws IOException {
    try (Stream<Path> all = Files.list(directory)) {
      return all.filter(file -> file.toString().endsWith(".deb")).toList();
    }
  }

  private static void apt(Path directory, String... command) {
    // apt-get downloads into the directory in which it runs.
    List<String> all =
        new ArrayList<>(List.of("sh", "-c", "cd \"$0\" && exec \"$@\"", directory.toString()));
    all.addAll(List.of(command));
    Command.Result result = Command.run(LIMIT, Map.of("LC_ALL", "C"), all);
    if (result.status() != 0) {
      throw new PartUnavailableException(
          String.join(" ", command) + " failed: " + result.error().strip());
    }
  }
}
