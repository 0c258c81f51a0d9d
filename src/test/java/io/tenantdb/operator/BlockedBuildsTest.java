package io.tenantdb.operator;

import static org.assertj.core.api.Assertions.assertThat;

import io.tenantdb.model.Blocker;
import io.tenantdb.model.BuildProgress;
import io.tenantdb.model.Reason;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class BlockedBuildsTest {
  private final BlockedBuilds blocked = new BlockedBuilds();

  @Test
  void a_build_and_its_blocker_are_told_once() {
    BuildProgress build = build("tenant_a", "waiting for old snapshots", Scenes.blocker(7));

    assertThat(blocked.seen(List.of(build)))
        .containsExactly(
            Notice.warning(
                Reason.WaitingForSnapshot,
                "tenant_a: batches.ix waits for " + Scenes.blocker(7).text() + "."));
    assertThat(blocked.seen(List.of(build))).isEmpty();
    assertThat(
            blocked.seen(
                List.of(build("tenant_a", "waiting for writers before build", Scenes.blocker(8)))))
        .singleElement()
        .satisfies(notice -> assertThat(notice.reason()).isEqualTo(Reason.Busy));
  }

  @Test
  void of_thousands_behind_one_blocker_a_few_are_told() {
    List<BuildProgress> builds =
        IntStream.range(0, 2000)
            .mapToObj(i -> build("tenant_" + i, "waiting for old snapshots", Scenes.blocker(7)))
            .toList();

    assertThat(blocked.seen(builds)).hasSize(5);
    assertThat(blocked.seen(builds)).isEmpty();
  }

  @Test
  void a_build_that_waits_for_nobody_is_no_news() {
    assertThat(
            blocked.seen(
                List.of(
                    new BuildProgress(
                        "tenant_a",
                        "batches.ix",
                        OptionalInt.of(5),
                        "building index",
                        Optional.empty()))))
        .isEmpty();
  }

  private static BuildProgress build(String schema, String phase, Blocker by) {
    return new BuildProgress(schema, "batches.ix", OptionalInt.empty(), phase, Optional.of(by));
  }
}
