package io.tenantdb.testing;

import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicReference;

/**
 * A session that is kept from one call to the next: opening one costs a hundred times what most
 * statements of a test do. Whoever calls finds it as a new one would be.
 */
final class KeptSession {

  /** Opens a session of a database. */
  @FunctionalInterface
  interface Opener {
    Connection open(String database) throws SQLException;
  }

  /** What is done on it. */
  @FunctionalInterface
  interface Work<T> {
    T on(Connection connection) throws SQLException;
  }

  private record Kept(String database, Connection connection) {}

  private static final int ALIVE_SECONDS = 5;

  private final Opener opener;
  private final boolean keeps;
  private final AtomicReference<Optional<Kept>> kept = new AtomicReference<>(Optional.empty());

  /**
   * @param keeps false where every call is to have a session of its own
   */
  KeptSession(Opener opener, boolean keeps) {
    this.opener = opener;
    this.keeps = keeps;
  }

  /** Does the work; after an error the session is not used again. */
  <T> T with(String database, Work<T> work) throws SQLException {
    Connection connection = take(database);
    T result;
    try {
      result = work.on(connection);
      try (Statement statement = connection.createStatement()) {
        statement.execute("DISCARD ALL");
      }
    } catch (SQLException | RuntimeException e) {
      connection.close();
      throw e;
    }
    if (keeps) {
      replaceBy(Optional.of(new Kept(database, connection)));
    } else {
      connection.close();
    }
    return result;
  }

  private Connection take(String database) throws SQLException {
    Optional<Kept> idle = kept.getAndSet(Optional.empty());
    if (idle.isPresent()) {
      Connection connection = idle.get().connection();
      if (idle.get().database().equals(database) && connection.isValid(ALIVE_SECONDS)) {
        return connection;
      }
      connection.close();
    }
    return opener.open(database);
  }

  private void replaceBy(Optional<Kept> next) throws SQLException {
    Optional<Kept> before = kept.getAndSet(next);
    if (before.isPresent()) {
      before.get().connection().close();
    }
  }

  /** Ends it. */
  void close() {
    try {
      replaceBy(Optional.empty());
    } catch (SQLException e) {
      // It broke; nothing is left of it.
      return;
    }
  }
}
