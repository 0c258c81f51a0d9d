package io.tenantdb.plan;

import io.tenantdb.model.Canonical;
import io.tenantdb.model.CanonicalAggregate;
import io.tenantdb.model.CanonicalAggregate.Buildable;
import io.tenantdb.model.CanonicalAggregate.Refused;
import io.tenantdb.model.CanonicalAggregate.Unknown;
import io.tenantdb.model.Desired;
import io.tenantdb.model.Desired.WhenTimescaleMissing;
import io.tenantdb.model.DesiredAggregate;
import io.tenantdb.model.DesiredAggregate.Fallback;
import io.tenantdb.model.DesiredTenant;
import io.tenantdb.model.Finding.Verdict;
import io.tenantdb.model.Observed;
import io.tenantdb.model.ObservedAggregate;
import io.tenantdb.model.ObservedTable;
import io.tenantdb.model.Reason;
import io.tenantdb.model.ServerInfo;
import io.tenantdb.model.ServerInfo.Edition;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Predicate;

/**
 * Plans the aggregates of one tenant: continuous where TimescaleDB community is there and a source
 * is a hypertable, else what {@code fallback} says.
 */
final class AggregatePlanner {

  private final Desired desired;
  private final ServerInfo server;
  private final Canonical canonical;
  private final DesiredTenant wanted;
  private final IndexPlanner indexes;
  private final MaterializedViewPlanner views;
  private final MissingRelationPlanner missing;

  AggregatePlanner(
      Desired desired,
      Observed observed,
      Canonical canonical,
      DesiredTenant wanted,
      IndexPlanner indexes) {
    this.desired = desired;
    this.server = observed.server();
    this.canonical = canonical;
    this.wanted = wanted;
    this.indexes = indexes;
    this.views = new MaterializedViewPlanner(desired, canonical, observed.now());
    this.missing = new MissingRelationPlanner(desired);
  }

  /** Plans the aggregates, and then the indexes of those that are as declared. */
  void plan(TenantDraft draft) {
    List<DesiredAggregate> asDeclared = new ArrayList<>();
    for (DesiredAggregate aggregate : desired.aggregates()) {
      if (server.community() ? planCommunity(draft, aggregate) : planWithout(draft, aggregate)) {
        asDeclared.add(aggregate);
      } else if (draft.tenant().aggregate(aggregate.name()).isEmpty()) {
        indexes.later(draft, aggregate);
      }
    }
    asDeclared.forEach(aggregate -> indexes.plan(draft, aggregate, relation(draft, aggregate)));
  }

  /** Returns true where it is there and as declared, whatever else of it is to be changed. */
  private boolean planCommunity(TenantDraft draft, DesiredAggregate aggregate) {
    Optional<AggregateTask> task =
        task(
            draft,
            aggregate,
            aggregate.query(),
            table -> isContinuousSource(draft, table) || draft.awaitsConversion(table));
    if (task.isEmpty()) {
      return false;
    }
    boolean possible = isContinuousSource(draft, task.get().source());
    boolean fallsBack = aggregate.fallback() == Fallback.MATERIALIZED_VIEW;
    Optional<ObservedAggregate> live = draft.tenant().aggregate(aggregate.name());
    ContinuousAggregatePlanner continuous =
        new ContinuousAggregatePlanner(desired, wanted, canonical, server.timescale());
    if (is(live, ObservedAggregate.Kind.CONTINUOUS)) {
      return continuous.plan(task.get(), relation(draft, aggregate), live.get());
    }
    if (possible && fallsBack && live.isPresent()) {
      task.get()
          .find(
              Verdict.NOTE,
              Reason.FallbackServes,
              "a materialized view serves as "
                  + aggregate.name()
                  + ", which could be a continuous aggregate by now; DROP MATERIALIZED VIEW it, and that is made.");
      return view(draft, aggregate);
    }
    if (possible) {
      continuous.create(task.get());
      return false;
    }
    if (draft.awaitsConversion(task.get().source()) && live.isEmpty()) {
      task.get()
          .find(
              Verdict.NOTE,
              Reason.WaitingForTable,
              "aggregate "
                  + aggregate.name()
                  + " is planned once "
                  + task.get().source().name()
                  + " is a hypertable.");
      return false;
    }
    if (fallsBack) {
      return view(draft, aggregate);
    }
    skipForSource(task.get());
    return false;
  }

