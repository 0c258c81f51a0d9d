package io.tenantdb.operator;

import io.tenantdb.api.v1alpha1.TenantDatabase;
import io.tenantdb.database.ConnectionSettings;
import io.tenantdb.database.Password;
import io.tenantdb.fleet.Convergence;
import io.tenantdb.fleet.Gate;
import io.tenantdb.fleet.Outcome;
import io.tenantdb.fleet.PassListener;
import io.tenantdb.model.Blocker;
import io.tenantdb.model.Change;
import io.tenantdb.model.ChangeResult;
import io.tenantdb.model.Desired;
import io.tenantdb.model.Finding;
import io.tenantdb.model.IndexBody;
import io.tenantdb.model.IndexChange;
import io.tenantdb.model.IndexReport;
import io.tenantdb.model.IndexUsage;
import io.tenantdb.model.Mark;
import io.tenantdb.model.Observed;
import io.tenantdb.model.ObservedTenant;
import io.tenantdb.model.Plan;
import io.tenantdb.model.Reason;
import io.tenantdb.model.ServerInfo;
import io.tenantdb.model.Target;
import io.tenantdb.model.TenantPlan;
import io.tenantdb.model.TenantSelection;
import io.tenantdb.model.TenantState;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;

/** What the operator's tests are about: outcomes as an engine would give them. */
final class Scenes {
  static final Instant NOW = Instant.parse("2026-03-01T12:00:00Z");
  static final ResourceKey KEY = new ResourceKey("platform", "fruit", "uid-1");

  private Scenes() {}

  static ServerInfo server(ServerInfo.Edition edition) {
    Optional<String> version =
        edition == ServerInfo.Edition.NONE ? Optional.empty() : Optional.of("2.20.0");
    return new ServerInfo(
        "17.5",
        170005,
        new ServerInfo.Timescale(edition, version, version.map(v -> "public")),
        Optional.of("7391"),
        16384,
        true,
        "tenantdb",
        false,
        true,
        true);
  }

  static Blocker blocker(int pid) {
    return new Blocker(pid, "a writer", "app", "active", OptionalLong.of(5), Optional.empty());
  }

  /** The look of a role that was not granted {@code pg_read_all_stats}. */
  static Look withoutStatistics(Look look) {
    ServerInfo server = look.server();
    return new Look(
        new ServerInfo(
            server.version(),
            server.versionNum(),
            server.timescale(),
            server.systemIdentifier(),
            server.databaseOid(),
            server.primary(),
            server.user(),
            server.superuser(),
            server.temporaryTables(),
            false),
        look.counts(),
        look.failures(),
        look.aggregates(),
        look.plan(),
        look.open(),
        look.drift(),
        look.held());
  }

  static Observed observed(String... schemas) {
    SortedMap<String, ObservedTenant> tenants = new TreeMap<>();
    for (String schema : schemas) {
      tenants.put(schema, tenant(schema));
    }
    return new Observed(
        server(ServerInfo.Edition.COMMUNITY), NOW, tenants, Set.of(), Map.of(), Map.of());
  }

  private static ObservedTenant tenant(String schema) {
    return new ObservedTenant(schema, Map.of(), Map.of(), "", Set.of());
  }

  /** An index of ours that somebody renamed: drift. */
  static Change drift(String schema) {
    return new IndexChange.RenameIndex(
        new Target(schema, "batches", "owner"),
        "renamed",
        "ix_batches",
        new Mark(
            "platform/fruitpak",
            "ix_batches",
            "batches",
            "0123456789abcdef",
            Mark.Origin.MADE,
            false),
        new IndexBody(false, "USING btree (id)"));
  }

  /** Something that was never there. */
  static Change missing(String schema) {
    return new IndexChange.DropLeftover(
        new Target(schema, "batches", "owner"), "_tdb_b_0123456789abcdef_0123456789abcdef", false);
  }

  static TenantPlan inSync(String schema) {
    return new TenantPlan(schema, List.of(), List.of());
  }

  static TenantPlan with(String schema, Change... changes) {
    return new TenantPlan(schema, List.of(changes), List.of());
  }

  static TenantPlan waiting(String schema) {
    return new TenantPlan(
        schema,
        List.of(),
        List.of(
            new Finding(
                Finding.Verdict.WAITING, "batches", Reason.WaitingForTable, "", "No table.")));
  }

  /** A new tenant that is looked at once more before it is touched. */
  static TenantPlan unsettled(String schema) {
    return new TenantPlan(
        schema,
        List.of(),
        List.of(new Finding(Finding.Verdict.WAITING, "", Reason.Settling, "", "It is new.")));
  }

  static Plan plan(TenantPlan... tenants) {
    return new Plan(List.of(tenants), List.of(), List.of());
  }

  static Outcome.Failure failure(String schema, Reason reason) {
    return new Outcome.Failure(
        schema,
        "batches.ix_batches",
        reason,
        "",
        schema + ": batches.ix_batches cannot be built; do something.");
  }

