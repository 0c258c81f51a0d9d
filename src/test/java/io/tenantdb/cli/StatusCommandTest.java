package io.tenantdb.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.tenantdb.model.Finding.Verdict;
import io.tenantdb.model.Reason;
import java.io.IOException;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class StatusCommandTest {
  @TempDir Path directory;
  private CommandRun run;

  @BeforeEach
  void commandLine() {
    run = new CommandRun(directory);
  }

  private static Fleet drifted() {
    return Fleet.of("tenant_a", "tenant_b", "tenant_c")
        .change(Fleet.addRetention("tenant_a", false, true))
        .finding(
            "tenant_b",
            Verdict.FAILED,
            "batches.ix",
            Reason.DefinitionDiffers,
            "tenant_b: batches.ix has another definition.");
  }

  @Test
  void convergedIsExitCodeZero() {
    Fleet fleet =
        Fleet.of("tenant_a", "tenant_b")
            .finding("tenant_b", Verdict.WAITING, "t", Reason.WaitingForTable, "tenant_b waits.");
    assertThat(run.passes(fleet).run("status")).isZero();
    assertThat(run.out)
        .contains("PostgreSQL 17.5, TimescaleDB 2.23.0 (community)")
        .contains("2: 1 synced, 1 waiting")
        .contains("converged  yes")
        .contains("WaitingForTable: tenant_b waits.");
    assertThat(run.passesMayChange).containsExactly(false);
  }

  @Test
  void notConvergedIsExitCodeTwo() {
    assertThat(run.passes(drifted()).run("status")).isEqualTo(2);
    assertThat(run.out)
        .contains("3: 1 synced, 1 drifted, 1 failed")
        .contains("Failed:\n  DefinitionDiffers: tenant_b: batches.ix has another definition.")
        .contains(
            "tenant_a: batch_history retention is absent, declared: after 2 years, every 1 month");
  }

  @Test
  void driftThatIsLeftAloneIsNoFailure() {
    Fleet fleet =
        Fleet.of("tenant_a")
            .finding("tenant_a", Verdict.DRIFTED, "v", Reason.DefinitionDiffers, "tenant_a: v.");
    run.passes(fleet).run("status");
    assertThat(run.out)
        .contains("Drifted:\n  DefinitionDiffers: tenant_a: v.")
        .doesNotContain("Failed:");
  }

  @Test
  void driftThatIsLeftAloneIsInJsonTooWithItsReason() {
    Fleet fleet =
        Fleet.of("tenant_a", "tenant_b")
            .finding("tenant_a", Verdict.DRIFTED, "v", Reason.DefinitionDiffers, "tenant_a: v.")
            .finding(
                "tenant_b",
                Verdict.DRIFTED,
                "batch_history retention",
                Reason.DriftReported,
                "tenant_b: as it is.")
            .refuse(Fleet.addRetention("tenant_b", false, true), Reason.DriftReported, "stays");
    run.passes(fleet).run("status", "-o", "json");
    assertThat(run.out)
        .containsPattern(
            "\"drift\" : \\[\\s+\\{\\s+\"schema\" : \"tenant_a\",\\s+\"object\" : \"v\",\\s+\"live\" : null,"
                + "\\s+\"declared\" : null,\\s+\"reason\" : \"DefinitionDiffers\",\\s+\"message\" : \"tenant_a: v.\"")
        .containsPattern(
            "\"live\" : \"absent\",\\s+\"declared\" : \"after 2 years, every 1 month\",\\s+\"reason\" : \"DriftReported\"");
  }

  @Test
  void aPausedJobIsNotedThoughAllIsAsDeclared() {
    Fleet fleet =
        Fleet.of("tenant_a")
            .finding("tenant_a", Verdict.NOTE, "v refresh", Reason.JobPaused, "tenant_a: paused.");
    assertThat(run.passes(fleet).run("status")).isZero();
    assertThat(run.out).contains("To note:\n  JobPaused: tenant_a: paused.");
    run.passes(fleet).run("status", "-o", "json");
    assertThat(run.out).contains("\"notes\" : [", "\"reason\" : \"JobPaused\"");
  }

  @Test
  void anErrorIsExitCodeOne() {
    assertThat(run.run("status")).isEqualTo(1);
  }

  @Test
  void jsonIsWhatScriptsRelyOn() throws IOException {
    assertThat(run.passes(drifted()).run("status", "-o", "json")).isEqualTo(2);
    assertThat(run.out).isEqualToNormalizingNewlines(PlanCommandTest.golden("status.json"));
  }
}
