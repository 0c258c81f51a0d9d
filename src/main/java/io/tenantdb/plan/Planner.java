package io.tenantdb.plan;

import io.tenantdb.model.Canonical;
import io.tenantdb.model.Change;
import io.tenantdb.model.Dependencies;
import io.tenantdb.model.Desired;
import io.tenantdb.model.DesiredTenant;
import io.tenantdb.model.Finding.Verdict;
import io.tenantdb.model.Observed;
import io.tenantdb.model.ObservedTable;
import io.tenantdb.model.ObservedTenant;
import io.tenantdb.model.Plan;
import io.tenantdb.model.Plan.Upkeep;
import io.tenantdb.model.Reason;
import io.tenantdb.model.Refusal;
import io.tenantdb.model.SharedNames;
import io.tenantdb.model.TenantHistory;
import io.tenantdb.model.TenantPlan;
import io.tenantdb.plan.Safeguards.Withheld;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.IdentityHashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Function;
import java.util.stream.Stream;

/** Plans the difference between what is declared and what is live, tenant by tenant. */
public final class Planner {

  private final Desired desired;
  private final Observed observed;
  private final Canonical canonical;
  private final TenantHistory history;
  private final Safeguards safeguards;
  private final RetentionJudge retention;
  private final AggregateDrops drops;
  private final Promises promises;
  private final Set<String> tables;
  private final IdentityHashMap<DesiredTenant, Planners> planners = new IdentityHashMap<>();

  /** Those of the tenants that must have the same. */
  private record Planners(
      HypertablePlanner hypertables,
      IndexPlanner indexes,
      AggregatePlanner aggregates,
      NameClaims names,
      LeavingJobs jobs,
      PrunePlanner prune) {}

  public Planner(Desired desired, Observed observed, Canonical canonical, TenantHistory history) {
    this.desired = desired;
    this.observed = observed;
    this.canonical = canonical;
    this.history = history;
    this.safeguards = new Safeguards(desired.safety());
    this.drops = new AggregateDrops(observed.graph());
    this.promises = new Promises(desired.safety());
    this.retention = new RetentionJudge(desired, observed, canonical, safeguards);
    this.tables = desired.tables();
  }

  /**
   * The plan.
   *
   * @param resolved what each tenant must have, by schema
   */
  public Plan plan(Function<String, DesiredTenant> resolved) {
    List<TenantPlan> tenants = new ArrayList<>(observed.tenants().size());
    List<Refusal> refused = new ArrayList<>();
    List<ScheduledRefresh> schedule = new ArrayList<>();
    for (ObservedTenant tenant : observed.tenants().values()) {
      tenants.add(planTenant(tenant, resolved, refused, schedule));
    }
    return new Plan(
        tenants,
        refused,
        List.copyOf(new TreeSet<>(observed.missingSchemas())),
        upkeep(schedule),
        sharedNames());
  }

  private SharedNames sharedNames() {
    List<String> shared =
        desired.tenants().searchPath().stream()
            .filter(schema -> observed.tenants().containsKey(schema))
            .toList();
    return shared.isEmpty() ? SharedNames.NONE : SharedNames.of(shared, canonical.texts());
  }

  private static Upkeep upkeep(List<ScheduledRefresh> schedule) {
    return new Upkeep(
        schedule.stream()
            .sorted(Comparator.comparing(ScheduledRefresh::dueSince))
            .flatMap(refresh -> refresh.due().stream())
            .toList(),
        schedule.stream().map(ScheduledRefresh::next).min(Comparator.naturalOrder()));
  }

  /** A defect that one tenant's catalog brings to light must not stop the others. */
  private TenantPlan planTenant(
      ObservedTenant tenant,
      Function<String, DesiredTenant> resolved,
      List<Refusal> refused,
      List<ScheduledRefresh> schedule) {
    try {
      TenantDraft draft = planTenant(tenant, resolved.apply(tenant.schema()));
      schedule.addAll(draft.upkeep());
      return withoutRefused(draft, refused);
    } catch (RuntimeException e) {
      TenantDraft draft = new TenantDraft(tenant, observed, history);
      draft.find(
          Verdict.FAILED,
          "",
          Reason.InternalError,
          "a defect of the operator: "
              + e.getClass().getSimpleName()
              + Stream.of(e.getStackTrace()).findFirst().map(at -> " at " + at).orElse("")
              + "; report it.");
      return new TenantPlan(tenant.schema(), List.of(), draft.findings());
    }
  }

