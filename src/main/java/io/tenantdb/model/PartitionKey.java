package io.tenantdb.model;

import java.util.HashSet;
import java.util.Set;

/**
 * What PostgreSQL asks of a unique index on a partitioned table: the columns by which it, and every
 * partition of it that is partitioned itself, is partitioned.
 *
 * @param columns by name
 * @param expressions whether it is partitioned by an expression somewhere: then no index of it can
 *     be unique
 */
public record PartitionKey(Set<String> columns, boolean expressions) {

  /** Of a table that is not partitioned. */
  public static final PartitionKey NONE = new PartitionKey(Set.of(), false);

  public PartitionKey {
    columns = Set.copyOf(columns);
  }

  /** What both ask for. */
  public PartitionKey and(PartitionKey other) {
    Set<String> all = new HashSet<>(columns);
    all.addAll(other.columns);
    return new PartitionKey(all, expressions || other.expressions);
  }
}
