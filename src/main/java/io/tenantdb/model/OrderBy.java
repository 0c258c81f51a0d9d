package io.tenantdb.model;

/**
 * One column of {@code compress_orderby}, with TimescaleDB's own defaults filled in (NULLS LAST for
 * ascending, NULLS FIRST for descending order).
 */
public record OrderBy(String column, boolean descending, boolean nullsFirst) {

  /** As {@code compress_orderby} reads it. */
  public String sql() {
    return Identifiers.quote(column)
        + (descending ? " DESC" : " ASC")
        + (nullsFirst ? " NULLS FIRST" : " NULLS LAST");
  }
}
