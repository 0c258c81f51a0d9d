package io.tenantdb.observe;

import io.tenantdb.model.Desired;
import io.tenantdb.model.DesiredAggregate;
import io.tenantdb.model.ObservedTable;
import io.tenantdb.model.ObservedTable.Kind;
import io.tenantdb.observe.ContinuousReader.Sorted;
import io.tenantdb.observe.HypertableReader.Name;
import io.tenantdb.observe.SchemaReader.Schema;
import io.tenantdb.observe.TableReader.Table;
import java.sql.SQLException;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;

/** The relations that the spec does not name, and that something of ours is about. */
final class UndeclaredRelations {

  private final Catalog catalog;
  private final TableReader reader;
  private final Desired desired;
  private final Map<Long, Schema> schemas;
  private final Map<Long, Table> declared;

  /**
   * Of one reading.
   *
   * @param schemas of the tenants, by oid
   * @param declared what the spec does name, by oid
   */
  UndeclaredRelations(
      Catalog catalog,
      TableReader reader,
      Desired desired,
      Map<Long, Schema> schemas,
      Map<Long, Table> declared) {
    this.catalog = catalog;
    this.reader = reader;
    this.desired = desired;
    this.schemas = schemas;
    this.declared = declared;
  }

  /**
   * Aggregates with a mark of ours that no declaration is about; what others read is among them.
   */
  Sorted aggregates(List<Schema> all, boolean timescale) throws SQLException {
    return new UndeclaredAggregateReader(catalog, reader)
        .read(
            desired.ownerId(),
            schemas.keySet(),
            desired.aggregates().stream().map(DesiredAggregate::name).collect(Collectors.toSet()),
            all,
            timescale);
  }

  /**
   * What an index or a policy of ours may be about, and those aggregates, by oid.
   *
   * @param hypertables empty without TimescaleDB
   */
  Map<Long, Table> tables(Optional<HypertableReader> hypertables, Sorted aggregates)
      throws SQLException {
    Map<Long, Table> undeclared = new LinkedHashMap<>();
    Set<Long> oids =
        new UndeclaredReader(catalog, desired.ownerId())
            .tables(schemas.keySet(), declared.keySet(), desired.relations());
    reader.tables(oids).stream()
        .filter(table -> schemas.containsKey(table.schema()))
        .forEach(table -> undeclared.put(table.oid(), table));
    if (hypertables.isPresent()) {
      withJobs(hypertables.get()).forEach(table -> undeclared.put(table.oid(), table));
    }
    aggregates.tables().forEach(undeclared::putIfAbsent);
    undeclared.keySet().removeAll(declared.keySet());
    return undeclared;
  }

  private List<Table> withJobs(HypertableReader hypertables) throws SQLException {
    Set<Name> names =
        Set.copyOf(hypertables.othersWithMarkOf(desired.ownerId(), desired.relations()));
    return names.isEmpty()
        ? List.of()
        : reader
            .tables(schemas.keySet(), names.stream().map(Name::table).collect(Collectors.toSet()))
            .stream()
            .filter(t -> names.contains(new Name(schemas.get(t.schema()).name(), t.name())))
            .toList();
  }

  /** Those that something of ours is about; an aggregate bears its mark itself. */
  List<ObservedTable> ours(Collection<ObservedTable> undeclared) {
    return undeclared.stream()
        .filter(
            table ->
                table.kind() == Kind.CONTINUOUS_AGGREGATE
                    || table.kind() == Kind.MATERIALIZED_VIEW
                    || table.hasMarkOf(desired.ownerId()))
        .toList();
  }
}
