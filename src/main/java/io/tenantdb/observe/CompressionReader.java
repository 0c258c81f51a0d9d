package io.tenantdb.observe;

import io.tenantdb.model.OrderBy;
import io.tenantdb.model.ServerInfo.Timescale;
import io.tenantdb.observe.HypertableReader.Name;
import java.sql.Array;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.IntStream;

/** Reads compression settings. */
final class CompressionReader {

  /** Live settings; empty where TimescaleDB chooses. */
  record Settings(Optional<List<String>> segmentBy, Optional<List<OrderBy>> orderBy) {
    static final Settings NONE = new Settings(Optional.empty(), Optional.empty());
  }

  // Since 2.14. The only source that tells "segment by nothing" ({}) from "not chosen" (NULL),
  // since
  // 2.22, and that has the names unquoted. Rows of chunks have other relids.
  private static final String CATALOG =
      """
      SELECT h.schema_name, h.table_name, s.segmentby, s.orderby, s.orderby_desc,
             s.orderby_nullsfirst
      FROM _timescaledb_catalog.hypertable h
      JOIN pg_namespace n ON n.nspname = h.schema_name
      JOIN pg_class t ON t.relnamespace = n.oid AND t.relname = h.table_name
      JOIN _timescaledb_catalog.compression_settings s ON s.relid = t.oid
      WHERE h.table_name = ANY (?::name[])
      """;

  private static final String VIEW =
      """
      SELECT hypertable_schema, hypertable_name,
        array_agg(attname::text ORDER BY segmentby_column_index)
          FILTER (WHERE segmentby_column_index IS NOT NULL),
        array_agg(attname::text ORDER BY orderby_column_index)
          FILTER (WHERE orderby_column_index IS NOT NULL),
        array_agg(NOT orderby_asc ORDER BY orderby_column_index)
          FILTER (WHERE orderby_column_index IS NOT NULL),
        array_agg(orderby_nullsfirst ORDER BY orderby_column_index)
          FILTER (WHERE orderby_column_index IS NOT NULL)
      FROM timescaledb_information.compression_settings
      WHERE hypertable_name = ANY (?::name[])
      GROUP BY hypertable_schema, hypertable_name
      """;

  private final Catalog catalog;
  private final Timescale timescale;

  CompressionReader(Catalog catalog, Timescale timescale) {
    this.catalog = catalog;
    this.timescale = timescale;
  }

  Map<Name, Settings> settings(String names) throws SQLException {
    Map<Name, Settings> settings = new HashMap<>();
    catalog
        .rows(
            timescale.atLeast(2, 14) ? CATALOG : VIEW,
            row ->
                Map.entry(
                    new Name(row.getString(1), row.getString(2)),
                    new Settings(segmentBy(row), orderBy(row))),
            names)
        .forEach(e -> settings.put(e.getKey(), e.getValue()));
    return settings;
  }

  /** Until 2.22 "nothing" is stored as NULL, and what TimescaleDB chooses with its name. */
  private Optional<List<String>> segmentBy(ResultSet row) throws SQLException {
    Optional<List<String>> columns = strings(row, 3);
    return timescale.atLeast(2, 22) ? columns : columns.or(() -> Optional.of(List.of()));
  }

  private static Optional<List<OrderBy>> orderBy(ResultSet row) throws SQLException {
    Optional<List<String>> columns = strings(row, 4);
    if (columns.isEmpty()) {
      return Optional.empty();
    }
    List<Boolean> descending = booleans(row, 5);
    List<Boolean> nullsFirst = booleans(row, 6);
    return Optional.of(
        IntStream.range(0, columns.get().size())
            .mapToObj(i -> new OrderBy(columns.get().get(i), descending.get(i), nullsFirst.get(i)))
            .toList());
  }

  private static Optional<List<String>> strings(ResultSet row, int column) throws SQLException {
    Array array = row.getArray(column);
    return array == null
        ? Optional.empty()
        : Optional.of(List.copyOf(Arrays.asList((String[]) array.getArray())));
  }

  private static List<Boolean> booleans(ResultSet row, int column) throws SQLException {
    Array array = row.getArray(column);
    return array == null ? List.of() : new ArrayList<>(Arrays.asList((Boolean[]) array.getArray()));
  }
}
