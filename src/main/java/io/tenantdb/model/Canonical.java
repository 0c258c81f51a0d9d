package io.tenantdb.model;

import java.util.Map;
import java.util.Optional;

/**
 * What the desired items would look like once made, as the server itself prints them.
 *
 * @param indexes by (columns of the table, the schema's own objects, item)
 * @param intervals every interval text of spec and catalog that a plan may compare, by text
 */
public record Canonical(
    Map<IndexKey, CanonicalIndex> indexes, Map<String, CanonicalInterval> intervals) {

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
   * The canonical form of a desired index on a tenant's table; empty where it was not asked for.
   */
  public Optional<CanonicalIndex> index(
      ObservedTenant tenant, ObservedTable table, DesiredIndex index) {
    return Optional.ofNullable(indexes.get(IndexKey.of(tenant, table, index)));
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
