package io.tenantdb.apply;

import io.tenantdb.database.AdvisoryLock;
import io.tenantdb.database.Database;
import io.tenantdb.database.DatabaseException;
import io.tenantdb.database.Sql;
import io.tenantdb.model.Blocker;
import io.tenantdb.model.Change;
import io.tenantdb.model.IndexChange.CreateIndex;
import io.tenantdb.model.IndexReplacement;
import io.tenantdb.model.Statement;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Whom a concurrent build that started now would wait for, perhaps for ever. Looks at most once a
 * second, however many ask. Thread-safe.
 *
 * <p>Asks as the role that is logged in, because {@code SET ROLE} takes {@code pg_read_all_stats}
 * away; without that right ages are unknown, and nobody is found.
 */
public final class OldSnapshots {

  /** How old a transaction that holds a snapshot may be. */
  public static final Duration LIMIT = Duration.ofSeconds(30);

  private static final Logger LOG = LoggerFactory.getLogger(OldSnapshots.class);
  private static final Duration KEPT = Duration.ofSeconds(1);

  // What CREATE INDEX CONCURRENTLY passes over: autovacuum, VACUUM, and concurrent builds of plain
  // columns. A session that holds one of our locks is one of ours. What a prepared transaction has
  // written stays locked; it holds no snapshot.
  private static final String LOOK =
      """
      SELECT 'database', '', '', %1$s
      FROM pg_stat_activity a
      WHERE a.datname = current_database() AND a.pid <> pg_backend_pid()
        AND a.backend_xmin IS NOT NULL
        AND a.xact_start < clock_timestamp() - ?::interval
        AND a.backend_type NOT IN ('autovacuum worker', 'parallel worker')
        AND a.pid NOT IN (%3$s)
        AND NOT EXISTS (SELECT FROM pg_stat_progress_vacuum v WHERE v.pid = a.pid)
        AND NOT EXISTS (
          SELECT FROM pg_stat_progress_create_index p JOIN pg_index i ON i.indexrelid = p.index_relid
          WHERE p.pid = a.pid AND p.command LIKE '%% CONCURRENTLY'
            AND i.indexprs IS NULL AND i.indpred IS NULL)
      UNION ALL
      SELECT DISTINCT 'table', n.nspname::text, c.relname::text, %2$s
      FROM pg_prepared_xacts x
      JOIN pg_locks t
        ON t.locktype = 'transactionid' AND t.transactionid = x.transaction AND t.pid IS NULL
      JOIN pg_locks l
        ON l.virtualtransaction = t.virtualtransaction AND l.pid IS NULL
        AND l.locktype = 'relation' AND l.mode NOT IN ('AccessShareLock', 'RowShareLock', 'ShareLock')
      JOIN pg_class c ON c.oid = l.relation
      JOIN pg_namespace n ON n.oid = c.relnamespace
      WHERE x.database = current_database()
        AND x.prepared < clock_timestamp() - ?::interval
      UNION ALL
      SELECT 'expressions', '', '', %1$s
      FROM pg_stat_activity a
      WHERE a.query_start < clock_timestamp() - interval '1 second' AND a.state = 'active'
        AND a.pid IN (%3$s AND l.classid::bigint = %4$d)
      ORDER BY 8 DESC NULLS LAST"""
          .formatted(
              Blockers.SESSION,
              Blockers.PREPARED,
              AdvisoryLock.HOLDERS,
              AdvisoryLock.Key.database().kind());

  /** What is kept from starting, by whom. */
  private record Found(String scope, String schema, String table, Blocker blocker) {
    boolean stops(Change change) {
      return switch (scope) {
        case "table" ->
            schema.equals(change.target().schema()) && table.equals(change.target().table());
        case "expressions" -> hasExpressions(change);
        default -> true;
      };
    }
  }

  private final Database database;
  private final Duration limit;
  private List<Found> found = List.of();
  private long looked;
  private boolean fresh;

  /**
   * @param limit how old a transaction that holds a snapshot may be
   */
  public OldSnapshots(Database database, Duration limit) {
    this.database = database;
    this.limit = limit;
  }

  /** Who keeps the build from starting now: the oldest one. */
  public Optional<Blocker> blocker(Change change) {
    return blocker(change, 0);
  }

  /**
   * The same.
   *
   * @param self the session that is to build, which is not in its own way
   */
  synchronized Optional<Blocker> blocker(Change change, int self) {
    if (!fresh || System.nanoTime() - looked > KEPT.toNanos()) {
      found = look();
      looked = System.nanoTime();
      fresh = true;
    }
    return found.stream()
        .filter(f -> f.stops(change))
        .map(Found::blocker)
        .filter(by -> self == 0 || by.pid() != self)
        .findFirst();
  }

  private List<Found> look() {
    String age = limit.toMillis() + " milliseconds";
    try (Connection connection = database.borrow()) {
      return Sql.query(
          connection,
          Statement.of(LOOK, age, age),
          row ->
              new Found(
                  row.getString(1),
                  row.getString(2),
                  row.getString(3),
                  Blockers.of(row, 4).orElseThrow()));
    } catch (DatabaseException | SQLException e) {
      // The build's own connection tells if the database is in trouble.
      LOG.debug("no snapshots to be seen: {}", e.getMessage());
      return List.of();
    }
  }

  /** True when others wait for the snapshot that it holds while it is built. */
  static boolean hasExpressions(Change change) {
    if (change instanceof IndexReplacement replacement) {
      return hasExpressions(replacement.build());
    }
    return change instanceof CreateIndex create && !create.index().plainColumns();
  }
}
