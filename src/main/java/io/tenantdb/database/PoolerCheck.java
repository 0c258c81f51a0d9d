package io.tenantdb.database;

import io.tenantdb.model.Statement;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.Collections;
import java.util.HashSet;
import java.util.Set;
import java.util.function.Supplier;
import org.postgresql.PGConnection;

/**
 * Recognises a pooler that lends its server sessions for a transaction or a statement: session
 * locks would be everybody's, and a SET of ours would reach the application. Asked before anything
 * is set on the connection, and it sets nothing itself.
 *
 * <p>A pooler makes up the number by which its client may cancel, instead of passing the server
 * process's on: a connection whose number is that of its process goes to the server. Behind a
 * pooler, two clients tell: in session mode each has a server process of its own.
 */
final class PoolerCheck {

  /** The path may still lead anywhere. */
  private static final Statement PID = Statement.of("SELECT pg_catalog.pg_backend_pid()");

  /** Twice in a row, and in turns: a pooler may lend the last one used, or the next one in turn. */
  private static final int ROUNDS = 3;

  private PoolerCheck() {}

  /**
   * True when server sessions are shared.
   *
   * @param another opens a second connection of the same kind
   */
  static boolean shared(Connection connection, Supplier<Connection> another) throws SQLException {
    int process = pid(connection);
    if (connection.unwrap(PGConnection.class).getBackendPID() == process) {
      return false;
    }
    try (Connection second = another.get()) {
      Set<Integer> ours = new HashSet<>(Set.of(process));
      Set<Integer> theirs = new HashSet<>();
      for (int round = 0; round < ROUNDS; round++) {
        ours.add(pid(connection));
        ours.add(pid(connection));
        theirs.add(pid(second));
        theirs.add(pid(second));
      }
      return ours.size() > 1 || theirs.size() > 1 || !Collections.disjoint(ours, theirs);
    }
  }

  private static int pid(Connection connection) throws SQLException {
    try {
      return Sql.query(connection, PID, row -> row.getInt(1)).get(0);
    } catch (SQLException e) {
      // Where the library of the database's TimescaleDB is gone, only the first statement of a
      // session fails.
      if (!"58P01".equals(e.getSQLState())) {
        throw e;
      }
      return Sql.query(connection, PID, row -> row.getInt(1)).get(0);
    }
  }
}
