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
import io.tenantdb.model.ServerInfo;
import io.tenantdb.model.ServerInfo.Edition;
import io.tenantdb.model.TenantHistory;
import io.tenantdb.model.TenantState;
import io.tenantdb.observe.Observer;
import io.tenantdb.plan.Planner;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Function;

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
    Optional<Held> held = reasonNotToAct(first, gate);
    Look last = first;
    if (held.isEmpty() && !first.plan().changes().isEmpty()) {
      try (Connection session = database.dedicated()) {
        AdvisoryLock lock = new AdvisoryLock(session, AdvisoryLock.Key.pass(desired.ownerId()));
        if (lock.tryLock()) {
          // What was seen before the lock was ours may have been changed by who had it.
          Rounds rounds =
              new Rounds(() -> look(database, desired), c -> notNow(c, desired, first), outcomes);
          held = rounds.run(plan -> rollOut(plan, new Rollout(database, desired, gate, listener)));
          last = rounds.last();
        } else {
          held = Optional.of(busy(desired, lock));
        }
      } catch (SQLException e) {
        throw DatabaseException.of(e, "hold the session lock of the pass");
      }
      attempts.note(outcomes.results(), last.observed().now());
    }
    Outcome outcome =
        outcomes.outcome(
            last.observed(),
            last.plan(),
            held,
            sightings.untilSettled(desired, last.observed().now()));
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

  private static Optional<Held> reasonNotToAct(Look look, Gate gate) {
    ServerInfo server = look.observed().server();
    if (!server.primary()) {
      return Optional.of(
          new Held(
              Reason.NotPrimary,
              "The server is a standby or read-only; nothing is changed until it is writable."));
    }
    if (server.timescale().edition() == Edition.BROKEN) {
      return Optional.of(
          new Held(
              Reason.TimescaleMissing,
              "TimescaleDB is created in the database but its library cannot be loaded; install the version that the extension has."));
    }
    List<Reason> closed = new ArrayList<>();
    for (var change : look.plan().changes()) {
      Optional<Reason> reason = gate.closed(change);
      if (reason.isEmpty()) {
        return Optional.empty();
      }
      closed.add(reason.get());
    }
    return closed.stream()
        .findFirst()
        .map(reason -> new Held(reason, "Changes wait: " + reason + "."));
  }
}
