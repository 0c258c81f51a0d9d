package io.tenantdb.plan.usage;

import io.tenantdb.model.AggregateIndexChange;
import io.tenantdb.model.Desired;
import io.tenantdb.model.DesiredIndex;
import io.tenantdb.model.IndexBody;
import io.tenantdb.model.IndexTemplate;
import io.tenantdb.model.Mark;
import io.tenantdb.model.Observed;
import io.tenantdb.model.ObservedAggregate;
import io.tenantdb.model.ObservedAggregate.Materialization;
import io.tenantdb.model.ObservedIndex;
import io.tenantdb.model.ObservedTable;
import io.tenantdb.model.ObservedTenant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * Says what each live index counts as, so that the same one of all tenants is one line whatever it
 * is called: a declared one by the rules by which a plan finds it, and another by the name in its
 * mark. In a tenant no two count as the same.
 */
public final class IndexTally {
  private final Desired desired;
  private final DeclaredIndexes declared;
  private final KnownBodies bodies;
  private final Map<Long, IndexTemplate> byOid = new HashMap<>();
  private final Map<IndexTemplate, List<Long>> byTemplate = new LinkedHashMap<>();
  private final Map<List<Object>, String> timescales = new HashMap<>();

  /** Of the indexes that serve queries. */
  public IndexTally(Desired desired, Observed observed) {
    this.desired = desired;
    this.declared = new DeclaredIndexes(desired);
    this.bodies = new KnownBodies(desired, observed);
    for (ObservedTenant tenant : observed.tenants().values()) {
      desired.indexed(tenant).forEach(table -> count(tenant, table));
    }
  }

  /** The oids of the live indexes that count as each. */
  public Map<IndexTemplate, List<Long>> templates() {
    return byTemplate;
  }

  /** What a live index counts as; empty where it serves no query. */
  Optional<IndexTemplate> of(ObservedIndex index) {
    return Optional.ofNullable(byOid.get(index.oid()));
  }

  private void count(ObservedTenant tenant, ObservedTable table) {
    Optional<Materialization> kept =
        table.kind() == ObservedTable.Kind.CONTINUOUS_AGGREGATE
            ? tenant.aggregate(table.name()).flatMap(ObservedAggregate::materialization)
            : Optional.empty();
    Map<Long, DesiredIndex> stand =
        new StandIns(desired, declared.of(table.name()), bodies).find(table, kept);
    Set<IndexTemplate> taken = new HashSet<>();
    for (ObservedIndex index : table.indexes()) {
      if (index.serves()) {
        IndexTemplate template =
            Optional.ofNullable(stand.get(index.oid()))
                .map(wanted -> declared(table, index, wanted, kept))
                .orElseGet(() -> other(table, index, kept, taken));
        taken.add(template);
        byOid.put(index.oid(), template);
        byTemplate.computeIfAbsent(template, t -> new ArrayList<>()).add(index.oid());
      }
    }
  }

  private static IndexTemplate declared(
      ObservedTable table,
      ObservedIndex index,
      DesiredIndex wanted,
      Optional<Materialization> kept) {
    boolean given =
        index.name().equals(wanted.name())
            || kept.filter(
                    k -> index.name().equals(AggregateIndexChange.liveName(wanted.name(), k)))
                .isPresent();
    // On an aggregate a replaced one of ours has a third name.
    boolean otherName = !given && (kept.isEmpty() || index.mark().isEmpty());
    return new IndexTemplate(
        table.name(), wanted.name(), true, otherName, index.mark().map(Mark::owner), index.body());
  }

  private IndexTemplate other(
      ObservedTable table,
      ObservedIndex index,
      Optional<Materialization> kept,
      Set<IndexTemplate> taken) {
    List<String> names = new ArrayList<>();
    index.mark().map(Mark::name).ifPresent(names::add);
    kept.ifPresent(
        materialization -> {
          SharedName shared = new SharedName(index.name(), materialization);
          if (shared.timescales()) {
            names.add(timescales(table, index.body(), shared.text()));
          }
          names.add(shared.text());
        });
    names.add(index.name());
    return names.stream()
        .map(name -> undeclared(table, index, name))
        .filter(template -> !taken.contains(template))
        .findFirst()
        .orElseThrow();
  }

  private static IndexTemplate undeclared(ObservedTable table, ObservedIndex index, String name) {
    return new IndexTemplate(
        table.name(), name, false, false, index.mark().map(Mark::owner), index.body());
  }

  /** PostgreSQL cuts a long name further where the hypertable's id has one more digit. */
  private String timescales(ObservedTable table, Optional<IndexBody> body, String name) {
    return timescales.computeIfAbsent(List.of(table.name(), body), key -> name);
  }
}
