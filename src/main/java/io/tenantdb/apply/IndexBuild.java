package io.tenantdb.apply;

import io.tenantdb.model.Change;
import io.tenantdb.model.Identifiers;
import io.tenantdb.model.IndexChange.Build;
import io.tenantdb.model.IndexChange.CreateIndex;
import io.tenantdb.model.IndexChange.DropLeftover;
import io.tenantdb.model.Statement;
import java.sql.SQLException;

/**
 * Builds an index under its reserved name, however long that takes, beside whatever bears its
 * declared name. Drops what a build that failed leaves.
 */
final class IndexBuild {

  private final WorkSession session;
  private final SessionLocks locks;
  private final SnapshotGuard snapshots;
  private final IndexCatalog catalog;
  private final PartitionedBuilder partitioned;

  IndexBuild(
      WorkSession session, SessionLocks locks, SnapshotGuard snapshots, IndexCatalog catalog) {
    this.session = session;
    this.locks = locks;
    this.snapshots = snapshots;
    this.catalog = catalog;
    this.partitioned = new PartitionedBuilder(session, snapshots);
  }

  /**
   * Builds it.
   *
   * @param change the change that the build is part of
   */
  void run(Change change, CreateIndex build) throws SQLException {
    try {
      resolved(build, () -> bounded(change, build));
    } catch (SQLException | ApplyException e) {
      dropUnpublished(build, e);
      throw e;
    }
  }

  private void resolved(CreateIndex build, WorkSession.SqlAction building) throws SQLException {
    WorkSession.SqlAction resolving =
        build.index().resolvesNames() && build.build() != Build.PARTITIONED
            ? () ->
                session.with(
                    "search_path",
                    Identifiers.list(build.searchPath()),
                    "pg_catalog, pg_temp",
                    building)
            : building;
    if (build.index().plainColumns()) {
      resolving.run();
      return;
    }
    // Two builds with expressions or predicates wait for each other's snapshots: one at a time in a
    // database.
    locks.aloneInDatabase(
        "another build with expressions runs in this database; it is tried again", resolving);
  }

  private void bounded(Change change, CreateIndex build) throws SQLException {
    Statement statement = Statement.of(build.buildSql());
    if (build.build() == Build.CONCURRENTLY) {
      snapshots.check(change);
      session.execute(statement);
    } else if (build.build() == Build.PARTITIONED) {
      partitioned.build(build);
    } else {
      // Its SHARE request queues the writers of a chunk behind it, so it may not wait for long.
      session.with(
          "lock_timeout",
          WorkSession.millis(session.safety().lockTimeout()),
          WorkSession.millis(session.safety().buildTimeout()),
          () -> session.execute(statement));
    }
  }

  /** Best effort: what stays is dropped by the next pass. */
  void dropUnpublished(CreateIndex build, Exception cause) {
    if (build.build() == Build.PARTITIONED) {
      partitioned.giveUp(build, cause);
      return;
    }
    DropLeftover leftover =
        new DropLeftover(build.target(), build.reservedName(), build.build() != Build.CONCURRENTLY);
    try {
      if (!session.connection().isClosed()
          && !catalog.read(build.target(), build.reservedName()).isEmpty()) {
        session.cleanUp(leftover.statements());
      }
    } catch (SQLException e) {
      cause.addSuppressed(e);
    }
  }
}
