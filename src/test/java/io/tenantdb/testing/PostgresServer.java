package io.tenantdb.testing;

import io.tenantdb.model.Identifiers;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * A native PostgreSQL server with a database cluster of its own, on 127.0.0.1.
 *
 * <p>It asks everybody for a password (SCRAM), the superuser too.
 */
public final class PostgresServer implements AutoCloseable {

  /** The major versions that can be started, the oldest first. */
  public static final List<Integer> VERSIONS = List.of(14, 15, 16, 17, 18);

  /** The newest of {@link #VERSIONS}. */
  public static final int NEWEST = 18;

  private static final Duration START_LIMIT = Duration.ofMinutes(2);

  private final PostgresInstallation installation;
  private final Options options;
  private final KeptSession session;
  private final Path directory;
  private final Optional<CertificateAuthority> authority;
  private int port;
  private ChildProcess process;

  /**
   * What server is wanted.
   *
   * @param version the major version
   * @param settings settings as in {@code postgresql.conf}
   * @param tls TLS is on and connections without it are refused
   * @param durable {@code fsync} and its like are on, for measuring; off makes tests quick
   */
  public record Options(int version, Map<String, String> settings, boolean tls, boolean durable) {

    public Options {
      settings = Map.copyOf(settings);
    }

    /** No TLS, not durable, no settings. */
    public static Options of(int version) {
      return new Options(version, Map.of(), false, false);
    }

    /** With one more setting. */
    public Options with(String name, String value) {
      Map<String, String> more = new LinkedHashMap<>(settings);
      more.put(name, value);
      return new Options(version, more, tls, durable);
    }

    /** With TLS, and a certificate for localhost and 127.0.0.1. */
    public Options withTls() {
      return new Options(version, settings, true, durable);
    }

    /** With a cluster that would survive a power failure. */
    public Options withDurability() {
      return new Options(version, settings, tls, true);
    }
  }

  private PostgresServer(PostgresInstallation installation, Options options) {
    this.installation = installation;
    this.options = options;
    // PostgreSQL 14 counts what a session has done at its end at the latest, and tests wait for
    // that.
    this.session = new KeptSession(this::connect, options.version() > 14);
    this.directory = Directories.scratch("postgres");
    this.authority =
        options.tls()
            ? Optional.of(new CertificateAuthority("tenantdb test CA"))
            : Optional.empty();
  }

  /** Starts a server of a major version. */
  public static PostgresServer start(int version) {
    return start(Options.of(version));
  }

  /** Starts a server of a major version with settings as in {@code postgresql.conf}. */
  public static PostgresServer start(int version, Map<String, String> settings) {
    return start(new Options(version, settings, false, false));
  }

  /**
   * Starts the wanted server.
   *
   * @throws PartUnavailableException if it cannot be had on this machine
   */
  public static PostgresServer start(Options options) {
    return start(PostgresInstallation.ofMajor(options.version()), options);
  }

  static PostgresServer start(PostgresInstallation installation, Options options) {
    PostgresServer server = new PostgresServer(installation, options);
    try {
      server.createCluster();
      server.startOnFreePort();
      Parts.used("PostgreSQL", server.version());
      return server;
    } catch (IOException e) {
      server.close();
      throw new UncheckedIOException(e);
    } catch (RuntimeException e) {
      server.close();
      throw e;
    }
  }

  public String host() {
    return "127.0.0.1";
  }

  public int port() {
    return port;
  }

  /** The superuser's name. */
  public String user() {
    return PostgresInstallation.SUPERUSER;
  }

  /** The superuser's password. */
  public String password() {
    return PostgresInstallation.PASSWORD;
  }

  /** The major version. */
  public int majorVersion() {
    return options.version();
  }

  /** {@code server_version} as the server says it, e.g. {@code 18.6}. */
  public String version() {
    try (Connection connection = connect("postgres")) {
      return connection.getMetaData().getDatabaseProductVersion();
    } catch (SQLException e) {
      throw new IllegalStateException(e);
    }
  }

  /** The certificate of the authority that signed the server's, if TLS is on. */
  public Optional<String> caPem() {
    return authority.map(CertificateAuthority::pem);
  }

  /** The certificate of an authority that has nothing to do with this server. */
  public String wrongCaPem() {
    return new CertificateAuthority("another CA").pem();
  }

  /** A URL without user and password; with TLS on it encrypts and verifies nothing. */
  public String jdbcUrl(String database) {
    return "jdbc:postgresql://%s:%d/%s?gssEncMode=disable&sslmode=%s"
        .formatted(host(), port, database, options.tls() ? "require" : "disable");
  }

  /** A connection of the superuser. */
  public Connection connect(String database) throws SQLException {
    return DriverManager.getConnection(jdbcUrl(database), user(), password());
  }

