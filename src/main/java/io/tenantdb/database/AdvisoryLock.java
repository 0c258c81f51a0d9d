package io.tenantdb.database;

import io.tenantdb.model.Hashes;
import io.tenantdb.model.Statement;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ThreadLocalRandom;

/**
 * A session-level advisory lock of the current database, asked for by the client again and again
 * and never waited for in SQL: a session that waits there holds a snapshot, on which a concurrent
 * index build of the lock's holder would wait for ever. It lives as long as the session, so also
 * while the server works on for a client that has died.
 *
 * <p>Belongs on a {@link Database#dedicated()} connection, the one that does the work, in
 * autocommit. Source: PostgreSQL documentation, "Advisory Locks"; two-int keys.
 */
public final class AdvisoryLock {

  /** SQL: the server processes that hold one of our locks in this database, whichever it is. */
  public static final String HOLDERS =
      """
      SELECT l.pid FROM pg_locks l
      WHERE l.locktype = 'advisory' AND l.granted AND l.objsubid = 2 AND l.pid IS NOT NULL
        AND l.classid::bigint BETWEEN %d AND %d
        AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())"""
          .formatted(Key.PASS, Key.DATABASE);

  private static final Duration FIRST_PAUSE = Duration.ofMillis(25);
  private static final Duration LONGEST_PAUSE = Duration.ofSeconds(2);

  private final Connection connection;
  private final Key key;

  public AdvisoryLock(Connection connection, Key key) {
    this.connection = connection;
    this.key = key;
  }

  /**
   * What is locked. The numbers are seen by every version of the operator and of the command line
   * that may run at once: they never change.
   *
   * @param kind tells our locks from others', and one kind from the next
   * @param object the first 32 bits of SHA-256 over the name
   */
  public record Key(int kind, int object) {
    private static final int PASS = 0x74646201;
    private static final int TABLE = 0x74646202;
    private static final int DATABASE = 0x74646203;

    /** One acting pass at a time per owner: an operator and a command line never act at once. */
    public static Key pass(String ownerId) {
      return new Key(PASS, hash(ownerId));
    }

    /** One worker at a time per table. */
    public static Key table(String schema, String table) {
      return new Key(TABLE, hash(schema + '\0' + table));
    }

    /** One at a time per database: builds of expression or partial indexes, small-table builds. */
    public static Key database() {
      return new Key(DATABASE, 0);
    }

    /**
     * An SQL expression that asks once: true when the transaction has it until its end, together
     * with others who ask like this, and with nobody who locks it whole.
     */
    public String trySharedInTransaction() {
      return "pg_try_advisory_xact_lock_shared" + arguments();
    }

    private static int hash(String name) {
      return Integer.parseUnsignedInt(Hashes.hex16(name).substring(0, 8), 16);
    }

    private String arguments() {
      return "(" + kind + ", " + object + ")";
    }
  }

  /** Asks once. A session that has the lock gets it again, and must unlock as often. */
  public boolean tryLock() throws SQLException {
    requireAutocommit();
    return ask("SELECT pg_try_advisory_lock" + key.arguments());
  }

  /**
   * Asks at growing, jittered pauses (25 ms to 2 s) until it has the lock or the time is up; zero
   * asks once.
   */
  public boolean poll(Duration max) throws SQLException, InterruptedException {
    long start = System.nanoTime();
    long pause = FIRST_PAUSE.toNanos();
    while (!tryLock()) {
      long left = max.toNanos() - (System.nanoTime() - start);
      if (left <= 0) {
        return false;
      }
      long jittered = ThreadLocalRandom.current().nextLong(pause / 2, pause + 1);
      Thread.sleep(Duration.ofNanos(Math.min(jittered, left)).toMillis() + 1);
      pause = Math.min(LONGEST_PAUSE.toNanos(), pause * 2);
    }
    return true;
  }

  /** Gives it back; false when this session did not have it. */
  public boolean unlock() throws SQLException {
    return ask("SELECT pg_advisory_unlock" + key.arguments());
  }

  /** Who has it, for a person: {@code pid 4711 (tenantdb operator)}; empty when nobody has. */
  public Optional<String> holder() throws SQLException {
    List<String> holders =
        Sql.query(
            connection,
            Statement.of(
                """
                SELECT COALESCE('pid ' || l.pid, 'an unknown session')
                       || COALESCE(' (' || NULLIF(a.application_name, '') || ')', '')
                FROM pg_locks l
                LEFT JOIN pg_stat_activity a ON a.pid = l.pid
                WHERE l.locktype = 'advisory' AND l.granted AND l.objsubid = 2
                  AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())
                  AND l.classid::bigint = ?::bigint AND l.objid::bigint = ?::bigint""",
                Integer.toUnsignedString(key.kind()),
                Integer.toUnsignedString(key.object())),
            row -> row.getString(1));
    return holders.stream().findFirst();
  }

  private boolean ask(String sql) throws SQLException {
    return Sql.query(connection, Statement.of(sql), row -> row.getBoolean(1)).get(0);
  }

  private void requireAutocommit() throws SQLException {
    if (!connection.getAutoCommit()) {
      throw new IllegalStateException(
          "a session lock is asked for outside a transaction: an open snapshot stops index builds");
    }
  }
}
