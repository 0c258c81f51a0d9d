package io.tenantdb.model;

import java.util.List;

/**
 * The columns of all tables that have the same column signature.
 *
 * @param columns in order, dropped ones left out
 */
public record TableLayout(List<Column> columns) {

  public TableLayout {
    columns = List.copyOf(columns);
  }

  /**
   * One column.
   *
   * @param type as {@code format_type} prints it with {@code search_path = pg_catalog}: qualified
   *     where need be
   * @param collation qualified and quoted, where it is not the type's own; empty text otherwise
   */
  public record Column(String name, String type, String collation, boolean notNull) {}

  /** True when there is such a column. */
  public boolean has(String column) {
    return columns.stream().anyMatch(c -> c.name().equals(column));
  }
}
