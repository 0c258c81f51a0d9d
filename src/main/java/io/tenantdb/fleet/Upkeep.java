package io.tenantdb.fleet;

import io.tenantdb.model.Change;
import io.tenantdb.model.ChangeResult;
import io.tenantdb.model.MaterializedViewChange.RefreshMaterializedView;
import io.tenantdb.model.Plan;
import io.tenantdb.model.TenantPlan;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;

/** Does what has fallen due on schedule, after the changes of a pass. */
final class Upkeep {

  private final Function<Change, Optional<ChangeResult>> notNow;
  private final Outcomes outcomes;

  /**
   * @param notNow why a refresh is left out of this pass, as a result
   */
  Upkeep(Function<Change, Optional<ChangeResult>> notNow, Outcomes outcomes) {
    this.notNow = notNow;
    this.outcomes = outcomes;
  }

  /**
   * Refreshes what is due, the longest overdue first.
   *
   * @param rollout carries a plan out, one tenant after the other
   */
  Rollout.Done run(Plan.Upkeep upkeep, Function<Plan, Rollout.Done> rollout) {
    // One plan each: the order is that of the schedule, not of the tenants.
    List<TenantPlan> due =
        upkeep.due().stream()
            .filter(this::isDue)
            .map(r -> new TenantPlan(r.target().schema(), List.of(r), List.of()))
            .toList();
    if (due.isEmpty()) {
      return Rollout.Done.NOTHING;
    }
    Rollout.Done done = rollout.apply(new Plan(due, List.of(), List.of()));
    outcomes.round(done.results());
    return done;
  }

  private boolean isDue(RefreshMaterializedView refresh) {
    Optional<ChangeResult> result = notNow.apply(refresh);
    result.ifPresent(outcomes::leftOut);
    return result.isEmpty();
  }
}
