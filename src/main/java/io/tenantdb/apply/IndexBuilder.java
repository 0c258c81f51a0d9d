package io.tenantdb.apply;

import io.tenantdb.database.AdvisoryLock;
import io.tenantdb.database.Sql;
import io.tenantdb.model.Identifiers;
import io.tenantdb.model.IndexBody;
import io.tenantdb.model.IndexChange.Build;
import io.tenantdb.model.IndexChange.CreateIndex;
import io.tenantdb.model.IndexChange.DropLeftover;
import io.tenantdb.model.IndexChange.PublishIndex;
import io.tenantdb.model.Reason;
import io.tenantdb.model.Statement;
import io.tenantdb.model.Target;
import java.sql.SQLException;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * Builds an index under its reserved name, verifies it, and publishes it with its mark in one
 * transaction. Whatever is killed in between is recognised from the catalogs by the next pass.
 *
 * <p>Holds the session lock of the table from the build to the publishing, and on to the next index
 * of the same table, so that two builders never meet; a server process that outlives its client
 * holds it too, which tells the next operator that the builder is alive.
 */
final class IndexBuilder {

  private final WorkSession session;
  private final SessionLocks locks;
  private Optional<TableLock> held = Optional.empty();

  private record TableLock(AdvisoryLock.Key key, AdvisoryLock lock) {}

  IndexBuilder(WorkSession session, SessionLocks locks) {
    this.session = session;
    this.locks = locks;
  }

  void create(CreateIndex change) throws SQLException {
    Target target = change.target();
    locked(
        target,
        () -> {
          try {
            build(change);
            verify(target, change.reservedName(), change.accepted());
          } catch (SQLException | ApplyException e) {
            dropUnpublished(change, e);
            throw e;
          }
          // What is built and cannot be published now is published by the next pass.
          session.transaction(change.publishing());
        });
  }

  void publish(PublishIndex change) throws SQLException {
    locked(
        change.target(),
        () -> {
          verify(change.target(), change.reservedName(), Set.of(change.body()));
          session.transaction(change.statements());
        });
  }

  void drop(DropLeftover change) throws SQLException {
    locked(change.target(), () -> drop(change.statements(), change.hypertable()));
  }

  private void drop(List<Statement> statements, boolean hypertable) throws SQLException {
    if (hypertable) {
      session.transaction(statements);
    } else {
      session.execute(statements.get(0));
    }
  }

  private void locked(Target target, WorkSession.SqlAction action) throws SQLException {
    AdvisoryLock.Key key = AdvisoryLock.Key.table(target.schema(), target.table());
    if (held.filter(h -> h.key().equals(key)).isEmpty()) {
      release();
      AdvisoryLock lock =
          locks.acquire(
              key,
              session.safety().lockTimeout(),
              "another session of the operator is at work on the table; it is tried again");
      held = Optional.of(new TableLock(key, lock));
    }
    action.run();
  }

  /** Gives the lock of the table back that was worked on last. */
  void release() throws SQLException {
    if (held.isPresent()) {
      locks.release(held.get().lock());
    }
    held = Optional.empty();
  }

  private void build(CreateIndex change) throws SQLException {
    WorkSession.SqlAction build = () -> session.execute(Statement.of(change.buildSql()));
    if (change.build() == Build.CONCURRENTLY) {
      new SnapshotGuard(session).check(change);
    }
    WorkSession.SqlAction bounded =
        change.build() == Build.CONCURRENTLY
            ? build
            : () ->
                // Its SHARE request queues the writers of a chunk behind it, so it may not wait for
                // long.
                session.with(
                    "lock_timeout",
                    WorkSession.millis(session.safety().lockTimeout()),
                    WorkSession.millis(session.safety().buildTimeout()),
                    build);
    if (!change.index().resolvesNames()) {
      bounded.run();
      return;
    }
    WorkSession.SqlAction resolved =
        () ->
            session.with(
                "search_path", Identifiers.list(change.searchPath()), "pg_catalog", bounded);
    if (change.index().plainColumns()) {
      resolved.run();
      return;
    }
    // Two builds with expressions or predicates wait for each other's snapshots: one at a time in a
    // database.
    locks.aloneInDatabase(
        "another build with expressions runs in this database; it is tried again", resolved);
  }

  private void verify(Target target, String name, Set<IndexBody> accepted) throws SQLException {
    List<Built> built =
        Sql.query(
            session.connection(),
            Statement.of(
                "SELECT x.indisvalid, x.indisunique, pg_get_indexdef(x.indexrelid),"
                    + " quote_ident(i.relname), quote_ident(n.nspname),"
                    + " quote_ident(n.nspname) || '.' || quote_ident(t.relname)"
                    + " FROM pg_index x JOIN pg_class i ON i.oid = x.indexrelid"
                    + " JOIN pg_class t ON t.oid = x.indrelid"
                    + " JOIN pg_namespace n ON n.oid = i.relnamespace"
                    + " WHERE n.nspname = ? AND i.relname = ? AND t.relname = ?",
                target.schema(),
                name,
                target.table()),
            row ->
                new Built(
                    row.getBoolean(1),
                    IndexBody.of(
                        row.getString(3),
                        row.getBoolean(2),
                        row.getString(4),
                        row.getString(6),
                        row.getString(5))));
    if (built.isEmpty()) {
      throw new ApplyException(Reason.Gone, "the index vanished while it was built");
    }
    if (!built.get(0).valid()) {
      throw new ApplyException(
          Reason.Interrupted, "the build left an invalid index; it is dropped and built again");
    }
    if (!accepted.contains(built.get(0).body())) {
      throw new ApplyException(
          Reason.VerificationFailed,
          "what was built is not what was declared: " + built.get(0).body().summary(200));
    }
  }

  private record Built(boolean valid, IndexBody body) {}

  /** Best effort: what stays is dropped by the next pass. */
  private void dropUnpublished(CreateIndex change, Exception cause) {
    DropLeftover leftover =
        new DropLeftover(
            change.target(), change.reservedName(), change.build() != Build.CONCURRENTLY);
    try {
      if (!session.connection().isClosed() && exists(change.target(), change.reservedName())) {
        session.cleanUp(leftover.statements());
      }
    } catch (SQLException e) {
      cause.addSuppressed(e);
    }
  }

  private boolean exists(Target target, String name) throws SQLException {
    return !Sql.query(
            session.connection(),
            Statement.of(
                "SELECT 1 FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace"
                    + " WHERE n.nspname = ? AND c.relname = ? AND c.relkind = 'i'",
                target.schema(),
                name),
            row -> row.getInt(1))
        .isEmpty();
  }
}
