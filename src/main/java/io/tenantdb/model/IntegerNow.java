package io.tenantdb.model;

/**
 * What tells TimescaleDB the present of an integer time column: the function of {@code
 * set_integer_now_func}. Compression, retention and refresh reckon from it; without it {@code
 * add_compression_policy} succeeds all the same, and every run fails.
 */
public enum IntegerNow {
  /** The time column is no integer. */
  NOT_NEEDED,
  SET,
  UNSET,
  /**
   * It was set once, and is gone, or returns another type than the time column, or is in a schema
   * that the owner of the relation may not use.
   */
  UNUSABLE
}
