package io.tenantdb.cli;

import io.tenantdb.fleet.Outcome;
import io.tenantdb.model.CanonicalIndex;
import io.tenantdb.model.Change;
import io.tenantdb.model.ChangeResult;
import io.tenantdb.model.DesiredIndex;
import io.tenantdb.model.Finding;
import io.tenantdb.model.IndexBody;
import io.tenantdb.model.IndexChange;
import io.tenantdb.model.IndexReplacement;
import io.tenantdb.model.Mark;
import io.tenantdb.model.MaterializedViewChange.RefreshMaterializedView;
import io.tenantdb.model.Observed;
import io.tenantdb.model.Plan;
import io.tenantdb.model.PolicyChange;
import io.tenantdb.model.PolicyKind;
import io.tenantdb.model.Reason;
import io.tenantdb.model.Refusal;
import io.tenantdb.model.ServerInfo;
import io.tenantdb.model.SourceGraph;
import io.tenantdb.model.SourceGraph.Relation;
import io.tenantdb.model.Target;
import io.tenantdb.model.TenantPlan;
import io.tenantdb.model.TenantState;
import io.tenantdb.model.TimeSpan;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;

/** A fleet whose state a test writes down, and the outcome that the engine would give of it. */
final class Fleet {
  private final Map<String, List<Change>> changes = new TreeMap<>();
  private final Map<String, List<Finding>> findings = new TreeMap<>();
  private final List<Refusal> refused = new ArrayList<>();
  private final List<String> missing = new ArrayList<>();
  private final List<Outcome.Failure> failures = new ArrayList<>();
  private final List<ChangeResult> results = new ArrayList<>();
  private final List<RefreshMaterializedView> due = new ArrayList<>();
  private SourceGraph graph = SourceGraph.EMPTY;
  private Optional<Outcome.Held> held = Optional.empty();
  private Optional<Duration> nextUpkeep = Optional.empty();

  static Fleet of(String... schemas) {
    Fleet fleet = new Fleet();
    for (String schema : schemas) {
      fleet.changes.put(schema, new ArrayList<>());
      fleet.findings.put(schema, new ArrayList<>());
    }
    return fleet;
  }

  Fleet change(Change change) {
    changes.get(change.target().schema()).add(change);
    return this;
  }

  Fleet due(RefreshMaterializedView refresh) {
    due.add(refresh);
    return this;
  }

  /** The refreshes go on in the next pass. */
  Fleet more() {
    nextUpkeep = Optional.of(Duration.ZERO);
    return this;
  }

  Fleet done(Change change) {
    results.add(ChangeResult.done(change));
    return this;
  }

  Fleet failed(Change change, Reason reason, String sqlState, String message) {
    results.add(ChangeResult.failed(change, reason, sqlState, message));
    failures.add(
        new Outcome.Failure(change.target().schema(), change.object(), reason, sqlState, message));
    return change(change);
  }

  Fleet finding(
      String schema, Finding.Verdict verdict, String object, Reason reason, String message) {
    findings.get(schema).add(new Finding(verdict, object, reason, "", message));
    if (verdict == Finding.Verdict.FAILED
        || verdict == Finding.Verdict.DRIFTED
        || verdict == Finding.Verdict.REFUSED) {
      failures.add(new Outcome.Failure(schema, object, reason, "", message));
    }
    return this;
  }

  Fleet refuse(Change change) {
    return refuse(change, Reason.DestructiveDenied, "would delete rows");
  }

  Fleet refuse(Change change, Reason reason, String words) {
    refused.add(new Refusal(change, reason));
    return finding(
        change.target().schema(),
        Finding.Verdict.REFUSED,
        change.object(),
        reason,
        change.target().schema() + ": " + change.object() + " " + words + ".");
  }

  /** A materialized view whose refresh is overdue. */
  Fleet due(String schema) {
    due.add(
        new RefreshMaterializedView(
            new Target(schema, "daily", "app"),
            Instant.EPOCH,
            Optional.empty(),
            true,
            mark("daily", "-"),
            ""));
    return this;
  }

  Fleet missing(String schema) {
    missing.add(schema);
    failures.add(
        new Outcome.Failure(
            schema, "", Reason.SchemaMissing, "", schema + ": no such schema; create it."));
    return this;
  }

  Fleet held(Reason reason, String message) {
    held = Optional.of(new Outcome.Held(reason, message));
    return this;
  }

