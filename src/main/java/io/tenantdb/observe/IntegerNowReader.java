package io.tenantdb.observe;

import io.tenantdb.model.IntegerNow;
import java.sql.SQLException;
import java.util.HashMap;
import java.util.Map;

/**
 * Reads what tells the present of integer time. From TimescaleDB's catalog: its view of dimensions
 * does not say in which schema the function is. Columns that all versions from 2.10 on have.
 */
final class IntegerNowReader {

  private record Row(int hypertable, IntegerNow now) {}

  // Looked up as TimescaleDB does at each run, with the rights of the hypertable's owner.
  private static final String FUNCTIONS =
      """
      SELECT d.hypertable_id, d.integer_now_func IS NOT NULL,
             p.prorettype = d.column_type
             AND (SELECT has_schema_privilege(c.relowner, n.oid, 'USAGE')
                  FROM pg_class c JOIN pg_namespace cn ON cn.oid = c.relnamespace
                  WHERE c.relname = h.table_name AND cn.nspname = h.schema_name)
      FROM _timescaledb_catalog.dimension d
      JOIN _timescaledb_catalog.hypertable h ON h.id = d.hypertable_id
      LEFT JOIN pg_namespace n ON n.nspname = d.integer_now_func_schema
      LEFT JOIN pg_proc p
        ON p.pronamespace = n.oid AND p.proname = d.integer_now_func AND p.pronargs = 0
      WHERE d.interval_length IS NOT NULL
        AND d.column_type IN ('smallint'::regtype, 'integer'::regtype, 'bigint'::regtype)
      """;

  private static final String READS =
      "SELECT mat_hypertable_id, raw_hypertable_id FROM _timescaledb_catalog.continuous_agg";

  private final Catalog catalog;

  IntegerNowReader(Catalog catalog) {
    this.catalog = catalog;
  }

  /** By hypertable: those of integer time alone. */
  Map<Integer, IntegerNow> hypertables() throws SQLException {
    Map<Integer, IntegerNow> found = new HashMap<>();
    catalog
        .rows(
            FUNCTIONS,
            row -> {
              IntegerNow set = row.getBoolean(3) ? IntegerNow.SET : IntegerNow.UNUSABLE;
              return new Row(row.getInt(1), row.getBoolean(2) ? set : IntegerNow.UNSET);
            })
        .forEach(row -> found.put(row.hypertable(), row.now()));
    return found;
  }

  /**
   * By the hypertable that keeps an aggregate's rows: the function of the first hypertable below it
   * that has one, through all aggregates between them.
   */
  Map<Integer, IntegerNow> aggregates() throws SQLException {
    Map<Integer, IntegerNow> hypertables = hypertables();
    if (hypertables.isEmpty()) {
      return Map.of();
    }
    Map<Integer, Integer> reads = new HashMap<>();
    catalog
        .rows(READS, row -> Map.entry(row.getInt(1), row.getInt(2)))
        .forEach(e -> reads.put(e.getKey(), e.getValue()));
    Map<Integer, IntegerNow> found = new HashMap<>();
    reads
        .keySet()
        .forEach(
            aggregate -> {
              int below = aggregate;
              while (hypertables.get(below) == IntegerNow.UNSET && reads.containsKey(below)) {
                below = reads.get(below);
              }
              found.put(aggregate, hypertables.getOrDefault(below, IntegerNow.NOT_NEEDED));
            });
    return found;
  }
}
