package io.tenantdb.testing;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import java.util.zip.ZipEntry;
import java.util.zip.ZipInputStream;
import org.tukaani.xz.XZInputStream;

/**
 * PostgreSQL's programs on this machine.
 *
 * @param name names the cache of its empty database cluster
 * @param bin the directory of {@code initdb} and {@code postgres}
 */
record PostgresInstallation(String name, Path bin) {

  /**
   * Set up with the role {@code postgres}; the password is no secret, it only must be asked for.
   */
  static final String SUPERUSER = "postgres";

  static final String PASSWORD = "tenantdb-test";

  /**
   * The native server of a major version that Maven fetched into {@code target/postgres-binaries}
   * (phase {@code package}), unpacked once into the cache.
   */
  static PostgresInstallation ofMajor(int major) {
    String version = Checkout.pinned("postgres." + major);
    String name = "postgres-" + version.replaceFirst("\\.0$", "");
    Path directory =
        Directories.once(
            Unprivileged.way().cache().resolve(name),
            unfinished -> {
              unpack(jar(major, version), unfinished);
              readable(unfinished);
            });
    return new PostgresInstallation(name, directory.resolve("bin"));
  }

  /**
   * A directory with an empty cluster of this installation, to be copied: {@code initdb} takes
   * seconds, a copy does not.
   */
  Path emptyCluster() {
    Unprivileged way = Unprivileged.way();
    return Directories.once(
        way.cache().resolve(name + "-cluster"),
        unfinished -> {
          Path password = Files.createTempFile(unfinished.getParent(), "password", "");
          try {
            Files.writeString(password, PASSWORD);
            way.give(password);
            way.give(unfinished);
            Command.run(
                    Duration.ofMinutes(3),
                    Map.of("LC_ALL", "C"),
                    way.command(
                        List.of(
                            bin.resolve("initdb").toString(),
                            "--pgdata=" + unfinished,
                            "--username=" + SUPERUSER,
                            "--pwfile=" + password,
                            "--auth=scram-sha-256",
                            "--encoding=UTF8",
                            "--locale=C",
                            "--no-sync")))
                .orThrow();
          } finally {
            Files.deleteIfExists(password);
          }
        });
  }

  /** Where this server looks for its modules, as {@code pg_config --pkglibdir} says. */
  Path libraries() {
    Path usual = bin.resolveSibling("lib");
    try {
      Command.Result told =
          Command.run(
              Duration.ofSeconds(10),
              Map.of(),
              List.of(bin.resolve("pg_config").toString(), "--pkglibdir"));
      return told.status() == 0 ? Path.of(told.output().strip()) : usual;
    } catch (PartUnavailableException noPgConfig) {
      return usual;
    }
  }

  private static Path jar(int major, String version) {
    String artifact = Checkout.pinned("postgres.binaries");
    Path jar =
        Checkout.root()
            .resolve("target/postgres-binaries")
            .resolve(artifact + "-" + version + ".jar");
    if (!Files.isRegularFile(jar)) {
      throw new PartUnavailableException(
          "PostgreSQL %d: %s is missing; run mvn -DskipTests package, which fetches it"
              .formatted(major, jar));
    }
    return jar;
  }

  private static void unpack(Path jar, Path directory) throws IOException {
    try (ZipInputStream zip = new ZipInputStream(Files.newInputStream(jar))) {
      for (ZipEntry entry = zip.getNextEntry(); entry != null; entry = zip.getNextEntry()) {
        if (entry.getName().endsWith(".txz")) {
          untar(new XZInputStream(zip), directory);
          return;
        }
      }
    }
    throw new IOException(jar + " holds no .txz");
  }

  private static void untar(InputStream tar, Path directory) throws IOException {
    Process process =
        new ProcessBuilder("tar", "-x", "--no-same-owner", "-C", directory.toString())
            .redirectError(ProcessBuilder.Redirect.INHERIT)
            .start();
    try (OutputStream in = process.getOutputStream()) {
      tar.transferTo(in);
    }
    try {
      if (process.waitFor() != 0) {
        throw new IOException("tar failed with status " + process.exitValue());
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IOException("interrupted", e);
    }
  }

  private static void readable(Path directory) {
    Command.run(
            Duration.ofMinutes(1),
            Map.of(),
            List.of("chmod", "-R", "u+rwX,go+rX", directory.toString()))
        .orThrow();
  }

  /** Servers that the operating system installed, the newest first. */
  static List<PostgresInstallation> installed() {
    Path root = Path.of("/usr/lib/postgresql");
    if (!Files.isDirectory(root)) {
      return List.of();
    }
    try (Stream<Path> versions = Files.list(root)) {
      return versions
          .filter(version -> Files.isExecutable(version.resolve("bin/postgres")))
          .sorted((a, b) -> Integer.compare(major(b), major(a)))
          .map(
              version ->
                  new PostgresInstallation(
                      "postgres-system-" + version.getFileName(), version.resolve("bin")))
          .toList();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static int major(Path version) {
    try {
      return Integer.parseInt(version.getFileName().toString());
    } catch (NumberFormatException e) {
      return 0;
    }
  }
}
