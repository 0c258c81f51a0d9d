package io.tenantdb.apply;

import io.tenantdb.database.Sql;
import io.tenantdb.model.Statement;
import io.tenantdb.model.Target;
import java.sql.SQLException;
import java.time.Duration;
import java.util.HashSet;
import java.util.Set;

/**
 * Waits for who uses a table. A query that took its lock before an index was published knows only
 * the old one; {@code DROP INDEX CONCURRENTLY} makes that one invalid before it waits for such
 * queries, so that one that is still being planned would be left without any.
 */
final class TableReaders {

  private static final Duration PAUSE = Duration.ofMillis(10);

  private static final String TRANSACTIONS =
      """
      SELECT l.virtualtransaction FROM pg_locks l
      WHERE l.locktype = 'relation' AND l.relation = to_regclass(?)::oid
        AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())
        AND l.pid IS DISTINCT FROM pg_backend_pid()""";

  private final WorkSession session;

  TableReaders(WorkSession session) {
    this.session = session;
  }

  /**
   * True once the transactions that use the table now have ended; false when some go on for longer
   * than the patience.
   */
  boolean letGo(Target table, Duration patience) throws SQLException {
    Set<String> now = using(table);
    long end = System.nanoTime() + patience.toNanos();
    try {
      while (!now.isEmpty()) {
        session.throwIfCancelled();
        if (System.nanoTime() >= end) {
          return false;
        }
        Thread.sleep(PAUSE.toMillis());
        now.retainAll(using(table));
      }
      return true;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return false;
    }
  }

  private Set<String> using(Target table) throws SQLException {
    return new HashSet<>(
        Sql.query(
            session.connection(),
            Statement.of(TRANSACTIONS, table.relation()),
            row -> row.getString(1)));
  }
}
