package io.tenantdb.operator;

import static org.assertj.core.api.Assertions.assertThat;

import io.fabric8.kubernetes.api.model.Condition;
import io.tenantdb.api.v1alpha1.TenantDatabaseStatus;
import io.tenantdb.api.v1alpha1.TenantDatabaseStatus.IndexStatus;
import io.tenantdb.api.v1alpha1.TenantDatabaseStatus.RedundancyStatus;
import io.tenantdb.fleet.AggregateStanding;
import io.tenantdb.fleet.Outcome;
import io.tenantdb.model.Blocker;
import io.tenantdb.model.BuildProgress;
import io.tenantdb.model.IndexReport;
import io.tenantdb.model.IndexUsage;
import io.tenantdb.model.Reason;
import io.tenantdb.model.ServerInfo;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

class StatusWriterTest {
  private static final Outcome CONVERGED =
      Scenes.outcome(Scenes.plan(Scenes.inSync("tenant_a"), Scenes.waiting("tenant_b")), List.of());

  @Test
  void a_converged_generation_is_ready_and_neither_reconciling_nor_stalled() {
    TenantDatabaseStatus status = status(Scenes.done(3, CONVERGED), 3);

    assertThat(status.observedGeneration()).isEqualTo(3);
    assertThat(types(status))
        .containsExactly("Connected", "DriftDetected", "Ready", "TimescaleAvailable");
    assertThat(condition(status, "Ready").getStatus()).isEqualTo("True");
    assertThat(condition(status, "Ready").getReason()).isEqualTo("Converged");
    assertThat(condition(status, "Ready").getMessage())
        .isEqualTo("1 tenant as declared, 1 waiting.");
    assertThat(status.conditions())
        .allSatisfy(c -> assertThat(c.getObservedGeneration()).isEqualTo(3));
    assertThat(status.tenants())
        .isEqualTo(new TenantDatabaseStatus.TenantsStatus(2, 1, 0, 0, 0, 1, 0));
    assertThat(status.plan()).isNull();
  }

  @Test
  void a_resource_that_nobody_looked_at_has_no_observed_generation() {
    TenantDatabaseStatus status = status(Snapshot.NONE, 1);

    assertThat(status.observedGeneration()).isNull();
    assertThat(condition(status, "Ready").getStatus()).isEqualTo("Unknown");
    assertThat(condition(status, "Ready").getReason()).isEqualTo("Pending");
    assertThat(condition(status, "Reconciling").getStatus()).isEqualTo("True");
  }

  @Test
  void a_newer_generation_is_reconciling_and_not_observed_until_it_was_evaluated() {
    TenantDatabaseStatus status = status(Scenes.done(3, CONVERGED), 4);

    assertThat(status.observedGeneration()).isEqualTo(3);
    assertThat(condition(status, "Ready").getObservedGeneration()).isEqualTo(3);
    assertThat(condition(status, "Reconciling").getObservedGeneration()).isEqualTo(4);
    assertThat(condition(status, "Reconciling").getMessage()).contains("Generation 4");
  }

  @Test
  void a_restart_keeps_the_status_as_it_was_until_the_first_look() {
    TenantDatabaseStatus before = status(Scenes.done(3, CONVERGED), 3);

    assertThat(status(Snapshot.NONE, 3, before, Scenes.NOW.plusSeconds(60))).isEqualTo(before);
  }

  @Test
  void what_needs_a_person_stalls_and_what_passes_is_reconciling() {
    for (Reason reason :
        List.of(
            Reason.SpecInvalid,
            Reason.SecretNotFound,
            Reason.AuthenticationFailed,
            Reason.InsufficientPrivilege)) {
      TenantDatabaseStatus status = status(Scenes.problem(2, reason), 2);
      assertThat(types(status)).as(reason.name()).contains("Stalled").doesNotContain("Reconciling");
      assertThat(condition(status, "Stalled").getReason()).isEqualTo(reason.name());
      assertThat(condition(status, "Ready").getStatus()).isEqualTo("False");
      assertThat(status.observedGeneration()).isEqualTo(2);
    }
    for (Reason reason :
        List.of(Reason.ConnectionFailed, Reason.ServerUnavailable, Reason.InternalError)) {
      TenantDatabaseStatus status = status(Scenes.problem(2, reason), 2);
      assertThat(types(status)).as(reason.name()).contains("Reconciling").doesNotContain("Stalled");
    }
  }

