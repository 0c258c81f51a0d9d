package io.tenantdb.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.tenantdb.model.Finding.Verdict;
import io.tenantdb.model.Reason;
import io.tenantdb.testing.Markdown;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class PlanCommandTest {
  @TempDir Path directory;
  private CommandRun run;

  @BeforeEach
  void commandLine() {
    run = new CommandRun(directory);
  }

  private static Fleet everything() {
    return Fleet.of("tenant_a", "tenant_b", "tenant_c")
        .change(Fleet.createIndex("tenant_a", "ix_batches_intake_date", "intake_date"))
        .change(Fleet.createIndex("tenant_b", "ix_batches_intake_date", "intake_date"))
        .change(Fleet.addRetention("tenant_b", false, true))
        .refuse(Fleet.addRetention("tenant_a", true, true))
        .finding(
            "tenant_c",
            Verdict.WAITING,
            "batches",
            Reason.WaitingForTable,
            "tenant_c: table batches does not exist yet.")
        .missing("ghost");
  }

  @Test
  void nothingToDoIsExitCodeZero() {
    assertThat(run.passes(Fleet.of("tenant_a", "tenant_b")).run("plan")).isZero();
    assertThat(run.out)
        .contains("Plan for platform/fruitpak on postgres.platform.svc:5432/fruitpak")
        .contains("Nothing to do in 2 tenants.");
    assertThat(run.closed).isTrue();
  }

  @Test
  void aPlanChangesNothing() {
    run.passes(everything()).run("plan");
    assertThat(run.passesMayChange).containsExactly(false);
  }

  @Test
  void waitingAndSkippedTenantsAreNothingToDo() {
    Fleet fleet =
        Fleet.of("tenant_a", "tenant_b")
            .finding("tenant_a", Verdict.WAITING, "t", Reason.WaitingForTable, "tenant_a waits.")
            .finding("tenant_b", Verdict.SKIPPED, "t", Reason.TableSkipped, "tenant_b has none.");
    assertThat(run.passes(fleet).run("plan")).isZero();
    assertThat(run.out).contains("Waiting:\n  tenant_a waits.", "Skipped:\n  tenant_b has none.");
  }

  @Test
  void changesAreExitCodeTwo() {
    Fleet fleet = Fleet.of("tenant_a").change(Fleet.createIndex("tenant_a", "ix", "c"));
    assertThat(run.passes(fleet).run("plan")).isEqualTo(2);
  }

  @Test
  void aRefusedTemplateIsAChange() {
    Fleet fleet = Fleet.of("tenant_a").refuse(Fleet.addRetention("tenant_a", true, false));
    assertThat(run.passes(fleet).run("plan")).isEqualTo(2);
    assertThat(run.out)
        .contains("Refused by spec.safety.onDestructive: Deny")
        .contains("add batch_history retention  in tenant_a")
        .contains("DELETES ROWS");
  }

  @Test
  void nothingToDoWhereSomethingFailedIsAnError() {
    Fleet fleet =
        Fleet.of("tenant_a")
            .finding(
                "tenant_a",
                Verdict.FAILED,
                "batches.ix",
                Reason.DefinitionDiffers,
                "tenant_a: batches.ix has another definition.");
    assertThat(run.passes(fleet).run("plan")).isEqualTo(1);
    assertThat(run.out)
        .contains("Failed:\n  DefinitionDiffers: tenant_a: batches.ix has another definition.");
  }

  @Test
  void driftThatIsLeftAloneIsNoFailure() {
    Fleet fleet =
        Fleet.of("tenant_a")
            .finding(
                "tenant_a",
                Verdict.DRIFTED,
                "batches.ix",
                Reason.DefinitionDiffers,
                "tenant_a: batches.ix has another definition.");
    assertThat(run.passes(fleet).run("plan")).isEqualTo(1);
    assertThat(run.out)
        .contains("Drifted, and left alone:\n  tenant_a: batches.ix has another definition.")
        .doesNotContain("Failed:");
  }

  @Test
  void whatIsDueForARefreshIsSaidAndNoChange() {
    assertThat(run.passes(Fleet.of("tenant_a").due("tenant_a")).run("plan")).isZero();
    assertThat(run.out)
        .contains(
            "Due for a refresh: 1 materialized view; the operator does it, and so does apply.")
        .contains("Nothing to do in 1 tenant.");
  }

  @Test
  void aDatabaseOutOfReachIsAnErrorInOneSentence() {
    assertThat(run.run("plan")).isEqualTo(1);
    assertThat(run.err)
        .isEqualToNormalizingNewlines(
            "tenantdb: ConnectionFailed: Nothing listens on postgres.platform.svc:5432.\n");
  }

  @Test
  void theSameChangeOfManyTenantsIsOneLine() {
    String[] schemas =
        IntStream.range(0, 4982).mapToObj("tenant_%04d"::formatted).toArray(String[]::new);
    Fleet fleet = Fleet.of(schemas);
    for (String schema : schemas) {
      fleet.change(Fleet.createIndex(schema, "ix_batches_intake_date", "intake_date"));
    }
    run.passes(fleet).run("plan");
    assertThat(run.out)
        .contains("create batches.ix_batches_intake_date  in 4,982 schemas  absent  btree (intake")
        .contains("4,982 changes in 4,982 of 4,982 tenants, 1 line; none refused.");
    assertThat(run.out.lines()).hasSizeLessThan(10);
  }

  private static final String KEYS =
      "btree (grower_id, orchard_id, harvest_date DESC, fruit_type, packhouse_id, quality_grade,"
          + " net_weight_kg)";

  private static Fleet longOnes() {
    return Fleet.of("tenant_a", "tenant_b", "tenant_c")
        .change(
            Fleet.replaceIndex(
                "tenant_a", "ix_batches_grower", KEYS, KEYS + " WHERE (is_deleted = false)"))
        .change(
            Fleet.replaceIndex(
                "tenant_b",
                "ix_batches_grower",
                KEYS + " WHERE (is_deleted = true)",
                KEYS + " WHERE (is_deleted = false)"))
        .change(Fleet.create("tenant_c", "ix_batches_open", "a", KEYS + " WITH (fillfactor='70')"))
        .change(Fleet.create("tenant_b", "ix_batches_open", "a", KEYS + " WITH (fillfactor='90')"))
        .change(Fleet.createIndex("tenant_a", "ix_batches_intake_date", "intake_date"));
  }

  private String onTerminal(int columns, String... options) {
    run.answer = Optional.of("no");
    run.environment.put("COLUMNS", Integer.toString(columns));
    List<String> all = new ArrayList<>(List.of(options));
    assertThat(run.passes(longOnes()).run("plan", all.toArray(String[]::new))).isEqualTo(2);
    return run.out;
  }

  @Test
  void aTerminalIsShownWhatDiffersAndNoLineIsLongerThanItNeeds() {
    assertThat(onTerminal(80))
        .isEqualToNormalizingNewlines(
            """
            Plan for platform/fruitpak on postgres.platform.svc:5432/fruitpak

              CHANGE                                 TENANTS
              replace batches.ix_batches_grower      in tenant_a
                  from  btree (grower_id…, net_weight_kg)
                  to    btree (grower_id…, net_weight_kg) WHERE (is_deleted = false)
              create batches.ix_batches_intake_date  in tenant_a
                  from  absent
                  to    btree (intake_date)
              replace batches.ix_batches_grower      in tenant_b
                  from  btree (grower_id…, net_weight_kg) WHERE (is_deleted = true)
                  to    btree (grower_id…, net_weight_kg) WHERE (is_deleted = false)
              create batches.ix_batches_open         in tenant_b
                  from  absent
                  to    btree (grower_id…, net_weight_kg) WITH (fillfactor='90')
              create batches.ix_batches_open         in tenant_c
                  from  absent
                  to    btree (grower_id…, net_weight_kg) WITH (fillfactor='70')

              … is the same on both sides, or goes on; --wide shows all of it.

            5 changes in 3 of 3 tenants, 5 lines; none refused.
            3 tenants: 0 synced, 3 pending.
            """);
    for (int columns : new int[] {60, 80, 100, 120, 200}) {
      assertThat(onTerminal(columns).lines().filter(line -> line.startsWith("      ")))
          .as("%d columns", columns)
          .allSatisfy(line -> assertThat(line).hasSizeLessThanOrEqualTo(columns));
    }
    assertThat(onTerminal(200))
        .contains("CHANGE                                 TENANTS      FROM    TO\n")
        .contains(
            "create batches.ix_batches_intake_date  in tenant_a  absent  btree (intake_date)");
  }

  @Test
  void theReadmeShowsWhatIsPrinted() {
    String[] schemas =
        IntStream.range(0, 4985).mapToObj("tenant_%04d"::formatted).toArray(String[]::new);
    Fleet fleet = Fleet.of(schemas);
    for (int i = 0; i < 4982; i++) {
      fleet.change(
          i < 4970
              ? Fleet.createIndex(schemas[i], "ix_batches_intake_date", "intake_date")
              : Fleet.replaceIndex(
                  schemas[i], "ix_batches_grower", KEYS, KEYS + " WHERE (is_deleted = false)"));
    }
    run.answer = Optional.of("no");
    run.environment.put("COLUMNS", "100");
    run.passes(fleet).run("plan");
    String shown = run.out.substring(run.out.indexOf("  CHANGE"));
    assertThat(Markdown.read("README.md").text()).contains("```\n" + shown + "```\n");
  }

  @Test
  void nothingIsCutWhereNobodyLooksOrItIsWanted() {
    String wide = onTerminal(80, "--wide");
    run.answer = Optional.empty();
    run.environment.put("COLUMNS", "40");
    run.passes(longOnes()).run("plan");
    assertThat(List.of(wide, run.out))
        .allSatisfy(
            text ->
                assertThat(text)
                    .doesNotContain("…", "--wide")
                    .contains(
                        "      from  " + KEYS + " WHERE (is_deleted = true)\n",
                        "      to    " + KEYS + " WITH (fillfactor='90')\n"));
  }

  @Test
  void noTwoChangesArePrintedAlike() {
    String literal = "'" + "x".repeat(70);
    Fleet fleet = Fleet.of("tenant_a", "tenant_b", "tenant_c");
    for (String[] one : new String[][] {{"tenant_a", "1"}, {"tenant_b", "2"}, {"tenant_c", "3"}}) {
      String end = one[1] + "y".repeat(70) + "')";
      fleet.change(Fleet.create(one[0], "ix", "a", "btree (a) WHERE (note = " + literal + end));
    }
    run.answer = Optional.of("no");
    assertThat(run.passes(fleet).run("plan")).isEqualTo(2);
    assertThat(run.out.lines().filter(line -> line.contains("to    ")))
        .hasSize(3)
        .doesNotHaveDuplicates();
  }

  @Test
  void totalsAddUpToTheTenantsAndToWhatIsPrinted() {
    Fleet fleet =
        everything()
            .finding("tenant_c", Verdict.FAILED, "batches.ix", Reason.NameTaken, "tenant_c: taken.")
            .finding("tenant_b", Verdict.FAILED, "batches.ix", Reason.NameTaken, "tenant_b: taken.")
            .finding("tenant_a", Verdict.DRIFTED, "v", Reason.DefinitionDiffers, "tenant_a: v.");
    run.passes(fleet).run("plan");
    assertThat(run.out)
        .contains("SchemaMissing: ghost: no such schema", "and likewise in 1 more tenant")
        .endsWith(
            """
            3 changes in 2 of 4 tenants, 2 lines; 1 refused, 3 failed, 1 drifted and left alone.
            4 tenants: 0 synced, 1 drifted, 3 failed.
            """);
  }

  @Test
  void aHazardHasALegendOfThoseThatAreShown() {
    run.passes(everything()).run("plan");
    assertThat(run.out)
        .containsPattern(
            "add batch_history retention +in tenant_a +DELETES ROWS +absent +after 2 y")
        .contains("\n  DELETES ROWS  rows are gone afterwards.\n")
        .doesNotContain("TAKES OVER", "DROPS IT", "writers wait");
  }

  @Test
  void theSameSentenceOfManyTenantsIsSaidOnce() {
    Fleet fleet = Fleet.of("tenant_a", "tenant_b", "tenant_c");
    for (String schema : new String[] {"tenant_a", "tenant_b", "tenant_c"}) {
      fleet.finding(
          schema, Verdict.SKIPPED, "t retention", Reason.TimescaleMissing, schema + ": none.");
    }
    run.passes(fleet).run("plan");
    assertThat(run.out)
        .contains("  tenant_a: none.\n    and likewise in 2 more tenants")
        .doesNotContain("tenant_b: none.");
  }

  @Test
  void sqlIsPrintedOnlyWhenAskedFor() {
    run.passes(everything()).run("plan");
    assertThat(run.out).doesNotContain("CREATE INDEX");
    run.passes(everything()).run("plan", "--sql");
    assertThat(run.out)
        .contains("plan --tenant SCHEMA prints it with the names of a tenant.")
        .contains("      CREATE INDEX CONCURRENTLY IF NOT EXISTS \"_tdb_b_")
        .contains("ON <schema>.\"batches\" USING \"btree\" (\"intake_date\");")
        .contains("RENAME TO \"ix_batches_intake_date\";");
  }

  @Test
  void jsonIsWhatScriptsRelyOn() throws IOException {
    assertThat(run.passes(everything()).run("plan", "-o", "json")).isEqualTo(2);
    assertThat(run.out).isEqualToNormalizingNewlines(golden("plan.json"));
  }

  @Test
  void jsonOfAnEmptyPlanHasAllItsKeys() throws IOException {
    assertThat(run.passes(Fleet.of()).run("plan", "-o", "json")).isZero();
    assertThat(run.out).isEqualToNormalizingNewlines(golden("plan-empty.json"));
  }

  @Test
  void tenantsWithTheSameGraphAreOneEntryOfIt() throws IOException {
    Fleet fleet = Fleet.of("tenant_a", "tenant_b", "tenant_c").graph("tenant_a", "tenant_b");
    assertThat(run.passes(fleet).run("plan", "-o", "json")).isZero();
    assertThat(run.out).isEqualToNormalizingNewlines(golden("plan-graph.json"));
  }

  @Test
  void aNewTenantIsLookedAtTwice() {
    Fleet first =
        Fleet.of("tenant_a")
            .finding("tenant_a", Verdict.WAITING, "", Reason.Settling, "tenant_a is new.");
    Fleet second = Fleet.of("tenant_a").change(Fleet.createIndex("tenant_a", "ix", "c"));
    assertThat(run.passes(first, second).run("plan")).isEqualTo(2);
    assertThat(run.waits).singleElement().extracting(java.time.Duration::toSeconds).isEqualTo(61L);
    assertThat(run.err).contains("1 tenant is new: looking again in 60 s");
  }

  @Test
  void noSettleTakesTenantsAsTheyAre() {
    run.passes(Fleet.of()).run("plan", "--no-settle");
    assertThat(run.desired.orElseThrow().tenants().settle()).isZero();
  }

  @Test
  void controlCharactersOfTheDatabaseReachNoTerminal() {
    Fleet fleet =
        Fleet.of("tenant_\u001b[2J")
            .change(Fleet.createIndex("tenant_\u001b[2J", "ix\u0007", "c\u001b"));
    run.passes(fleet).run("plan", "--sql");
    assertThat(run.out).doesNotContain("\u001b", "\u0007");
  }

  static String golden(String name) throws IOException {
    try (var in = PlanCommandTest.class.getResourceAsStream("/cli/" + name)) {
      return new String(in.readAllBytes(), StandardCharsets.UTF_8);
    }
  }
}