  /** The outcome of a pass over the plan's tenants, with the plan still to be done. */
  static Outcome outcome(Plan plan, List<Outcome.Failure> failures, ChangeResult... results) {
    Map<String, TenantState> states = new TreeMap<>();
    plan.tenants().forEach(tenant -> states.put(tenant.schema(), tenant.state()));
    failures.stream()
        .filter(failure -> failure.reason() != Reason.DestructiveDenied)
        .forEach(failure -> states.put(failure.schema(), TenantState.FAILED));
    return new Outcome(
        observed(states.keySet().toArray(String[]::new)),
        plan,
        plan,
        List.of(results),
        states,
        new ArrayList<>(failures),
        Optional.empty(),
        Optional.empty());
  }

  /** A pass over one tenant that finds nothing to do. */
  static Outcome seen(Desired desired, Gate gate, PassListener listener) {
    Plan plan = plan(inSync("tenant_a"));
    listener.planned(observed("tenant_a"), plan);
    return outcome(plan, List.of());
  }

  static Outcome held(Plan plan, Reason reason, String message) {
    Outcome outcome = outcome(plan, List.of());
    return new Outcome(
        outcome.observed(),
        plan,
        plan,
        List.of(),
        outcome.states(),
        List.of(),
        Optional.of(new Outcome.Held(reason, message)),
        Optional.empty());
  }

  /** The same outcome, with tenants that have not settled. */
  static Outcome remembering(Outcome outcome, Convergence had) {
    return new Outcome(
        outcome.observed(),
        outcome.initial(),
        outcome.plan(),
        outcome.results(),
        outcome.states(),
        outcome.failures(),
        outcome.held(),
        outcome.settling(),
        outcome.nextUpkeep(),
        Optional.of(had));
  }

  static Outcome settling(Outcome outcome) {
    return new Outcome(
        outcome.observed(),
        outcome.initial(),
        outcome.plan(),
        outcome.results(),
        outcome.states(),
        outcome.failures(),
        outcome.held(),
        Optional.of(Duration.ofMinutes(1)));
  }

  static Look look(Outcome outcome) {
    return Looks.of(outcome, outcome.failures().stream().map(f -> Failure.of(f, NOW)).toList());
  }

  static Snapshot done(long generation, Outcome outcome) {
    return new Snapshot(
        generation, false, false, Optional.empty(), Optional.of(look(outcome)), List.of());
  }

  static Snapshot problem(long generation, Reason reason) {
    return new Snapshot(
        generation,
        false,
        false,
        Optional.of(Problem.of(reason, "It does not work.")),
        Optional.empty(),
        List.of());
  }

  /** A report of one declared index with so many scans. */
  static IndexReport report(long scans) {
    return report(index("ix_batches", new IndexUsage(2, 16384, 8192, scans, 1, Optional.of(NOW))));
  }

  static IndexReport report(IndexReport.Index... indexes) {
    return report(List.of(indexes), List.of());
  }

  static IndexReport report(
      List<IndexReport.Index> indexes, List<IndexReport.Redundancy> redundancies) {
    return new IndexReport(
        NOW, Optional.of(NOW.minus(Duration.ofDays(30))), true, indexes, redundancies);
  }

  static IndexReport.Index index(String name, IndexUsage usage) {
    return new IndexReport.Index(
        "batches", name, true, 0, Optional.empty(), "btree (intake_date)", usage, false);
  }

  /** The same with what is known of the indexes. */
  static Snapshot with(Snapshot snapshot, IndexReport report) {
    return new Snapshot(
        snapshot.generation(),
        snapshot.running(),
        snapshot.suspended(),
        snapshot.problem(),
        snapshot.look(),
        Optional.of(report),
        snapshot.progress(),
        snapshot.deleting());
  }

  static TenantDatabase resource(long generation) {
    TenantDatabase resource = new TenantDatabase();
    resource.getMetadata().setNamespace(KEY.namespace());
    resource.getMetadata().setName(KEY.name());
    resource.getMetadata().setUid(KEY.uid());
    resource.getMetadata().setGeneration(generation);
    return resource;
  }

  static ConnectionSettings settings(String password) {
    return new ConnectionSettings(
        "db.invalid",
        5432,
        "fruit",
        "tenantdb",
        new Password(password),
        new ConnectionSettings.Tls(ConnectionSettings.Tls.Mode.DISABLE, Optional.empty()),
        4,
        "tenantdb");
  }

  static Desired desired() {
    return new Desired(
        "platform/fruit",
        new TenantSelection(
            List.of(),
            List.of("tenant_*"),
            List.of(),
            List.of("public"),
            Duration.ZERO,
            TenantSelection.OnMissingTable.WAIT),
        List.of(),
        List.of(),
        List.of(),
        List.of(),
        Desired.WhenTimescaleMissing.SKIP,
        new Desired.Safety(Desired.OnDestructive.DENY, Duration.ofSeconds(3), Duration.ofHours(2)));
  }

  static Assignment.Work work(long generation) {
    return work(generation, "secret", false);
  }

  static Assignment.Work work(long generation, String password, boolean suspended) {
    return new Assignment.Work(
        generation, Duration.ofMinutes(10), desired(), settings(password), suspended, Claims.NONE);
  }
}
