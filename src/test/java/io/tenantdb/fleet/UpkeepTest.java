package io.tenantdb.fleet;

import static org.assertj.core.api.Assertions.assertThat;

import io.tenantdb.apply.Aggregates;
import io.tenantdb.model.Change;
import io.tenantdb.model.ChangeResult;
import io.tenantdb.model.MaterializedViewChange.RefreshMaterializedView;
import io.tenantdb.model.Plan;
import io.tenantdb.model.Reason;
import io.tenantdb.model.Target;
import io.tenantdb.model.TenantPlan;
import io.tenantdb.model.TenantState;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/** What is done on schedule. */
class UpkeepTest {

  private static final Instant T0 = SightingsTest.T0;

  private final RefreshMaterializedView first = refresh("tenant_z");
  private final RefreshMaterializedView second = refresh("tenant_a");
  private final Plan.Upkeep due =
      new Plan.Upkeep(List.of(first, second), Optional.of(T0.plusSeconds(40)));
  private final Plan plan =
      new Plan(List.of(inSync("tenant_a"), inSync("tenant_z")), List.of(), List.of(), due);
  private final Outcomes outcomes = new Outcomes(plan);
  private final List<Change> tried = new ArrayList<>();

  @Test
  void the_longest_overdue_is_first_whatever_the_tenant_is_called() {
    upkeep(Optional.empty()).run(due, this::done);

    assertThat(tried).containsExactly(first, second);
  }

  @Test
  void one_that_rests_is_left_out_and_still_told() {
    ChangeResult before =
        ChangeResult.failed(first, Reason.DuplicateRows, "23505", "tenant_z: no.");

    upkeep(Optional.of(before)).run(due, this::done);

    assertThat(tried).containsExactly(second);
    Outcome outcome = outcome();
    assertThat(outcome.states())
        .containsEntry("tenant_z", TenantState.FAILED)
        .containsEntry("tenant_a", TenantState.SYNCED);
    assertThat(outcome.failures())
        .singleElement()
        .satisfies(f -> assertThat(f.message()).isEqualTo("tenant_z: no."));
  }

  @Test
  void one_that_could_not_be_done_now_is_told_and_fails_no_tenant() {
    upkeep(Optional.empty())
        .run(
            due,
            plan ->
                new Rollout.Done(
                    plan.changes().stream()
                        .map(c -> ChangeResult.postponed(c, Reason.LockTimeout, "55P03", "later."))
                        .toList(),
                    Optional.empty()));

    assertThat(outcome().states()).doesNotContainValue(TenantState.FAILED);
    assertThat(outcome().failures()).hasSize(2);
    assertThat(outcome().plan().empty()).as("upkeep is no difference").isTrue();
  }

  @Test
  void nothing_due_opens_no_session() {
    Rollout.Done done =
        upkeep(Optional.empty())
            .run(
                Plan.Upkeep.NONE,
                plan -> {
                  throw new AssertionError("nothing is to be done");
                });

    assertThat(done.changed()).isFalse();
  }

  @Test
  void a_pass_acts_for_upkeep_alone_and_not_behind_a_closed_gate() {
    Look look = new Look(RoundsTest.Looking.observed(), plan);

    assertThat(Admission.of(look, Gate.OPEN).acts()).isTrue();
    assertThat(Admission.of(look, Gate.OPEN).changes()).isFalse();
    assertThat(Admission.of(look, Gate.OBSERVE).acts()).isFalse();
    assertThat(Admission.of(look, Gate.OBSERVE).held()).as("no change of the plan waits").isEmpty();
  }

  @Test
  void changes_that_wait_for_the_gate_do_not_keep_upkeep_waiting() {
    Change waiting = Aggregates.create(on("tenant_a"), "SELECT 1", "batches");
    Look look =
        new Look(
            RoundsTest.Looking.observed(),
            new Plan(
                List.of(new TenantPlan("tenant_a", List.of(waiting), List.of())),
                List.of(),
                List.of(),
                due));
    Gate refreshesOnly =
        change ->
            change instanceof RefreshMaterializedView
                ? Optional.empty()
                : Optional.of(Reason.Progressing);

    Admission admission = Admission.of(look, refreshesOnly);

    assertThat(admission.held()).isPresent();
    assertThat(admission.changes()).isFalse();
    assertThat(admission.upkeep()).isTrue();
  }

  @Test
  void the_next_look_is_the_sooner_of_settling_and_upkeep() {
    Look look = new Look(RoundsTest.Looking.observed(), plan);
    Optional<Duration> short1 = Optional.of(Duration.ofSeconds(5));
    Optional<Duration> long1 = Optional.of(Duration.ofSeconds(50));

    assertThat(outcomes.outcome(look, Optional.empty(), short1, long1).nextLook())
        .isEqualTo(short1);
    assertThat(outcomes.outcome(look, Optional.empty(), long1, short1).nextLook())
        .isEqualTo(short1);
    assertThat(outcomes.outcome(look, Optional.empty(), Optional.empty(), long1).nextLook())
        .isEqualTo(long1);
  }

  private Upkeep upkeep(Optional<ChangeResult> resting) {
    return new Upkeep(change -> resting.filter(r -> r.change().equals(change)), outcomes);
  }

  private Rollout.Done done(Plan now) {
    tried.addAll(now.changes());
    return new Rollout.Done(
        now.changes().stream().map(ChangeResult::done).toList(), Optional.empty());
  }

  private Outcome outcome() {
    return outcomes.outcome(
        new Look(RoundsTest.Looking.observed(), plan),
        Optional.empty(),
        Optional.empty(),
        Optional.empty());
  }

  private static TenantPlan inSync(String schema) {
    return new TenantPlan(schema, List.of(), List.of());
  }

  private static Target on(String schema) {
    return new Target(schema, "daily", "owner");
  }

  private static RefreshMaterializedView refresh(String schema) {
    return Aggregates.refresh(on(schema), T0);
  }
}