  @Test
  void it_is_not_ready_while_every_tenant_is_still_settling() {
    Outcome untouched =
        Scenes.settling(Scenes.outcome(Scenes.plan(Scenes.unsettled("tenant_a")), List.of()));
    TenantDatabaseStatus status = status(Scenes.done(1, untouched), 1);

    assertThat(condition(status, "Ready"))
        .extracting(Condition::getStatus, Condition::getReason)
        .containsExactly("False", "Settling");
    assertThat(types(status)).contains("Reconciling").doesNotContain("Stalled");
  }

  @Test
  void at_the_first_look_of_a_process_it_is_not_known_who_is_new_so_it_is_not_ready() {
    Outcome oneSettles =
        Scenes.settling(
            Scenes.outcome(
                Scenes.plan(Scenes.inSync("tenant_a"), Scenes.unsettled("tenant_b")), List.of()));
    Look look = Looks.of(oneSettles, List.of(), true);
    TenantDatabaseStatus status =
        status(new Snapshot(1, false, false, Optional.empty(), Optional.of(look), List.of()), 1);

    assertThat(condition(status, "Ready"))
        .extracting(Condition::getStatus, Condition::getReason)
        .containsExactly("False", "Settling");
  }

  @Test
  void what_failed_and_what_was_planned_is_gone_once_a_look_finds_nothing() {
    Outcome trouble =
        Scenes.outcome(
            Scenes.plan(Scenes.with("tenant_a", Scenes.missing("tenant_a"))),
            List.of(Scenes.failure("tenant_a", Reason.DuplicateRows)));
    TenantDatabaseStatus before = status(Scenes.done(3, trouble), 3);
    assertThat(before.failures()).isNotEmpty();
    assertThat(before.plan()).isNotNull();

    TenantDatabaseStatus after =
        status(Scenes.done(3, CONVERGED), 3, before, Scenes.NOW.plusSeconds(9));

    assertThat(after.failures()).isNull();
    assertThat(after.plan()).isNull();
  }

  @Test
  void a_new_tenant_that_settles_beside_others_does_not_count_against_ready() {
    Outcome oneIsNew =
        Scenes.settling(
            Scenes.outcome(
                Scenes.plan(Scenes.inSync("tenant_a"), Scenes.unsettled("tenant_b")), List.of()));

    assertThat(condition(status(Scenes.done(1, oneIsNew), 1), "Ready").getStatus())
        .isEqualTo("True");
  }

  @Test
  void connected_says_what_a_role_without_statistics_does_not_see() {
    Look look = Scenes.withoutStatistics(Scenes.look(CONVERGED));

    Condition connected =
        condition(
            status(
                new Snapshot(1, false, false, Optional.empty(), Optional.of(look), List.of()), 1),
            "Connected");

    assertThat(connected.getStatus()).isEqualTo("True");
    assertThat(connected.getMessage())
        .contains("without pg_read_all_stats")
        .contains("safety.buildTimeout");
    assertThat(condition(status(Scenes.done(1, CONVERGED), 1), "Connected").getMessage())
        .doesNotContain("pg_read_all_stats");
  }

  @Test
  void an_invalid_spec_says_nothing_of_the_connection() {
    assertThat(types(status(Scenes.problem(2, Reason.SpecInvalid), 2))).doesNotContain("Connected");
    assertThat(condition(status(Scenes.problem(2, Reason.SecretNotFound), 2), "Connected"))
        .extracting(Condition::getStatus, Condition::getReason)
        .containsExactly("False", "SecretNotFound");
  }

  @Test
  void a_lost_connection_keeps_what_was_known_of_the_tenants() {
    TenantDatabaseStatus before = status(Scenes.done(3, CONVERGED), 3);

    TenantDatabaseStatus lost =
        status(Scenes.problem(3, Reason.ConnectionFailed), 3, before, Scenes.NOW.plusSeconds(9));

    assertThat(lost.tenants()).isEqualTo(before.tenants());
    assertThat(lost.database()).isEqualTo(before.database());
    assertThat(condition(lost, "TimescaleAvailable"))
        .isEqualTo(condition(before, "TimescaleAvailable"));
    assertThat(condition(lost, "Connected").getStatus()).isEqualTo("False");
  }

