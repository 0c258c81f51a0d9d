package io.tenantdb.fleet;

import io.tenantdb.fleet.Outcome.Held;
import io.tenantdb.model.Change;
import io.tenantdb.model.ChangeResult;
import io.tenantdb.model.Dependencies;
import io.tenantdb.model.Desired;
import io.tenantdb.model.Desired.Prune;
import io.tenantdb.model.IndexChange.DropLeftover;
import io.tenantdb.model.Plan;
import io.tenantdb.model.TenantPlan;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;
import java.util.function.Supplier;
import java.util.stream.Collectors;

/**
 * Applies and looks again until nothing new is to be done. Each change is tried once, but for those
 * that were put off.
 */
final class Rounds {

  /**
   * A plan that leads to a plan that leads to a plan is a defect; the next pass looks again. Each
   * aggregate can be what the next one waited for, and what left the spec waits for all of it: what
   * has a name that is needed goes first, then what needs the name is made, then goes the rest.
   */
  private static final int WITHOUT_AGGREGATES = 3;

  private static final int PRUNING = 3;

  private final Supplier<Look> look;
  private final Function<Change, Optional<ChangeResult>> notNow;
  private final Outcomes outcomes;
  private final Deferral deferral;
  private final Patience patience;
  private final int max;
  private final Set<Attempts.Key> tried = new HashSet<>();
  private Look last;

  /**
   * @param look looks again
   * @param notNow why a change is left out of this pass, as a result
   * @param deferral the builds that were put off
   */
  Rounds(
      Supplier<Look> look,
      Function<Change, Optional<ChangeResult>> notNow,
      Outcomes outcomes,
      Deferral deferral,
      Patience patience,
      Desired desired) {
    this.look = look;
    this.notNow = notNow;
    this.outcomes = outcomes;
    this.deferral = deferral;
    this.patience = patience;
    this.max =
        WITHOUT_AGGREGATES
            + desired.aggregates().size()
            + (desired.safety().prune() == Prune.OWNED_ONLY ? PRUNING : 0);
    this.last = look.get();
  }

  /** What is live, and still to be done, at the end. */
  Look last() {
    return last;
  }

  /**
   * Runs them.
   *
   * @param rollout carries a plan out
   * @return why changes were not tried
   */
  Optional<Held> run(Function<Plan, Rollout.Done> rollout) {
    int rounds = 0;
    while (rounds < max) {
      Plan now = withoutTried(last.plan());
      if (!now.changes().isEmpty()) {
        Rollout.Done done = rollout.apply(now);
        outcomes.round(done.results());
        if (done.held().filter(h -> h.reason().haltsDatabase()).isPresent()) {
          return done.held();
        }
        if (!done.results().isEmpty() || !deferral.isEmpty()) {
          last = look.get();
        }
        if (done.held().isPresent()) {
          return done.held();
        }
        rounds += deferral.isEmpty() ? 1 : 0;
        // What failed may have left something else to be done, which may fail too: it is told now.
        // What was interrupted or found something busy is left to the next pass.
        if (done.results().stream().anyMatch(r -> r.status() != ChangeResult.Status.POSTPONED)) {
          continue;
        }
      }
      if (deferral.isEmpty()) {
        return Optional.empty();
      }
      Optional<Held> stopped = awaitDeferred();
      if (stopped.isPresent()) {
        return stopped;
      }
    }
    return Optional.empty();
  }

  /** Nothing else is to be done: waits until one of those that were put off may be tried again. */
  private Optional<Held> awaitDeferred() {
    Patience.Waited waited = patience.await(last.plan());
    outcomes.round(waited.over());
    tried.removeAll(waited.due());
    // What one that gave way has left is dropped before it is built again.
    Set<String> schemas =
        waited.due().stream().map(Attempts.Key::schema).collect(Collectors.toSet());
    tried.removeIf(
        key ->
            schemas.contains(key.schema())
                && key.kind().equals(DropLeftover.class.getSimpleName()));
    last = look.get();
    return waited.held();
  }

  private Plan withoutTried(Plan plan) {
    List<TenantPlan> tenants = new ArrayList<>();
    for (TenantPlan tenant : plan.tenants()) {
      List<Change> changes = withoutTried(tenant);
      if (!changes.isEmpty()) {
        tenants.add(new TenantPlan(tenant.schema(), changes, tenant.findings()));
      }
    }
    return new Plan(tenants, List.of(), List.of());
  }

  private List<Change> withoutTried(TenantPlan tenant) {
    List<Change> now = new ArrayList<>();
    List<Change> left = new ArrayList<>();
    for (Change change : tenant.changes()) {
      boolean possible = left.stream().noneMatch(earlier -> Dependencies.needs(change, earlier));
      (possible && tried.add(Attempts.Key.of(change)) && isDue(change) ? now : left).add(change);
    }
    return now;
  }

  private boolean isDue(Change change) {
    Optional<ChangeResult> result = notNow.apply(change);
    result.ifPresent(outcomes::leftOut);
    return result.isEmpty();
  }
}
