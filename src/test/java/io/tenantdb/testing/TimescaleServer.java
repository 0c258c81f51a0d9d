package io.tenantdb.testing;

import io.tenantdb.model.Identifiers;
import io.tenantdb.model.ServerInfo.Edition;
import io.tenantdb.model.ServerInfo.Timescale;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.BooleanSupplier;

/**
 * A database with the TimescaleDB extension, on 127.0.0.1 unless the caller named another.
 *
 * <p>Where nothing native is to be had it is the WASM build: real catalogs, policies and DDL on one
 * backend that all connections share in turn. There, keep pools small, hold no transaction on one
 * connection while the same thread uses another, set {@code socketTimeout} (the URL does), expect
 * no locks, timeouts, cancelling, concurrent index builds, workers, TLS or wrong passwords, and put
 * {@link RealParts.NativeTimescale} on tests that need those.
 */
public final class TimescaleServer implements AutoCloseable {

  private final Address address;
  private final boolean nativeServer;
  private final License license;
  private final BooleanSupplier alive;
  private final Runnable stop;
  private final String extensionVersion;
  private final String version;

  /** What the functions may do: TimescaleDB's setting {@code timescaledb.license}. */
  public enum License {
    /** {@code timescale}: compression, policies and continuous aggregates too. */
    COMMUNITY,
    /** {@code apache}: hypertables, chunks and {@code time_bucket}. */
    APACHE
  }

  /** How it is reached; the user is a superuser. */
  record Address(String host, int port, String database, String user, String password) {}

  TimescaleServer(
      Address address,
      boolean nativeServer,
      License license,
      String source,
      BooleanSupplier alive,
      Runnable stop) {
    this.address = address;
    this.nativeServer = nativeServer;
    this.license = license;
    this.alive = alive;
    this.stop = stop;
    this.extensionVersion =
        query("SELECT extversion FROM pg_extension WHERE extname = 'timescaledb'");
    this.version =
        extensionVersion
            + (" on PostgreSQL " + query("SHOW server_version").replaceAll(" .*", ""))
            + (" (" + source + (license == License.APACHE ? ", Apache licence)" : ")"));
    Parts.used("TimescaleDB", version);
  }

  /**
   * Starts the first that can be had: a database of its own at {@code -Dtenantdb.it.timescale=} (a
   * superuser's JDBC URL), a local installation, a container where Docker answers, the WASM build.
   *
   * @throws PartUnavailableException if none can be had
   */
  public static TimescaleServer start(License license) {
    return TimescaleSources.external(license)
        .or(() -> TimescaleSources.installed(license))
        .or(() -> TimescaleSources.container(license))
        .orElseGet(() -> WasmTimescale.start(license));
  }

  public String host() {
    return address.host();
  }

  public int port() {
    return address.port();
  }

  /** The database that has the extension. */
  public String database() {
    return address.database();
  }

  /** The superuser's name. */
  public String user() {
    return address.user();
  }

  /** The superuser's password; the WASM build takes any. */
  public String password() {
    return address.password();
  }

  /** A URL without user and password. */
  public String jdbcUrl() {
    return "jdbc:postgresql://%s:%d/%s?gssEncMode=disable&sslmode=prefer&socketTimeout=60"
        .formatted(host(), port(), database());
  }

  /** A connection of the superuser. */
  public Connection connect() throws SQLException {
    return DriverManager.getConnection(jdbcUrl(), user(), password());
  }

  /** The environment by which psql connects as the superuser. */
  public Map<String, String> psqlEnvironment() {
    return Map.of(
        "PGHOST", host(),
        "PGPORT", Integer.toString(port()),
        "PGDATABASE", database(),
        "PGUSER", user(),
        "PGPASSWORD", password());
  }

  /** Whether locks, timeouts, cancelling, concurrent index builds and workers are real here. */
  public boolean isNative() {
    return nativeServer;
  }

  public License license() {
    return license;
  }

