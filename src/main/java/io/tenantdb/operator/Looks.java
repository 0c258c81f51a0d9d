package io.tenantdb.operator;

import io.tenantdb.fleet.Outcome;
import io.tenantdb.model.Change;
import io.tenantdb.model.Finding;
import io.tenantdb.model.Plan;
import io.tenantdb.model.Reason;
import io.tenantdb.model.TenantPlan;
import io.tenantdb.model.TenantState;
import java.util.Collection;
import java.util.EnumMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** Makes looks out of plans and outcomes. */
final class Looks {

  private Looks() {}

  /** How a pass ended; its failures already know since when. */
  static Look of(Outcome outcome, List<Failure> failures) {
    return of(outcome, failures, false);
  }

  /**
   * The same.
   *
   * @param first this process has not looked before: which tenants are new is not known yet
   */
  static Look of(Outcome outcome, List<Failure> failures, boolean first) {
    Set<Place> needPerson =
        failures.stream()
            .filter(failure -> failure.reason().stalls())
            .map(failure -> new Place(failure.schema(), failure.object()))
            .collect(Collectors.toCollection(HashSet::new));
    int open =
        (int)
            outcome.plan().changes().stream()
                .filter(change -> !needPerson.contains(Place.of(change)))
                .count();
    return new Look(
        outcome.observed().server(),
        counts(outcome.states().values()),
        failures,
        outcome.aggregates(),
        PlanSummary.of(outcome.plan()),
        open,
        drift(outcome.plan()),
        outcome.held().or(() -> settling(outcome, first)));
  }

  /**
   * A resource none of whose tenants was touched yet is not ready, nor one of which this process
   * cannot tell yet which tenants are new, though waiting tenants count for nothing: whoever waits
   * for Ready after an apply waits for the tenants' objects.
   */
  private static Optional<Outcome.Held> settling(Outcome outcome, boolean first) {
    boolean untouched =
        outcome.settling().isPresent() && (first || outcome.count(TenantState.SYNCED) == 0);
    return untouched
        ? Optional.of(
            new Outcome.Held(
                Reason.Settling,
                "%d new tenants are looked at once more, spec.tenants.settle later, before they are touched."
                    .formatted(outcome.count(TenantState.WAITING))))
        : Optional.empty();
  }

  static Map<TenantState, Integer> counts(Collection<TenantState> states) {
    Map<TenantState, Integer> counts = new EnumMap<>(TenantState.class);
    states.forEach(state -> counts.merge(state, 1, Integer::sum));
    return counts;
  }

  /** The first drift, as a sentence. */
  static Optional<String> drift(Plan plan) {
    List<Change> mended = plan.changes().stream().filter(Change::drift).toList();
    List<String> found = plan.tenants().stream().flatMap(Looks::drifted).toList();
    int others = mended.size() + found.size() - 1;
    return mended.stream()
        .map(
            change ->
                "%s: %s is %s and must be %s"
                    .formatted(
                        change.target().schema(), change.object(), change.before(), change.after()))
        .findFirst()
        .or(() -> found.stream().findFirst())
        .map(text -> withoutStop(text) + more(others) + ".");
  }

  private static Stream<String> drifted(TenantPlan tenant) {
    return tenant.findings().stream()
        .filter(finding -> finding.verdict() == Finding.Verdict.DRIFTED)
        .map(Finding::message);
  }

  /** {@code " (and 12 more)"}, or nothing. */
  static String more(int others) {
    return others > 0 ? " (and " + others + " more)" : "";
  }

  static String withoutStop(String sentence) {
    return sentence.endsWith(".") ? sentence.substring(0, sentence.length() - 1) : sentence;
  }

  /** Where a change or a failure is, whatever it is about. */
  record Place(String schema, String object) {
    static Place of(Change change) {
      return new Place(change.target().schema(), change.object());
    }
  }

  /** The failures of a look that only a person can mend, foremost. */
  static Optional<Failure> gravest(List<Failure> failures) {
    return failures.stream()
        .filter(failure -> failure.reason().stalls())
        .findFirst()
        .or(() -> failures.stream().findFirst());
  }

  /** True where a retry may help. */
  static boolean passing(Reason reason) {
    return reason.remedy() == Reason.Remedy.TIME;
  }
}
