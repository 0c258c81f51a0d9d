package io.tenantdb.operator;

import io.tenantdb.fleet.AggregateStanding;
import io.tenantdb.fleet.Outcome;
import io.tenantdb.model.Reason;
import io.tenantdb.model.ServerInfo;
import io.tenantdb.model.TenantState;
import java.util.Collections;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * What a pass saw and did, without its thousands of tenants.
 *
 * @param server what the server says of itself
 * @param counts tenants by state; a state without tenants may be absent
 * @param failures what failed or cannot be done, sorted
 * @param aggregates where the declared aggregates stand; empty while the pass runs
 * @param plan what was to be done while the pass runs, what is still to be done afterwards
 * @param open changes that are still to be made and did not fail for a reason that needs a person
 * @param drift the first thing that somebody changed or removed and that is not mended yet, as a
 *     sentence
 * @param held why changes were not tried
 * @param convergence what outlives this process; empty while the pass runs
 */
record Look(
    ServerInfo server,
    Map<TenantState, Integer> counts,
    List<Failure> failures,
    List<AggregateStanding> aggregates,
    PlanSummary plan,
    int open,
    Optional<String> drift,
    Optional<Outcome.Held> held,
    Optional<Remembered> convergence) {

  Look {
    EnumMap<TenantState, Integer> copy = new EnumMap<>(TenantState.class);
    copy.putAll(counts);
    counts = Collections.unmodifiableMap(copy);
    failures = List.copyOf(failures);
    aggregates = List.copyOf(aggregates);
  }

  /** Nothing of it is to outlive this process. */
  Look(
      ServerInfo server,
      Map<TenantState, Integer> counts,
      List<Failure> failures,
      List<AggregateStanding> aggregates,
      PlanSummary plan,
      int open,
      Optional<String> drift,
      Optional<Outcome.Held> held) {
    this(server, counts, failures, aggregates, plan, open, drift, held, Optional.empty());
  }

  /** The same pass, further on. */
  Look now(Map<TenantState, Integer> states, List<Failure> failed, int remaining) {
    return new Look(server, states, failed, aggregates, plan, remaining, drift, held);
  }

  /** The same, to be remembered of that spec. */
  Look remembering(Optional<Remembered> had) {
    return new Look(server, counts, failures, aggregates, plan, open, drift, held, had);
  }

  int count(TenantState state) {
    return counts.getOrDefault(state, 0);
  }

  int tenants() {
    return counts.values().stream().mapToInt(Integer::intValue).sum();
  }

  /** True when nothing failed, was refused, is pending or drifted, and some tenant has settled. */
  boolean converged() {
    return failures.isEmpty()
        && held.filter(h -> h.reason() == Reason.Settling).isEmpty()
        && open == 0
        && count(TenantState.FAILED) + count(TenantState.PENDING) + count(TenantState.DRIFTED) == 0;
  }

  /** For people: {@code 13 tenants as declared, 1 waiting.} */
  String summary() {
    if (tenants() == 0) {
      return "No schema matches spec.tenants: nothing is managed.";
    }
    StringBuilder text =
        new StringBuilder(tenants(count(TenantState.SYNCED))).append(" as declared");
    if (count(TenantState.WAITING) > 0) {
      text.append(", ").append(count(TenantState.WAITING)).append(" waiting");
    }
    if (count(TenantState.SKIPPED) > 0) {
      text.append(", ").append(count(TenantState.SKIPPED)).append(" skipped");
    }
    return text.append('.').toString();
  }

  static String tenants(int count) {
    return count == 1 ? "1 tenant" : count + " tenants";
  }
}
