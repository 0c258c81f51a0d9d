package io.tenantdb.fleet;

import static org.assertj.core.api.Assertions.assertThat;

import io.tenantdb.apply.Aggregates;
import io.tenantdb.model.Change;
import io.tenantdb.model.ChangeResult;
import io.tenantdb.model.Dependencies;
import io.tenantdb.model.Desired;
import io.tenantdb.model.HypertableChange.ConvertTable;
import io.tenantdb.model.HypertableChange.SetCompression;
import io.tenantdb.model.IndexChange.CreateIndex;
import io.tenantdb.model.IndexChange.DropLeftover;
import io.tenantdb.model.IndexReplacement.RepairIndex;
import io.tenantdb.model.Reason;
import io.tenantdb.model.Target;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/** Which changes are tried, and when. */
class AttemptsTest {

  private static final Instant T0 = Instant.parse("2026-01-01T00:00:00Z");
  private static final Desired DESIRED = Fruit.selecting(List.of(), Duration.ZERO);
  private static final Target BATCHES = new Target("tenant_a", "batches", "owner");

  private final Attempts attempts = new Attempts();

  @Test
  void a_failed_build_rests_twice_as_long_each_time_and_an_hour_at_most() {
    attempts.begin(DESIRED);
    for (int failure = 0; failure < 30; failure++) {
      attempts.note(List.of(failed()), T0);
    }
    assertThat(attempts.resting(build(), T0.plus(Duration.ofMinutes(59)))).isPresent();
    assertThat(attempts.resting(build(), T0.plus(Duration.ofHours(1)))).isEmpty();
  }

  @Test
  void the_first_pause_is_short_and_says_how_it_failed() {
    attempts.begin(DESIRED);
    attempts.note(List.of(failed()), T0);

    assertThat(attempts.resting(build(), T0.plusSeconds(9)))
        .hasValueSatisfying(r -> assertThat(r.reason()).isEqualTo(Reason.DuplicateRows));
    assertThat(attempts.resting(build(), T0.plusSeconds(10))).isEmpty();
  }

  @Test
  void a_changed_spec_and_a_success_forget_the_failure() {
    attempts.begin(DESIRED);
    attempts.note(List.of(failed()), T0);
    attempts.begin(Fruit.selecting(List.of("public"), Duration.ZERO));
    assertThat(attempts.resting(build(), T0)).isEmpty();

    attempts.note(List.of(failed()), T0);
    attempts.note(List.of(ChangeResult.done(build())), T0);
    assertThat(attempts.resting(build(), T0)).isEmpty();
  }

  @Test
  void what_would_only_fail_for_want_of_an_earlier_change_is_left_out() {
    Change convert = new ConvertTable(BATCHES, "intake_date", Optional.empty(), "public");
    Change settings =
        new SetCompression(
            BATCHES, "not enabled", Optional.empty(), Optional.empty(), false, Optional.empty());
    Change leftover = new DropLeftover(BATCHES, build().reservedName(), false);
    Change otherLeftover = new DropLeftover(BATCHES, "_tdb_b_0_0", false);

    assertThat(Dependencies.needs(build(), convert)).isTrue();
    assertThat(Dependencies.needs(build(), settings)).isFalse();
    assertThat(Dependencies.needs(build(), leftover)).isTrue();
    assertThat(Dependencies.needs(build(), otherLeftover)).isFalse();
  }

  @Test
  void every_lasting_change_rests_and_what_locks_writers_out_does() {
    Target daily = new Target("tenant_a", "daily", "owner");
    attempts.begin(DESIRED);
    for (Change change :
        List.of(
            Replacements.of(BATCHES),
            new RepairIndex(Replacements.of(BATCHES).build(), Replacements.of(BATCHES).old()),
            Aggregates.fill(daily, "batches", Optional.empty()),
            Aggregates.refresh(daily, T0),
            Aggregates.createView(daily, "SELECT 1 AS a", List.of("a")),
            Aggregates.create(daily, "SELECT 1", "batches"))) {
      attempts.note(
          List.of(ChangeResult.failed(change, Reason.DefinitionRefused, "42703", "no.")), T0);

      assertThat(attempts.resting(change, T0)).as(change.kind()).isPresent();
    }
  }

  private static ChangeResult failed() {
    return ChangeResult.failed(build(), Reason.DuplicateRows, "23505", "tenant_a: no.");
  }

  private static CreateIndex build() {
    return Replacements.of(BATCHES).build();
  }
}