  /** TimescaleDB's and PostgreSQL's versions and where they come from, for people. */
  public String version() {
    return version;
  }

  /** TimescaleDB's version alone: {@code 2.13.1}, {@code 2.23.0-dev}. */
  String extensionVersion() {
    return extensionVersion;
  }

  /** Whether TimescaleDB is of this major and minor version, {@code 2.21}, or newer. */
  public boolean atLeast(String since) {
    String[] numbers = since.split("\\.", 2);
    return new Timescale(Edition.COMMUNITY, Optional.of(extensionVersion), Optional.empty())
        .atLeast(Integer.parseInt(numbers[0]), Integer.parseInt(numbers[1]));
  }

  /** Whether the server process runs; the WASM build ends at once when it crashes. */
  public boolean alive() {
    return alive.getAsBoolean();
  }

  /** Runs statements as the superuser, each in a transaction of its own. */
  public void execute(String... statements) {
    try (Connection connection = connect();
        Statement statement = connection.createStatement()) {
      for (String sql : statements) {
        statement.execute(sql);
      }
    } catch (SQLException e) {
      throw new IllegalStateException(e.getMessage(), e);
    }
  }

  /**
   * Drops every job and every schema but PostgreSQL's and TimescaleDB's own, and makes an empty
   * public one.
   */
  public void reset() {
    if (license == License.COMMUNITY) {
      // One that was added by add_job outlives what it works on.
      execute("SELECT delete_job(job_id) FROM timescaledb_information.jobs WHERE job_id >= 1000");
    }
    List<String> statements = new ArrayList<>();
    try (Connection connection = connect();
        Statement statement = connection.createStatement();
        ResultSet rows =
            statement.executeQuery(
                """
                SELECT nspname FROM pg_namespace n
                WHERE nspname !~ '^(pg_|information_schema$|_?timescaledb_|toolkit_)'
                  AND NOT EXISTS (SELECT FROM pg_extension e WHERE e.extnamespace = n.oid)
                """)) {
      while (rows.next()) {
        statements.add("DROP SCHEMA " + Identifiers.quote(rows.getString(1)) + " CASCADE");
      }
    } catch (SQLException e) {
      throw new IllegalStateException(e.getMessage(), e);
    }
    execute(statements.toArray(String[]::new));
    dropWhatIsInPublic();
  }

  /** Stops the server and removes its data. */
  @Override
  public void close() {
    stop.run();
  }

  private void dropWhatIsInPublic() {
    // The extension's functions live in public, so the schema itself must stay.
    List<String> statements = new ArrayList<>();
    try (Connection connection = connect();
        Statement statement = connection.createStatement();
        ResultSet rows =
            statement.executeQuery(
                """
                SELECT format('DROP %s IF EXISTS public.%I CASCADE',
                  CASE relkind WHEN 'v' THEN 'VIEW' WHEN 'm' THEN 'MATERIALIZED VIEW'
                    WHEN 'S' THEN 'SEQUENCE' ELSE 'TABLE' END, relname)
                FROM pg_class c
                WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p', 'v', 'm', 'S')
                  AND NOT EXISTS (SELECT FROM pg_depend d
                    WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.deptype IN ('e', 'i', 'a'))
                -- A continuous aggregate goes with its table, and is no view to DROP VIEW.
                ORDER BY relkind NOT IN ('r', 'p')
                """)) {
      while (rows.next()) {
        statements.add(rows.getString(1));
      }
    } catch (SQLException e) {
      throw new IllegalStateException(e.getMessage(), e);
    }
    execute(statements.toArray(String[]::new));
  }

  private String query(String sql) {
    try (Connection connection = connect();
        Statement statement = connection.createStatement();
        ResultSet rows = statement.executeQuery(sql)) {
      return rows.next() ? rows.getString(1) : "(none)";
    } catch (SQLException e) {
      throw new PartUnavailableException("TimescaleDB: " + e.getMessage(), e);
    }
  }
}
