package io.tenantdb.database;

import io.tenantdb.database.ConnectionSettings.Tls;
import java.net.SocketTimeoutException;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.sql.Connection;
import java.sql.DatabaseMetaData;
import java.sql.SQLException;
import java.time.Duration;
import java.util.Properties;
import org.postgresql.Driver;
import org.postgresql.PGProperty;
import org.postgresql.ssl.DefaultJavaSSLFactory;
import org.postgresql.ssl.NonValidatingFactory;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Opens sessions through pgjdbc, with the settings pinned. */
final class Sessions {
  private static final Logger LOG = LoggerFactory.getLogger(Sessions.class);

  /** How long connecting and logging in may take. */
  static final Duration CONNECT_TIMEOUT = Duration.ofSeconds(10);

  /**
   * How long a pooled session may be silent while a statement runs: reading and short transactions
   * end far sooner, and a dead network must not hold a thread.
   */
  static final Duration POOLED_SOCKET_TIMEOUT = Duration.ofMinutes(2);

  private final ConnectionSettings settings;
  private final Failures failures;

  /** Once a session has shown that it is not the server's own. */
  private volatile boolean behindPooler;

  /** Once something between us and the server has refused {@code options} at start-up. */
  private volatile boolean withoutOptions;

  Sessions(ConnectionSettings settings, Failures failures) {
    this.settings = settings;
    this.failures = failures;
  }

  /**
   * @param socketTimeout zero for none
   */
  Connection open(Duration socketTimeout) {
    settings.tls().caPem().filter(pem -> verifies()).ifPresent(PemTrustFactory::check);
    Connection connection = connect(socketTimeout);
    try {
      DatabaseMetaData server = connection.getMetaData();
      SupportedVersions.check(
          server.getDatabaseMajorVersion(), server.getDatabaseMinorVersion(), failures.target());
      checkPooler(connection, socketTimeout);
      SessionSettings.pin(connection);
      return connection;
    } catch (SQLException e) {
      closeQuietly(connection);
      throw failures.running(e, "prepare a session");
    } catch (RuntimeException e) {
      closeQuietly(connection);
      throw e;
    }
  }

  /**
   * A pooler lets a client in before it has a server session for him: one that has none left keeps
   * the first query waiting, for two minutes as pgbouncer comes. One check at a time, because each
   * takes a second session for a moment.
   */
  private synchronized void checkPooler(Connection connection, Duration socketTimeout)
      throws SQLException {
    connection.setNetworkTimeout(Runnable::run, Math.toIntExact(CONNECT_TIMEOUT.toMillis()));
    boolean shared;
    try {
      shared =
          PoolerCheck.shared(
              connection,
              () -> {
                behindPooler = true;
                return connect(CONNECT_TIMEOUT);
              });
    } catch (SQLException e) {
      boolean silent =
          SqlStates.chain(e).stream().anyMatch(SocketTimeoutException.class::isInstance)
              || SqlStates.primaryMessage(e).contains("query_wait_timeout");
      if (behindPooler && silent) {
        throw failures.poolTooSmall(e);
      }
      throw e;
    }
    if (shared) {
      throw failures.pooler();
    }
    connection.setNetworkTimeout(Runnable::run, Math.toIntExact(socketTimeout.toMillis()));
  }

  /**
   * A pooler that takes no {@code options} (pgbouncer lets nobody in who brings a parameter that it
   * does not know) is asked without: the first statement then sets what they would have, and what
   * runs before it names its schema.
   */
  private Connection connect(Duration socketTimeout) {
    try {
      return new Driver().connect(url(), properties(socketTimeout));
    } catch (SQLException e) {
      if (withoutOptions || !SqlStates.refusesOptions(e)) {
        throw failures.connecting(e);
      }
    }
    withoutOptions = true;
    Connection connection = connect(socketTimeout);
    LOG.info("{}", failures.withoutOptions());
    return connection;
  }

  /**
   * Host and port go in as properties, and the database is encoded: none of them can bring
   * parameters of its own. A database among the properties is not looked at.
   */
  private String url() {
    return "jdbc:postgresql:" + URLEncoder.encode(settings.database(), StandardCharsets.UTF_8);
  }

  private Properties properties(Duration socketTimeout) {
    Properties p = new Properties();
    PGProperty.PG_HOST.set(p, settings.host());
    PGProperty.PG_PORT.set(p, settings.port());
    PGProperty.USER.set(p, settings.user());
    PGProperty.PASSWORD.set(p, settings.password().reveal());
    PGProperty.REQUIRE_AUTH.set(p, settings.authentication().required());
    // Where both sides can, nobody between them can log in with what he hears.
    PGProperty.CHANNEL_BINDING.set(p, "prefer");
    PGProperty.APPLICATION_NAME.set(p, settings.applicationName());
    // The application name then travels in the first message instead of a statement of its own.
    PGProperty.ASSUME_MIN_SERVER_VERSION.set(p, "14");
    if (!withoutOptions) {
      PGProperty.OPTIONS.set(p, SessionSettings.startUpOptions());
    }
    PGProperty.CONNECT_TIMEOUT.set(p, Math.toIntExact(CONNECT_TIMEOUT.toSeconds()));
    PGProperty.LOGIN_TIMEOUT.set(p, Math.toIntExact(CONNECT_TIMEOUT.toSeconds()));
    PGProperty.SOCKET_TIMEOUT.set(p, Math.toIntExact(socketTimeout.toSeconds()));
    PGProperty.TCP_KEEP_ALIVE.set(p, true);
    PGProperty.GSS_ENC_MODE.set(p, "disable");
    // Details hold rows' values, and the pool logs the exceptions of broken connections.
    PGProperty.LOG_SERVER_ERROR_DETAIL.set(p, false);
    tls(p);
    return p;
  }

  private void tls(Properties p) {
    Tls tls = settings.tls();
    PGProperty.SSL_MODE.set(
        p,
        switch (tls.mode()) {
          case DISABLE -> "disable";
          case REQUIRE -> "require";
          case VERIFY_CA -> "verify-ca";
          case VERIFY_FULL -> "verify-full";
        });
    if (!verifies()) {
      PGProperty.SSL_FACTORY.set(p, NonValidatingFactory.class.getName());
    } else if (tls.caPem().isPresent()) {
      PGProperty.SSL_FACTORY.set(p, PemTrustFactory.class.getName());
      PGProperty.SSL_FACTORY_ARG.set(p, tls.caPem().get());
    } else {
      PGProperty.SSL_FACTORY.set(p, DefaultJavaSSLFactory.class.getName());
    }
  }

  private boolean verifies() {
    return settings.tls().mode() == Tls.Mode.VERIFY_CA
        || settings.tls().mode() == Tls.Mode.VERIFY_FULL;
  }

  private static void closeQuietly(Connection connection) {
    try {
      connection.close();
    } catch (SQLException e) {
      // The session is of no use to anybody; the first failure is the one to report.
    }
  }
}
