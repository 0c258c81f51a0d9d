package io.tenantdb.plan.usage;

import io.tenantdb.model.Desired;
import io.tenantdb.model.IndexBody;
import io.tenantdb.model.IndexReport.Kind;
import io.tenantdb.model.IndexReport.Redundancy;
import io.tenantdb.model.IndexShape;
import io.tenantdb.model.IndexTemplate;
import io.tenantdb.model.Observed;
import io.tenantdb.model.ObservedIndex;
import io.tenantdb.model.ObservedTable;
import io.tenantdb.model.ObservedTenant;
import io.tenantdb.model.ObservedUsage;
import io.tenantdb.model.ObservedUsage.Definition;
import io.tenantdb.model.ObservedUsage.ForeignKey;
import io.tenantdb.plan.usage.Redundancies.Pair;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * Counts in how many tenants an index is redundant or a foreign key has none. Tables that look the
 * same are looked at once.
 */
final class RedundancyCount {
  private final Desired desired;
  private final IndexTally tally;
  private final Observed observed;
  private final ObservedUsage reading;
  private final Map<Layout, Verdict> verdicts = new HashMap<>();
  private final Map<Found, Integer> tenants = new HashMap<>();
  private final Set<Found> bySpec = new HashSet<>();

  private record Live(IndexTemplate counted, IndexBody body, boolean needed) {
    String name() {
      return counted.name();
    }
  }

  private record Layout(String table, String columnSignature, List<Live> indexes) {}

  private record Verdict(List<Candidate> indexes, List<Found> found) {}

  /** Empty names for what there is none of; the advice differs with what needs the index. */
  private record Found(
      Kind kind, String table, String index, String by, List<String> columns, String message) {}

  RedundancyCount(Desired desired, IndexTally tally, Observed observed, ObservedUsage reading) {
    this.desired = desired;
    this.tally = tally;
    this.observed = observed;
    this.reading = reading;
  }

  List<Redundancy> redundancies() {
    new DeclaredIndexes(desired)
        .candidates()
        .forEach(
            (table, indexes) ->
                Redundancies.of(indexes).forEach(pair -> bySpec.add(found(table, pair))));
    bySpec.forEach(found -> tenants.put(found, 0));
    for (ObservedTenant tenant : observed.tenants().values()) {
      desired.indexed(tenant).forEach(this::count);
    }
    return tenants.entrySet().stream()
        .map(e -> redundancy(e.getKey(), e.getValue()))
        .sorted(
            Comparator.comparing(Redundancy::kind)
                .thenComparing(Redundancy::table)
                .thenComparing(Redundancy::index)
                .thenComparing(Redundancy::by)
                .thenComparing(redundancy -> redundancy.columns().toString())
                .thenComparing(Redundancy::message))
        .toList();
  }

  private void count(ObservedTable table) {
    Optional<Layout> layout = layout(table);
    if (layout.isEmpty()) {
      return;
    }
    Verdict verdict = verdicts.computeIfAbsent(layout.get(), this::verdict);
    Set<Found> here = new HashSet<>(verdict.found());
    for (ForeignKey key : reading.foreignKeys().getOrDefault(table.oid(), List.of())) {
      if (!ForeignKeys.indexed(key.columns(), verdict.indexes())) {
        here.add(found(table.name(), key));
      }
    }
    here.forEach(found -> tenants.merge(found, 1, Integer::sum));
  }

  /** Empty where one of the indexes could not be read: it may be the one that is missed. */
  private Optional<Layout> layout(ObservedTable table) {
    List<Live> indexes = new ArrayList<>();
    for (ObservedIndex index : table.indexes()) {
      if (!index.serves()) {
        continue;
      }
      Optional<Definition> definition = Definition.of(table, index);
      if (definition.filter(reading.shapes()::containsKey).isEmpty()) {
        return Optional.empty();
      }
      indexes.add(new Live(tally.of(index).orElseThrow(), definition.get().body(), index.needed()));
    }
    indexes.sort(Comparator.comparing(Live::name));
    return Optional.of(new Layout(table.name(), table.columnSignature(), indexes));
  }

  private Verdict verdict(Layout layout) {
    List<Candidate> candidates = layout.indexes().stream().map(i -> candidate(layout, i)).toList();
    List<Found> found =
        Redundancies.of(candidates).stream().map(pair -> found(layout.table(), pair)).toList();
    return new Verdict(candidates, found);
  }

  private Candidate candidate(Layout layout, Live index) {
    IndexShape shape =
        reading
            .shapes()
            .get(new Definition(layout.table(), layout.columnSignature(), index.body()));
    return new Candidate(
        index.name(),
        (index.body().unique() ? "UNIQUE " : "") + index.body().text(),
        shape,
        index.needed(),
        index.counted().declared(),
        index.counted().owner().filter(owner -> !owner.equals(desired.ownerId())));
  }

  private Redundancy redundancy(Found found, int count) {
    return new Redundancy(
        found.kind(),
        found.table(),
        found.index(),
        found.by(),
        found.columns(),
        bySpec.contains(found),
        count,
        found.message());
  }

  private static Found found(String table, Pair pair) {
    String index = table + "." + pair.index().name();
    String why =
        pair.kind() == Kind.DUPLICATE
            ? "%s has the same definition as %s".formatted(index, pair.by().name())
            : "%s begins with all keys of %s, which serves nothing more"
                .formatted(pair.by().name(), index);
    return new Found(
        pair.kind(),
        table,
        pair.index().name(),
        pair.by().name(),
        List.of(),
        why + ", and every write pays for both. " + advice(pair.index()));
  }

  private static String advice(Candidate index) {
    if (index.needed()) {
      return "Drop the constraint that it stands behind, if nothing refers to it.";
    }
    if (index.declared()) {
      return "Take it out of spec.indexes, then drop it.";
    }
    return index
        .otherOwner()
        .map(owner -> "It belongs to " + owner + ": take it out of that one's spec, then drop it.")
        .orElse("The spec does not declare it: whoever made it can drop it.");
  }

  private static Found found(String table, ForeignKey key) {
    return new Found(
        Kind.FOREIGN_KEY,
        table,
        "",
        "",
        key.columns(),
        "No index of %s begins with the foreign key's columns (%s): each DELETE or change of a key in the table that it refers to reads all of %s. Declare one in spec.indexes."
            .formatted(table, String.join(", ", key.columns()), table));
  }
}
