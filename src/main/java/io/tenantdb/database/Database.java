package io.tenantdb.database;

import io.tenantdb.model.ServerInfo;
import java.sql.Connection;

/**
 * One database that we are allowed into. Connects when first asked. Thread-safe.
 *
 * <p>Every connection, pooled or dedicated, has the same session settings: {@code search_path =
 * pg_catalog}, {@code TimeZone = UTC}, {@code DateStyle = ISO, MDY}, {@code IntervalStyle =
 * postgres}, {@code standard_conforming_strings = on}, {@code quote_all_identifiers = off}, {@code
 * jit = off}, {@code statement_timeout = 0}, {@code idle_in_transaction_session_timeout = 0},
 * {@code lock_timeout = 2s}: what PostgreSQL prints depends on them.
 */
public final class Database implements AutoCloseable {

  /** Takes no connection yet. */
  public static Database of(ConnectionSettings settings) {
    throw new UnsupportedOperationException();
  }

  /**
   * A pooled connection, for reading and short transactions. Close it to give it back.
   *
   * @throws DatabaseException with the reason: host, TLS, password, database, privilege, …
   */
  public Connection borrow() {
    throw new UnsupportedOperationException();
  }

  /**
   * A connection of its own, outside the pool, keep-alive and without socket timeout, for index
   * builds and session locks. Closing it ends the session.
   *
   * @throws DatabaseException as {@link #borrow()}
   */
  public Connection dedicated() {
    throw new UnsupportedOperationException();
  }

  /** What the server says of itself, read now. */
  public ServerInfo probe() {
    throw new UnsupportedOperationException();
  }

  /** The settings that it was opened with. */
  public ConnectionSettings settings() {
    throw new UnsupportedOperationException();
  }

  @Override
  public void close() {
    throw new UnsupportedOperationException();
  }
}
