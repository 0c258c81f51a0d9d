package io.tenantdb.fleet;

import io.tenantdb.apply.ChangeExecutor;
import io.tenantdb.model.Blocker;
import io.tenantdb.model.BuildProgress;
import io.tenantdb.model.Change;
import io.tenantdb.model.ChangeResult;
import io.tenantdb.model.IndexChange;
import io.tenantdb.model.Reason;
import io.tenantdb.model.TenantPlan;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.function.Function;
import java.util.function.LongSupplier;
import java.util.function.Predicate;

/**
 * The builds of a pass that may not start yet, or gave way to somebody: they come back once they
 * may, and hold nothing else up meanwhile. What a build runs and waits is bounded by {@code
 * buildTimeout}; its time in the queue behind our other builds does not count. Thread-safe.
 */
final class Deferral {

  private static final Duration FIRST_PAUSE = Duration.ofSeconds(10);
  private static final Duration LOOKS_APART = Duration.ofSeconds(1);
  private static final int TOLD = 20;

  private final Function<Change, Optional<Blocker>> blockers;
  private final Duration limit;
  private final PassListener listener;
  private final LongSupplier nanoTime;
  private final Map<Attempts.Key, Waiting> waiting = new LinkedHashMap<>();
  private final Map<Attempts.Key, Spent> spent = new HashMap<>();
  private long looked;

  /** What a build has run and waited, and how often it gave way. */
  private record Spent(long nanos, int yields) {
    static final Spent NOTHING = new Spent(0, 0);
  }

  /**
   * A build that waits.
   *
   * @param notBefore when it may come back, whoever is in its way; nanoseconds as {@code since}
   * @param blocker who was last seen in its way
   */
  private record Waiting(ChangeResult last, long since, long notBefore, Optional<Blocker> blocker) {
    Change change() {
      return last.change();
    }

    boolean neverStarted() {
      return last.reason() == Reason.WaitingForSnapshot;
    }

    Waiting seen(Optional<Blocker> by) {
      return new Waiting(last, since, notBefore, by.or(() -> blocker));
    }
  }

  /**
   * @param blockers who keeps a build from starting now; asked often
   * @param limit {@code buildTimeout}
   */
  Deferral(
      Function<Change, Optional<Blocker>> blockers,
      Duration limit,
      PassListener listener,
      LongSupplier nanoTime) {
    this.blockers = blockers;
    this.limit = limit;
    this.listener = listener;
    this.nanoTime = nanoTime;
  }

  /** How long the change may still run and wait. */
  synchronized Duration left(Change change) {
    return limit.minusNanos(spentOn(Attempts.Key.of(change)).nanos());
  }

  /**
   * Takes a build that may not go on now; false for a result that is final.
   *
   * @param took how long it ran
   */
  boolean takes(ChangeResult result, Duration took) {
    if (!comesBack(result)) {
      synchronized (this) {
        spent.remove(Attempts.Key.of(result.change()));
      }
      return false;
    }
    boolean neverStarted = result.reason() == Reason.WaitingForSnapshot;
    Optional<Blocker> blocker = neverStarted ? blockers.apply(result.change()) : Optional.empty();
    listener.putOff(result);
    synchronized (this) {
      Attempts.Key key = Attempts.Key.of(result.change());
      int yields = spentOn(key).yields() + (neverStarted ? 0 : 1);
      spent.put(key, new Spent(spentOn(key).nanos() + took.toNanos(), yields));
      long now = nanoTime.getAsLong();
      Waiting one =
          new Waiting(result, now, neverStarted ? now : now + pause(yields).toNanos(), blocker);
      waiting.put(key, one);
      if (waiting.size() <= TOLD) {
        tell(one);
      }
    }
    return true;
  }

  /** Who loses a deadlock has met somebody who waits for the build, too. */
  private static boolean comesBack(ChangeResult result) {
    return switch (result.reason()) {
      case WaitingForSnapshot, YieldedTo -> true;
      case Interrupted ->
          result.sqlState().equals("40P01") && result.change() instanceof IndexChange;
      default -> false;
    };
  }

  private static Duration pause(int yields) {
    return FIRST_PAUSE.multipliedBy(1L << Math.min(yields - 1, 16));
  }

