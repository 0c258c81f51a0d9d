package io.tenantdb.operator;

import static org.assertj.core.api.Assertions.assertThat;

import io.tenantdb.apply.Aggregates;
import io.tenantdb.model.Blocker;
import io.tenantdb.model.BuildProgress;
import io.tenantdb.model.ChangeResult;
import io.tenantdb.model.MaterializedViewChange.RefreshMaterializedView;
import io.tenantdb.model.Reason;
import io.tenantdb.model.Target;
import io.tenantdb.model.TenantState;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import org.junit.jupiter.api.Test;

class PassTrackerTest {
  private final ManualClock clock = new ManualClock();
  private final List<Look> looks = new ArrayList<>();
  private final List<List<BuildProgress>> builds = new ArrayList<>();

  @Test
  void tenants_become_synced_as_their_changes_are_made() {
    PassTracker tracker = tracker(List.of());
    tracker.planned(
        Scenes.observed("tenant_a", "tenant_b"),
        Scenes.plan(
            Scenes.with("tenant_a", Scenes.missing("tenant_a")),
            Scenes.with("tenant_b", Scenes.missing("tenant_b"))));
    assertThat(last().count(TenantState.PENDING)).isEqualTo(2);

    clock.advance(Duration.ofSeconds(2));
    tracker.finished(ChangeResult.done(Scenes.missing("tenant_a")));
    assertThat(last().count(TenantState.SYNCED)).isEqualTo(1);
    assertThat(last().open()).isEqualTo(1);

    clock.advance(Duration.ofSeconds(2));
    tracker.finished(
        ChangeResult.failed(Scenes.missing("tenant_b"), Reason.DuplicateRows, "23505", "No."));
    assertThat(last().count(TenantState.FAILED)).isEqualTo(1);
    assertThat(last().failures()).singleElement().extracting(Failure::schema).isEqualTo("tenant_b");
  }

  @Test
  void progress_is_told_at_most_every_other_second() {
    PassTracker tracker = tracker(List.of());
    tracker.planned(
        Scenes.observed("tenant_a"),
        Scenes.plan(Scenes.with("tenant_a", Scenes.missing("tenant_a"))));
    for (int i = 0; i < 10; i++) {
      tracker.progress(
          new BuildProgress(
              "tenant_a", "batches.ix", OptionalInt.of(i), "building", Optional.empty()));
      clock.advance(Duration.ofMillis(500));
    }

    assertThat(looks).hasSizeBetween(3, 4);
    assertThat(builds.get(builds.size() - 1)).hasSize(1);
  }

  @Test
  void a_refresh_on_schedule_is_told_only_while_it_waits_for_somebody() {
    PassTracker tracker = tracker(List.of());
    tracker.planned(Scenes.observed("tenant_a"), Scenes.plan(Scenes.inSync("tenant_a")));
    RefreshMaterializedView refresh =
        Aggregates.refresh(new Target("tenant_a", "daily", "app"), Scenes.NOW);

    tracker.started(refresh);
    tracker.progress(refreshing(Optional.empty()));
    assertThat(looks).isEmpty();

    tracker.progress(refreshing(Optional.of(Scenes.blocker(7))));
    assertThat(builds).singleElement().satisfies(build -> assertThat(build).hasSize(1));
  }

  private static BuildProgress refreshing(Optional<Blocker> blocker) {
    return new BuildProgress("tenant_a", "daily rows", OptionalInt.empty(), "refreshing", blocker);
  }

  @Test
  void a_pass_with_nothing_to_do_tells_nothing_before_it_ends() {
    tracker(List.of()).planned(Scenes.observed("tenant_a"), Scenes.plan(Scenes.inSync("tenant_a")));

    assertThat(looks).isEmpty();
  }

  @Test
  void the_retry_of_what_failed_before_changes_nothing_until_it_succeeds() {
    Failure failure =
        new Failure(
            "tenant_a",
            Scenes.missing("tenant_a").object(),
            Reason.LockTimeout,
            "55P03",
            "Locked.",
            Scenes.NOW);
    PassTracker tracker = tracker(List.of(failure));
    tracker.planned(
        Scenes.observed("tenant_a"),
        Scenes.plan(Scenes.with("tenant_a", Scenes.missing("tenant_a"))));
    assertThat(looks).isEmpty();

    tracker.finished(ChangeResult.done(Scenes.missing("tenant_a")));
    assertThat(last().failures()).isEmpty();
    assertThat(last().count(TenantState.SYNCED)).isEqualTo(1);
  }

  @Test
  void one_place_that_failed_for_two_reasons_is_forgotten_whole_and_no_other() {
    String object = Scenes.missing("tenant_a").object();
    PassTracker tracker =
        tracker(
            List.of(
                failure("tenant_a", object, Reason.LockTimeout),
                failure("tenant_a", object, Reason.DuplicateRows),
                failure("tenant_a", "other.ix", Reason.DuplicateRows),
                failure("tenant_b", object, Reason.DuplicateRows)));
    tracker.planned(
        Scenes.observed("tenant_a", "tenant_b"),
        Scenes.plan(
            Scenes.with("tenant_a", Scenes.missing("tenant_a")),
            Scenes.with("tenant_b", Scenes.missing("tenant_b"))));

    tracker.finished(ChangeResult.done(Scenes.missing("tenant_a")));

    assertThat(last().failures())
        .containsExactly(
            failure("tenant_a", "other.ix", Reason.DuplicateRows),
            failure("tenant_b", object, Reason.DuplicateRows));
    assertThat(last().open()).isZero();
  }

  private static Failure failure(String schema, String object, Reason reason) {
    return new Failure(schema, object, reason, "", "No.", Scenes.NOW);
  }

  private Look last() {
    return looks.get(looks.size() - 1);
  }

  private PassTracker tracker(List<Failure> known) {
    return new PassTracker(
        clock,
        known,
        new PassTracker.Listener() {
          @Override
          public void tenants(Set<String> schemas) {}

          @Override
          public void stands(Look look, List<BuildProgress> progress) {
            looks.add(look);
            builds.add(progress);
          }

          @Override
          public void putOff(ChangeResult result) {}

          @Override
          public void ended(ChangeResult result) {}
        });
  }
}