  @Test
  void a_refused_destructive_change_stalls_and_says_what_would_permit_it() {
    Outcome.Failure refused =
        new Outcome.Failure(
            "tenant_a",
            "batch_history retention",
            Reason.DestructiveDenied,
            "",
            "tenant_a: batch_history retention would drop chunks at its next run;"
                + " spec.safety.onDestructive: Allow permits it.");
    TenantDatabaseStatus status =
        status(
            Scenes.done(
                1, Scenes.outcome(Scenes.plan(Scenes.inSync("tenant_a")), List.of(refused))),
            1);

    assertThat(condition(status, "Stalled").getReason()).isEqualTo("DestructiveDenied");
    assertThat(condition(status, "Ready").getMessage())
        .contains("tenant_a", "batch_history", "safety.onDestructive: Allow");
  }

  @Test
  void suspended_changes_are_told_and_nothing_goes_on() {
    Outcome outcome =
        Scenes.held(
            Scenes.plan(Scenes.with("tenant_a", Scenes.missing("tenant_a"))),
            Reason.Suspended,
            "Changes wait: Suspended.");
    Snapshot snapshot =
        new Snapshot(
            1, false, true, Optional.empty(), Optional.of(Scenes.look(outcome)), List.of());

    TenantDatabaseStatus status = status(snapshot, 1);

    assertThat(condition(status, "Ready"))
        .extracting(Condition::getStatus, Condition::getReason)
        .containsExactly("False", "Suspended");
    assertThat(types(status)).doesNotContain("Reconciling", "Stalled");
    assertThat(
            condition(
                    status(
                        new Snapshot(
                            1,
                            false,
                            true,
                            Optional.empty(),
                            Optional.of(Scenes.look(CONVERGED)),
                            List.of()),
                        1),
                    "Ready")
                .getStatus())
        .isEqualTo("True");
  }

  @Test
  void drift_is_told_by_tenant_and_object() {
    TenantDatabaseStatus status =
        status(
            Scenes.done(
                1,
                Scenes.outcome(
                    Scenes.plan(
                        Scenes.with("tenant_a", Scenes.drift("tenant_a")),
                        Scenes.with("tenant_b", Scenes.drift("tenant_b"))),
                    List.of())),
            1);

    assertThat(condition(status, "DriftDetected").getStatus()).isEqualTo("True");
    assertThat(condition(status, "DriftDetected").getMessage())
        .contains("tenant_a", "ix_batches", "(and 1 more)");
    assertThat(types(status)).contains("Reconciling");
  }

  @Test
  void timescale_is_told_by_edition() {
    assertThat(timescale(ServerInfo.Edition.COMMUNITY))
        .extracting(Condition::getStatus, Condition::getReason)
        .containsExactly("True", "TimescaleCommunity");
    assertThat(timescale(ServerInfo.Edition.APACHE))
        .extracting(Condition::getStatus, Condition::getReason)
        .containsExactly("False", "TimescaleLicense");
    assertThat(timescale(ServerInfo.Edition.NONE))
        .extracting(Condition::getStatus, Condition::getReason)
        .containsExactly("False", "TimescaleMissing");
    assertThat(timescale(ServerInfo.Edition.BROKEN).getMessage()).contains("2.20.0");
  }

  @Test
  void the_same_snapshot_over_its_own_status_is_the_same_status_at_any_time() {
    Snapshot snapshot =
        Scenes.done(
            1,
            Scenes.outcome(
                Scenes.plan(Scenes.with("tenant_a", Scenes.missing("tenant_a"))),
                List.of(Scenes.failure("tenant_a", Reason.DuplicateRows))));
    TenantDatabaseStatus first = status(snapshot, 1);

    assertThat(status(snapshot, 1, first, Scenes.NOW.plus(Duration.ofDays(1)))).isEqualTo(first);
  }

