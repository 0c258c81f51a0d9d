package io.tenantdb.model;

import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * What decides whether one index of a table makes another one redundant. Comparable among the
 * indexes of tables with the same columns only.
 *
 * @param method access method
 * @param unique {@code indisunique}
 * @param payload whether it has INCLUDE columns
 * @param predicate equal for equal predicates; empty text where there is none
 */
public record IndexShape(
    String method, boolean unique, List<Key> keys, boolean payload, String predicate) {

  public IndexShape {
    keys = List.copyOf(keys);
  }

  /**
   * One key.
   *
   * @param column empty for an expression
   * @param how equal for equal expressions, operator classes, collations and orders
   */
  public record Key(Optional<String> column, String how) {}

  /**
   * True where whatever the other index serves is served by this one: both are B-trees with the
   * same predicate, this one's keys begin with the other's, and the other neither carries columns
   * along nor enforces anything.
   */
  public boolean covers(IndexShape other) {
    return method.equals("btree")
        && other.method.equals("btree")
        && !other.unique
        && !other.payload
        && predicate.equals(other.predicate)
        && keys.size() >= other.keys.size()
        && keys.subList(0, other.keys.size()).equals(other.keys);
  }

  /** True where rows with given values of these columns are found by its first keys alone. */
  public boolean findsBy(Set<String> columns) {
    if (keys.size() < columns.size() || !(method.equals("btree") || method.equals("hash"))) {
      return false;
    }
    Set<String> first = new HashSet<>();
    keys.subList(0, columns.size()).forEach(key -> key.column().ifPresent(first::add));
    return first.equals(columns);
  }
}