  /** Creates an empty database and returns its name. */
  public String createDatabase(String name) {
    execute("postgres", "CREATE DATABASE " + Identifiers.quote(name));
    return name;
  }

  /** Runs statements as the superuser, each in a transaction of its own. */
  public void execute(String database, String... statements) {
    try {
      session.with(
          database,
          connection -> {
            try (Statement statement = connection.createStatement()) {
              for (String sql : statements) {
                statement.execute(sql);
              }
            }
            return true;
          });
    } catch (SQLException e) {
      throw new IllegalStateException(e.getMessage(), e);
    }
  }

  /** First column of all rows, as text. */
  public List<String> query(String database, String sql) {
    try {
      return session.with(
          database,
          connection -> {
            try (Statement statement = connection.createStatement();
                ResultSet rows = statement.executeQuery(sql)) {
              List<String> out = new ArrayList<>();
              while (rows.next()) {
                out.add(rows.getString(1));
              }
              return out;
            }
          });
    } catch (SQLException e) {
      throw new IllegalStateException(e.getMessage(), e);
    }
  }

  /** The environment by which psql connects as the superuser. */
  public Map<String, String> psqlEnvironment(String database) {
    return Map.of(
        "PGHOST", host(),
        "PGPORT", Integer.toString(port),
        "PGDATABASE", database,
        "PGUSER", user(),
        "PGPASSWORD", password(),
        "PGSSLMODE", options.tls() ? "require" : "disable");
  }

  /** SIGKILL for one server process; PostgreSQL then ends all sessions and recovers. */
  public void killBackend(int pid) {
    ProcessHandle.of(pid)
        .orElseThrow(() -> new IllegalArgumentException("no process " + pid))
        .destroyForcibly();
  }

  /** Stops the server; {@link #restart} starts it again on the same port with the same data. */
  public void stop() {
    session.close();
    process.close();
  }

  /** Stops the server and starts it again on the same port with the same data. */
  public void restart() {
    stop();
    launch();
  }

  /** Whether the server process runs. */
  public boolean alive() {
    return process.alive();
  }

  /** The last lines of the server log. */
  public String logTail() {
    return process.logTail();
  }

  /** Stops the server and removes its data. */
  @Override
  public void close() {
    session.close();
    if (process != null) {
      process.close();
    }
    Directories.delete(directory);
  }

  private void createCluster() throws IOException {
    Path data = data();
    Command.run(
            Duration.ofMinutes(1),
            Map.of(),
            List.of("cp", "-a", installation.emptyCluster().toString(), data.toString()))
        .orThrow();
    if (authority.isPresent()) {
      CertificateAuthority.Issued issued = authority.get().forLocalhost();
      Files.writeString(data.resolve("server.crt"), issued.certificatePem());
      Path key = data.resolve("server.key");
      Files.createFile(
          key, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
      Files.writeString(key, issued.keyPem());
      Files.writeString(data.resolve("pg_hba.conf"), "hostssl all all all scram-sha-256\n");
    }
    Unprivileged.way().give(directory);
  }

  private void startOnFreePort() {
    for (int attempt = 1; ; attempt++) {
      port = ChildProcess.freePort();
      try {
        launch();
        return;
      } catch (PartUnavailableException e) {
        // Between our look and its start another process may have taken the port.
        if (attempt == 3 || !e.getMessage().contains("Address already in use")) {
          throw e;
        }
      }
    }
  }

  private void launch() {
    Map<String, String> settings = new LinkedHashMap<>();
    settings.put("listen_addresses", "127.0.0.1");
    settings.put("port", Integer.toString(port));
    settings.put("unix_socket_directories", "");
    if (!options.durable()) {
      settings.put("fsync", "off");
      settings.put("synchronous_commit", "off");
      settings.put("full_page_writes", "off");
    }
    if (options.tls()) {
      settings.put("ssl", "on");
    }
    settings.putAll(options.settings());
    List<String> command = new ArrayList<>();
    command.add(installation.bin().resolve("postgres").toString());
    command.add("-D");
    command.add(data().toString());
    settings.forEach(
        (name, value) -> {
          command.add("-c");
          command.add(name + "=" + value);
        });
    // SIGINT is the fast shutdown: sessions are ended, and the cluster needs no recovery.
    process =
        ChildProcess.start(
            "PostgreSQL " + options.version(),
            Unprivileged.way().command(command),
            Map.of("LC_ALL", "C"),
            "INT",
            20,
            directory.resolve("server.log"));
    process.await(START_LIMIT, this::accepts);
  }

  private boolean accepts() {
    try (Connection connection = connect("postgres")) {
      return connection.isValid(5);
    } catch (SQLException notYet) {
      return false;
    }
  }

  private Path data() {
    return directory.resolve("data");
  }
}
