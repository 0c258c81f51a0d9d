package io.tenantdb.model;

/**
 * What a change can do to the application while, or after, it runs. Destructive is judged by
 * effect.
 */
public enum Hazard {
  /** Nothing: online. */
  NONE,
  /** Writers of the table wait while it runs. */
  BLOCKS_WRITES,
  /** Rows are gone afterwards: gated by {@code safety.onDestructive}. */
  DELETES_DATA;

  /** True where {@code safety.onDestructive} decides. */
  public boolean destructive() {
    return this == DELETES_DATA;
  }
}
