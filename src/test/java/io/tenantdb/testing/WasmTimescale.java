package io.tenantdb.testing;

import io.tenantdb.testing.TimescaleServer.Address;
import io.tenantdb.testing.TimescaleServer.License;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * TimescaleDB in WebAssembly, from npm, behind the protocol front of {@code src/test/node}.
 *
 * <p>The packages and a data directory to begin with are kept in the cache, under the hash of what
 * they were made from.
 */
final class WasmTimescale {

  private WasmTimescale() {}

  static TimescaleServer start(License license) {
    Path modules = modules();
    Path template = template(modules);
    Path directory = Directories.scratch("timescale");
    try {
      copyFront(modules, directory);
      List<String> command =
          new ArrayList<>(List.of("node", "front.mjs", "--template", template.toString()));
      if (license == License.APACHE) {
        command.addAll(List.of("--license", "apache"));
      }
      Path log = directory.resolve("front.log");
      ChildProcess process =
          ChildProcess.start("TimescaleDB (WASM)", command, Map.of(), "TERM", 5, log);
      process.await(Duration.ofMinutes(2), () -> port(log).isPresent());
      return new TimescaleServer(
          new Address("127.0.0.1", port(log).orElseThrow(), "postgres", "postgres", "any"),
          false,
          license,
          "WASM",
          process::alive,
          () -> {
            process.close();
            Directories.delete(directory);
          });
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static Path modules() {
    return Directories.once(
        Checkout.cache().resolve("timescale-wasm-" + hash("package-lock.json")),
        unfinished -> {
          Parts.say("installing TimescaleDB's WASM build with npm, once");
          for (String file : List.of("package.json", "package-lock.json")) {
            Files.copy(front().resolve(file), unfinished.resolve(file));
          }
          Command.Result result =
              Command.run(
                  Duration.ofMinutes(5),
                  Map.of(),
                  List.of(
                      "npm",
                      "ci",
                      "--no-audit",
                      "--no-fund",
                      "--ignore-scripts",
                      "--prefix",
                      unfinished.toString()));
          if (result.status() != 0) {
            throw new PartUnavailableException(
                "TimescaleDB (WASM): npm ci failed: " + result.error().strip());
          }
        });
  }

  /** An initialised data directory: with it a server is up in two seconds instead of a dozen. */
  private static Path template(Path modules) {
    return Directories.once(
            Checkout.cache()
                .resolve("timescale-wasm-data-" + hash("package-lock.json", "backend.mjs")),
            unfinished -> {
              Parts.say("initialising TimescaleDB's WASM build, once");
              Path directory = Directories.scratch("template");
              copyFront(modules, directory);
              Path log = directory.resolve("template.log");
              try (ChildProcess process =
                  ChildProcess.start(
                      "TimescaleDB (WASM)",
                      List.of("node", "template.mjs", unfinished.resolve("data.tar.gz").toString()),
                      Map.of(),
                      "TERM",
                      5,
                      log)) {
                process.await(Duration.ofMinutes(5), () -> read(log).contains("SAVED\n"));
              } finally {
                Directories.delete(directory);
              }
            })
        .resolve("data.tar.gz");
  }

  /** Node finds packages beside the importing file, and the tree should stay as it is. */
  private static void copyFront(Path modules, Path directory) throws IOException {
    try (Stream<Path> files = Files.list(front())) {
      for (Path file : files.filter(it -> it.toString().endsWith(".mjs")).toList()) {
        Files.copy(file, directory.resolve(file.getFileName()));
      }
    }
    Files.createSymbolicLink(directory.resolve("node_modules"), modules.resolve("node_modules"));
  }

  private static Optional<Integer> port(Path log) {
    return read(log)
        .lines()
        .filter(line -> line.startsWith("READY "))
        .map(line -> Integer.valueOf(line.substring("READY ".length())))
        .findFirst();
  }

  private static String read(Path log) {
    try {
      return Files.readString(log);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static String hash(String... files) {
    try {
      MessageDigest digest = MessageDigest.getInstance("SHA-256");
      for (String file : files) {
        digest.update(Files.readAllBytes(front().resolve(file)));
      }
      return HexFormat.of().formatHex(digest.digest(), 0, 8);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException(e);
    }
  }

  private static Path front() {
    return Checkout.root().resolve("src/test/node");
  }
}
