package io.tenantdb.cli;

import io.tenantdb.fleet.Outcome;
import io.tenantdb.model.Finding;
import io.tenantdb.model.Hazard;
import io.tenantdb.model.Plan;
import io.tenantdb.model.Reason;
import io.tenantdb.model.Template;
import io.tenantdb.model.TenantPlan;
import java.io.PrintWriter;
import java.util.EnumSet;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;

/** A plan on one screen, whatever the number of tenants. */
final class PlanText {
  private static final Set<Reason> REPORTED = EnumSet.of(Reason.DriftReported);
  private static final Set<Reason> DENIED = EnumSet.complementOf(EnumSet.of(Reason.DriftReported));

  private final PrintWriter out;
  private final Width width;
  private final boolean sql;
  private final Set<Hazard> hazards = EnumSet.noneOf(Hazard.class);
  private boolean cut;

  PlanText(PrintWriter out, Width width, boolean sql) {
    this.out = out;
    this.width = width;
    this.sql = sql;
  }

  void print(String title, Outcome outcome) {
    Plan plan = outcome.initial();
    out.println("Plan for " + title);
    out.println();
    templates("", plan.templates());
    templates(
        "Refused by spec.safety.onDestructive: Deny (Allow lets them through):",
        plan.refusedTemplates(DENIED));
    templates(
        "Drift that spec.safety.onDrift: Report leaves as it is (Correct mends it):",
        plan.refusedTemplates(REPORTED));
    legend();
    Set<String> said = new LinkedHashSet<>();
    Repeated failed = failures(outcome, plan, said);
    print(failed);
    print(findings("Drifted, and left alone:", Finding.Verdict.DRIFTED, plan, said));
    print(findings("Waiting:", Finding.Verdict.WAITING, plan, said));
    print(findings("Skipped:", Finding.Verdict.SKIPPED, plan, said));
    print(findings("To note:", Finding.Verdict.NOTE, plan, said));
    leftOut(outcome);
    due(plan);
    new PlanTotals(outcome, failed.size()).lines().forEach(out::println);
    out.flush();
  }

  /** What the shouted words mean, of those that were printed. */
  private void legend() {
    hazards.remove(Hazard.NONE);
    Text.columns(hazards.stream().map(h -> List.of(Text.hazard(h), Text.meaning(h) + ".")).toList())
        .forEach(line -> out.println("  " + line));
    if (cut) {
      out.println("  … is the same on both sides, or goes on; --wide shows all of it.");
    }
    if (cut || !hazards.isEmpty()) {
      out.println();
    }
  }

  /** What the server cannot do is not in the plan, and a reviewer must not believe that it is. */
  private void leftOut(Outcome outcome) {
    switch (outcome.observed().server().timescale().edition()) {
      case NONE ->
          out.println(
              "No TimescaleDB: hypertables, policies and continuous aggregates are left out.");
      case APACHE ->
          out.println(
              "TimescaleDB under the Apache licence: compression, retention and continuous"
                  + " aggregates are left out.");
      case COMMUNITY, BROKEN -> {}
    }
  }

  /** Upkeep is no difference, and so no change; who has no operator must know of it. */
  private void due(Plan plan) {
    int due = plan.upkeep().due().size();
    if (due > 0) {
      out.println(
          "Due for a refresh: "
              + Text.count(due, "materialized view", "materialized views")
              + "; the operator does it, and so does apply.");
    }
  }

  private void templates(String heading, List<Template> templates) {
    if (templates.isEmpty()) {
      return;
    }
    if (!heading.isEmpty()) {
      out.println(heading);
    }
    if (sql) {
      out.println(
          "  By hand: plan --tenant SCHEMA prints it with the names of a tenant. Here <schema> and"
              + " \"<owner>\" stand for them.");
      out.println();
    }
    TemplateLines lines = new TemplateLines(templates, width);
    out.println(lines.heading());
    for (int i = 0; i < templates.size(); i++) {
      lines.of(i).forEach(out::println);
      if (sql) {
        out.println(Text.indent(Text.printable(templates.get(i).sqlPattern()), "      "));
        out.println();
      }
    }
    if (!sql) {
      out.println();
    }
    cut |= lines.cut();
    templates.forEach(template -> hazards.add(template.hazard()));
  }

  private static Repeated failures(Outcome outcome, Plan plan, Set<String> said) {
    Repeated failed = new Repeated("Failed:");
    Set<String> drifted = Text.drifted(plan);
    Set<Outcome.Failure> beyondRefused = new HashSet<>(outcome.beyondRefused());
    for (Outcome.Failure failure : outcome.failures()) {
      if (!drifted.contains(failure.message())) {
        said.add(failure.message());
        if (beyondRefused.contains(failure)) {
          failed.add(
              failure.reason() + "\0" + failure.object(),
              failure.message(),
              failure.reason() + ": " + failure.message());
        }
      }
    }
    return failed;
  }

  private static Repeated findings(
      String heading, Finding.Verdict verdict, Plan plan, Set<String> said) {
    Repeated found = new Repeated(heading);
    Set<List<Object>> inTable =
        plan.refused().stream()
            .map(
                refusal ->
                    List.<Object>of(
                        refusal.change().target().schema(),
                        refusal.change().object(),
                        refusal.reason()))
            .collect(Collectors.toSet());
    for (TenantPlan tenant : plan.tenants()) {
      for (Finding finding : tenant.findings()) {
        if (finding.verdict() == verdict
            && !said.contains(finding.message())
            && !inTable.contains(List.of(tenant.schema(), finding.object(), finding.reason()))) {
          found.add(
              finding.reason() + "\0" + finding.object(), finding.message(), finding.message());
        }
      }
    }
    return found;
  }

  private void print(Repeated sentences) {
    sentences.print(out, width);
    if (sentences.size() > 0) {
      out.println();
    }
  }
}
