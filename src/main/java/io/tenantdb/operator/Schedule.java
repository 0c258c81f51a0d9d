package io.tenantdb.operator;

import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Optional;
import java.util.function.DoubleSupplier;

/**
 * Says when a resource is looked at again: on its interval, or sooner where what is wrong is
 * expected to pass. Used by the worker's own thread only.
 */
final class Schedule {
  private static final Duration SOONEST = Duration.ofSeconds(1);
  private static final Duration FIRST_RETRY = Duration.ofSeconds(5);
  private static final Duration LAST_RETRY = Duration.ofMinutes(5);

  private final InstantSource clock;
  private final DoubleSupplier random;
  private int failuresInARow;

  Schedule(InstantSource clock, DoubleSupplier random) {
    this.clock = clock;
    this.random = random;
  }

  /**
   * After a pass that came to its end.
   *
   * @param nextLook when a new tenant will have settled, or a refresh falls due
   */
  Instant afterPass(Assignment.Work work, Look look, Optional<Duration> nextLook) {
    boolean passing =
        look.failures().stream().anyMatch(failure -> Looks.passing(failure.reason()))
            || look.held().filter(held -> Looks.passing(held.reason())).isPresent()
            || look.open() > 0;
    Duration wait = pause(work, passing && !work.suspended());
    Optional<Duration> sooner =
        nextLook
            .map(due -> due.compareTo(SOONEST) < 0 ? SOONEST : due)
            .filter(due -> due.compareTo(wait) < 0);
    return clock.instant().plus(sooner.orElse(wait));
  }

  /** After a pass that could not be made. */
  Instant afterProblem(Assignment current, Problem problem) {
    return clock.instant().plus(pause(current, Looks.passing(problem.reason())));
  }

  private Duration pause(Assignment current, boolean retry) {
    failuresInARow = retry ? failuresInARow + 1 : 0;
    Duration cap = current.interval().compareTo(LAST_RETRY) < 0 ? current.interval() : LAST_RETRY;
    Backoff backoff = new Backoff(FIRST_RETRY, cap, random);
    return retry ? backoff.after(failuresInARow) : backoff.jittered(current.interval());
  }
}
