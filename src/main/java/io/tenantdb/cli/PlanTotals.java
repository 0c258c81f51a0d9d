package io.tenantdb.cli;

import io.tenantdb.fleet.Outcome;
import io.tenantdb.model.Finding;
import io.tenantdb.model.Plan;
import io.tenantdb.model.Reason;
import io.tenantdb.model.Refusal;
import io.tenantdb.model.TenantState;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * What a plan comes to. The numbers are those of what is printed above them, each counted once; the
 * states of the tenants add up to all tenants.
 *
 * @param failed sentences about what failed
 */
record PlanTotals(Outcome outcome, int failed) {

  List<String> lines() {
    List<String> lines = new ArrayList<>();
    lines.add(changes());
    if (outcome.count(TenantState.SYNCED) != outcome.states().size()) {
      lines.add(
          Text.count(outcome.states().size(), "tenant", "tenants")
              + StatusText.counts(outcome).replaceFirst("^[\\d,]+", "")
              + ".");
    }
    return lines;
  }

  private String changes() {
    Plan plan = outcome.initial();
    long tenants = outcome.states().size();
    if (tenants == 0) {
      return "No schema matches spec.tenants: nothing to do.";
    }
    if (plan.empty()) {
      return "Nothing to do in "
          + Text.count(tenants, "tenant", "tenants")
          + (outcome.failures().isEmpty()
              ? "."
              : ", but not all of it is as declared: " + rest(plan) + ".");
    }
    long touched = plan.tenants().stream().filter(tenant -> !tenant.changes().isEmpty()).count();
    return "%s in %,d of %s%s; %s."
        .formatted(
            Text.count(plan.changes().size(), "change", "changes"),
            touched,
            Text.count(tenants, "tenant", "tenants"),
            plan.changes().isEmpty()
                ? ""
                : ", " + Text.count(plan.templates().size(), "line", "lines"),
            rest(plan));
  }

  private String rest(Plan plan) {
    List<String> parts = new ArrayList<>();
    long refused = plan.refused().stream().filter(refusal -> !isReported(refusal)).count();
    long drifted = drifted(plan);
    if (refused > 0) {
      parts.add("%,d refused".formatted(refused));
    }
    if (failed > 0) {
      parts.add("%,d failed".formatted(failed));
    }
    if (drifted > 0) {
      parts.add("%,d drifted and left alone".formatted(drifted));
    }
    return parts.isEmpty() ? "none refused" : String.join(", ", parts);
  }

  private static boolean isReported(Refusal refusal) {
    return refusal.reason() == Reason.DriftReported;
  }

  /** What is refused and is drift at the same time counts as refused. */
  private static long drifted(Plan plan) {
    Set<List<Object>> refused =
        plan.refused().stream()
            .filter(refusal -> !isReported(refusal))
            .map(
                refusal ->
                    List.<Object>of(
                        refusal.change().target().schema(),
                        refusal.change().object(),
                        refusal.reason()))
            .collect(Collectors.toSet());
    return plan.tenants().stream()
        .flatMap(
            tenant ->
                tenant.findings().stream()
                    .filter(finding -> finding.verdict() == Finding.Verdict.DRIFTED)
                    .map(f -> List.<Object>of(tenant.schema(), f.object(), f.reason())))
        .filter(drift -> !refused.contains(drift))
        .count();
  }
}
