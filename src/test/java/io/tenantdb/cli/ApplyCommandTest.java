package io.tenantdb.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.tenantdb.apply.Aggregates;
import io.tenantdb.fleet.Gate;
import io.tenantdb.model.Change;
import io.tenantdb.model.Finding;
import io.tenantdb.model.Finding.Verdict;
import io.tenantdb.model.MaterializedViewChange.RefreshMaterializedView;
import io.tenantdb.model.Reason;
import io.tenantdb.model.Target;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ApplyCommandTest {
  private static final Change INDEX = Fleet.createIndex("tenant_a", "ix", "c");

  @TempDir Path directory;
  private CommandRun run;

  @BeforeEach
  void commandLine() {
    run = new CommandRun(directory);
  }

  private static Fleet planned() {
    return Fleet.of("tenant_a").change(INDEX);
  }

  @Test
  void convergedIsExitCodeZero() {
    assertThat(run.passes(planned(), Fleet.of("tenant_a").done(INDEX)).run("apply", "--yes"))
        .isZero();
    assertThat(run.passesMayChange).containsExactly(false, true);
    assertThat(run.out)
        .contains("create batches.ix")
        .contains("[1/1] tenant_a batches.ix")
        .contains("1 change done, 0 failed, 0 postponed.")
        .contains("Tenants: 1: 1 synced.");
  }

  @Test
  void nothingToDoAsksNothing() {
    assertThat(run.passes(Fleet.of("tenant_a")).run("apply")).isZero();
    assertThat(run.passesMayChange).containsExactly(false);
  }

  @Test
  void whatIsDueIsRefreshedThoughNothingDiffersAndNobodyIsAsked() {
    RefreshMaterializedView refresh =
        Aggregates.refresh(new Target("tenant_a", "daily", "app"), Instant.EPOCH);

    assertThat(
            run.passes(
                    Fleet.of("tenant_a").due(refresh),
                    Fleet.of("tenant_a").done(refresh).more(),
                    Fleet.of("tenant_a").done(refresh))
                .run("apply"))
        .isZero();
    assertThat(run.passesMayChange).containsExactly(false, true, true);
    assertThat(run.prompts).isEmpty();
    assertThat(run.out).contains("tenant_a daily rows");
  }

  @Test
  void aSuspendedResourceRefreshesNothing() {
    run.file(
        CommandRun.RESOURCE.replace("spec:\n", "spec:\n  suspend: true\n")
            + "---\n"
            + CommandRun.SECRET);
    assertThat(run.passes(Fleet.of("tenant_a").due("tenant_a")).run("apply")).isZero();
    assertThat(run.passesMayChange).containsExactly(false);
  }

  @Test
  void withoutATerminalYesMustBeGiven() {
    assertThat(run.passes(planned()).run("apply")).isEqualTo(1);
    assertThat(run.err).contains("There is no terminal to ask on: give --yes to apply the plan.");
    assertThat(run.passesMayChange).containsExactly(false);
  }

  @Test
  void anAnswerOtherThanYesChangesNothing() {
    run.answer = Optional.of("");
    assertThat(run.passes(planned()).run("apply")).isEqualTo(1);
    assertThat(run.prompts).containsExactly("Apply? (yes/no) ");
    assertThat(run.err).contains("Nothing was changed.");
    assertThat(run.passesMayChange).containsExactly(false);
  }

  @Test
  void yesTypedIsYes() {
    run.answer = Optional.of("yes");
    assertThat(run.passes(planned(), Fleet.of("tenant_a").done(INDEX)).run("apply")).isZero();
    assertThat(run.out).contains("[##############################] 1/1 tenant_a batches.ix");
  }

  @Test
  void aFailedTenantIsAnErrorWithItsSentence() {
    Fleet after =
        Fleet.of("tenant_a", "tenant_b")
            .failed(INDEX, Reason.DuplicateRows, "23505", "tenant_a: batches has duplicate rows.");
    assertThat(run.passes(planned(), after).run("apply", "--yes")).isEqualTo(1);
    assertThat(run.out).contains("0 changes done, 1 failed").contains("1 synced, 1 failed");
    assertThat(run.err).contains("DuplicateRows: tenant_a: batches has duplicate rows.");
  }

  @Test
  void aRefusedChangeIsExitCodeThree() {
    Fleet refused = Fleet.of("tenant_a").refuse(Fleet.addRetention("tenant_a", true, false));
    assertThat(run.passes(refused).run("apply", "--yes")).isEqualTo(3);
    assertThat(run.passesMayChange).containsExactly(false);
  }

  @Test
  void whateverSafetyRefusesIsExitCodeThreeAndAnotherConflictIsAFailure() {
    Change retention = Fleet.addRetention("tenant_a", true, false);
    for (Reason reason : List.of(Reason.Conflict, Reason.DriftReported)) {
      Fleet refused = Fleet.of("tenant_a").refuse(retention, reason, "is left");
      assertThat(run.passes(refused).run("apply", "--yes")).as(reason.name()).isEqualTo(3);
    }
    Fleet conflict =
        Fleet.of("tenant_a")
            .refuse(retention, Reason.Conflict, "is left")
            .finding("tenant_a", Finding.Verdict.FAILED, "t.ix", Reason.Conflict, "tenant_a: no.");
    assertThat(run.passes(conflict).run("apply", "--yes")).isEqualTo(1);
  }

  @Test
  void driftThatIsLeftHasAHeadingOfItsOwn() {
    Change retention = Fleet.addRetention("tenant_a", true, false);
    run.passes(Fleet.of("tenant_a").refuse(retention, Reason.DriftReported, "is left")).run("plan");
    assertThat(run.out)
        .contains("Drift that spec.safety.onDrift: Report leaves as it is (Correct mends it):")
        .doesNotContain("Refused by")
        .doesNotContain("Failed:");

    run.passes(Fleet.of("tenant_a").refuse(retention, Reason.Conflict, "is left")).run("plan");
    assertThat(run.out)
        .contains("Refused by spec.safety.onDestructive: Deny (Allow lets them through):")
        .doesNotContain("Failed:");
  }

  @Test
  void whatIsNotRefusedIsDone() {
    Change retention = Fleet.addRetention("tenant_a", true, false);
    Fleet before = planned().refuse(retention);
    Fleet after = Fleet.of("tenant_a").done(INDEX).refuse(retention);
    assertThat(run.passes(before, after).run("apply", "--yes")).isEqualTo(3);
    assertThat(run.passesMayChange).containsExactly(false, true);
  }

  @Test
  void aSuspendedResourceIsRefused() {
    run.file(
        CommandRun.RESOURCE.replace("spec:\n", "spec:\n  suspend: true\n")
            + "---\n"
            + CommandRun.SECRET);
    assertThat(run.passes(planned()).run("apply", "--yes")).isEqualTo(3);
    assertThat(run.err).contains("spec.suspend is true: nothing is changed.");
    assertThat(run.passesMayChange).containsExactly(false);
  }

  @Test
  void whatAnotherSessionHoldsBackIsAnError() {
    Fleet busy = planned().held(Reason.Busy, "Another operator acts on this database.");
    assertThat(run.passes(planned(), busy).run("apply", "--yes")).isEqualTo(1);
    assertThat(run.err).contains("Busy: Another operator acts on this database.");
  }

  @Test
  void waitingTenantsDoNotCountAgainstIt() {
    Fleet waiting =
        Fleet.of("tenant_a")
            .finding("tenant_a", Verdict.WAITING, "t", Reason.WaitingForTable, "tenant_a waits.");
    assertThat(run.passes(waiting).run("apply", "--yes")).isZero();
  }

  @Test
  void anInterruptionCancelsClosesTheGateAndSaysWhatIsLeft() {
    List<String> heard = new ArrayList<>();
    Interruption interruption =
        new Interruption(() -> heard.add("cancel"), () -> heard.add("farewell"));
    Gate gate = interruption.gate();
    assertThat(gate.closed(INDEX)).isEmpty();
    // The pass has ended by the time that the hook waits for it.
    interruption.close();
    interruption.interrupt();
    assertThat(gate.closed(INDEX)).contains(Reason.Interrupted);
    assertThat(heard).containsExactly("cancel", "farewell");
  }
}
