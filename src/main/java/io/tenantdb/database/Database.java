package io.tenantdb.database;

import com.zaxxer.hikari.HikariDataSource;
import io.tenantdb.model.Reason;
import io.tenantdb.model.ServerInfo;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;

/**
 * One database that we are allowed into. Connects when first asked. Thread-safe.
 *
 * <p>Every connection, pooled or dedicated, has the same session settings, from its first byte on
 * where no pooler is that takes no {@code options}: {@code search_path = pg_catalog, pg_temp},
 * {@code TimeZone = UTC}, {@code DateStyle = ISO, MDY}, {@code IntervalStyle = postgres}, {@code
 * standard_conforming_strings = on}, {@code quote_all_identifiers = off}, {@code extra_float_digits
 * = 1}, {@code bytea_output = hex}, {@code lc_monetary = C}, {@code transform_null_equals = off},
 * {@code jit = off}, {@code statement_timeout = 0}, {@code idle_in_transaction_session_timeout =
 * 0}, {@code idle_session_timeout = 0}, {@code transaction_timeout = 0} (from 17 on), {@code
 * lock_timeout = 2s}, {@code default_transaction_isolation = read committed}, and no role but the
 * one that logged in: what PostgreSQL reads and prints, and how long it waits, depends on them.
 * {@code default_tablespace} is left as it is set, and so is {@code default_transaction_read_only}:
 * a server that is kept from being written to is not written to.
 *
 * <p>Of {@code maxConnections}, one is for the pool, which reads and takes short looks, and the
 * rest are for dedicated connections: one a worker and one for the lock of the pass.
 */
public final class Database implements AutoCloseable {

  private static final int POOLED = 1;

  private final ConnectionSettings settings;
  private final Failures failures;
  private final Sessions sessions;
  private final Pool pool;
  private final Semaphore dedicated;
  private final Semaphore alone = new Semaphore(1, true);

  private Database(ConnectionSettings settings) {
    this.settings = settings;
    this.failures = new Failures(settings);
    this.sessions = new Sessions(settings, failures);
    this.pool = new Pool(sessions, failures, POOLED);
    this.dedicated = new Semaphore(Math.max(1, settings.maxConnections() - POOLED), true);
  }

  /** Takes no connection yet. */
  public static Database of(ConnectionSettings settings) {
    return new Database(settings);
  }

  /**
   * A pooled connection, for reading and short transactions: the driver gives up on a statement
   * that is silent for two minutes. Close it to give it back; settings and roles that were set on
   * it do not outlive that.
   *
   * @throws DatabaseException with the reason: host, TLS, password, database, privilege, …; {@link
   *     Reason#Busy} when all are in use for ten seconds
   */
  public Connection borrow() {
    return pool.borrow();
  }

  /**
   * A connection of its own, outside the pool, keep-alive and without socket timeout, for index
   * builds and session locks. Closing it ends the session; closing the database does not.
   *
   * @throws DatabaseException as {@link #borrow()}
   */
  public Connection dedicated() {
    return limited(dedicated, "dedicated", Duration.ZERO);
  }

  private Connection limited(Semaphore places, String which, Duration socketTimeout) {
    try {
      if (!places.tryAcquire(Sessions.CONNECT_TIMEOUT.toSeconds(), TimeUnit.SECONDS)) {
        throw failures.exhausted(which);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw failures.interrupted(e);
    }
    try {
      return counted(sessions.open(socketTimeout), places::release);
    } catch (RuntimeException e) {
      places.release();
      throw e;
    }
  }

  /**
   * A connection for code that is not ours, and for nothing else: its session is new, and ends when
   * it is closed, without another statement. There is one at a time, beside {@code maxConnections}:
   * give it a few seconds.
   *
   * @throws DatabaseException as {@link #borrow()}
   */
  public Connection alone() {
    return limited(alone, "additional", Sessions.CONNECT_TIMEOUT);
  }

  /**
   * What the server says of itself, read now.
   *
   * @throws DatabaseException as {@link #borrow()}
   */
  public ServerInfo probe() {
    try (Connection connection = borrow()) {
      return Probe.read(connection);
    } catch (SQLException e) {
      throw failure(e, "read the server's capabilities");
    }
  }

  /**
   * What failed on a connection of this database, as an exception whose message names the database
   * and holds no secret.
   *
   * @param whatWeDid goes on from "Could not", for instance {@code "read the catalogs"}
   */
  public DatabaseException failure(SQLException e, String whatWeDid) {
    return failures.running(e, whatWeDid);
  }

  /** The settings that it was opened with. */
  public ConnectionSettings settings() {
    return settings;
  }

  /** Ends the pooled sessions. Dedicated ones belong to those who asked for them. */
  @Override
  public void close() {
    pool.close();
  }

  /** For tests: what the pool does with its connections. */
  HikariDataSource hikari() {
    return pool.hikari();
  }

  private static Connection counted(Connection connection, Runnable whenEnded) {
    AtomicBoolean open = new AtomicBoolean(true);
    return (Connection)
        Proxy.newProxyInstance(
            Database.class.getClassLoader(),
            new Class<?>[] {Connection.class},
            (proxy, method, arguments) -> {
              try {
                return method.invoke(connection, arguments);
              } catch (InvocationTargetException e) {
                throw e.getCause();
              } finally {
                boolean ends = method.getName().equals("close") || method.getName().equals("abort");
                if (ends && open.getAndSet(false)) {
                  whenEnded.run();
                }
              }
            });
  }
}
