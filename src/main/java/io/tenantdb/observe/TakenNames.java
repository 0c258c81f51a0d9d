package io.tenantdb.observe;

import io.tenantdb.model.Desired;
import io.tenantdb.model.DesiredAggregate;
import io.tenantdb.model.ObservedTable.Kind;
import io.tenantdb.model.ObservedTenant.NamedRelation;
import io.tenantdb.model.ReservedName;
import io.tenantdb.observe.IndexReader.Index;
import io.tenantdb.observe.SchemaReader.Named;
import io.tenantdb.observe.TableReader.Table;
import java.sql.SQLException;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;

/** What bears the declared and the reserved names in each schema. */
final class TakenNames {

  /** Names that something may be made under. */
  private final Set<String> declared = new HashSet<>();

  private final Map<Long, Map<String, NamedRelation>> bySchema = new HashMap<>();

  /** One instance of each: a fleet has a few different ones. */
  private final Map<NamedRelation, NamedRelation> relations = new HashMap<>();

  TakenNames(Desired desired) {
    desired.indexes().forEach(index -> declared.add(index.name()));
    for (DesiredAggregate aggregate : desired.aggregates()) {
      declared.add(aggregate.name());
      aggregate.uniqueIndex().ifPresent(index -> declared.add(index.name()));
    }
  }

  /**
   * Takes them from the indexes, and asks the catalogs for what those leave open.
   *
   * @param tables those that the indexes were read of, by oid
   */
  void read(SchemaReader reader, Set<Long> schemas, Map<Long, Table> tables, List<Index> indexes)
      throws SQLException {
    indexes.forEach(index -> own(tables.get(index.table()), index));
    for (Named named : reader.named(schemas, tables.keySet(), unaccounted(schemas))) {
      add(named.schema(), named.relation());
    }
  }

  /** Those of the schema, by name. */
  Map<String, NamedRelation> in(long schema) {
    return bySchema.getOrDefault(schema, Map.of());
  }

  /** A continuous aggregate's are in TimescaleDB's schema and take no name from the tenant's. */
  private void own(Table table, Index index) {
    if (table != null
        && table.kind() != Kind.CONTINUOUS_AGGREGATE
        && (declared.contains(index.name()) || index.name().startsWith(ReservedName.PREFIX))) {
      add(table.schema(), new NamedRelation(index.name(), "index", Optional.of(table.name())));
    }
  }

  /** Declared names that some schema has on no index of the tables that were read. */
  private Set<String> unaccounted(Set<Long> schemas) {
    Set<String> unaccounted = new HashSet<>();
    for (long schema : schemas) {
      Set<String> known = in(schema).keySet();
      if (!known.containsAll(declared)) {
        declared.stream().filter(name -> !known.contains(name)).forEach(unaccounted::add);
      }
    }
    return unaccounted;
  }

  private void add(long schema, NamedRelation relation) {
    NamedRelation one = relations.computeIfAbsent(relation, r -> r);
    bySchema.computeIfAbsent(schema, s -> new TreeMap<>()).put(one.name(), one);
  }
}