  private Spent spentOn(Attempts.Key key) {
    return spent.getOrDefault(key, Spent.NOTHING);
  }

  /** True when nothing waits. */
  synchronized boolean isEmpty() {
    return waiting.isEmpty();
  }

  /** True when all that waits is what a gate does not let through. */
  synchronized Optional<Reason> closed(Gate gate) {
    List<Optional<Reason>> reasons =
        waiting.values().stream().map(one -> gate.closed(one.change())).toList();
    return reasons.stream().allMatch(Optional::isPresent)
        ? reasons.stream().flatMap(Optional::stream).findFirst()
        : Optional.empty();
  }

  /**
   * One build that was never started and may start now. Those that gave way have left something, or
   * met a table that changes: they are planned anew first.
   *
   * @param atWork schemas that somebody works on
   */
  Optional<TenantPlan> startable(Set<String> atWork) {
    if (isEmpty()) {
      return Optional.empty();
    }
    look();
    synchronized (this) {
      Optional<Waiting> found =
          waiting.values().stream()
              .filter(Waiting::neverStarted)
              .filter(one -> !atWork.contains(one.change().target().schema()))
              .filter(this::isDue)
              .findFirst();
      found.ifPresent(one -> comeBack(Attempts.Key.of(one.change())));
      return found.map(Waiting::change).map(Deferral::alone);
    }
  }

  private static TenantPlan alone(Change change) {
    return new TenantPlan(change.target().schema(), List.of(change), List.of());
  }

  /** All that may be tried again, once it is planned anew. */
  Set<Attempts.Key> due() {
    look();
    synchronized (this) {
      Set<Attempts.Key> due = keys(this::isDue);
      due.forEach(this::comeBack);
      return due;
    }
  }

  /** Those whose time is up: how they ended. */
  synchronized List<ChangeResult> expired() {
    List<ChangeResult> results = new ArrayList<>();
    for (Attempts.Key key : keys(this::isExpired)) {
      Waiting one = waiting.remove(key);
      spent.remove(key);
      results.add(ChangeExecutor.givenUp(one.change(), one.blocker()));
    }
    results.forEach(listener::finished);
    return results;
  }

  /** Lets those go that are not among the given ones: how they were left. */
  synchronized List<ChangeResult> letGoBut(Collection<Attempts.Key> wanted) {
    Set<Attempts.Key> unwanted = new HashSet<>(waiting.keySet());
    unwanted.removeAll(wanted);
    List<ChangeResult> results = new ArrayList<>();
    for (Attempts.Key key : unwanted) {
      results.add(waiting.remove(key).last());
      spent.remove(key);
    }
    results.forEach(listener::finished);
    return results;
  }

  private Set<Attempts.Key> keys(Predicate<Waiting> which) {
    Set<Attempts.Key> keys = new HashSet<>();
    waiting.forEach(
        (key, one) -> {
          if (which.test(one)) {
            keys.add(key);
          }
        });
    return keys;
  }

  private boolean isDue(Waiting one) {
    boolean free = !one.neverStarted() || blockers.apply(one.change()).isEmpty();
    return free && nanoTime.getAsLong() >= one.notBefore() && !isExpired(one);
  }

  private boolean isExpired(Waiting one) {
    return nanoTime.getAsLong() - one.since() >= left(one.change()).toNanos();
  }

  private void comeBack(Attempts.Key key) {
    Waiting one = waiting.remove(key);
    Spent before = spentOn(key);
    spent.put(key, new Spent(before.nanos() + nanoTime.getAsLong() - one.since(), before.yields()));
  }

  /** Tells about once a second who is in the way. */
  private synchronized void look() {
    long now = nanoTime.getAsLong();
    if (now - looked < LOOKS_APART.toNanos()) {
      return;
    }
    looked = now;
    waiting.replaceAll(
        (key, one) -> one.neverStarted() ? one.seen(blockers.apply(one.change())) : one);
    waiting.values().stream().limit(TOLD).forEach(this::tell);
  }

  private void tell(Waiting one) {
    Change change = one.change();
    listener.progress(
        new BuildProgress(
            change.target().schema(),
            change.object(),
            OptionalInt.empty(),
            one.neverStarted() ? "waiting for old snapshots, not started" : "gave way, not started",
            one.blocker()));
  }
}
