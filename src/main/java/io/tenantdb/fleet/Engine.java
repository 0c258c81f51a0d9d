package io.tenantdb.fleet;

import io.tenantdb.apply.OldSnapshots;
import io.tenantdb.canonical.Canonicalizer;
import io.tenantdb.database.AdvisoryLock;
import io.tenantdb.database.Database;
import io.tenantdb.database.DatabaseException;
import io.tenantdb.desired.Resolution;
import io.tenantdb.fleet.Outcome.Held;
import io.tenantdb.model.Canonical;
import io.tenantdb.model.Change;
import io.tenantdb.model.ChangeResult;
import io.tenantdb.model.Desired;
import io.tenantdb.model.DesiredTenant;
import io.tenantdb.model.IndexReport;
import io.tenantdb.model.Observed;
import io.tenantdb.model.ObservedUsage;
import io.tenantdb.model.Plan;
import io.tenantdb.model.Reason;
import io.tenantdb.model.TenantHistory;
import io.tenantdb.observe.Observer;
import io.tenantdb.observe.UsageObserver;
import io.tenantdb.plan.Planner;
import io.tenantdb.plan.usage.IndexReporter;
import io.tenantdb.plan.usage.IndexTally;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Function;
import java.util.function.LongSupplier;
import java.util.function.Supplier;

/**
 * The one loop: observe, plan, apply, look again. The command line and the operator are two thin
 * faces on it.
 *
 * <p>One engine a resource: it remembers, and may forget, which tenants have settled and what was
 * read of definitions. One pass at a time.
 */
public final class Engine {

  private Observer observer = new Observer();
  private Canonicalizer canonicalizer = new Canonicalizer();
  private Sightings sightings = new Sightings();
  private final Attempts attempts = new Attempts();
  private final LongSupplier nanoTime;
  private final Duration oldSnapshot;
  private final KnownDatabase known = new KnownDatabase();
  private final AtomicReference<Rollout> running = new AtomicReference<>();
  private volatile boolean cancelled;

  /** Remembers nothing yet. */
  public Engine() {
    this(System::nanoTime, OldSnapshots.LIMIT);
  }

  /**
   * @param oldSnapshot how old a transaction that holds a snapshot may be for a build to start
   */
  Engine(LongSupplier nanoTime, Duration oldSnapshot) {
    this.nanoTime = nanoTime;
    this.oldSnapshot = oldSnapshot;
  }

  /**
   * One pass over all tenants. Observing needs no lock; from the first change on, one session lock
   * per (database, owner) is held, so that an operator and a command line never act at once.
   *
   * @throws io.tenantdb.database.DatabaseException when the database could not be reached or read
   */
  public Outcome pass(Database database, Desired desired, Gate gate, PassListener listener) {
    cancelled = false;
    attempts.begin(desired);
    Look first = look(database, desired);
    listener.planned(first.observed(), first.plan());
    Outcomes outcomes = new Outcomes(first.plan());
    Admission admission = Admission.of(first, gate);
    Acted acted =
        admission.acts()
            ? act(work(database, desired, gate, listener), first, admission, outcomes)
            : new Acted(first, admission.held(), false);
    attempts.note(outcomes.results(), acted.last().observed().now());
    return outcomes
        .outcome(
            acted.last(),
            acted.held(),
            sightings.untilSettled(desired, acted.last().observed().now()),
            acted.held().isPresent() ? Optional.empty() : untilUpkeep(acted, gate))
        .remembering(sightings.convergence(desired, acted.last().observed()));
  }

  /**
   * How the indexes are used that a pass saw, and which of them there is no need for. Reads the
   * catalogs for it, and only them.
   *
   * @throws io.tenantdb.database.DatabaseException when they could not be read
   */
  public IndexReport indexes(Database database, Desired desired, Observed observed) {
    IndexTally tally = new IndexTally(desired, observed);
    ObservedUsage usage =
        new UsageObserver().observe(database, desired, observed, tally.templates());
    return new IndexReporter(desired, observed, tally, usage).report();
  }

  /**
   * The same of what is live now, without a pass: on a standby, too, which counts its own scans.
   *
   * @throws io.tenantdb.database.DatabaseException when the database could not be reached or read
   */
  public IndexReport indexes(Database database, Desired desired) {
    return indexes(database, desired, observer.observe(database, desired));
  }

  /** What a pass is made of. */
  private record Work(
      Database database,
      Desired desired,
      Gate gate,
      PassListener listener,
      OldSnapshots snapshots,
      Deferral deferral) {
    Rollout rollout(Gate limited, int atOnce) {
      return new Rollout(database, desired, limited, listener, atOnce, snapshots, deferral);
    }
  }

  private Work work(Database database, Desired desired, Gate gate, PassListener listener) {
    OldSnapshots snapshots = new OldSnapshots(database, oldSnapshot);
    Deferral deferral =
        new Deferral(
            snapshots::blocker, desired.safety().buildTimeout(), listener, System::nanoTime);
    return new Work(database, desired, gate, listener, snapshots, deferral);
  }

