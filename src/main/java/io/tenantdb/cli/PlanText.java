package io.tenantdb.cli;

import io.tenantdb.fleet.Outcome;
import io.tenantdb.model.Finding;
import io.tenantdb.model.Plan;
import io.tenantdb.model.Reason;
import io.tenantdb.model.Template;
import io.tenantdb.model.TenantPlan;
import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** A plan on one screen, whatever the number of tenants. */
final class PlanText {
  private static final int MOST = 20;
  private static final Set<Reason> DENIED = Set.of(Reason.DestructiveDenied, Reason.Conflict);

  private final PrintWriter out;
  private final boolean sql;

  PlanText(PrintWriter out, boolean sql) {
    this.out = out;
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
        plan.refusedTemplates(Set.of(Reason.DriftReported)));
    Set<String> said = failures(outcome, plan);
    findings("Drifted, and left alone:", Finding.Verdict.DRIFTED, plan, said);
    findings("Waiting:", Finding.Verdict.WAITING, plan, said);
    findings("Skipped:", Finding.Verdict.SKIPPED, plan, said);
    findings("To note:", Finding.Verdict.NOTE, plan, said);
    leftOut(outcome);
    due(plan);
    out.println(summary(outcome, plan));
    out.flush();
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

  private static String summary(Outcome outcome, Plan plan) {
    long tenants = plan.tenants().size();
    if (tenants == 0 && plan.missingSchemas().isEmpty()) {
      return "No schema matches spec.tenants: nothing to do.";
    }
    if (plan.empty()) {
      return "Nothing to do in "
          + Text.count(tenants, "tenant", "tenants")
          + (outcome.failures().isEmpty() ? "." : ", but not all of it is as declared.");
    }
    long changes = plan.changes().size();
    long touched = plan.tenants().stream().filter(tenant -> !tenant.changes().isEmpty()).count();
    return "%s in %,d of %s; %s refused."
        .formatted(
            Text.count(changes, "change", "changes"),
            touched,
            Text.count(tenants, "tenant", "tenants"),
            plan.refused().isEmpty() ? "none" : plan.refused().size());
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
          "  By hand: put the tenant for <schema>, and SET ROLE to the owner of the table first.");
      out.println();
    }
    List<List<String>> rows = new ArrayList<>();
    rows.add(List.of("CHANGE", "TENANTS", "FROM", "TO", "HAZARD"));
    for (Template template : templates) {
      rows.add(
          List.of(
              Text.sentence(template),
              "in " + Text.tenants(template.schemas()),
              Text.difference(template.before(), template.after(), 40),
              Text.difference(template.after(), template.before(), 60),
              Text.hazard(template.hazard())));
    }
    List<String> lines = Text.table(rows);
    out.println("  " + lines.get(0));
    for (int i = 0; i < templates.size(); i++) {
      out.println("  " + lines.get(i + 1));
      if (sql) {
        out.println(Text.indent(Text.printable(templates.get(i).sqlPattern()), "      "));
        out.println();
      }
    }
    if (!sql) {
      out.println();
    }
  }

  private Set<String> failures(Outcome outcome, Plan plan) {
    Map<String, List<String>> groups = new LinkedHashMap<>();
    Set<String> drifted = Text.drifted(plan);
    Set<String> said = new LinkedHashSet<>();
    Set<Outcome.Failure> beyondRefused = new HashSet<>(outcome.beyondRefused());
    for (Outcome.Failure failure : outcome.failures()) {
      if (drifted.contains(failure.message())) {
        continue;
      }
      said.add(failure.message());
      if (beyondRefused.contains(failure)) {
        group(
            groups,
            failure.reason() + "\0" + failure.object(),
            failure.message(),
            failure.reason() + ": " + failure.message());
      }
    }
    print("Failed:", groups);
    return said;
  }

  private void findings(String heading, Finding.Verdict verdict, Plan plan, Set<String> said) {
    Map<String, List<String>> groups = new LinkedHashMap<>();
    for (TenantPlan tenant : plan.tenants()) {
      for (Finding finding : tenant.findings()) {
        if (finding.verdict() == verdict && !said.contains(finding.message())) {
          group(
              groups,
              finding.reason() + "\0" + finding.object(),
              finding.message(),
              finding.message());
        }
      }
    }
    print(heading, groups);
  }

  private static void group(
      Map<String, List<String>> groups, String key, String message, String shown) {
    // The same but for the tenant that it begins with.
    String kind = key + "\0" + message.substring(message.indexOf(": ") + 1);
    groups.computeIfAbsent(kind, k -> new ArrayList<>()).add(shown);
  }

  /** The first sentence of each kind; 5,000 of the same say no more. */
  private void print(String heading, Map<String, List<String>> groups) {
    if (groups.isEmpty()) {
      return;
    }
    out.println(heading);
    groups.values().stream()
        .limit(MOST)
        .forEach(
            messages -> {
              out.println("  " + Text.printable(messages.get(0)));
              if (messages.size() > 1) {
                out.println(
                    "    and likewise in "
                        + Text.count(messages.size() - 1, "more tenant", "more tenants"));
              }
            });
    if (groups.size() > MOST) {
      out.println(
          "  and "
              + Text.count(groups.size() - MOST, "more kind", "more kinds")
              + " (-o json has them all)");
    }
    out.println();
  }
}
