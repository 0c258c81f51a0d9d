package io.tenantdb.canonical;

import io.tenantdb.canonical.QueryTask.Continuous;
import io.tenantdb.canonical.ViewSite.Hypertable;
import io.tenantdb.model.Canonical.AggregateKey;
import io.tenantdb.model.Desired;
import io.tenantdb.model.DesiredAggregate;
import io.tenantdb.model.DesiredAggregate.Fallback;
import io.tenantdb.model.DesiredHypertable;
import io.tenantdb.model.Observed;
import io.tenantdb.model.Observed.OwnerRights;
import io.tenantdb.model.ObservedTable;
import io.tenantdb.model.ObservedTenant;
import io.tenantdb.model.TableLayout;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;

/** Collects the queries of aggregates that a plan will ask for. */
final class QueryTasks {

  private record Asked(DesiredAggregate aggregate, List<ViewSite> sites) {}

  private final Desired desired;
  private final Observed observed;
  private final Map<AggregateKey, Asked> asked = new LinkedHashMap<>();

  QueryTasks(Desired desired, Observed observed) {
    this.desired = desired;
    this.observed = observed;
  }

  void add(ObservedTenant tenant, DesiredAggregate aggregate) {
    if (observed.server().community()) {
      add(tenant, aggregate, aggregate.query());
    }
    if (aggregate.fallback() == Fallback.MATERIALIZED_VIEW) {
      add(tenant, aggregate, aggregate.viewQuery());
    }
  }

  private void add(ObservedTenant tenant, DesiredAggregate aggregate, String query) {
    List<ViewSite> sites =
        asked
            .computeIfAbsent(
                AggregateKey.of(tenant, aggregate, query),
                key -> new Asked(aggregate, new ArrayList<>(Wanted.SITES)))
            .sites();
    if (sites.size() < Wanted.SITES) {
      ViewSite site = site(tenant, aggregate);
      // As ourselves only where no owner's role can be taken in any tenant that is alike.
      if (site.owner().isPresent()) {
        sites.removeIf(other -> other.owner().isEmpty());
      }
      if (site.owner().isPresent() || sites.isEmpty()) {
        sites.add(site);
      }
    }
  }

  private ViewSite site(ObservedTenant tenant, DesiredAggregate aggregate) {
    List<ObservedTable> mentioned =
        aggregate.mentions().stream()
            .sorted()
            .flatMap(name -> tenant.table(name).stream())
            .toList();
    Optional<String> owner =
        mentioned.stream()
            .map(ObservedTable::owner)
            .filter(role -> tenant.usableBy().contains(role))
            .filter(this::takeable)
            .findFirst();
    Set<String> continuous =
        mentioned.stream()
            .filter(table -> table.kind() == ObservedTable.Kind.CONTINUOUS_AGGREGATE)
            .map(ObservedTable::name)
            .collect(Collectors.toSet());
    return new ViewSite(
        tenant.schema(), owner, continuous, hypertables(mentioned), desired.tenants().searchPath());
  }

  private Map<String, Hypertable> hypertables(List<ObservedTable> mentioned) {
    Map<String, Hypertable> hypertables = new LinkedHashMap<>();
    for (ObservedTable table : mentioned) {
      Optional<String> declared =
          desired.hypertables().stream()
              .filter(h -> h.table().equals(table.name()))
              .map(DesiredHypertable::timeColumn)
              .findFirst();
      boolean is =
          table.kind() == ObservedTable.Kind.CONTINUOUS_AGGREGATE
              || table.hypertable().isPresent()
              || declared.isPresent();
      TableLayout layout = observed.layouts().get(table.columnSignature());
      if (is && layout != null) {
        hypertables.put(table.name(), new Hypertable(layout, declared));
      }
    }
    return hypertables;
  }

  private boolean takeable(String role) {
    OwnerRights rights = observed.owners().get(role);
    return rights != null && rights.settable() && !rights.superuser();
  }

  Map<AggregateKey, QueryTask> tasks() {
    Map<AggregateKey, QueryTask> tasks = new LinkedHashMap<>();
    asked.forEach(
        (key, ask) -> {
          String name = ask.aggregate().name();
          boolean first = key.query().equals(ask.aggregate().query());
          String field = "aggregates[" + name + "]." + (first ? "query" : "fallbackQuery");
          Optional<Continuous> continuous =
              observed
                  .server()
                  .timescale()
                  .schema()
                  .filter(schema -> first && observed.server().community())
                  .map(schema -> new Continuous(ask.aggregate(), schema));
          tasks.put(key, new QueryTask(name, field, key.query(), continuous, ask.sites()));
        });
    return tasks;
  }
}
