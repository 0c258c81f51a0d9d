package io.tenantdb.fleet;

import io.tenantdb.fleet.Outcome.Held;
import io.tenantdb.model.ChangeResult;
import io.tenantdb.model.Plan;
import io.tenantdb.model.Reason;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.LongSupplier;
import java.util.stream.Collectors;

/** Waits, when nothing else is to be done, for builds that were put off. */
final class Patience {

  /** Other drift, and new tenants, are not left alone for longer while a build waits. */
  private static final Duration LONGEST = Duration.ofMinutes(5);

  private static final Duration LOOKS_APART = Duration.ofSeconds(1);

  private final Deferral deferral;
  private final Gate gate;
  private final LongSupplier nanoTime;

  /**
   * @param gate what may start at all; closed for everything when the pass is cancelled
   */
  Patience(Deferral deferral, Gate gate, LongSupplier nanoTime) {
    this.deferral = deferral;
    this.gate = gate;
    this.nanoTime = nanoTime;
  }

  /**
   * What came of waiting.
   *
   * @param due builds that may be tried again, once they are planned anew
   * @param over how those ended that wait no more
   * @param held why nothing more may be tried
   */
  record Waited(Set<Attempts.Key> due, List<ChangeResult> over, Optional<Held> held) {}

  /**
   * Waits until a build may be tried again or waits no more, or for some minutes.
   *
   * @param plan what is still to be done: a build that is not in it has nothing left to wait for
   */
  Waited await(Plan plan) {
    List<ChangeResult> gone =
        deferral.letGoBut(
            plan.changes().stream().map(Attempts.Key::of).collect(Collectors.toSet()));
    if (!gone.isEmpty()) {
      return new Waited(Set.of(), gone, Optional.empty());
    }
    long begin = nanoTime.getAsLong();
    while (!deferral.isEmpty() && nanoTime.getAsLong() - begin < LONGEST.toNanos()) {
      Optional<Reason> closed = deferral.closed(gate);
      if (closed.isPresent()) {
        return stopped(closed.get());
      }
      List<ChangeResult> expired = deferral.expired();
      Set<Attempts.Key> due = deferral.due();
      if (!expired.isEmpty() || !due.isEmpty()) {
        return new Waited(due, expired, Optional.empty());
      }
      if (!pause(LOOKS_APART)) {
        return stopped(Reason.Progressing);
      }
    }
    return new Waited(Set.of(), List.of(), Optional.empty());
  }

  private Waited stopped(Reason reason) {
    return new Waited(
        Set.of(),
        deferral.letGoBut(Set.of()),
        Optional.of(new Held(reason, "Changes wait: " + reason + ".")));
  }

  /** False when the thread is told to stop. */
  static boolean pause(Duration time) {
    try {
      Thread.sleep(time.toMillis());
      return true;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return false;
    }
  }
}
