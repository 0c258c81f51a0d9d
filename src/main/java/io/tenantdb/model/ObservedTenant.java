package io.tenantdb.model;

import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;

/**
 * One tenant schema.
 *
 * @param tables the declared tables that exist, and what else bears a name that an aggregate
 *     mentions, by name
 * @param aggregates the declared aggregates that exist, by name
 * @param undeclared tables that the spec does not name and that have an index with a mark of ours,
 *     or under a reserved name
 * @param undeclaredAggregates continuous aggregates and materialized views that the spec does not
 *     name and that bear a mark of ours, by name; their definitions are not read, and what the
 *     catalogs say of them as relations is among {@code undeclared} or {@code tables}
 * @param names relations of the schema that bear a declared or a reserved name, by name
 * @param localObjects signature of the functions, operators, types, operator classes and collations
 *     that live in the schema itself; empty text where there are none. Names in expressions may
 *     resolve to them
 * @param usableBy owners of the declared tables that have USAGE and CREATE on the schema
 * @param enterableBy owners of the declared tables that have USAGE on it
 */
public record ObservedTenant(
    String schema,
    Map<String, ObservedTable> tables,
    Map<String, ObservedAggregate> aggregates,
    List<ObservedTable> undeclared,
    List<ObservedAggregate> undeclaredAggregates,
    Map<String, NamedRelation> names,
    String localObjects,
    Set<String> usableBy,
    Set<String> enterableBy) {

  public ObservedTenant {
    undeclared = List.copyOf(undeclared);
    undeclaredAggregates = List.copyOf(undeclaredAggregates);
  }

  /** Whoever has USAGE on the schema has CREATE too. */
  public ObservedTenant(
      String schema,
      Map<String, ObservedTable> tables,
      Map<String, ObservedAggregate> aggregates,
      List<ObservedTable> undeclared,
      List<ObservedAggregate> undeclaredAggregates,
      Map<String, NamedRelation> names,
      String localObjects,
      Set<String> usableBy) {
    this(
        schema,
        tables,
        aggregates,
        undeclared,
        undeclaredAggregates,
        names,
        localObjects,
        usableBy,
        usableBy);
  }

  /** No aggregate of ours left the spec. */
  public ObservedTenant(
      String schema,
      Map<String, ObservedTable> tables,
      Map<String, ObservedAggregate> aggregates,
      List<ObservedTable> undeclared,
      Map<String, NamedRelation> names,
      String localObjects,
      Set<String> usableBy) {
    this(schema, tables, aggregates, undeclared, List.of(), names, localObjects, usableBy);
  }

  /** Nothing of ours is on tables that the spec does not name. */
  public ObservedTenant(
      String schema,
      Map<String, ObservedTable> tables,
      Map<String, ObservedAggregate> aggregates,
      Map<String, NamedRelation> names,
      String localObjects,
      Set<String> usableBy) {
    this(schema, tables, aggregates, List.of(), names, localObjects, usableBy);
  }

  /** Without aggregates. */
  public ObservedTenant(
      String schema,
      Map<String, ObservedTable> tables,
      Map<String, NamedRelation> names,
      String localObjects,
      Set<String> usableBy) {
    this(schema, tables, Map.of(), names, localObjects, usableBy);
  }

  /** The table, where it exists. */
  public Optional<ObservedTable> table(String name) {
    return Optional.ofNullable(tables.get(name));
  }

  /** The relation, whether the spec names it or not. */
  public Optional<ObservedTable> relation(String name) {
    return table(name)
        .or(() -> undeclared.stream().filter(table -> table.name().equals(name)).findFirst());
  }

  /** The aggregate, where it exists. */
  public Optional<ObservedAggregate> aggregate(String name) {
    return Optional.ofNullable(aggregates.get(name));
  }

  /**
   * True when some object in here bears a mark of the owner: then the tenant has been worked on
   * before.
   */
  public boolean hasMarkOf(String ownerId) {
    return tables.values().stream().anyMatch(table -> table.hasMarkOf(ownerId))
        || Stream.concat(
                aggregates.values().stream().flatMap(aggregate -> aggregate.mark().stream()),
                undeclared.stream()
                    .flatMap(table -> table.indexes().stream())
                    .flatMap(index -> index.mark().stream()))
            .anyMatch(mark -> mark.owner().equals(ownerId));
  }

  /**
   * A relation that bears a declared or a reserved name.
   *
   * @param kind {@code relkind} in words: table, view, index, sequence, …
   * @param table the table of an index; empty otherwise
   */
  public record NamedRelation(String name, String kind, Optional<String> table) {
    /** With its article: {@code an index}. */
    public String words() {
      return article(kind) + kind;
    }

    /** The article that stands before the words, and a space. */
    public static String article(String words) {
      return words.startsWith("index") ? "an " : "a ";
    }
  }
}