  Outcome outcome() {
    List<TenantPlan> tenants =
        changes.entrySet().stream()
            .map(e -> new TenantPlan(e.getKey(), e.getValue(), findings.get(e.getKey())))
            .toList();
    Plan plan = new Plan(tenants, refused, missing, new Plan.Upkeep(due, Optional.empty()));
    Map<String, TenantState> states = new LinkedHashMap<>();
    tenants.forEach(tenant -> states.put(tenant.schema(), tenant.state()));
    missing.forEach(schema -> states.put(schema, TenantState.FAILED));
    failures.stream()
        .filter(f -> results.stream().anyMatch(r -> r.message().equals(f.message())))
        .forEach(f -> states.put(f.schema(), TenantState.FAILED));
    return new Outcome(
        observed(), plan, plan, results, states, failures, held, Optional.empty(), nextUpkeep);
  }

  /** {@code hourly} reads {@code batches}, and {@code reporting.daily} that, the same in each. */
  Fleet graph(String... schemas) {
    List<SourceGraph.Node> nodes = new ArrayList<>();
    for (String schema : schemas) {
      Relation batches = new Relation(schema, "batches");
      Relation hourly = new Relation(schema, "hourly");
      nodes.add(
          new SourceGraph.Node(
              batches,
              SourceGraph.Kind.HYPERTABLE,
              false,
              true,
              List.of(),
              List.of(
                  new SourceGraph.Retention(
                      nodes.size() + 1, SourceGraph.Basis.CREATION, Optional.empty(), true)),
              List.of()));
      nodes.add(
          new SourceGraph.Node(
              hourly,
              SourceGraph.Kind.CONTINUOUS_AGGREGATE,
              false,
              false,
              List.of(
                  new SourceGraph.Read(batches, true),
                  new SourceGraph.Read(new Relation("shared", "growers"), false)),
              List.of(
                  new SourceGraph.Retention(
                      nodes.size() + 1,
                      SourceGraph.Basis.AGE,
                      Optional.of(new TimeSpan.Interval("2 years")),
                      false)),
              List.of(
                  new SourceGraph.Window(
                      nodes.size() + 2,
                      SourceGraph.Beginning.OFFSET,
                      Optional.of(new TimeSpan.Interval("7 days")),
                      Optional.empty(),
                      true))));
    }
    graph = SourceGraph.of(nodes);
    return this;
  }

  private Observed observed() {
    ServerInfo.Timescale timescale =
        new ServerInfo.Timescale(
            ServerInfo.Edition.COMMUNITY, Optional.of("2.23.0"), Optional.of("public"));
    ServerInfo server =
        new ServerInfo(
            "17.5", 170005, timescale, Optional.of("1"), 5, true, "app", false, true, true);
    return new Observed(
        server, Instant.EPOCH, new TreeMap<>(), Set.of(), Map.of(), Map.of(), graph);
  }

  /** Of any live body and any declared one. */
  static Change replaceIndex(String schema, String name, String was, String body) {
    return new IndexReplacement.ReplaceIndex(
        create(schema, name, "a", body),
        new IndexReplacement.Replaced(
            new IndexBody(false, was),
            true,
            "_tdb_o_0123456789abcdef_0123456789abcdef",
            was,
            false,
            true,
            "",
            new TreeMap<>(),
            false));
  }

  static Change createIndex(String schema, String name, String column) {
    return create(schema, name, column, "btree (" + column + ")");
  }

  static IndexChange.CreateIndex create(String schema, String name, String column, String printed) {
    DesiredIndex.Key key =
        new DesiredIndex.Key(
            Optional.of(column),
            Optional.empty(),
            false,
            Optional.empty(),
            Optional.empty(),
            Optional.empty());
    DesiredIndex index =
        new DesiredIndex(
            name,
            "batches",
            List.of(key),
            "btree",
            false,
            false,
            List.of(),
            Optional.empty(),
            Map.of(),
            "0123456789abcdef");
    IndexBody body = new IndexBody(false, "USING " + printed);
    return new IndexChange.CreateIndex(
        new Target(schema, "batches", "app"),
        index,
        IndexChange.Build.CONCURRENTLY,
        new CanonicalIndex.Buildable(body, Set.of(body)),
        mark(name, "batches"),
        List.of(schema, "public"),
        false);
  }

  static Change addRetention(String schema, boolean dropsChunks, boolean drift) {
    return new PolicyChange.AddPolicy(
        new Target(schema, "batch_history", "app"),
        PolicyKind.RETENTION,
        new TimeSpan.Interval("2 years"),
        Optional.of("1 month"),
        60,
        mark("retention", "batch_history"),
        "public",
        dropsChunks,
        drift);
  }

  private static Mark mark(String name, String table) {
    return new Mark("platform/fruitpak", name, table, "0123456789abcdef", Mark.Origin.MADE, false);
  }
}
