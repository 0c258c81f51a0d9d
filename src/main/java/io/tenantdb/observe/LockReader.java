package io.tenantdb.observe;

import java.sql.SQLException;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/**
 * Reads who holds or awaits which relation, in one look at {@code pg_locks}, which takes no lock
 * itself.
 */
final class LockReader {

  /**
   * Relations by the locks of other sessions on them.
   *
   * @param foreign held or awaited above ACCESS SHARE by a session that is not one of ours (by
   *     application name) nor autovacuum
   * @param exclusive ACCESS EXCLUSIVE, held or awaited: whoever touches it waits
   * @param building tables under SHARE UPDATE EXCLUSIVE and indexes in {@code
   *     pg_stat_progress_create_index}, of any session but autovacuum's, which gives way: {@code
   *     CREATE} or {@code DROP INDEX CONCURRENTLY} may be running there
   * @param held indexes under ACCESS SHARE of any session: all that a build per chunk holds between
   *     two chunks
   */
  record Locks(Set<Long> foreign, Set<Long> exclusive, Set<Long> building, Set<Long> held) {

    /** What was building in either look: a build that began or ended between the two is seen. */
    Locks and(Locks other) {
      return new Locks(
          foreign, exclusive, union(building, other.building), union(held, other.held));
    }

    private static Set<Long> union(Set<Long> a, Set<Long> b) {
      Set<Long> either = new HashSet<>(a);
      either.addAll(b);
      return either;
    }
  }

  private record Row(
      long relation, String mode, boolean granted, boolean ours, boolean vacuum, boolean index) {}

  // Only autovacuum has no role; its backend_type is shown to members of pg_read_all_stats alone.
  private static final String LOCKS =
      """
      SELECT l.relation, l.mode, l.granted,
             coalesce(a.application_name = current_setting('application_name'), false),
             a.pid IS NOT NULL AND a.usesysid IS NULL,
             coalesce(c.relkind IN ('i', 'I'), false)
      FROM pg_locks l
      LEFT JOIN pg_stat_activity a ON a.pid = l.pid
      LEFT JOIN pg_class c ON c.oid = l.relation
      WHERE l.locktype = 'relation'
        AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())
        AND l.relation >= 16384
        AND l.pid IS DISTINCT FROM pg_backend_pid()
        AND (l.mode <> 'AccessShareLock' OR c.relkind IN ('i', 'I'))
      UNION ALL
      SELECT p.index_relid, 'ShareUpdateExclusiveLock', true, true, false, true
      FROM pg_stat_progress_create_index p
      WHERE p.index_relid <> 0 AND p.pid <> pg_backend_pid()
      """;

  private final Catalog catalog;

  LockReader(Catalog catalog) {
    this.catalog = catalog;
  }

  Locks locks() throws SQLException {
    List<Row> rows =
        catalog.rows(
            LOCKS,
            row ->
                new Row(
                    row.getLong(1),
                    row.getString(2),
                    row.getBoolean(3),
                    row.getBoolean(4),
                    row.getBoolean(5),
                    row.getBoolean(6)));
    Set<Long> foreign = new HashSet<>();
    Set<Long> exclusive = new HashSet<>();
    Set<Long> building = new HashSet<>();
    Set<Long> held = new HashSet<>();
    for (Row row : rows) {
      if (!row.index() && !row.ours() && !row.vacuum()) {
        foreign.add(row.relation());
      }
      if (row.mode().equals("AccessExclusiveLock")) {
        exclusive.add(row.relation());
      }
      if (row.mode().equals("ShareUpdateExclusiveLock") && row.granted() && !row.vacuum()) {
        building.add(row.relation());
      }
      if (row.mode().equals("AccessShareLock") && row.granted()) {
        held.add(row.relation());
      }
    }
    return new Locks(foreign, exclusive, building, held);
  }
}