  /**
   * What came of it.
   *
   * @param last what is live at the end
   * @param held why changes were not tried
   * @param more true when refreshes are due that the next pass is to go on with
   */
  private record Acted(Look last, Optional<Held> held, boolean more) {}

  private Acted act(Work work, Look first, Admission admission, Outcomes outcomes) {
    Desired desired = work.desired();
    try (Connection session = work.database().dedicated()) {
      AdvisoryLock lock = new AdvisoryLock(session, AdvisoryLock.Key.pass(desired.ownerId()));
      if (!lock.tryLock()) {
        // Upkeep alone is done by who has the lock.
        return new Acted(
            first,
            admission.changes() ? Optional.of(busy(desired, lock)) : admission.held(),
            false);
      }
      Function<Change, Optional<ChangeResult>> notNow = c -> notNow(c, desired, first);
      Supplier<Look> again = () -> look(work.database(), desired);
      // What was seen before the lock was ours may have been changed by who had it.
      Gate open = c -> cancelled ? Optional.of(Reason.Progressing) : work.gate().closed(c);
      Patience patience = new Patience(work.deferral(), open, System::nanoTime);
      Rounds rounds = new Rounds(again, notNow, outcomes, work.deferral(), patience, desired);
      Optional<Held> held =
          admission
              .held()
              .or(
                  () ->
                      rounds.run(
                          plan ->
                              rollOut(
                                  plan,
                                  work.rollout(work.gate(), desired.rollout().maxParallel()))));
      outcomes.round(work.deferral().letGoBut(Set.of()));
      if (cancelled || halted(held).isPresent()) {
        return new Acted(rounds.last(), held, false);
      }
      Shift shift = new Shift(work.gate(), nanoTime);
      Rollout.Done done =
          new Upkeep(notNow, outcomes)
              .run(rounds.last().plan().upkeep(), plan -> rollOut(plan, work.rollout(shift, 1)));
      Optional<Held> halted = halted(done.held());
      boolean fresher = done.changed() && halted.isEmpty();
      return new Acted(fresher ? again.get() : rounds.last(), halted.or(() -> held), shift.over());
    } catch (SQLException e) {
      throw DatabaseException.of(e, "hold the session lock of the pass");
    }
  }

  private static Optional<Held> halted(Optional<Held> held) {
    return held.filter(h -> h.reason().haltsDatabase());
  }

  private static Held busy(Desired desired, AdvisoryLock lock) throws SQLException {
    return new Held(
        Reason.Busy,
        "Another operator or command line acts on this database for "
            + desired.ownerId()
            + lock.holder().map(holder -> ": " + holder).orElse("")
            + "; it is tried again.");
  }

  private Rollout.Done rollOut(Plan plan, Rollout rollout) {
    running.set(rollout);
    try {
      if (cancelled) {
        rollout.cancel();
      }
      return rollout.run(plan);
    } finally {
      running.set(null);
    }
  }

  private Optional<ChangeResult> notNow(Change change, Desired desired, Look look) {
    return known.hold(change, desired).or(() -> attempts.resting(change, look.observed().now()));
  }

  /** Before the first pass: what an earlier process left word of. */
  public void recall(Convergence convergence) {
    sightings.recall(convergence);
  }

  /**
   * Cancels the statements that run now, from another thread; what they leave half-built is dropped
   * where it can be.
   */
  public void cancelRunning() {
    cancelled = true;
    Rollout rollout = running.get();
    if (rollout != null) {
      rollout.cancel();
    }
  }

  private Look look(Database database, Desired desired) {
    Observed observed = observer.observe(database, desired);
    if (known.isAnother(observed.server(), desired)) {
      observer = new Observer();
      canonicalizer = new Canonicalizer();
      sightings = new Sightings();
    }
    Function<String, DesiredTenant> resolved = Resolution.tenants(desired);
    Canonical canonical = canonicalizer.canonicalize(database, desired, resolved, observed);
    TenantHistory history = sightings.look(desired, observed);
    Plan plan = new Planner(desired, observed, canonical, history).plan(resolved);
    sightings.planned(observed, plan);
    return new Look(observed, plan);
  }

  /**
   * How long until the next refresh; empty where those that are due already may not be done, and so
   * are left to the interval.
   */
  private static Optional<Duration> untilUpkeep(Acted acted, Gate gate) {
    Plan.Upkeep upkeep = acted.last().plan().upkeep();
    if (acted.more()) {
      return Optional.of(Duration.ZERO);
    }
    return upkeep.due().stream().anyMatch(refresh -> gate.closed(refresh).isPresent())
        ? Optional.empty()
        : upkeep.next().map(at -> Duration.between(acted.last().observed().now(), at));
  }
}
