package io.tenantdb.cli;

import io.tenantdb.fleet.AggregateStanding;
import io.tenantdb.fleet.Outcome;
import io.tenantdb.model.Change;
import io.tenantdb.model.Finding;
import io.tenantdb.model.ServerInfo;
import io.tenantdb.model.TenantState;
import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** Where the fleet stands, on one screen. */
final class StatusText {
  private static final int MOST = 20;

  private final PrintWriter out;

  StatusText(PrintWriter out) {
    this.out = out;
  }

  void print(String title, Outcome outcome, boolean converged) {
    out.println(title);
    out.println("  database   " + capabilities(outcome.observed().server()));
    out.println("  tenants    " + counts(outcome));
    out.println("  converged  " + (converged ? "yes" : "no"));
    outcome.aggregates().forEach(standing -> out.println("  aggregate  " + aggregate(standing)));
    Set<String> drifted = Text.drifted(outcome.plan());
    list(
        "Failed:",
        outcome.failures().stream()
            .filter(failure -> !drifted.contains(failure.message()))
            .map(failure -> failure.reason() + ": " + failure.message())
            .toList());
    list(
        "Drifted:",
        Stream.concat(
                outcome.plan().changes().stream().filter(Change::drift).map(StatusText::drift),
                found(outcome, Finding.Verdict.DRIFTED))
            .toList());
    list(
        "Waiting or skipped:",
        found(outcome, Finding.Verdict.WAITING, Finding.Verdict.SKIPPED).toList());
    list("To note:", found(outcome, Finding.Verdict.NOTE).toList());
    out.flush();
  }

  private static Stream<String> found(Outcome outcome, Finding.Verdict... verdicts) {
    return outcome.plan().tenants().stream()
        .flatMap(tenant -> tenant.findings().stream())
        .filter(finding -> Arrays.asList(verdicts).contains(finding.verdict()))
        .map(finding -> finding.reason() + ": " + finding.message());
  }

  private static String drift(Change change) {
    return "%s %s is %s, declared: %s"
        .formatted(
            change.target().schema(),
            change.object(),
            Text.difference(change.before(), change.after(), 60),
            Text.difference(change.after(), change.before(), 60));
  }

  static String capabilities(ServerInfo server) {
    String timescale =
        switch (server.timescale().edition()) {
          case NONE -> "no TimescaleDB: indexes and materialized views only";
          case APACHE -> "TimescaleDB " + version(server) + "(Apache licence: no policies)";
          case COMMUNITY -> "TimescaleDB " + version(server) + "(community)";
          case BROKEN -> "TimescaleDB whose library cannot be loaded";
        };
    return "PostgreSQL %s, %s%s"
        .formatted(
            server.version(), timescale, server.primary() ? "" : ", read-only: nothing is changed");
  }

  private static String version(ServerInfo server) {
    return server.timescale().version().map(version -> version + " ").orElse("");
  }

  /** {@code daily_intake: continuous in 12, materialized view in 1 (oldest refresh 19:00)}. */
  private static String aggregate(AggregateStanding standing) {
    List<String> parts = new ArrayList<>();
    if (standing.continuous() > 0) {
      String unfilled =
          standing.unfilled() > 0 ? " (%,d not filled yet)".formatted(standing.unfilled()) : "";
      parts.add("continuous in %,d%s".formatted(standing.continuous(), unfilled));
    }
    if (standing.materializedViews() > 0) {
      String oldest =
          standing.oldestRefresh().map(at -> ", oldest refresh " + at).orElse(", never refreshed");
      String overdue = standing.overdue() > 0 ? ", %,d overdue".formatted(standing.overdue()) : "";
      parts.add(
          "materialized view in %,d%s%s".formatted(standing.materializedViews(), oldest, overdue));
    }
    if (standing.skipped() > 0) {
      parts.add("skipped in %,d".formatted(standing.skipped()));
    }
    if (parts.isEmpty()) {
      parts.add("nowhere");
    }
    return Text.printable(standing.name()) + ": " + String.join("; ", parts);
  }

  static String counts(Outcome outcome) {
    List<String> parts =
        Arrays.stream(TenantState.values())
            .filter(state -> state == TenantState.SYNCED || outcome.count(state) > 0)
            .map(state -> "%,d %s".formatted(outcome.count(state), Text.lower(state)))
            .collect(Collectors.toCollection(ArrayList::new));
    return "%,d: %s".formatted(outcome.states().size(), String.join(", ", parts));
  }

  private void list(String heading, List<String> lines) {
    if (lines.isEmpty()) {
      return;
    }
    out.println(heading);
    lines.stream().limit(MOST).forEach(line -> out.println("  " + Text.printable(line)));
    if (lines.size() > MOST) {
      out.println(
          "  and " + Text.count(lines.size() - MOST, "more", "more") + " (-o json has them all)");
    }
  }
}
