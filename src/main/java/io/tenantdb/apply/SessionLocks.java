package io.tenantdb.apply;

import io.tenantdb.database.AdvisoryLock;
import io.tenantdb.model.Reason;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;

/** Session locks on the connection that does the work. A cancel ends the wait for them. */
final class SessionLocks {

  /** How long a wait for a session lock may go on after a cancel. */
  private static final Duration CANCEL_CHECK = Duration.ofSeconds(1);

  private final WorkSession session;

  SessionLocks(WorkSession session) {
    this.session = session;
  }

  /**
   * Takes the lock.
   *
   * @param patience how long it is asked for
   * @param otherwise why it could not be had by then, for people
   * @throws ApplyException with {@link Reason#Busy} when the patience is up
   */
  AdvisoryLock acquire(AdvisoryLock.Key key, Duration patience, String otherwise)
      throws SQLException {
    AdvisoryLock lock = new AdvisoryLock(session.connection(), key);
    Instant end = Instant.now().plus(patience);
    try {
      while (!lock.poll(shorter(Duration.between(Instant.now(), end), CANCEL_CHECK))) {
        session.throwIfCancelled();
        if (!Instant.now().isBefore(end)) {
          throw new ApplyException(Reason.Busy, otherwise);
        }
      }
      return lock;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new ApplyException(Reason.Interrupted, "the wait for a lock was interrupted");
    }
  }

  /** Runs the action while no other session of ours does such work in this database. */
  void aloneInDatabase(String otherwise, WorkSession.SqlAction action) throws SQLException {
    AdvisoryLock lock =
        acquire(AdvisoryLock.Key.database(), session.safety().buildTimeout(), otherwise);
    try {
      action.run();
    } finally {
      release(lock);
    }
  }

  /** Gives it back; a session that is over holds none. */
  void release(AdvisoryLock lock) throws SQLException {
    if (!session.connection().isClosed()) {
      lock.unlock();
    }
  }

  private static Duration shorter(Duration a, Duration b) {
    Duration least = a.compareTo(b) < 0 ? a : b;
    return least.isNegative() ? Duration.ZERO : least;
  }
}
