package io.tenantdb.apply;

import io.tenantdb.database.AdvisoryLock;
import io.tenantdb.model.Target;
import java.sql.SQLException;
import java.util.Optional;

/**
 * The session lock of the table that is worked on. Held from one change to the next of the same
 * table, so that two builders never meet; a server process that outlives its client holds it too,
 * which tells the next operator that the builder is alive.
 */
final class TableLocks {

  private final WorkSession session;
  private final SessionLocks locks;
  private Optional<Held> held = Optional.empty();

  private record Held(AdvisoryLock.Key key, AdvisoryLock lock) {}

  TableLocks(WorkSession session, SessionLocks locks) {
    this.session = session;
    this.locks = locks;
  }

  /**
   * Runs the action under the lock of the table, and keeps the lock.
   *
   * @throws ApplyException with {@link io.tenantdb.model.Reason#Busy} when somebody else has it for
   *     longer than {@code lockTimeout}
   */
  void during(Target target, WorkSession.SqlAction action) throws SQLException {
    AdvisoryLock.Key key = AdvisoryLock.Key.table(target.schema(), target.table());
    if (held.filter(h -> h.key().equals(key)).isEmpty()) {
      release();
      AdvisoryLock lock =
          locks.acquire(
              key,
              session.safety().lockTimeout(),
              "another session of the operator is at work on the table; it is tried again");
      held = Optional.of(new Held(key, lock));
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
}
