package io.tenantdb.observe;

import io.tenantdb.model.ObservedIndex.Settings;
import io.tenantdb.model.ObservedIndex.Uneven;
import io.tenantdb.model.ObservedTable;
import io.tenantdb.model.Partition;
import io.tenantdb.model.PartitionKey;
import io.tenantdb.observe.ChunkPartReader.ChunkParts;
import io.tenantdb.observe.IndexReader.Index;
import io.tenantdb.observe.LockReader.Locks;
import io.tenantdb.observe.OwnerReader.Owner;
import io.tenantdb.observe.PartitionReader.Row;
import io.tenantdb.observe.PartitionReader.Unattached;
import io.tenantdb.observe.TableReader.Table;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;

/** What the declared tables are made of: partitions and chunks, and which of them have an index. */
final class Parts {
  private final Map<Long, List<Row>> partitions;
  private final Map<Long, PartitionKey> keys;
  private final Map<Long, Integer> parts;
  private final Map<Long, List<Unattached>> unattached;
  private final Map<Long, Uneven> uneven;
  private final Map<Long, Integer> chunksMissing;

  private Parts(
      Map<Long, List<Row>> partitions,
      Map<Long, PartitionKey> keys,
      Map<Long, Integer> parts,
      Map<Long, List<Unattached>> unattached,
      Map<Long, Uneven> uneven,
      Map<Long, Integer> chunksMissing) {
    this.partitions = partitions;
    this.keys = keys;
    this.parts = parts;
    this.unattached = unattached;
    this.uneven = uneven;
    this.chunksMissing = chunksMissing;
  }

  /**
   * Reads them; nothing where no table is of either kind.
   *
   * @param hypertables those of the tables that are hypertables
   */
  static Parts read(Catalog catalog, Collection<Table> tables, Set<Long> hypertables)
      throws SQLException {
    Set<Long> partitioned =
        tables.stream()
            .filter(table -> table.kind() == ObservedTable.Kind.PARTITIONED)
            .map(Table::oid)
            .collect(Collectors.toSet());
    ChunkParts chunks =
        hypertables.isEmpty() ? ChunkParts.WHOLE : new ChunkPartReader(catalog).read(hypertables);
    if (partitioned.isEmpty()) {
      return new Parts(Map.of(), Map.of(), Map.of(), Map.of(), chunks.uneven(), chunks.missing());
    }
    PartitionReader reader = new PartitionReader(catalog);
    Map<Long, List<Row>> partitions = new HashMap<>();
    Map<Long, Long> roots = new HashMap<>();
    Set<Long> leaves = new HashSet<>();
    Set<Long> inner = new HashSet<>(partitioned);
    for (Row row : reader.partitions(partitioned)) {
      partitions.computeIfAbsent(row.root(), root -> new ArrayList<>()).add(row);
      roots.put(row.oid(), row.root());
      switch (row.kind()) {
        case LEAF -> leaves.add(row.oid());
        case PARTITIONED -> inner.add(row.oid());
        case FOREIGN -> {}
      }
    }
    Map<Long, Uneven> uneven = new HashMap<>(chunks.uneven());
    uneven.putAll(reader.uneven(partitioned, roots.keySet()));
    return new Parts(
        partitions,
        keys(reader.keys(inner), roots),
        reader.parts(partitioned, leaves),
        reader.unattached(leaves).stream().collect(Collectors.groupingBy(Unattached::partition)),
        uneven,
        chunks.missing());
  }

  /** By declared table: those of the table itself and of all that is partitioned below it. */
  private static Map<Long, PartitionKey> keys(
      List<PartitionReader.Key> keys, Map<Long, Long> roots) {
    Map<Long, PartitionKey> all = new HashMap<>();
    for (PartitionReader.Key key : keys) {
      all.merge(
          roots.getOrDefault(key.table(), key.table()),
          new PartitionKey(Set.copyOf(key.columns()), key.expressions()),
          PartitionKey::and);
    }
    return all;
  }

  /** Roles that own partitions. */
  Set<Long> owners() {
    return partitions.values().stream()
        .flatMap(List::stream)
        .map(Row::owner)
        .collect(Collectors.toSet());
  }

  /** The table's partitions, parents first. */
  List<Partition> partitions(Table table, Map<Long, Owner> owners, Locks locks) {
    Map<Long, Partition> known = new LinkedHashMap<>();
    for (Row row : partitions.getOrDefault(table.oid(), List.of())) {
      Owner owner = owners.get(row.owner());
      if (owner != null) {
        known.put(
            row.oid(),
            new Partition(
                row.schema(),
                row.name(),
                owner.name(),
                row.kind(),
                Optional.ofNullable(known.get(row.parent())),
                row.permitted(),
                unattached.getOrDefault(row.oid(), List.of()).stream()
                    .map(index -> new Partition.HalfBuilt(index.name(), isBuilding(index, locks)))
                    .toList()));
      }
    }
    return List.copyOf(known.values());
  }

  /** By which columns the table and its partitions are partitioned. */
  PartitionKey key(Table table) {
    return keys.getOrDefault(table.oid(), PartitionKey.NONE);
  }

  /** How many leaf partitions or chunks have no valid part of the index. */
  int missing(Table table, Index index) {
    List<Row> rows = partitions.getOrDefault(table.oid(), List.of());
    long leaves = rows.stream().filter(row -> row.kind() == Partition.Kind.LEAF).count();
    return rows.isEmpty()
        ? chunksMissing.getOrDefault(index.oid(), 0)
        : Math.max(0, (int) leaves - parts.getOrDefault(index.oid(), 0));
  }

  /** Its settings, and which of them not all its parts have. */
  Settings settings(Index index) {
    Uneven differing = uneven.get(index.oid());
    return differing == null ? index.settings() : index.settings().with(differing);
  }

  /** True while a live session builds a part of what is not whole yet. */
  boolean isBuilding(Table table, Locks locks) {
    return partitions.getOrDefault(table.oid(), List.of()).stream()
        .flatMap(row -> unattached.getOrDefault(row.oid(), List.of()).stream())
        .anyMatch(index -> isBuilding(index, locks));
  }

  private static boolean isBuilding(Unattached index, Locks locks) {
    return !index.valid()
        && (locks.building().contains(index.oid()) || locks.building().contains(index.partition()));
  }
}
