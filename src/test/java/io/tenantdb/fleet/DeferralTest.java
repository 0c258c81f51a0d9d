package io.tenantdb.fleet;

import static org.assertj.core.api.Assertions.assertThat;

import io.tenantdb.model.Blocker;
import io.tenantdb.model.Change;
import io.tenantdb.model.ChangeResult;
import io.tenantdb.model.IndexChange.DropLeftover;
import io.tenantdb.model.Plan;
import io.tenantdb.model.Reason;
import io.tenantdb.model.Target;
import io.tenantdb.model.TenantPlan;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** Which builds come back, and when. */
class DeferralTest {

  private static final Change A = change("tenant_a");
  private static final Change B = change("tenant_b");
  private static final Blocker DUMP =
      new Blocker(7, "pg_dump", "alice", "active", OptionalLong.of(95), Optional.empty());

  private final Map<Change, Blocker> blockers = new HashMap<>();
  private final Hearing hearing = new Hearing();
  private long now = 5;
  private final Deferral deferral =
      new Deferral(
          change -> Optional.ofNullable(blockers.get(change)),
          Duration.ofMinutes(10),
          hearing,
          () -> now);

  @Test
  void what_ended_for_another_reason_is_final() {
    for (Reason reason : List.of(Reason.DuplicateRows, Reason.Busy, Reason.BuildTimeout)) {
      assertThat(deferral.takes(result(A, reason, ""), Duration.ZERO)).isFalse();
    }
    // A person's pg_cancel_backend is not undone; a deadlock is another matter.
    assertThat(deferral.takes(result(A, Reason.Interrupted, "57014"), Duration.ZERO)).isFalse();
    assertThat(deferral.takes(result(A, Reason.Interrupted, "40P01"), Duration.ZERO)).isTrue();
    assertThat(deferral.isEmpty()).isFalse();
  }

  @Test
  void one_that_was_not_started_comes_back_once_nobody_is_in_its_way() {
    blockers.put(A, DUMP);
    blockers.put(B, DUMP);
    deferral.takes(result(A, Reason.WaitingForSnapshot, ""), Duration.ZERO);
    deferral.takes(result(B, Reason.WaitingForSnapshot, ""), Duration.ZERO);
    pass(Duration.ofMinutes(1));
    assertThat(deferral.startable(Set.of())).isEmpty();
    assertThat(deferral.due()).isEmpty();
    assertThat(hearing.blockers("tenant_b")).contains(DUMP.text());

    blockers.remove(B);

    assertThat(deferral.startable(Set.of("tenant_b"))).as("somebody works on it").isEmpty();
    assertThat(deferral.startable(Set.of()).map(TenantPlan::changes)).contains(List.of(B));
    assertThat(deferral.left(B)).as("what it waited counts").isEqualTo(Duration.ofMinutes(9));
    blockers.clear();
    assertThat(deferral.due()).containsExactly(Attempts.Key.of(A));
    assertThat(deferral.isEmpty()).isTrue();
  }

  @Test
  void one_that_gave_way_comes_back_after_twice_as_long_each_time() {
    for (Duration pause : List.of(Duration.ofSeconds(10), Duration.ofSeconds(20))) {
      deferral.takes(result(A, Reason.YieldedTo, ""), Duration.ofSeconds(3));
      pass(pause.minusSeconds(1));
      assertThat(deferral.due()).isEmpty();
      pass(Duration.ofSeconds(1));
      assertThat(deferral.startable(Set.of())).as("it is planned anew first").isEmpty();
      assertThat(deferral.due()).containsExactly(Attempts.Key.of(A));
    }
    assertThat(deferral.left(A)).isEqualTo(Duration.ofMinutes(10).minusSeconds(3 + 10 + 3 + 20));
    deferral.takes(ChangeResult.done(A), Duration.ZERO);
    assertThat(deferral.left(A)).as("done with").isEqualTo(Duration.ofMinutes(10));
  }

  @Test
  void one_whose_time_is_up_is_given_up_and_names_who_was_in_its_way() {
    blockers.put(A, DUMP);
    deferral.takes(result(A, Reason.WaitingForSnapshot, ""), Duration.ofMinutes(4));
    pass(Duration.ofMinutes(5));
    assertThat(deferral.expired()).isEmpty();
    pass(Duration.ofMinutes(1));

    assertThat(deferral.expired())
        .singleElement()
        .satisfies(
            result -> {
              assertThat(result.reason()).isEqualTo(Reason.BuildTimeout);
              assertThat(result.message()).startsWith("tenant_a: ").contains(DUMP.text());
            });
    assertThat(hearing.finished).hasSize(1);
    assertThat(deferral.isEmpty()).isTrue();
  }

  @Test
  void one_that_is_planned_no_more_is_let_go() {
    deferral.takes(result(A, Reason.YieldedTo, ""), Duration.ZERO);
    Plan plan = new Plan(List.of(), List.of(), List.of());

    Patience.Waited waited = new Patience(deferral, Gate.OPEN, () -> now).await(plan);

    assertThat(waited.over()).extracting(ChangeResult::reason).containsExactly(Reason.YieldedTo);
    assertThat(deferral.isEmpty()).isTrue();
  }

  @Test
  void a_closed_gate_ends_the_waiting() {
    deferral.takes(result(A, Reason.YieldedTo, ""), Duration.ZERO);
    Plan plan =
        new Plan(List.of(new TenantPlan("tenant_a", List.of(A), List.of())), List.of(), List.of());

    Patience.Waited waited = new Patience(deferral, Gate.OBSERVE, () -> now).await(plan);

    assertThat(waited.held().map(Outcome.Held::reason)).contains(Reason.Suspended);
    assertThat(waited.over()).hasSize(1);
  }

  private void pass(Duration time) {
    now += time.toNanos();
  }

  private static Change change(String schema) {
    return new DropLeftover(
        new Target(schema, "batches", "owner"), "_tdb_b_0123456789abcdef_0123456789abcdef", false);
  }

  private static ChangeResult result(Change change, Reason reason, String sqlState) {
    return ChangeResult.postponed(change, reason, sqlState, "x");
  }
}