  private TenantDraft planTenant(ObservedTenant tenant, DesiredTenant wanted) {
    TenantDraft draft = new TenantDraft(tenant, observed, history);
    if (history.settling().contains(tenant.schema()) && !tenant.tables().isEmpty()) {
      String locked =
          tenant.tables().values().stream()
              .filter(ObservedTable::foreignLock)
              .map(table -> " and nobody holds " + table.name() + " locked, as a session does now")
              .findFirst()
              .orElse("");
      draft.find(
          Verdict.WAITING,
          "",
          Reason.Settling,
          "is new; it is touched once its tables look the same twice, spec.tenants.settle apart"
              + locked
              + ".");
      return draft;
    }
    Set<String> missing = new TreeSet<>(tables);
    missing.removeAll(tenant.tables().keySet());
    if (!missing.isEmpty() && onMissing(draft, missing)) {
      return draft;
    }
    if (missing.size() == tables.size() && !missing.isEmpty()) {
      return draft;
    }
    Planners of = planners.computeIfAbsent(wanted, this::planners);
    wanted
        .hypertables()
        .forEach(
            hypertable ->
                tenant
                    .table(hypertable.table())
                    .ifPresent(table -> of.hypertables().prepare(draft, hypertable, table)));
    of.indexes().plan(draft);
    of.aggregates().plan(draft);
    wanted
        .hypertables()
        .forEach(
            hypertable ->
                tenant
                    .table(hypertable.table())
                    .ifPresent(table -> of.hypertables().policies(draft, hypertable, table)));
    retention.judge(draft, wanted, () -> of.jobs().of(draft));
    of.names().settle(draft);
    of.prune().plan(draft);
    drops.judge(draft);
    promises.keep(draft);
    return draft;
  }

  private Planners planners(DesiredTenant wanted) {
    IndexPlanner indexes = new IndexPlanner(desired, canonical, wanted.indexes());
    LeavingAggregates leavingAggregates = new LeavingAggregates(desired, observed.server());
    LeavingIndexes leavingIndexes = new LeavingIndexes(desired, wanted, leavingAggregates);
    LeavingPolicies leavingPolicies =
        new LeavingPolicies(desired, observed.server(), wanted, leavingAggregates);
    return new Planners(
        new HypertablePlanner(
            desired,
            observed.server(),
            canonical,
            new ConversionObstacles(
                desired.safety().prune(), observed.server().timescale(), wanted, leavingIndexes)),
        indexes,
        new AggregatePlanner(desired, observed, canonical, wanted, indexes),
        new NameClaims(desired.safety(), leavingIndexes, leavingAggregates),
        new LeavingJobs(desired.safety().prune(), leavingPolicies, leavingAggregates),
        new PrunePlanner(
            desired.safety().prune(), leavingPolicies, leavingAggregates, leavingIndexes));
  }

  /** Returns true when the tenant is left alone for it. */
  private boolean onMissing(TenantDraft draft, Set<String> missing) {
    String names = String.join(", ", missing);
    switch (desired.tenants().onMissingTable()) {
      case WAIT -> {
        draft.find(
            Verdict.WAITING,
            names,
            Reason.WaitingForTable,
            "has no table " + names + " yet; it is left alone until it has.");
        return true;
      }
      case SKIP ->
          draft.find(
              missing.size() == tables.size() ? Verdict.SKIPPED : Verdict.NOTE,
              names,
              Reason.TableSkipped,
              "has no table " + names + "; what is declared on it is skipped.");
      case FAIL ->
          draft.find(
              Verdict.FAILED,
              names,
              Reason.TableMissing,
              "has no table "
                  + names
                  + "; create it, exclude the tenant, or set spec.tenants.onMissingTable.");
    }
    return false;
  }

  /**
   * What {@code spec.safety} refuses becomes a finding, and so does what only that would make
   * possible.
   */
  private TenantPlan withoutRefused(TenantDraft draft, List<Refusal> refused) {
    List<Change> allowed = new ArrayList<>();
    Map<Change, Reason> left = new LinkedHashMap<>();
    for (Change change : draft.changes()) {
      Optional<Withheld> withheld = safeguards.withholds(change);
      if (withheld.isPresent()) {
        Withheld why = withheld.get();
        refused.add(new Refusal(change, why.reason()));
        draft.find(why.verdict(), change.object(), why.reason(), why.sentence());
        left.put(change, why.reason());
        continue;
      }
      Optional<Change> needed =
          left.keySet().stream().filter(earlier -> Dependencies.needs(change, earlier)).findFirst();
      if (needed.isPresent()) {
        draft.waits(change, needed.get(), left.get(needed.get()));
        left.put(change, left.get(needed.get()));
      } else {
        allowed.add(change);
      }
    }
    return new TenantPlan(draft.schema(), allowed, draft.findings(), draft.declarations());
  }
}
