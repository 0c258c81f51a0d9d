package io.tenantdb.fleet;

import static org.assertj.core.api.Assertions.assertThat;

import io.tenantdb.apply.Aggregates;
import io.tenantdb.fleet.Outcome.Held;
import io.tenantdb.model.Change;
import io.tenantdb.model.ChangeResult;
import io.tenantdb.model.Desired;
import io.tenantdb.model.Observed;
import io.tenantdb.model.Plan;
import io.tenantdb.model.PolicyChange.AddPolicy;
import io.tenantdb.model.PolicyKind;
import io.tenantdb.model.Reason;
import io.tenantdb.model.Target;
import io.tenantdb.model.TenantPlan;
import io.tenantdb.model.TimeSpan;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;
import java.util.function.Supplier;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** How often a pass looks, and what it leaves out. */
class RoundsTest {

  private static final TimeSpan DAY = new TimeSpan.Interval("1 day");
  private static final Target BATCHES = new Target("tenant_a", "batches", "owner");
  private static final Target DAILY = new Target("tenant_a", "daily", "owner");

  private final Observed observed = Looking.observed();
  private final List<Change> tried = new ArrayList<>();

  @Test
  void what_needs_a_change_that_rests_is_not_tried_either() {
    Change create = Aggregates.create(DAILY, "SELECT 1", "batches");
    Change fill = Aggregates.fill(DAILY, "batches", Optional.of(DAY));
    Change retention =
        new AddPolicy(
            BATCHES,
            PolicyKind.RETENTION,
            DAY,
            Optional.empty(),
            0,
            Aggregates.mark(BATCHES),
            "public",
            false,
            false);
    Change compression =
        new AddPolicy(
            BATCHES,
            PolicyKind.COMPRESSION,
            DAY,
            Optional.empty(),
            0,
            Aggregates.mark(BATCHES),
            "public",
            false,
            false);
    Plan plan = plan(List.of(create, fill, compression, retention));

    run(() -> plan, Set.of(create), Looking.desired(0));

    assertThat(tried).containsExactly(compression);
  }

  @Test
  void one_aggregate_more_is_one_round_more() {
    for (int aggregates : List.of(0, 4)) {
      tried.clear();
      // Each look finds something else to do: a defect that must come to an end.
      run(
          () ->
              plan(
                  List.of(
                      Aggregates.create(
                          new Target("tenant_a", "a" + tried.size(), "owner"), "SELECT 1", "x"))),
          Set.of(),
          Looking.desired(aggregates));

      assertThat(tried).hasSize(3 + aggregates);
    }
  }

  @Test
  void what_a_failed_change_left_to_be_done_is_tried_in_the_same_pass() {
    Change create = Aggregates.create(DAILY, "SELECT 1", "batches");
    Change fill = Aggregates.fill(DAILY, "batches", Optional.of(DAY));

    run(
        () -> plan(tried.isEmpty() ? List.of(create) : List.of(fill)),
        Set.of(),
        Looking.desired(0),
        change -> ChangeResult.failed(change, Reason.InsufficientPrivilege, "42501", "no."));

    assertThat(tried).containsExactly(create, fill);
  }

  private void run(Supplier<Plan> plans, Set<Change> resting, Desired desired) {
    run(plans, resting, desired, ChangeResult::done);
  }

  private void run(
      Supplier<Plan> plans,
      Set<Change> resting,
      Desired desired,
      Function<Change, ChangeResult> ends) {
    Function<Change, Optional<ChangeResult>> notNow =
        change ->
            resting.contains(change)
                ? Optional.of(ChangeResult.failed(change, Reason.DefinitionRefused, "0A000", "no."))
                : Optional.empty();
    Deferral deferral =
        new Deferral(
            change -> Optional.empty(),
            desired.safety().buildTimeout(),
            PassListener.NONE,
            System::nanoTime);
    Rounds rounds =
        new Rounds(
            () -> new Look(observed, plans.get()),
            notNow,
            new Outcomes(plan(List.of())),
            deferral,
            new Patience(deferral, Gate.OPEN, System::nanoTime),
            desired);
    Optional<Held> held =
        rounds.run(
            plan -> {
              tried.addAll(plan.changes());
              return new Rollout.Done(plan.changes().stream().map(ends).toList(), Optional.empty());
            });
    assertThat(held).isEmpty();
  }

  private static Plan plan(List<Change> changes) {
    return new Plan(List.of(new TenantPlan("tenant_a", changes, List.of())), List.of(), List.of());
  }

  /** What is looked at. */
  static final class Looking {
    private Looking() {}

    static Observed observed() {
      return SightingsTest.observed(SightingsTest.T0);
    }

    /** With so many aggregates. */
    static Desired desired(int aggregates) {
      Desired base = Fruit.selecting(List.of(), Duration.ZERO);
      return new Desired(
          base.ownerId(),
          base.tenants(),
          base.indexes(),
          base.hypertables(),
          IntStream.range(0, aggregates)
              .mapToObj(i -> Aggregates.aggregate("a" + i, "SELECT 1", List.of()))
              .toList(),
          base.overrides(),
          base.whenTimescaleMissing(),
          base.safety());
    }
  }
}
