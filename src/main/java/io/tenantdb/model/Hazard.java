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
  /** Somebody else's object of the declared name goes for ours. */
  TAKES_OVER,
  /** An object that queries may rely on is gone afterwards. */
  DROPS_OBJECT,
  /** Rows are gone afterwards. */
  DELETES_DATA;

  /** True where {@code safety.onDestructive} decides. */
  public boolean destructive() {
    return this == TAKES_OVER || this == DROPS_OBJECT || this == DELETES_DATA;
  }
}
