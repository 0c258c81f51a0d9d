package io.tenantdb.plan;

import io.tenantdb.model.Change;
import io.tenantdb.model.Desired.Prune;
import io.tenantdb.model.Finding.Verdict;
import io.tenantdb.model.IndexChange.DropLeftover;
import io.tenantdb.model.IndexPartChange.DropPartLeftover;
import io.tenantdb.model.Reason;
import java.util.ArrayList;
import java.util.List;

/**
 * Plans what becomes of what bears our mark and the spec declares no more. The last planner of a
 * tenant: under {@code prune: OwnedOnly} it acts only where nothing else is left to be done.
 */
final class PrunePlanner {

  private final Prune prune;
  private final LeavingPolicies policies;
  private final LeavingAggregates aggregates;
  private final LeavingIndexes indexes;

  PrunePlanner(
      Prune prune, LeavingPolicies policies, LeavingAggregates aggregates, LeavingIndexes indexes) {
    this.prune = prune;
    this.policies = policies;
    this.aggregates = aggregates;
    this.indexes = indexes;
  }

  void plan(TenantDraft draft) {
    List<Leaving> leaving = new ArrayList<>();
    leaving.addAll(policies.of(draft));
    leaving.addAll(aggregates.of(draft));
    leaving.addAll(indexes.of(draft));
    boolean due = prune == Prune.OWNED_ONLY && asDeclared(draft);
    for (Leaving one : leaving) {
      if (one instanceof Leaving.Keep keep) {
        note(draft, keep.object(), keep.words() + " is declared no more and stays: " + keep.why());
      } else if (due && isAwaited(draft, one)) {
        act(draft, one);
      } else if (one instanceof Leaving.Drop drop) {
        note(
            draft,
            drop.change().object(),
            drop.words()
                + switch (prune) {
                  case DISABLED ->
                      " is declared no more and stays; spec.safety.prune: OwnedOnly drops it";
                  case SUSPENDED ->
                      " is declared no more and stays as long as another resource has the same"
                          + " ownerId or keeps a hypertable of this one";
                  case OWNED_ONLY ->
                      " is declared no more; it is dropped once all that is declared is there";
                });
      }
    }
  }

  /** What is declared and still waits for a name comes before what is in nobody's way. */
  private static boolean isAwaited(TenantDraft draft, Leaving one) {
    return draft.awaited().isEmpty()
        || (one instanceof Leaving.Drop drop
            && (draft.awaited().contains(drop.change().object())
                || drop.change().frees().stream().anyMatch(draft.awaited()::contains)));
  }

  /** Nothing goes before what takes its place is there and valid. */
  private static boolean asDeclared(TenantDraft draft) {
    return draft.changes().stream().allMatch(PrunePlanner::dropsLeftover)
        && draft.findings().stream()
            .allMatch(
                finding ->
                    switch (finding.verdict()) {
                      case FAILED, DRIFTED, REFUSED, POSTPONED, WAITING -> false;
                      case SKIPPED, NOTE -> true;
                    });
  }

  /** What a killed run left is not declared: nothing waits for its end. */
  private static boolean dropsLeftover(Change change) {
    return change instanceof DropLeftover || change instanceof DropPartLeftover;
  }

  private static void act(TenantDraft draft, Leaving one) {
    if (one instanceof Leaving.Drop drop) {
      draft.change(drop.table(), drop.change());
    } else if (one instanceof Leaving.Release release) {
      draft.change(release.table(), release.change());
    } else if (one instanceof Leaving.Held held) {
      draft.find(held.verdict(), held.object(), held.reason(), held.sentence());
    }
  }

  private static void note(TenantDraft draft, String object, String sentence) {
    draft.find(Verdict.NOTE, object, Reason.LeftSpec, sentence);
  }
}
