package io.tenantdb.operator;

import static org.assertj.core.api.Assertions.assertThat;

import io.tenantdb.model.Reason;
import io.tenantdb.model.TenantState;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class ScheduleTest {
  private static final Problem DOWN = Problem.of(Reason.ServerUnavailable, "Down.");
  private static final Problem SECRET = Problem.of(Reason.SecretNotFound, "No Secret.");

  private final Schedule schedule = new Schedule(new ManualClock(), () -> 0.5);

  @Test
  void what_passes_is_tried_again_after_delays_that_double_up_to_five_minutes() {
    Assignment hourly = new Assignment.Blocked(1, Duration.ofHours(1), DOWN);
    assertThat(seconds(schedule.afterProblem(hourly, DOWN))).isEqualTo(5);
    assertThat(seconds(schedule.afterProblem(hourly, DOWN))).isEqualTo(10);
    assertThat(seconds(schedule.afterProblem(hourly, DOWN))).isEqualTo(20);
    for (int i = 0; i < 10; i++) {
      schedule.afterProblem(hourly, DOWN);
    }
    assertThat(seconds(schedule.afterProblem(hourly, DOWN))).isEqualTo(300);
  }

  @Test
  void no_retry_waits_longer_than_the_interval() {
    Assignment often = new Assignment.Blocked(1, Duration.ofSeconds(8), DOWN);
    schedule.afterProblem(often, DOWN);
    assertThat(seconds(schedule.afterProblem(often, DOWN))).isEqualTo(8);
  }

  @Test
  void what_needs_a_person_waits_for_the_interval_and_ends_the_row_of_failures() {
    Assignment hourly = new Assignment.Blocked(1, Duration.ofHours(1), SECRET);
    schedule.afterProblem(hourly, DOWN);
    schedule.afterProblem(hourly, DOWN);
    assertThat(seconds(schedule.afterProblem(hourly, SECRET))).isEqualTo(3600);
    assertThat(seconds(schedule.afterProblem(hourly, DOWN))).isEqualTo(5);
  }

  @Test
  void a_pass_that_left_changes_open_is_repeated_soon_unless_suspended() {
    assertThat(seconds(schedule.afterPass(work(false), look(1), Optional.empty()))).isEqualTo(5);
    assertThat(seconds(schedule.afterPass(work(true), look(1), Optional.empty()))).isEqualTo(3600);
    assertThat(seconds(schedule.afterPass(work(false), look(0), Optional.empty()))).isEqualTo(3600);
  }

  @Test
  void a_new_tenant_is_looked_at_once_it_has_settled_and_never_at_once() {
    Assignment.Work work = work(false);
    assertThat(seconds(schedule.afterPass(work, look(0), Optional.of(Duration.ofSeconds(30)))))
        .isEqualTo(30);
    assertThat(seconds(schedule.afterPass(work, look(0), Optional.of(Duration.ZERO)))).isEqualTo(1);
    assertThat(seconds(schedule.afterPass(work, look(0), Optional.of(Duration.ofHours(2)))))
        .isEqualTo(3600);
  }

  private static long seconds(Instant next) {
    return Duration.between(Scenes.NOW, next).toSeconds();
  }

  private static Look look(int open) {
    return Looks.of(Scenes.outcome(Scenes.plan(Scenes.inSync("tenant_a")), List.of()), List.of())
        .now(Map.of(TenantState.SYNCED, 1), List.of(), open);
  }

  private static Assignment.Work work(boolean suspended) {
    return new Assignment.Work(
        1, Duration.ofHours(1), Scenes.desired(), Scenes.settings("x"), suspended, Claims.NONE);
  }
}
