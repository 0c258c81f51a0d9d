package io.tenantdb.fleet;

import io.tenantdb.fleet.Outcome.Held;
import io.tenantdb.model.Change;
import io.tenantdb.model.ChangeResult;
import io.tenantdb.model.Desired;
import io.tenantdb.model.Desired.Prune;
import io.tenantdb.model.Plan;
import io.tenantdb.model.TenantPlan;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;
import java.util.function.Supplier;

/** Applies and looks again until nothing new is to be done. Each change is tried once. */
final class Rounds {

  /**
   * A plan that leads to a plan that leads to a plan is a defect; the next pass looks again. Each
   * aggregate can be what the next one waited for, and what left the spec waits for all of it.
   */
  private static final int WITHOUT_AGGREGATES = 3;

  private final Supplier<Look> look;
  private final Function<Change, Optional<ChangeResult>> notNow;
  private final Outcomes outcomes;
  private final int max;
  private final Set<Attempts.Key> tried = new HashSet<>();
  private Look last;

  /**
   * @param look looks again
   * @param notNow why a change is left out of this pass, as a result
   */
  Rounds(
      Supplier<Look> look,
      Function<Change, Optional<ChangeResult>> notNow,
      Outcomes outcomes,
      Desired desired) {
    this.look = look;
    this.notNow = notNow;
    this.outcomes = outcomes;
    this.max =
        WITHOUT_AGGREGATES
            + desired.aggregates().size()
            + (desired.safety().prune() == Prune.OWNED_ONLY ? 1 : 0);
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
    for (int round = 0; round < max; round++) {
      Plan now = withoutTried(last.plan());
      if (now.changes().isEmpty()) {
        return Optional.empty();
      }
      Rollout.Done done = rollout.apply(now);
      outcomes.round(done.results());
      if (done.held().filter(h -> h.reason().haltsDatabase()).isPresent()) {
        return done.held();
      }
      if (!done.results().isEmpty()) {
        last = look.get();
      }
      if (done.held().isPresent() || !done.changed()) {
        return done.held();
      }
    }
    return Optional.empty();
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
