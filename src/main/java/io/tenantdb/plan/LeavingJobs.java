package io.tenantdb.plan;

import io.tenantdb.model.Change;
import io.tenantdb.model.Desired.Prune;
import io.tenantdb.model.ObservedAggregate;
import io.tenantdb.model.PruneChange.DropPolicy;
import java.util.HashMap;
import java.util.Map;

/** Finds the background jobs that end when what left the spec is pruned. */
final class LeavingJobs {

  private final Prune prune;
  private final LeavingPolicies policies;
  private final LeavingAggregates aggregates;

  LeavingJobs(Prune prune, LeavingPolicies policies, LeavingAggregates aggregates) {
    this.prune = prune;
    this.policies = policies;
    this.aggregates = aggregates;
  }

  /** The change that ends each of them, by the job's id; none where nothing may be pruned. */
  Map<Integer, Change> of(TenantDraft draft) {
    Map<Integer, Change> ends = new HashMap<>();
    if (prune != Prune.OWNED_ONLY) {
      return ends;
    }
    for (Leaving one : policies.of(draft)) {
      if (one instanceof Leaving.Drop drop && drop.change() instanceof DropPolicy policy) {
        ends.put(policy.jobId(), policy);
      }
    }
    for (Leaving one : aggregates.of(draft)) {
      if (one instanceof Leaving.Drop drop) {
        draft.tenant().undeclaredAggregates().stream()
            .filter(live -> live.name().equals(drop.change().target().table()))
            .flatMap(live -> live.jobs().stream())
            .map(ObservedAggregate.RefreshJob::id)
            .forEach(job -> ends.put(job, drop.change()));
      }
    }
    return ends;
  }
}
