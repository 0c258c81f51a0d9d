package io.tenantdb.fleet;

import io.tenantdb.model.ChangeResult;
import io.tenantdb.model.Observed;
import io.tenantdb.model.Plan;
import io.tenantdb.model.Reason;
import io.tenantdb.model.TenantState;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * How a pass ended.
 *
 * @param observed what is live now
 * @param initial the plan that the pass began with
 * @param plan what is still to be done; the initial plan where nothing was changed
 * @param results every change that was tried
 * @param states where each tenant stands, by schema
 * @param failures what failed or cannot be done, sorted by tenant and object
 * @param held why changes that are needed were not tried: a closed gate, another session that acts,
 *     a server that must be left alone; empty when all were
 * @param settling how soon the first new tenant can have settled; empty without such
 * @param nextUpkeep how soon the next refresh falls due; empty when none is waited for
 * @param convergence what of the spec which tenants have had as declared; empty where that is
 *     nothing, or cannot be said in short
 */
public record Outcome(
    Observed observed,
    Plan initial,
    Plan plan,
    List<ChangeResult> results,
    Map<String, TenantState> states,
    List<Failure> failures,
    Optional<Held> held,
    Optional<Duration> settling,
    Optional<Duration> nextUpkeep,
    Optional<Convergence> convergence) {

  /** Nothing is said of what was as declared. */
  public Outcome(
      Observed observed,
      Plan initial,
      Plan plan,
      List<ChangeResult> results,
      Map<String, TenantState> states,
      List<Failure> failures,
      Optional<Held> held,
      Optional<Duration> settling,
      Optional<Duration> nextUpkeep) {
    this(
        observed,
        initial,
        plan,
        results,
        states,
        failures,
        held,
        settling,
        nextUpkeep,
        Optional.empty());
  }

  /** Without upkeep. */
  public Outcome(
      Observed observed,
      Plan initial,
      Plan plan,
      List<ChangeResult> results,
      Map<String, TenantState> states,
      List<Failure> failures,
      Optional<Held> held,
      Optional<Duration> settling) {
    this(observed, initial, plan, results, states, failures, held, settling, Optional.empty());
  }

  /** The same with what of the spec which tenants have had as declared. */
  Outcome remembering(Optional<Convergence> had) {
    return new Outcome(
        observed, initial, plan, results, states, failures, held, settling, nextUpkeep, had);
  }

  /** How soon another pass would see more, where that is sooner than the interval. */
  public Optional<Duration> nextLook() {
    return Stream.of(settling, nextUpkeep).flatMap(Optional::stream).min(Duration::compareTo);
  }

  /** Why changes were not tried. */
  public record Held(Reason reason, String message) {}

  /**
   * What failed or cannot be done.
   *
   * @param object without the tenant; empty text where it is the tenant itself
   * @param sqlState empty text where PostgreSQL was not the one that said so
   * @param message one sentence that names tenant and object and says what to do
   */
  public record Failure(
      String schema, String object, Reason reason, String sqlState, String message) {}

  /** The failures that are more than a change which {@code spec.safety} refuses. */
  public List<Failure> beyondRefused() {
    Set<List<Object>> refused =
        plan.refused().stream()
            .map(r -> key(r.change().target().schema(), r.change().object(), r.reason()))
            .collect(Collectors.toSet());
    return failures.stream()
        .filter(f -> !refused.contains(key(f.schema(), f.object(), f.reason())))
        .toList();
  }

  private static List<Object> key(String schema, String object, Reason reason) {
    return List.of(schema, object, reason);
  }

  /** How many tenants are in the state. */
  public long count(TenantState state) {
    return states.values().stream().filter(s -> s == state).count();
  }

  /** Where the declared aggregates stand, by name. */
  public List<AggregateStanding> aggregates() {
    return AggregateStanding.of(observed, plan);
  }

  /** How many changes were carried out. */
  public long applied() {
    return results.stream().filter(r -> r.status() == ChangeResult.Status.DONE).count();
  }

  /** True when nothing failed, is pending, drifted or refused, and every declared schema exists. */
  public boolean converged() {
    return failures.isEmpty()
        && plan.empty()
        && count(TenantState.FAILED) + count(TenantState.PENDING) + count(TenantState.DRIFTED) == 0;
  }
}
