package io.tenantdb.apply;

import io.tenantdb.database.AdvisoryLock;
import io.tenantdb.database.Sql;
import io.tenantdb.model.Blocker;
import io.tenantdb.model.Reason;
import io.tenantdb.model.Statement;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.Collection;
import java.util.List;
import java.util.stream.Collectors;

/**
 * A session that has waited for a while for a lock on a relation that one of ours holds. Whatever
 * wants that relation queues behind it: an application's ALTER TABLE behind a build stops the
 * application.
 *
 * @param holder the server process of ours
 * @param session the one that waits
 */
record Waiter(int holder, Blocker session) {

  // Anti-wraparound vacuum queues nobody's statements behind it, and can wait: it has no user. What
  // other roles' sessions are is told to pg_read_all_stats only.
  private static final String WAITING =
      """
      SELECT h.pid, %s
      FROM pg_locks l
      JOIN pg_stat_activity a ON a.pid = l.pid
      CROSS JOIN LATERAL unnest(pg_blocking_pids(l.pid)) AS h(pid)
      WHERE l.locktype = 'relation' AND NOT l.granted
        AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())
        AND l.waitstart < clock_timestamp() - ?::interval
        AND a.usesysid IS NOT NULL AND a.backend_type IS DISTINCT FROM 'autovacuum worker'
        AND h.pid = ANY (?::integer[])
        AND l.pid NOT IN (%s)
      ORDER BY l.waitstart"""
          .formatted(Blockers.SESSION, AdvisoryLock.HOLDERS);

  /**
   * Those that have waited for longer than {@code lockTimeout}, the longest first.
   *
   * @param holders server processes of ours
   */
  static List<Waiter> of(Connection connection, Collection<Integer> holders, Duration lockTimeout)
      throws SQLException {
    String pids = holders.stream().map(String::valueOf).collect(Collectors.joining(",", "{", "}"));
    return Sql.query(
        connection,
        Statement.of(WAITING, lockTimeout.toMillis() + " milliseconds", pids),
        row -> new Waiter(row.getInt(1), Blockers.of(row, 2).orElseThrow()));
  }

  /** Why what holds the lock is given up. */
  ApplyException reason() {
    return new ApplyException(
        Reason.YieldedTo,
        "it gave way to "
            + session.text()
            + ", which waited longer than spec.safety.lockTimeout for a lock that it held; it is"
            + " tried again");
  }
}
