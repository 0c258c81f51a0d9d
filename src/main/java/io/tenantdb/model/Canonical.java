package io.tenantdb.model;

import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * What the desired items would look like once made, as the server itself prints them.
 *
 * @param indexes by (columns of the table, the schema's own objects, item)
 * @param aggregates by (query, what its names may resolve to)
 * @param placements why an index may not be put where it is declared to be kept; nothing where it
 *     may
 * @param intervals every interval text of spec and catalog that a plan may compare, by text
 */
public record Canonical(
    Map<IndexKey, CanonicalIndex> indexes,
    Map<AggregateKey, CanonicalAggregate> aggregates,
    Map<Placement, CanonicalIndex> placements,
    Map<String, CanonicalInterval> intervals) {

  /** Every index may be put where it is declared to be kept. */
  public Canonical(
      Map<IndexKey, CanonicalIndex> indexes,
      Map<AggregateKey, CanonicalAggregate> aggregates,
      Map<String, CanonicalInterval> intervals) {
    this(indexes, aggregates, Map.of(), intervals);
  }

  /** Without aggregates. */
  public Canonical(
      Map<IndexKey, CanonicalIndex> indexes, Map<String, CanonicalInterval> intervals) {
    this(indexes, Map.of(), intervals);
  }

  /**
   * What a query's printed form depends on.
   *
   * @param query its text
   * @param basis everything of the tenant that its names may resolve to: hash over the relations
   *     that it mentions, with their columns, and the schema's own objects; and the window that is
   *     to be refreshed
   */
  public record AggregateKey(String query, String basis) {

    /** The key of an aggregate's query in a tenant. */
    public static AggregateKey of(ObservedTenant tenant, DesiredAggregate aggregate, String query) {
      StringBuilder basis = new StringBuilder(tenant.localObjects());
      if (mayNameSchema(query, tenant.schema())) {
        basis.append("\0schema\0").append(tenant.schema());
      }
      for (String name : new TreeSet<>(aggregate.mentions())) {
        tenant
            .table(name)
            .ifPresent(
                table ->
                    basis
                        .append('\0')
                        .append(name)
                        .append('\0')
                        .append(table.kind())
                        .append('\0')
                        .append(table.columnSignature())
                        .append('\0')
                        .append(table.hypertable().map(ObservedHypertable::timeColumn).orElse(""))
                        // A view's columns do not tell what it reads.
                        .append(table.kind() == ObservedTable.Kind.OTHER ? table.oid() : ""));
      }
      aggregate
          .refresh()
          .ifPresent(
              refresh ->
                  basis
                      .append("\0refresh\0")
                      .append(refresh.startOffset().map(TimeSpan::text).orElse(""))
                      .append('\0')
                      .append(refresh.endOffset().text()));
      return new AggregateKey(query, Hashes.hex32(basis.toString()));
    }

    /**
     * True where a table or an alias of the query may be called as the tenant's schema is. What
     * qualifies a column and what qualifies a table is then one word in the printed text, so that
     * it says nothing of other tenants' views; before PostgreSQL 16 every column is qualified.
     */
    private static boolean mayNameSchema(String query, String schema) {
      return query
          .toLowerCase(Locale.ROOT)
          .contains(schema.replace("\"", "\"\"").toLowerCase(Locale.ROOT));
    }
  }

  /**
   * What an index's printed form depends on.
   *
   * @param columnSignature of the table
   * @param localObjects of the tenant, where the item's names may resolve to them; empty text
   *     otherwise
   * @param specHash of the item
   */
  public record IndexKey(String columnSignature, String localObjects, String specHash) {

    /** The key of a desired index on a tenant's table. */
    public static IndexKey of(ObservedTenant tenant, ObservedTable table, DesiredIndex index) {
      return new IndexKey(
          table.columnSignature(),
          index.resolvesNames() ? tenant.localObjects() : "",
          index.specHash());
    }
  }

  /**
   * A tablespace, and the owner of the table whose index is to be put there.
   *
   * @param owner name of the role
   */
  public record Placement(String owner, String tablespace) {

    /** Where a desired index on the table is to be put; empty where that is not declared. */
    public static Optional<Placement> of(ObservedTable table, DesiredIndex index) {
      return index.tablespace().map(tablespace -> new Placement(table.owner(), tablespace));
    }
  }

  /**
   * The canonical form of a desired index on a tenant's table; empty where it was not asked for.
   */
  public Optional<CanonicalIndex> index(
      ObservedTenant tenant, ObservedTable table, DesiredIndex index) {
    return Placement.of(table, index)
        .map(placements::get)
        .or(() -> Optional.ofNullable(indexes.get(IndexKey.of(tenant, table, index))));
  }

  /** The canonical form of an aggregate's query; empty where it was not asked for. */
  public Optional<CanonicalAggregate> aggregate(
      ObservedTenant tenant, DesiredAggregate aggregate, String query) {
    return Optional.ofNullable(aggregates.get(AggregateKey.of(tenant, aggregate, query)));
  }

  /** What is printed of all items that can be made. */
  public Set<String> texts() {
    return Stream.concat(
            indexes.values().stream()
                .filter(CanonicalIndex.Buildable.class::isInstance)
                .map(form -> ((CanonicalIndex.Buildable) form).printed().text()),
            aggregates.values().stream()
                .filter(CanonicalAggregate.Buildable.class::isInstance)
                .map(form -> ((CanonicalAggregate.Buildable) form).text().text()))
        .collect(Collectors.toSet());
  }

  /**
   * The canonical form of an interval text.
   *
   * @throws IllegalArgumentException where the text was not among those asked for: a defect
   */
  public CanonicalInterval interval(String text) {
    CanonicalInterval interval = intervals.get(text);
    if (interval == null) {
      throw new IllegalArgumentException("interval not canonicalised: " + text);
    }
    return interval;
  }
}
