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

  /** How long another short build is waited for. */
  private static final Duration SHORT_BUILD = Duration.ofSeconds(1);

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
    return acquire(key, patience, Reason.Busy, otherwise);
  }

  private AdvisoryLock acquire(
      AdvisoryLock.Key key, Duration patience, Reason reason, String otherwise)
      throws SQLException {
    AdvisoryLock lock = new AdvisoryLock(session.connection(), key);
    Instant end = Instant.now().plus(patience);
    try {
      while (!lock.poll(shorter(Duration.between(Instant.now(), end), CANCEL_CHECK))) {
        session.throwIfCancelled();
        if (!Instant.now().isBefore(end)) {
          throw new ApplyException(reason, otherwise);
        }
      }
      return lock;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new ApplyException(Reason.Interrupted, "the wait for a lock was interrupted");
    }
  }

  /**
   * Builds while no other session of ours does in this database what holds a snapshot for long. A
   * short build of another one is waited for; a long one holds nothing else up.
   *
   * @throws ApplyException with {@link Reason#WaitingForSnapshot} when it lasts
   */
  void aloneInDatabase(String otherwise, WorkSession.SqlAction action) throws SQLException {
    alone(SHORT_BUILD, Reason.WaitingForSnapshot, otherwise, action);
  }

  /** The same for what waits as long as a build may take. */
  void aloneInDatabaseInTime(String otherwise, WorkSession.SqlAction action) throws SQLException {
    alone(session.safety().buildTimeout(), Reason.Busy, otherwise, action);
  }

  private void alone(
      Duration patience, Reason reason, String otherwise, WorkSession.SqlAction action)
      throws SQLException {
    AdvisoryLock lock = acquire(AdvisoryLock.Key.database(), patience, reason, otherwise);
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