  @Test
  void the_transition_time_is_kept_while_the_status_stays_and_new_when_it_changes() {
    TenantDatabaseStatus before = status(Scenes.done(1, CONVERGED), 1);
    Instant later = Scenes.NOW.plusSeconds(600);

    Outcome other = Scenes.outcome(Scenes.plan(Scenes.inSync("tenant_a")), List.of());
    TenantDatabaseStatus same = status(Scenes.done(1, other), 1, before, later);
    assertThat(condition(same, "Ready").getMessage())
        .isNotEqualTo(condition(before, "Ready").getMessage());
    assertThat(condition(same, "Ready").getLastTransitionTime()).isEqualTo("2026-03-01T12:00:00Z");

    TenantDatabaseStatus lost =
        status(Scenes.problem(1, Reason.ConnectionFailed), 1, before, later);
    assertThat(condition(lost, "Ready").getLastTransitionTime()).isEqualTo("2026-03-01T12:10:00Z");
  }

  @Test
  void at_most_twenty_failures_are_listed_oldest_first_each_cut_to_256_characters() {
    List<Failure> failures = new ArrayList<>();
    for (int i = 0; i < 30; i++) {
      failures.add(
          new Failure(
              "tenant_%02d".formatted(i),
              "batches.ix",
              Reason.DuplicateRows,
              "23505",
              "x".repeat(500),
              Scenes.NOW.minusSeconds(i)));
    }
    Look look = Looks.of(CONVERGED, failures);
    TenantDatabaseStatus status =
        status(new Snapshot(1, false, false, Optional.empty(), Optional.of(look), List.of()), 1);

    assertThat(status.failures()).hasSize(20);
    assertThat(status.failures().get(0).schema()).isEqualTo("tenant_29");
    assertThat(status.failures()).allSatisfy(f -> assertThat(f.message()).hasSize(256));
  }

  @Test
  void a_failure_keeps_its_end_and_a_template_what_differs() {
    String keys = "btree (" + "grower_id, ".repeat(60) + "status)";
    Failure failure =
        new Failure(
            "tenant_a",
            "batches.ix",
            Reason.Conflict,
            "",
            "tenant_a: " + "so it is, ".repeat(60) + "; rename one of them.",
            Scenes.NOW);
    Look base = Scenes.look(CONVERGED);
    PlanSummary plan =
        new PlanSummary(
            "0".repeat(32),
            0,
            1,
            0,
            List.of(
                new PlanSummary.Line(
                    "ReplaceIndex", "batches.ix", keys, keys + " WHERE (is_open)", "None", 1)));
    Look look =
        new Look(
            base.server(),
            base.counts(),
            List.of(failure),
            List.of(),
            plan,
            0,
            Optional.empty(),
            Optional.empty());
    TenantDatabaseStatus status =
        status(new Snapshot(1, false, false, Optional.empty(), Optional.of(look), List.of()), 1);

    assertThat(status.failures().get(0).message())
        .hasSize(256)
        .startsWith("tenant_a: so it is")
        .endsWith("; rename one of them.");
    assertThat(status.plan().templates().get(0).before()).hasSizeLessThan(201).endsWith("status)");
    assertThat(status.plan().templates().get(0).after())
        .hasSizeLessThan(201)
        .endsWith("status) WHERE (is_open)");
  }

