package io.tenantdb.cli;

import io.tenantdb.fleet.AggregateStanding;
import io.tenantdb.fleet.Outcome;
import io.tenantdb.model.Change;
import io.tenantdb.model.Difference;
import io.tenantdb.model.Finding;
import io.tenantdb.model.ServerInfo;
import io.tenantdb.model.TenantState;
import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;

/** Where the fleet stands, on one screen. */
final class StatusText {
  private static final int LEAST = 40;

  private final PrintWriter out;
  private final Width width;

  StatusText(PrintWriter out, Width width) {
    this.out = out;
    this.width = width;
  }

  void print(String title, Outcome outcome, boolean converged) {
    out.println(title);
    out.println("  database   " + capabilities(outcome.observed().server()));
    out.println("  tenants    " + counts(outcome));
    out.println("  converged  " + (converged ? "yes" : "no"));
    outcome.aggregates().forEach(standing -> out.println("  aggregate  " + aggregate(standing)));
    Set<String> drifted = Text.drifted(outcome.plan());
    Repeated failed = new Repeated("Failed:");
    outcome.failures().stream()
        .filter(failure -> !drifted.contains(failure.message()))
        .forEach(
            failure ->
                failed.add(
                    failure.reason() + "\0" + failure.object(),
                    failure.message(),
                    failure.reason() + ": " + failure.message()));
    failed.print(out, width);
    Repeated drift = new Repeated("Drifted:");
    outcome.plan().changes().stream()
        .filter(Change::drift)
        .forEach(change -> drift.add("", drift(change), drift(change)));
    found(drift, outcome, Finding.Verdict.DRIFTED).print(out, width);
    found(
            new Repeated("Waiting or skipped:"),
            outcome,
            Finding.Verdict.WAITING,
            Finding.Verdict.SKIPPED)
        .print(out, width);
    found(new Repeated("To note:"), outcome, Finding.Verdict.NOTE).print(out, width);
    out.flush();
  }

  private static Repeated found(Repeated to, Outcome outcome, Finding.Verdict... verdicts) {
    outcome.plan().tenants().stream()
        .flatMap(tenant -> tenant.findings().stream())
        .filter(finding -> Arrays.asList(verdicts).contains(finding.verdict()))
        .forEach(
            finding ->
                to.add(
                    finding.reason() + "\0" + finding.object(),
                    finding.message(),
                    finding.reason() + ": " + finding.message()));
    return to;
  }

  private String drift(Change change) {
    int limit = width.cuts() ? Math.max(LEAST, width.columns()) : Integer.MAX_VALUE;
    Difference shown = Difference.of(change.before(), change.after(), limit);
    return "%s: %s is %s, declared: %s"
        .formatted(change.target().schema(), change.object(), shown.before(), shown.after());
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
}
