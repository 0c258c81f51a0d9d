package io.tenantdb.testing;

import io.tenantdb.model.Identifiers;
import io.tenantdb.testing.TimescaleServer.Address;
import io.tenantdb.testing.TimescaleServer.License;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Properties;
import java.util.function.Predicate;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.postgresql.Driver;
import org.testcontainers.postgresql.PostgreSQLContainer;
import org.testcontainers.utility.DockerImageName;

/** Native servers with TimescaleDB that a machine may have. */
final class TimescaleSources {

  private static final String URL_PROPERTY = "tenantdb.it.timescale";
  private static final DockerImageName IMAGE =
      DockerImageName.parse("timescale/timescaledb:2.22.1-pg17")
          .asCompatibleSubstituteFor("postgres");

  private TimescaleSources() {}

  /** The server that somebody runs; one server has one licence, and that is the community's. */
  static Optional<TimescaleServer> external(License license) {
    String url = System.getProperty(URL_PROPERTY, "");
    if (url.isBlank() || license == License.APACHE) {
      return Optional.empty();
    }
    Properties parts = Driver.parseURL(url, null);
    if (parts == null) {
      throw new IllegalArgumentException(URL_PROPERTY + " is not a jdbc:postgresql: URL");
    }
    String database = "tenantdb_it_" + ProcessHandle.current().pid() + "_" + System.nanoTime();
    run(url, "CREATE DATABASE " + Identifiers.quote(database));
    Address address =
        new Address(
            parts.getProperty("PGHOST", "localhost"),
            Integer.parseInt(parts.getProperty("PGPORT", "5432")),
            database,
            parts.getProperty("user", "postgres"),
            parts.getProperty("password", ""));
    Runnable drop =
        () -> run(url, "DROP DATABASE IF EXISTS " + Identifiers.quote(database) + " WITH (FORCE)");
    try {
      run(
          "jdbc:postgresql://%s:%d/%s".formatted(address.host(), address.port(), database),
          address,
          "CREATE EXTENSION IF NOT EXISTS timescaledb");
      return Optional.of(
          new TimescaleServer(address, true, license, URL_PROPERTY, () -> true, drop));
    } catch (PartUnavailableException e) {
      drop.run();
      throw e;
    }
  }

  /**
   * A PostgreSQL of this machine whose libraries have TimescaleDB in the edition that is needed.
   */
  static Optional<TimescaleServer> installed(License license) {
    return PostgresInstallation.installed().stream()
        .filter(installation -> has(installation, license))
        .findFirst()
        .map(installation -> start(installation, license));
  }

  /** A container, where Docker answers at once. */
  static Optional<TimescaleServer> container(License license) {
    if (!dockerAnswers()) {
      return Optional.empty();
    }
    PostgreSQLContainer container = new PostgreSQLContainer(IMAGE);
    if (license == License.APACHE) {
      container.withCommand("postgres", "-c", "timescaledb.license=apache");
    }
    container.start();
    Address address =
        new Address(
            container.getHost(),
            container.getMappedPort(PostgreSQLContainer.POSTGRESQL_PORT),
            container.getDatabaseName(),
            container.getUsername(),
            container.getPassword());
    run(container.getJdbcUrl(), address, "CREATE EXTENSION IF NOT EXISTS timescaledb");
    return Optional.of(
        new TimescaleServer(
            address, true, license, "container", container::isRunning, container::stop));
  }

  private static TimescaleServer start(PostgresInstallation installation, License license) {
    PostgresServer.Options options =
        PostgresServer.Options.of(PostgresServer.NEWEST)
            .with("shared_preload_libraries", "timescaledb")
            .with("timescaledb.license", license == License.APACHE ? "apache" : "timescale")
            .with("timescaledb.telemetry_level", "off");
    PostgresServer server = PostgresServer.start(installation, options);
    String database = server.createDatabase("timescale");
    server.execute(database, "CREATE EXTENSION timescaledb");
    return new TimescaleServer(
        new Address(server.host(), server.port(), database, server.user(), server.password()),
        true,
        license,
        "installed",
        server::alive,
        server::close);
  }

  private static boolean has(PostgresInstallation installation, License license) {
    Path libraries = installation.libraries();
    // The loader, the module of a version, and the module of the community's licence.
    return has(libraries, "timescaledb\\.so")
        && has(libraries, "timescaledb-\\d.*\\.so")
        && (license == License.APACHE || has(libraries, "timescaledb-tsl-\\d.*\\.so"));
  }

  private static boolean has(Path directory, String pattern) {
    Predicate<String> matches = Pattern.compile(pattern).asMatchPredicate();
    if (!Files.isDirectory(directory)) {
      return false;
    }
    try (Stream<Path> files = Files.list(directory)) {
      return files.map(file -> file.getFileName().toString()).anyMatch(matches);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static boolean dockerAnswers() {
    try {
      return Command.run(
                  Duration.ofSeconds(4), Map.of(), List.of("docker", "version", "--format", "ok"))
              .status()
          == 0;
    } catch (PartUnavailableException noDocker) {
      return false;
    }
  }

  private static void run(String url, String sql) {
    try (Connection connection = DriverManager.getConnection(url)) {
      run(connection, sql);
    } catch (SQLException e) {
      throw new PartUnavailableException(URL_PROPERTY + ": " + e.getMessage(), e);
    }
  }

  private static void run(String url, Address address, String sql) {
    try (Connection connection =
        DriverManager.getConnection(url, address.user(), address.password())) {
      run(connection, sql);
    } catch (SQLException e) {
      throw new PartUnavailableException("TimescaleDB: " + e.getMessage(), e);
    }
  }

  private static void run(Connection connection, String sql) throws SQLException {
    try (Statement statement = connection.createStatement()) {
      statement.execute(sql);
    }
  }
}