  @Test
  void a_status_is_never_longer_than_24_kib() {
    String wide = "ü€".repeat(12);
    List<Failure> failures = new ArrayList<>();
    List<PlanSummary.Line> lines = new ArrayList<>();
    List<BuildProgress> progress = new ArrayList<>();
    for (int i = 0; i < 40; i++) {
      failures.add(
          new Failure(
              wide + i,
              wide + "." + wide,
              Reason.CertificateAuthorityNotFound,
              "23505",
              "€".repeat(500),
              Scenes.NOW));
      lines.add(
          new PlanSummary.Line(
              "CreateIndex", wide + "." + wide, "€".repeat(900), "€".repeat(900), "None", 5000));
      progress.add(
          new BuildProgress(
              wide,
              wide + "." + wide,
              OptionalInt.of(7),
              "€".repeat(60),
              Optional.of(
                  new Blocker(
                      7,
                      "€".repeat(64),
                      "€".repeat(63),
                      "idle in transaction",
                      OptionalLong.of(1),
                      Optional.empty()))));
    }
    Look base = Scenes.look(CONVERGED);
    List<AggregateStanding> standings =
        Stream.generate(
                () ->
                    new AggregateStanding(
                        wide, 1, 1, 1, 1, Optional.of(Scenes.NOW), 1, Optional.of("€".repeat(500))))
            .limit(32)
            .toList();
    Look look =
        new Look(
            base.server(),
            base.counts(),
            failures,
            standings,
            new PlanSummary("0".repeat(32), 1, 2, 3, lines),
            9,
            Optional.of("€".repeat(3000)),
            Optional.empty());
    List<IndexReport.Index> indexes = new ArrayList<>();
    List<IndexReport.Redundancy> redundancies = new ArrayList<>();
    for (int i = 0; i < 20; i++) {
      IndexUsage usage = new IndexUsage(1, 8_192, 8_192, 0, 0, Optional.empty());
      indexes.add(
          new IndexReport.Index(
              wide, wide + i, true, 0, Optional.empty(), wide.repeat(8), usage, true));
      redundancies.add(
          new IndexReport.Redundancy(
              IndexReport.Kind.PREFIX, wide, wide, wide + i, List.of(), false, 1, wide.repeat(12)));
    }
    Snapshot snapshot =
        new Snapshot(
            1,
            true,
            false,
            Optional.empty(),
            Optional.of(look),
            Optional.of(Scenes.report(indexes, redundancies)),
            progress,
            false);
    TenantDatabaseStatus status = status(snapshot, 1);

    assertThat(StatusSize.bytes(status)).isLessThanOrEqualTo(24 * 1024);
    assertThat(status.failures()).isNotEmpty();
    assertThat(status.indexes()).isNotEmpty();
    assertThat(status.redundancies()).isNotEmpty();
    assertThat(status.progress()).hasSize(4);
  }

  @Test
  void refreshes_are_written_once_an_hour_and_what_is_overdue_at_once() {
    TenantDatabaseStatus first = status(refreshed(Scenes.NOW, 0), 1);
    Instant soon = Scenes.NOW.plusSeconds(3_599);
    TenantDatabaseStatus second = status(refreshed(soon, 0), 1, first, soon);
    assertThat(second).isEqualTo(first);

    Instant later = Scenes.NOW.plusSeconds(3_600);
    TenantDatabaseStatus third = status(refreshed(later, 2), 1, second, later);
    assertThat(third.aggregates())
        .singleElement()
        .extracting(a -> a.oldestRefresh(), a -> a.overdue(), a -> a.materializedViews())
        .containsExactly(later.toString(), 2, 5);
    assertThat(status(refreshed(later, 3), 1, third, later).aggregates().get(0).overdue())
        .isEqualTo(3);
  }

  private static Snapshot refreshed(Instant oldest, int overdue) {
    Look base = Scenes.look(CONVERGED);
    Look look =
        new Look(
            base.server(),
            base.counts(),
            base.failures(),
            List.of(
                new AggregateStanding(
                    "daily", 0, 0, 5, overdue, Optional.of(oldest), 0, Optional.empty())),
            base.plan(),
            base.open(),
            base.drift(),
            base.held());
    return new Snapshot(1, false, false, Optional.empty(), Optional.of(look), List.of());
  }

  @Test
  void sizes_and_scans_are_rounded_so_that_a_status_is_not_written_at_each_look() {
    Snapshot seen = Scenes.done(1, CONVERGED);
    IndexUsage usage =
        new IndexUsage(4_982, 12_399_999, 81_920, 1_234_567, 1_299, Optional.empty());
    IndexUsage soon = new IndexUsage(4_982, 12_000_000, 73_728, 1_299_999, 1_200, Optional.empty());

    TenantDatabaseStatus first =
        status(Scenes.with(seen, Scenes.report(Scenes.index("ix", usage))), 1);
    assertThat(first.indexes())
        .containsExactly(
            new IndexStatus(
                "ix",
                "batches",
                4_982,
                12_000_000L,
                1_200_000L,
                1_200,
                null,
                "2026-01-30T12:00:00Z"));
    TenantDatabaseStatus second =
        status(
            Scenes.with(seen, Scenes.report(Scenes.index("ix", soon))),
            1,
            first,
            Scenes.NOW.plusSeconds(3_600));
    assertThat(second).isEqualTo(first);
  }

