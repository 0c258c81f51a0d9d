package io.tenantdb.observe;

import io.tenantdb.model.ObservedAggregate.Materialization;
import io.tenantdb.model.ObservedTable.Kind;
import io.tenantdb.observe.HypertableReader.Name;
import io.tenantdb.observe.SchemaReader.Schema;
import io.tenantdb.observe.TableReader.Table;
import java.sql.SQLException;
import java.util.Collection;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.stream.Collectors;

/**
 * Reads which of the relations are continuous aggregates. From TimescaleDB's catalog: its view of
 * them takes time in the square of their number. Columns that all versions from 2.10 on have.
 */
final class ContinuousReader {

  /**
   * A continuous aggregate.
   *
   * @param view oid of the view that people query
   * @param directView oid of the view that has the query as it was written; that of the people's
   *     changes with {@code materialized_only}
   * @param table oid of the hypertable that keeps its rows
   */
  record Continuous(
      long view,
      long directView,
      long table,
      boolean materializedOnly,
      Materialization materialization) {}

  /**
   * Relations, with the continuous aggregates told from other views.
   *
   * @param tables by oid
   * @param continuous by oid of the hypertable that keeps its rows
   */
  record Sorted(Map<Long, Table> tables, Map<Long, Continuous> continuous) {}

  private record Row(
      Name name,
      boolean materializedOnly,
      Materialization materialization,
      long table,
      long directView) {}

  private static final String CONTINUOUS =
      """
      WITH ca AS MATERIALIZED (
        SELECT c.user_view_schema, c.user_view_name, c.materialized_only, c.direct_view_schema,
               c.direct_view_name, h.id, h.schema_name, h.table_name
        FROM _timescaledb_catalog.continuous_agg c
        JOIN _timescaledb_catalog.hypertable h ON h.id = c.mat_hypertable_id
        WHERE c.user_view_name = ANY (?::name[])
      )
      SELECT ca.user_view_schema, ca.user_view_name, ca.materialized_only, ca.id, ca.schema_name,
             ca.table_name, t.oid, d.oid
      FROM ca
      JOIN pg_namespace tn ON tn.nspname = ca.schema_name
      JOIN pg_class t ON t.relname = ca.table_name AND t.relnamespace = tn.oid
      JOIN pg_namespace dn ON dn.nspname = ca.direct_view_schema
      JOIN pg_class d ON d.relname = ca.direct_view_name AND d.relnamespace = dn.oid
      """;

  private final Catalog catalog;
  private final TableReader tableReader;

  ContinuousReader(Catalog catalog, TableReader tableReader) {
    this.catalog = catalog;
    this.tableReader = tableReader;
  }

  /**
   * Puts the hypertable behind a continuous aggregate in the place of its view.
   *
   * @param names that the relations were looked up by
   * @param tables by oid
   */
  Sorted sort(Collection<String> names, Map<Long, Schema> schemas, Map<Long, Table> tables)
      throws SQLException {
    Map<Name, Row> rows = rows(names);
    Map<Long, Continuous> byView = new LinkedHashMap<>();
    for (Table view : tables.values()) {
      Row row = rows.get(new Name(schemas.get(view.schema()).name(), view.name()));
      if (view.kind() == Kind.OTHER && row != null) {
        byView.put(
            view.oid(),
            new Continuous(
                view.oid(),
                row.directView(),
                row.table(),
                row.materializedOnly(),
                row.materialization()));
      }
    }
    if (byView.isEmpty()) {
      return new Sorted(tables, Map.of());
    }
    Map<Long, Table> materializations =
        tableReader
            .tables(byView.values().stream().map(Continuous::table).collect(Collectors.toSet()))
            .stream()
            .collect(Collectors.toMap(Table::oid, table -> table));
    Map<Long, Table> sorted = new LinkedHashMap<>();
    Map<Long, Continuous> continuous = new HashMap<>();
    for (Table table : tables.values()) {
      Continuous one = byView.get(table.oid());
      if (one == null) {
        sorted.put(table.oid(), table);
      } else if (materializations.containsKey(one.table())) {
        sorted.put(one.table(), aggregate(table, materializations.get(one.table())));
        continuous.put(one.table(), one);
      }
    }
    return new Sorted(sorted, continuous);
  }

  private static Table aggregate(Table view, Table materialization) {
    return new Table(
        materialization.oid(),
        view.schema(),
        view.name(),
        Kind.CONTINUOUS_AGGREGATE,
        view.owner(),
        materialization.pages(),
        materialization.columnSignature(),
        materialization.constraintSignature());
  }

  private Map<Name, Row> rows(Collection<String> names) throws SQLException {
    return catalog
        .rows(
            CONTINUOUS,
            row ->
                new Row(
                    new Name(row.getString(1), catalog.intern(row.getString(2))),
                    row.getBoolean(3),
                    new Materialization(
                        row.getInt(4), catalog.intern(row.getString(5)), row.getString(6)),
                    row.getLong(7),
                    row.getLong(8)),
            Catalog.names(names))
        .stream()
        .collect(Collectors.toMap(Row::name, row -> row));
  }
}
