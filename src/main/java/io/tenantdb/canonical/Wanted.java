package io.tenantdb.canonical;

import io.tenantdb.model.Canonical.AggregateKey;
import io.tenantdb.model.Canonical.IndexKey;
import io.tenantdb.model.Canonical.Placement;
import io.tenantdb.model.Desired;
import io.tenantdb.model.DesiredAggregate;
import io.tenantdb.model.DesiredHypertable;
import io.tenantdb.model.DesiredIndex;
import io.tenantdb.model.DesiredTenant;
import io.tenantdb.model.IndexBody;
import io.tenantdb.model.Observed;
import io.tenantdb.model.Observed.OwnerRights;
import io.tenantdb.model.ObservedAggregate;
import io.tenantdb.model.ObservedHypertable;
import io.tenantdb.model.ObservedIndex;
import io.tenantdb.model.ObservedTable;
import io.tenantdb.model.ObservedTable.Kind;
import io.tenantdb.model.ObservedTenant;
import io.tenantdb.model.TableLayout;
import io.tenantdb.model.TimeSpan;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.HashSet;
import java.util.IdentityHashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;

/**
 * What a plan for these tenants will ask for.
 *
 * @param indexes by key, in the tenants' order
 * @param queries of aggregates, by key, in the tenants' order
 * @param placements where indexes are declared to be kept
 */
record Wanted(
    Map<IndexKey, IndexTask> indexes,
    Map<AggregateKey, QueryTask> queries,
    Set<Placement> placements,
    Set<String> declaredIntervals,
    Set<String> liveIntervals) {

  /** Owners that are tried before an index is given up for this pass. */
  static final int SITES = 3;

  static Wanted of(Desired desired, Function<String, DesiredTenant> resolved, Observed observed) {
    Collector collector = new Collector(desired, observed);
    Set<DesiredTenant> seen = Collections.newSetFromMap(new IdentityHashMap<>());
    for (ObservedTenant tenant : observed.tenants().values()) {
      DesiredTenant want = resolved.apply(tenant.schema());
      want.indexes().forEach(index -> collector.index(tenant, index));
      desired.aggregates().forEach(aggregate -> collector.aggregate(tenant, aggregate));
      // Shared by all tenants of equal overrides: each is looked through once.
      if (seen.add(want)) {
        want.hypertables().forEach(collector::declared);
      }
      tenant.tables().values().stream()
          .flatMap(table -> table.hypertable().stream())
          .forEach(collector::live);
      tenant.aggregates().values().forEach(collector::live);
    }
    desired.aggregates().forEach(collector::declared);
    collector.liveIntervals.addAll(observed.graph().intervals());
    return collector.wanted();
  }

  /** What is collected of one index on one layout, of the first tenant that has it. */
  private record Asked(DesiredIndex index, List<CloneSite> sites, Set<IndexBody> live) {
    Asked(DesiredIndex index) {
      this(index, new ArrayList<>(SITES), new HashSet<>());
    }
  }

  private static final class Collector {
    private final Desired desired;
    private final Observed observed;
    private final Map<IndexKey, Asked> indexes = new LinkedHashMap<>();
    private final Set<Placement> placements = new HashSet<>();
    private final QueryTasks queries;
    private final Set<String> declared = new HashSet<>();
    private final Set<String> liveIntervals = new HashSet<>();

    Collector(Desired desired, Observed observed) {
      this.desired = desired;
      this.observed = observed;
      this.queries = new QueryTasks(desired, observed);
    }

    void aggregate(ObservedTenant tenant, DesiredAggregate aggregate) {
      queries.add(tenant, aggregate);
      aggregate.uniqueIndex().ifPresent(unique -> index(tenant, unique));
    }

    void index(ObservedTenant tenant, DesiredIndex index) {
      ObservedTable table = tenant.tables().get(index.table());
      if (table == null || table.kind() == Kind.OTHER) {
        return;
      }
      Placement.of(table, index).ifPresent(placements::add);
      IndexKey key = IndexKey.of(tenant, table, index);
      Asked asked = indexes.computeIfAbsent(key, k -> new Asked(index));
      table.index(index.name()).flatMap(ObservedIndex::body).ifPresent(asked.live()::add);
      List<CloneSite> known = asked.sites();
      // An owner without TEMP needs a schema that it may use: another tenant's may be one.
      boolean usable = tenant.usableBy().contains(table.owner());
      if (known.size() < SITES
          && known.stream()
              .filter(site -> site.owner().equals(table.owner()))
              .noneMatch(site -> site.ownerUsesSchema() || !usable)) {
        site(tenant, table, index).ifPresent(known::add);
      }
    }

    private Optional<CloneSite> site(
        ObservedTenant tenant, ObservedTable table, DesiredIndex index) {
      OwnerRights rights = observed.owners().get(table.owner());
      TableLayout layout = observed.layouts().get(table.columnSignature());
      boolean asOwner =
          rights != null
              && rights.settable()
              && (!rights.superuser() || desired.safety().allowSuperuserOwned());
      if (layout == null || !(asOwner || index.plainColumns())) {
        return Optional.empty();
      }
      return Optional.of(
          new CloneSite(
              tenant.schema(),
              table.name(),
              layout,
              table.owner(),
              asOwner,
              tenant.usableBy().contains(table.owner()),
              desired.tenants().searchPath()));
    }

    void declared(DesiredHypertable hypertable) {
      hypertable.chunkInterval().ifPresent(span -> add(declared, span));
      hypertable
          .compression()
          .ifPresent(
              compression -> {
                compression.after().ifPresent(span -> add(declared, span));
                compression.every().ifPresent(declared::add);
              });
      hypertable
          .retention()
          .ifPresent(
              retention -> {
                retention.dropAfter().ifPresent(span -> add(declared, span));
                retention.every().ifPresent(declared::add);
              });
    }

    void declared(DesiredAggregate aggregate) {
      aggregate
          .refresh()
          .ifPresent(
              refresh -> {
                declared.add(refresh.every());
                refresh.startOffset().ifPresent(span -> add(declared, span));
                add(declared, refresh.endOffset());
              });
    }

    void live(ObservedAggregate aggregate) {
      for (ObservedAggregate.RefreshJob job : aggregate.jobs()) {
        job.startOffset().ifPresent(span -> add(liveIntervals, span));
        job.endOffset().ifPresent(span -> add(liveIntervals, span));
        liveIntervals.add(job.every());
      }
    }

    void live(ObservedHypertable hypertable) {
      add(liveIntervals, hypertable.chunkInterval());
      for (ObservedHypertable.Job job : hypertable.jobs()) {
        job.after().ifPresent(span -> add(liveIntervals, span));
        liveIntervals.add(job.every());
      }
    }

    private static void add(Set<String> texts, TimeSpan span) {
      if (span instanceof TimeSpan.Interval interval) {
        texts.add(interval.text());
      }
    }

    Wanted wanted() {
      Map<IndexKey, IndexTask> tasks = new LinkedHashMap<>();
      indexes.forEach(
          (key, asked) -> {
            List<CloneSite> ownersFirst =
                asked.sites().stream()
                    .sorted(Comparator.comparing(site -> !site.asOwner()))
                    .toList();
            tasks.put(key, new IndexTask(asked.index(), ownersFirst, asked.live()));
          });
      return new Wanted(tasks, queries.tasks(), placements, declared, liveIntervals);
    }
  }
}
