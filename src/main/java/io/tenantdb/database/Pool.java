package io.tenantdb.database;

import com.zaxxer.hikari.HikariConfig;
import com.zaxxer.hikari.HikariDataSource;
import java.io.PrintWriter;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.logging.Logger;
import javax.sql.DataSource;

/** HikariCP, with a door: a server that lets nobody in is reported at once. */
final class Pool {
  private static final Duration IDLE = Duration.ofSeconds(30);

  private final Sessions sessions;
  private final Failures failures;
  private final HikariDataSource hikari;
  private final Source source = new Source();

  Pool(Sessions sessions, Failures failures, int size) {
    this.sessions = sessions;
    this.failures = failures;
    HikariConfig config = new HikariConfig();
    config.setPoolName("tenantdb");
    config.setDataSource(source);
    config.setMaximumPoolSize(size);
    config.setMinimumIdle(0);
    config.setIdleTimeout(IDLE.toMillis());
    config.setConnectionTimeout(Sessions.CONNECT_TIMEOUT.toMillis());
    config.setInitializationFailTimeout(-1);
    config.setExceptionOverride(new KeepUnsupported());
    this.hikari = new HikariDataSource(config);
  }

  Connection borrow() {
    if (hikari.isClosed()) {
      throw failures.closed();
    }
    openDoor();
    try {
      return pinned(hikari.getConnection());
    } catch (SQLException first) {
      throw refused(first);
    }
  }

  void close() {
    hikari.close();
    source.close();
  }

  HikariDataSource hikari() {
    return hikari;
  }

  /**
   * HikariCP tries again behind its own timeout: a wrong password would be reported after ten
   * seconds, and be sent a dozen times. So the first session of an empty pool is opened by the
   * borrower, who gets the failure as it is.
   */
  private synchronized void openDoor() {
    if (hikari.getHikariPoolMXBean().getTotalConnections() == 0 && source.opened.isEmpty()) {
      source.opened.add(sessions.open(Sessions.POOLED_SOCKET_TIMEOUT));
    }
  }

  /** A session that died in the pool (server restarted, TimescaleDB updated) is replaced once. */
  private Connection pinned(Connection connection) throws SQLException {
    try {
      SessionSettings.pinAgain(connection);
      return connection;
    } catch (SQLException e) {
      hikari.evictConnection(connection);
    }
    openDoor();
    Connection second = hikari.getConnection();
    try {
      SessionSettings.pinAgain(second);
      return second;
    } catch (SQLException e) {
      hikari.evictConnection(second);
      throw failures.running(e, "prepare a session");
    }
  }

  private DatabaseException refused(SQLException e) {
    for (Throwable t : SqlStates.chain(e)) {
      if (t instanceof DatabaseException known) {
        return known;
      }
    }
    return e.getCause() == null ? failures.exhausted("pooled") : failures.connecting(e);
  }

  /** Hands HikariCP the session that stands in the door, else a new one. */
  private final class Source implements DataSource {
    private final Queue<Connection> opened = new ConcurrentLinkedQueue<>();

    @Override
    public Connection getConnection() {
      Connection ready = opened.poll();
      return ready != null ? ready : sessions.open(Sessions.POOLED_SOCKET_TIMEOUT);
    }

    @Override
    public Connection getConnection(String user, String password) {
      return getConnection();
    }

    void close() {
      for (Connection c = opened.poll(); c != null; c = opened.poll()) {
        try {
          c.close();
        } catch (SQLException e) {
          // Nobody had it yet.
        }
      }
    }

    @Override
    public PrintWriter getLogWriter() {
      return null;
    }

    @Override
    public void setLogWriter(PrintWriter out) {}

    @Override
    public void setLoginTimeout(int seconds) {}

    @Override
    public int getLoginTimeout() {
      return Math.toIntExact(Sessions.CONNECT_TIMEOUT.toSeconds());
    }

    @Override
    public Logger getParentLogger() {
      return Logger.getLogger("io.tenantdb.database");
    }

    @Override
    public <T> T unwrap(Class<T> type) throws SQLException {
      throw new SQLException("wraps nothing");
    }

    @Override
    public boolean isWrapperFor(Class<?> type) {
      return false;
    }
  }
}
