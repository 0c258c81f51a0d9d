package io.tenantdb.fleet;

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
import io.tenantdb.model.Observed;
import io.tenantdb.model.Plan;
import io.tenantdb.model.Reason;
import io.tenantdb.model.TenantHistory;
import io.tenantdb.model.TenantState;
import io.tenantdb.observe.Observer;
import io.tenantdb.plan.Planner;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Function;
import java.util.function.Supplier;

/**
 * The one loop: observe, plan, apply, look again. The command line and the operator are two thin
 * faces on it.
 *
 * <p>One engine a resource: it remembers, and may forget, which tenants have settled and what was
 * read of definitions. One pass at a time.
 */
public final class Engine {

  private static final int TENANTS_AT_ONCE = 2;

  private Observer observer = new Observer();
  private Canonicalizer canonicalizer = new Canonicalizer();
  private Sightings sightings = new Sightings();
  private final Attempts attempts = new Attempts();
  private final KnownDatabase known = new KnownDatabase();
  private final AtomicReference<Rollout> running = new AtomicReference<>();
  private volatile boolean cancelled;

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
    Optional<Held> held = admission.held();
    Look last = first;
    if (admission.acts()) {
      try (Connection session = database.dedicated()) {
        AdvisoryLock lock = new AdvisoryLock(session, AdvisoryLock.Key.pass(desired.ownerId()));
        if (lock.tryLock()) {
          Supplier<Look> again = () -> look(database, desired);
          Function<Change, Optional<ChangeResult>> notNow = c -> notNow(c, desired, first);
          // What was seen before the lock was ours may have been changed by who had it.
          Rounds rounds = new Rounds(again, notNow, outcomes, desired);
          if (held.isEmpty()) {
            held =
                rounds.run(
                    plan ->
                        rollOut(
                            plan, new Rollout(database, desired, gate, listener, TENANTS_AT_ONCE)));
          }
          last = rounds.last();
          if (!cancelled && held.filter(h -> h.reason().haltsDatabase()).isEmpty()) {
            Rollout.Done done =
                new Upkeep(notNow, outcomes)
                    .run(
                        last.plan().upkeep(),
                        plan -> rollOut(plan, new Rollout(database, desired, gate, listener, 1)));
            held = held.or(() -> done.held().filter(h -> h.reason().haltsDatabase()));
            last = held.isEmpty() && done.changed() ? again.get() : last;
          }
        } else if (admission.changes()) {
          held = Optional.of(busy(desired, lock));
        }
      } catch (SQLException e) {
        throw DatabaseException.of(e, "hold the session lock of the pass");
      }
      attempts.note(outcomes.results(), last.observed().now());
    }
    Outcome outcome =
        outcomes.outcome(
            last,
            held,
            sightings.untilSettled(desired, last.observed().now()),
            held.isPresent() ? Optional.empty() : untilUpkeep(last, gate));
    outcome.plan().tenants().stream()
        .filter(tenant -> outcome.states().get(tenant.schema()) == TenantState.SYNCED)
        .filter(
            tenant -> tenant.findings().stream().noneMatch(f -> f.reason() == Reason.TableSkipped))
        .forEach(tenant -> sightings.converged(tenant.schema()));
    return outcome;
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
    return new Look(observed, new Planner(desired, observed, canonical, history).plan(resolved));
  }

  /**
   * How long until the next refresh; empty where those that are due already may not be done, and so
   * are left to the interval.
   */
  private static Optional<Duration> untilUpkeep(Look look, Gate gate) {
    Plan.Upkeep upkeep = look.plan().upkeep();
    return upkeep.due().stream().anyMatch(refresh -> gate.closed(refresh).isPresent())
        ? Optional.empty()
        : upkeep.next().map(at -> Duration.between(look.observed().now(), at));
  }
}
