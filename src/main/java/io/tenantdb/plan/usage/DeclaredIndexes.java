package io.tenantdb.plan.usage;

import io.tenantdb.model.Desired;
import io.tenantdb.model.DesiredAggregate;
import io.tenantdb.model.DesiredIndex;
import io.tenantdb.model.IndexShape;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * The indexes that the spec names, and what they look like by the spec alone: what is spelt
 * differently counts as different, and shows once it is live.
 */
final class DeclaredIndexes {

  private final List<DesiredIndex> all;
  private final Map<String, List<DesiredIndex>> byTable;

  DeclaredIndexes(Desired desired) {
    this.all =
        Stream.concat(
                desired.indexes().stream(),
                desired.aggregates().stream()
                    .map(DesiredAggregate::uniqueIndex)
                    .flatMap(index -> index.stream()))
            .toList();
    this.byTable = all.stream().collect(Collectors.groupingBy(DesiredIndex::table));
  }

  List<DesiredIndex> all() {
    return all;
  }

  List<DesiredIndex> of(String table) {
    return byTable.getOrDefault(table, List.of());
  }

  /** By table. */
  Map<String, List<Candidate>> candidates() {
    Map<String, List<Candidate>> tables = new TreeMap<>();
    for (DesiredIndex index : all) {
      tables.computeIfAbsent(index.table(), t -> new ArrayList<>()).add(candidate(index));
    }
    return tables;
  }

  private static Candidate candidate(DesiredIndex index) {
    IndexShape shape =
        new IndexShape(
            index.method(),
            index.unique(),
            index.keys().stream().map(DeclaredIndexes::key).toList(),
            !index.include().isEmpty(),
            index.where().orElse(""));
    String definition =
        List.of(shape, index.nullsNotDistinct(), index.include(), index.with()).toString();
    return new Candidate(index.name(), definition, shape, false, true, Optional.empty());
  }

  private static IndexShape.Key key(DesiredIndex.Key key) {
    boolean nullsFirst = key.nullsFirst().orElse(key.descending());
    String how =
        List.of(
                key.expression(),
                key.opclass(),
                key.collation(),
                key.opclassParameters(),
                key.descending(),
                nullsFirst)
            .toString();
    return new IndexShape.Key(key.column(), how);
  }
}