  @Test
  void rounding_makes_neither_none_of_some_nor_all_of_most() {
    assertThat(
            Stream.of(0L, 7L, 99L, 100L, 129L, 4_982L, 999_999L)
                .map(IndexStatuses::rounded)
                .toList())
        .containsExactly(0L, 7L, 99L, 100L, 120L, 4_900L, 990_000L);
    IndexUsage all = new IndexUsage(4_982, 8_192, 8_192, 0, 4_982, Optional.empty());
    TenantDatabaseStatus status =
        status(Scenes.with(Scenes.done(1, CONVERGED), Scenes.report(Scenes.index("ix", all))), 1);
    assertThat(status.indexes().get(0).unscannedTenants()).isEqualTo(4_982);
  }

  @Test
  void the_largest_declared_indexes_and_what_most_tenants_have_come_first() {
    List<IndexReport.Index> indexes = new ArrayList<>();
    List<IndexReport.Redundancy> redundancies = new ArrayList<>();
    for (int i = 0; i < 30; i++) {
      indexes.add(
          Scenes.index("ix_" + i, new IndexUsage(1, i * 8_192L, 8_192, 0, 0, Optional.empty())));
      redundancies.add(
          new IndexReport.Redundancy(
              IndexReport.Kind.PREFIX, "batches", "ix_" + i, "ix", List.of(), false, i, "Drop."));
    }
    redundancies.add(
        new IndexReport.Redundancy(
            IndexReport.Kind.FOREIGN_KEY, "batches", "", "", List.of("a"), false, 99, "Add one."));
    indexes.add(
        new IndexReport.Index(
            "batches",
            "extra",
            false,
            0,
            Optional.empty(),
            "",
            new IndexUsage(1, 1L << 40, 1L << 40, 0, 0, Optional.empty()),
            false));

    TenantDatabaseStatus status =
        status(Scenes.with(Scenes.done(1, CONVERGED), Scenes.report(indexes, redundancies)), 1);

    assertThat(status.indexes()).hasSize(20).extracting(IndexStatus::name).startsWith("ix_29");
    assertThat(status.redundancies())
        .hasSize(20)
        .startsWith(
            new RedundancyStatus("ForeignKey", "batches", null, null, 99, "Add one."),
            new RedundancyStatus("Prefix", "batches", "ix_29", "ix", 29, "Drop."));
  }

  @Test
  void what_was_known_of_the_indexes_is_kept_until_they_are_read_again() {
    Snapshot seen = Scenes.done(1, CONVERGED);
    TenantDatabaseStatus before = status(Scenes.with(seen, Scenes.report(7)), 1);
    assertThat(before.indexes()).hasSize(1);

    assertThat(status(seen, 1, before, Scenes.NOW).indexes()).isEqualTo(before.indexes());
    assertThat(status(Scenes.with(seen, Scenes.report()), 1, before, Scenes.NOW).indexes())
        .isNull();
  }

  private static Condition timescale(ServerInfo.Edition edition) {
    Look base = Scenes.look(CONVERGED);
    Look look =
        new Look(
            Scenes.server(edition),
            base.counts(),
            base.failures(),
            base.aggregates(),
            base.plan(),
            base.open(),
            base.drift(),
            base.held());
    return condition(
        status(new Snapshot(1, false, false, Optional.empty(), Optional.of(look), List.of()), 1),
        "TimescaleAvailable");
  }

  private static TenantDatabaseStatus status(Snapshot snapshot, long generation) {
    return StatusWriter.status(Scenes.resource(generation), snapshot, Optional.empty(), Scenes.NOW);
  }

  private static TenantDatabaseStatus status(
      Snapshot snapshot, long generation, TenantDatabaseStatus before, Instant now) {
    return StatusWriter.status(Scenes.resource(generation), snapshot, Optional.of(before), now);
  }

  private static List<String> types(TenantDatabaseStatus status) {
    return status.conditions().stream().map(Condition::getType).toList();
  }

  private static Condition condition(TenantDatabaseStatus status, String type) {
    return status.conditions().stream()
        .filter(condition -> condition.getType().equals(type))
        .findFirst()
        .orElseThrow();
  }
}
