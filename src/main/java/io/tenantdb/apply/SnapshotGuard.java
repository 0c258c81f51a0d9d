package io.tenantdb.apply;

import io.tenantdb.model.Blocker;
import io.tenantdb.model.Change;
import io.tenantdb.model.Reason;

/**
 * Keeps a concurrent build from starting while another session holds an old snapshot: it would wait
 * for it to end, with the table's lock held.
 */
final class SnapshotGuard {

  private final WorkSession session;

  SnapshotGuard(WorkSession session) {
    this.session = session;
  }

  /**
   * Asked right before each statement that waits for other sessions' snapshots.
   *
   * @throws ApplyException with {@link Reason#WaitingForSnapshot} when it may not start now
   */
  void check(Change change) {
    session
        .snapshots()
        .blocker(change, session.backendPid())
        .ifPresent(
            by -> {
              throw new ApplyException(Reason.WaitingForSnapshot, sentence(by));
            });
  }

  private static String sentence(Blocker by) {
    return "it is not started, because it would wait for "
        + by.text()
        + "; end that transaction, or wait";
  }
}