  private boolean planWithout(TenantDraft draft, DesiredAggregate aggregate) {
    Reason reason =
        server.timescale().edition() == Edition.APACHE
            ? Reason.TimescaleLicense
            : Reason.TimescaleMissing;
    String why =
        reason == Reason.TimescaleLicense
            ? "TimescaleDB runs under its Apache licence"
            : "the database has no TimescaleDB";
    Optional<ObservedAggregate> live = draft.tenant().aggregate(aggregate.name());
    boolean skips = aggregate.fallback() == Fallback.SKIP;
    if (skips && desired.whenTimescaleMissing() == WhenTimescaleMissing.FAIL) {
      draft.find(
          Verdict.FAILED,
          aggregate.name(),
          reason,
          aggregate.name()
              + " cannot be a continuous aggregate: "
              + why
              + ", and spec.timescale.whenMissing is Fail; install the community edition, or set fallback: MaterializedView.");
      return false;
    }
    if (is(live, ObservedAggregate.Kind.CONTINUOUS)) {
      draft.find(
          Verdict.NOTE,
          aggregate.name(),
          reason,
          "the continuous aggregate "
              + aggregate.name()
              + " is left as it is: "
              + why
              + "; nothing of it can be changed until the community edition is there.");
      return false;
    }
    if (skips) {
      draft.find(
          Verdict.NOTE,
          aggregate.name(),
          Reason.AggregateSkipped,
          aggregate.name()
              + " cannot be a continuous aggregate: "
              + why
              + "; install the community edition, or set fallback: MaterializedView.");
      return false;
    }
    return view(draft, aggregate);
  }

  private void skipForSource(AggregateTask task) {
    String source = task.source().name();
    boolean declared = wanted.hypertables().stream().anyMatch(h -> h.table().equals(source));
    task.find(
        Verdict.NOTE,
        Reason.AggregateSkipped,
        source
            + " is no hypertable, so "
            + task.name()
            + " cannot be a continuous aggregate: "
            + (declared ? "mend what its conversion lacks" : "declare it in spec.hypertables")
            + ", or set fallback: MaterializedView.");
  }

  private boolean view(TenantDraft draft, DesiredAggregate aggregate) {
    Optional<AggregateTask> task = task(draft, aggregate, aggregate.viewQuery(), any -> true);
    if (task.isEmpty()) {
      return false;
    }
    Optional<ObservedAggregate> live = draft.tenant().aggregate(aggregate.name());
    if (live.isPresent()) {
      return views.plan(task.get(), relation(draft, aggregate), live.get());
    }
    views.create(task.get());
    return false;
  }

  /** What the query becomes in the tenant; says so where that cannot be told or had. */
  private Optional<AggregateTask> task(
      TenantDraft draft, DesiredAggregate aggregate, String query, Predicate<ObservedTable> best) {
    CanonicalAggregate form =
        canonical
            .aggregate(draft.tenant(), aggregate, query)
            .orElseGet(() -> new Unknown(Reason.InternalError, "it was not looked at"));
    if (form instanceof Refused refused) {
      missing.refused(draft, aggregate, refused);
      return Optional.empty();
    }
    if (form instanceof Unknown unknown) {
      // Rows that it may be made of must not go before it could be judged.
      aggregate.mentions().forEach(draft::holdRetention);
      if (unknown.reason() == Reason.InsufficientPrivilege && lacksRight(draft, aggregate)) {
        return Optional.empty();
      }
      draft.find(
          unknown.reason().stalls() ? Verdict.FAILED : Verdict.POSTPONED,
          aggregate.name(),
          unknown.reason(),
          "aggregate "
              + aggregate.name()
              + (unknown.reason().stalls() ? " cannot be judged: " : " cannot be judged now: ")
              + unknown.message());
      return Optional.empty();
    }
    Buildable buildable = (Buildable) form;
    List<ObservedTable> own = sources(draft, buildable);
    if (own.isEmpty()) {
      draft.find(
          Verdict.FAILED,
          aggregate.name(),
          Reason.NotSupported,
          "aggregate "
              + aggregate.name()
              + " reads no relation of the tenant's own schema; name one in its query.");
    }
    return own.stream()
        .filter(best)
        .findFirst()
        .or(() -> own.stream().findFirst())
        .map(source -> new AggregateTask(draft, aggregate, buildable, source));
  }

  /** The right that making it lacks is the one to name; with it the form is known too. */
  private static boolean lacksRight(TenantDraft draft, DesiredAggregate aggregate) {
    return aggregate.mentions().stream()
        .sorted()
        .flatMap(name -> draft.tenant().table(name).stream())
        .anyMatch(table -> draft.lacksRight(table, aggregate.name()));
  }

  /** The relations of the tenant's own that it reads, by name. */
  private static List<ObservedTable> sources(TenantDraft draft, Buildable form) {
    return form.sources().stream()
        .filter(source -> source.schema().isEmpty())
        .map(CanonicalAggregate.Source::name)
        .sorted()
        .flatMap(name -> draft.tenant().table(name).stream())
        .toList();
  }

  private static boolean isContinuousSource(TenantDraft draft, ObservedTable table) {
    return table.kind() == ObservedTable.Kind.CONTINUOUS_AGGREGATE || draft.isHypertable(table);
  }

  private static boolean is(Optional<ObservedAggregate> live, ObservedAggregate.Kind kind) {
    return live.filter(l -> l.kind() == kind).isPresent();
  }

  /** What the catalogs say of a live aggregate as a relation. */
  private static ObservedTable relation(TenantDraft draft, DesiredAggregate aggregate) {
    return draft.tenant().table(aggregate.name()).orElseThrow();
  }
}
