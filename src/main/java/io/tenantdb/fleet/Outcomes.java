package io.tenantdb.fleet;

import io.tenantdb.fleet.Outcome.Failure;
import io.tenantdb.fleet.Outcome.Held;
import io.tenantdb.model.Change;
import io.tenantdb.model.ChangeResult;
import io.tenantdb.model.Finding;
import io.tenantdb.model.Plan;
import io.tenantdb.model.Reason;
import io.tenantdb.model.TenantPlan;
import io.tenantdb.model.TenantState;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;

/** Makes the outcome of a pass from its rounds. */
final class Outcomes {

  private final Plan initial;
  private final List<ChangeResult> all = new ArrayList<>();
  private final Map<Attempts.Key, ChangeResult> latest = new HashMap<>();

  Outcomes(Plan initial) {
    this.initial = initial;
  }

  void round(List<ChangeResult> results) {
    all.addAll(results);
    results.forEach(result -> latest.put(Attempts.Key.of(result.change()), result));
  }

  /** A change that was left out, with how it ended before. */
  void leftOut(ChangeResult result) {
    latest.put(Attempts.Key.of(result.change()), result);
  }

  /** All results so far. */
  List<ChangeResult> results() {
    return List.copyOf(all);
  }

  /**
   * The outcome.
   *
   * @param last what is live, and still to be done, at the end
   * @param settling how soon the first new tenant can have settled
   * @param nextUpkeep how soon the next refresh is due
   */
  Outcome outcome(
      Look last, Optional<Held> held, Optional<Duration> settling, Optional<Duration> nextUpkeep) {
    Plan plan = last.plan();
    List<Failure> failures = new ArrayList<>();
    Map<String, TenantState> states = new LinkedHashMap<>();
    for (TenantPlan tenant : plan.tenants()) {
      List<ChangeResult> unresolved =
          Stream.concat(tenant.changes().stream(), dueIn(tenant, plan))
              .flatMap(change -> Optional.ofNullable(latest.get(Attempts.Key.of(change))).stream())
              .filter(result -> result.status() != ChangeResult.Status.DONE)
              .toList();
      unresolved.forEach(r -> failures.add(failure(r)));
      tenant.findings().stream()
          .filter(Outcomes::isTrouble)
          .forEach(f -> failures.add(failure(tenant.schema(), f)));
      boolean failed = unresolved.stream().anyMatch(r -> r.status() == ChangeResult.Status.FAILED);
      states.put(tenant.schema(), failed ? TenantState.FAILED : tenant.state());
    }
    for (String schema : plan.missingSchemas()) {
      states.put(schema, TenantState.FAILED);
      failures.add(
          new Failure(
              schema,
              "",
              Reason.SchemaMissing,
              "",
              schema + ": no such schema; create it, or take it out of spec.tenants.schemas."));
    }
    failures.sort(Comparator.comparing(Failure::schema).thenComparing(Failure::object));
    return new Outcome(
        last.observed(), initial, plan, all, states, failures, held, settling, nextUpkeep);
  }

  private static Stream<Change> dueIn(TenantPlan tenant, Plan plan) {
    return plan.upkeep().due().stream()
        .filter(refresh -> refresh.target().schema().equals(tenant.schema()))
        .map(Change.class::cast);
  }

  private static boolean isTrouble(Finding finding) {
    return switch (finding.verdict()) {
      case FAILED, DRIFTED, REFUSED, POSTPONED -> true;
      case WAITING, SKIPPED, NOTE -> false;
    };
  }

  private static Failure failure(String schema, Finding finding) {
    return new Failure(
        schema, finding.object(), finding.reason(), finding.sqlState(), finding.message());
  }

  private static Failure failure(ChangeResult result) {
    return new Failure(
        result.change().target().schema(),
        result.change().object(),
        result.reason(),
        result.sqlState(),
        result.message());
  }
}
