package io.tenantdb.model;

/**
 * One partition, at any depth, of a partitioned table.
 *
 * @param schema not always the parent's
 * @param owner not always the parent's
 * @param leaf false where it is partitioned itself: then it holds no rows
 */
public record Partition(String schema, String name, String owner, boolean leaf) {

  /** Qualified and quoted. */
  public String relation() {
    return Identifiers.qualified(schema, name);
  }
}
