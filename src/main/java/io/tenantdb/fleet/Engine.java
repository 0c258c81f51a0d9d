package io.tenantdb.fleet;

import io.tenantdb.canonical.Canonicalizer;
import io.tenantdb.database.AdvisoryLock;
import io.tenantdb.database.Database;
import io.tenantdb.database.DatabaseException;
import io.tenantdb.desired.Resolution;
import io.tenantdb.fleet.Outcome.Held;
import io.tenantdb.model.Canonical;
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
import java.util.Objects;
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

  /** A plan that leads to a plan that leads to a plan is a defect; the next pass looks again. */
  private static final int MAX_ROUNDS = 3;

  private Observer observer = new Observer();
  private Canonicalizer canonicalizer = new Canonicalizer();
  private Sightings sightings = new Sightings();
  private Optional<Identity> identity = Optional.empty();
  private final AtomicReference<Rollout> running = new AtomicReference<>();

  /** Which database it was that is remembered: a restored or re-created one is another. */
  private record Identity(Optional<String> systemIdentifier, long databaseOid) {}

  private record Look(Observed observed, Plan plan) {}

  /**
   * One pass over all tenants. Observing needs no lock; from the first change on, one session lock
   * per (database, owner) is held, so that an operator and a command line never act at once.
   *
   * @throws io.tenantdb.database.DatabaseException when the database could not be reached or read
   */
  public Outcome pass(Database database, Desired desired, Gate gate, PassListener listener) {
    Look first = look(database, desired);
    listener.planned(first.observed(), first.plan());
    Outcomes outcomes = new Outcomes(first.plan());
    Optional<Held> held = reasonNotToAct(first, gate);
    Look last = first;
    if (held.isEmpty() && !first.plan().changes().isEmpty()) {
      try (Connection session = database.dedicated()) {
        if (new AdvisoryLock(session, AdvisoryLock.Key.pass(desired.ownerId())).tryLock()) {
          Rounds rounds = new Rounds(first);
          held = rounds.run(database, desired, gate, listener, outcomes);
          last = rounds.last;
        } else {
          held =
              Optional.of(
                  new Held(
                      Reason.Busy,
                      "Another operator or command line acts on this database for "
                          + desired.ownerId()
                          + "; it is tried again."));
        }
      } catch (SQLException e) {
        throw DatabaseException.of(e, "close a session");
      }
    }
    Outcome outcome =
        outcomes.outcome(
            last.observed(),
            last.plan(),
            held,
            sightings.untilSettled(desired, last.observed().now()));
    outcome.states().entrySet().stream()
        .filter(e -> e.getValue() == TenantState.SYNCED)
        .forEach(e -> sightings.converged(e.getKey()));
    return outcome;
  }

  /**
   * Cancels the statements that run now, from another thread; what they leave half-built is dropped
   * where it can be.
   */
  public void cancelRunning() {
    Rollout rollout = running.get();
    if (rollout != null) {
      rollout.cancel();
    }
  }

  /** Applies and looks again until nothing new is to be done. */
  private final class Rounds {
    private Look last;

    Rounds(Look first) {
      this.last = first;
    }

    Optional<Held> run(
        Database database, Desired desired, Gate gate, PassListener listener, Outcomes outcomes) {
      for (int round = 0; round < MAX_ROUNDS; round++) {
        Rollout rollout = new Rollout(database, desired, gate, listener);
        running.set(rollout);
        List<ChangeResult> results;
        try {
          results = rollout.run(last.plan());
        } finally {
          running.set(null);
        }
        outcomes.round(results);
        boolean changed = results.stream().anyMatch(r -> r.status() == ChangeResult.Status.DONE);
        boolean unfinished =
            results.stream().anyMatch(r -> r.status() == ChangeResult.Status.POSTPONED);
        Optional<Held> held = rollout.held();
        if (held.filter(h -> h.reason().haltsDatabase()).isPresent()) {
          return held;
        }
        if (changed || unfinished) {
          last = look(database, desired);
        }
        if (held.isPresent() || !changed || last.plan().changes().isEmpty()) {
          return held;
        }
      }
      return Optional.empty();
    }
  }

  private Look look(Database database, Desired desired) {
    Observed observed = observer.observe(database, desired);
    recognise(observed.server());
    Function<String, DesiredTenant> resolved = Resolution.tenants(desired);
    Canonical canonical = canonicalizer.canonicalize(database, desired, resolved, observed);
    TenantHistory history = sightings.look(desired, observed);
    return new Look(observed, new Planner(desired, observed, canonical, history).plan(resolved));
  }

  /** Forgets everything when the database is another one under the same name. */
  private void recognise(ServerInfo server) {
    Identity now = new Identity(server.systemIdentifier(), server.databaseOid());
    if (identity.isPresent() && !Objects.equals(identity.get(), now)) {
      observer = new Observer();
      canonicalizer = new Canonicalizer();
      sightings = new Sightings();
    }
    identity = Optional.of(now);
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
