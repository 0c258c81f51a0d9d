package io.tenantdb.observe;

import io.tenantdb.model.Mark;
import io.tenantdb.model.ObservedHypertable;
import io.tenantdb.model.ObservedIndex;
import io.tenantdb.model.ObservedTable;
import io.tenantdb.observe.ConversionReader.Obstacles;
import io.tenantdb.observe.HypertableReader.Name;
import io.tenantdb.observe.IndexReader.Index;
import io.tenantdb.observe.LockReader.Locks;
import io.tenantdb.observe.OwnerReader.Owner;
import io.tenantdb.observe.SchemaReader.Schema;
import io.tenantdb.observe.TableReader.Columns;
import io.tenantdb.observe.TableReader.Table;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Collectors;

/** Joins what was read of the tables, by oid; what vanished between two queries is left out. */
final class TableJoin {
  private final Map<Long, Schema> schemas;
  private final Map<String, Columns> columns;
  private final Map<Long, Owner> owners;
  private final Locks locks;
  private final IndexBodies bodies;
  private final Map<Name, ObservedHypertable> hypertables;
  private final Set<Long> convertible;
  private final Obstacles obstacles;
  private final Parts parts;
  private final Map<String, Optional<Mark>> marks = new HashMap<>();

  TableJoin(
      Map<Long, Schema> schemas,
      Map<String, Columns> columns,
      Map<Long, Owner> owners,
      Locks locks,
      IndexBodies bodies,
      Map<Name, ObservedHypertable> hypertables,
      Set<Long> convertible,
      Obstacles obstacles,
      Parts parts) {
    this.schemas = schemas;
    this.columns = columns;
    this.owners = owners;
    this.locks = locks;
    this.bodies = bodies;
    this.hypertables = hypertables;
    this.convertible = convertible;
    this.obstacles = obstacles;
    this.parts = parts;
  }

  /**
   * The tables of each schema, by name.
   *
   * @param indexes by the oid of their table
   */
  Map<Long, Map<String, ObservedTable>> join(
      Collection<Table> tables, Map<Long, List<Index>> indexes) {
    Map<Long, Map<String, ObservedTable>> bySchema = new HashMap<>();
    for (Table table : tables) {
      Owner owner = owners.get(table.owner());
      if (owner != null) {
        bySchema
            .computeIfAbsent(table.schema(), schema -> new TreeMap<>())
            .put(table.name(), table(table, owner, indexes.getOrDefault(table.oid(), List.of())));
      }
    }
    return bySchema;
  }

  private ObservedTable table(Table table, Owner owner, List<Index> indexes) {
    Schema schema = schemas.get(table.schema());
    Optional<ObservedHypertable> hypertable =
        Optional.ofNullable(hypertables.get(new Name(schema.name(), table.name())));
    List<ObservedIndex> own = new ArrayList<>(indexes.size());
    indexes.stream()
        .sorted(Comparator.comparing(Index::name))
        .forEach(index -> own.add(index(schema, table, hypertable.isPresent(), index)));
    return new ObservedTable(
        table.oid(),
        table.name(),
        table.kind(),
        owner.name(),
        table.columnSignature(),
        table.constraintSignature(),
        pages(table),
        locks.foreign().contains(table.oid()),
        obstacles.references().getOrDefault(table.oid(), List.of()),
        obstacles.published().contains(table.oid()),
        List.copyOf(own),
        hypertable,
        parts.partitions(table, owners, locks),
        parts.key(table));
  }

  private long pages(Table table) {
    return convertible.contains(table.oid())
        ? obstacles.pages(table.oid()).orElse(ObservedTable.UNKNOWN_PAGES)
        : table.pages();
  }

  private ObservedIndex index(Schema schema, Table table, boolean hypertable, Index index) {
    boolean building =
        !index.valid()
            && (locks.building().contains(table.oid())
                || locks.building().contains(index.oid())
                || (hypertable && locks.held().contains(index.oid()))
                || parts.isBuilding(table, locks));
    return new ObservedIndex(
        index.oid(),
        index.name(),
        bodies.body(table, index, schema.quoted()),
        index.valid(),
        building,
        uniqueColumns(table, index),
        index.comment(),
        mark(index.comment()).filter(mark -> mark.table().equals(table.name())),
        index.ties(),
        parts.settings(index),
        parts.missing(table, index));
  }

  private Set<String> uniqueColumns(Table table, Index index) {
    if (index.uniqueKeys().isEmpty()) {
      return Set.of();
    }
    Map<Integer, String> names = columns.get(table.columnSignature()).names();
    return index.uniqueKeys().stream()
        .filter(names::containsKey)
        .map(names::get)
        .collect(Collectors.toUnmodifiableSet());
  }

  private Optional<Mark> mark(String comment) {
    return comment.isEmpty() ? Optional.empty() : marks.computeIfAbsent(comment, Mark::parse);
  }
}
