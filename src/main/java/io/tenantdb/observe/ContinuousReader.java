package io.tenantdb.observe;

import io.tenantdb.model.ObservedAggregate.Materialization;
import io.tenantdb.model.ObservedTable.Kind;
import io.tenantdb.observe.HypertableReader.Name;
import io.tenantdb.observe.SchemaReader.Schema;
import io.tenantdb.observe.TableReader.Table;
import java.sql.SQLException;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
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
   */
  record Continuous(
      long view, long directView, boolean materializedOnly, Materialization materialization) {}

  /**
   * Relations, with the continuous aggregates told from other views.
   *
   * @param tables by oid
   * @param continuous by oid of the hypertable that keeps its rows
   */
  record Sorted(Map<Long, Table> tables, Map<Long, Continuous> continuous) {}

  private record Row(Name view, boolean materializedOnly, int id, Name table, Name directView) {}

  // By ids alone. The relations behind the names are looked up afterwards: joined here by schema
  // and name, they take time in the square of their number too, since all of them share one schema.
  private static final String CONTINUOUS =
      """
      SELECT c.user_view_schema, c.user_view_name, c.materialized_only, h.id, h.schema_name,
             h.table_name, c.direct_view_schema, c.direct_view_name
      FROM _timescaledb_catalog.continuous_agg c
      JOIN _timescaledb_catalog.hypertable h ON h.id = c.mat_hypertable_id
      WHERE c.user_view_name = ANY (?::name[])
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
   * @param schemas all of the database
   * @param tables by oid
   */
  Sorted sort(Collection<String> names, Collection<Schema> schemas, Map<Long, Table> tables)
      throws SQLException {
    Map<Long, String> schemaNames =
        schemas.stream().collect(Collectors.toMap(Schema::oid, Schema::name));
    Map<Name, Row> rows = rows(names);
    Map<Long, Row> byView = new LinkedHashMap<>();
    for (Table view : tables.values()) {
      Row row = rows.get(new Name(schemaNames.get(view.schema()), view.name()));
      if (view.kind() == Kind.OTHER && row != null) {
        byView.put(view.oid(), row);
      }
    }
    if (byView.isEmpty()) {
      return new Sorted(tables, Map.of());
    }
    Map<Name, Table> parts = parts(byView.values(), schemaNames);
    Map<Long, Table> sorted = new LinkedHashMap<>();
    Map<Long, Continuous> continuous = new HashMap<>();
    for (Table table : tables.values()) {
      Row row = byView.get(table.oid());
      if (row == null) {
        sorted.put(table.oid(), table);
      } else if (parts.containsKey(row.table()) && parts.containsKey(row.directView())) {
        Table materialization = parts.get(row.table());
        sorted.put(materialization.oid(), aggregate(table, materialization));
        continuous.put(
            materialization.oid(),
            new Continuous(
                table.oid(),
                parts.get(row.directView()).oid(),
                row.materializedOnly(),
                new Materialization(row.id(), row.table().schema(), row.table().table())));
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
                    name(row.getString(1), row.getString(2)),
                    row.getBoolean(3),
                    row.getInt(4),
                    name(row.getString(5), row.getString(6)),
                    name(row.getString(7), row.getString(8))),
            Catalog.names(names))
        .stream()
        .collect(Collectors.toMap(Row::view, row -> row));
  }

  private Name name(String schema, String relation) {
    return new Name(catalog.intern(schema), catalog.intern(relation));
  }

  /** The hypertables and the direct views, which are all in TimescaleDB's schema. */
  private Map<Name, Table> parts(Collection<Row> rows, Map<Long, String> schemaNames)
      throws SQLException {
    Set<Name> names = new HashSet<>();
    rows.forEach(row -> names.addAll(List.of(row.table(), row.directView())));
    Set<String> in = names.stream().map(Name::schema).collect(Collectors.toSet());
    Set<Long> schemas =
        schemaNames.entrySet().stream()
            .filter(schema -> in.contains(schema.getValue()))
            .map(Map.Entry::getKey)
            .collect(Collectors.toSet());
    return tableReader
        .tables(schemas, names.stream().map(Name::table).collect(Collectors.toSet()))
        .stream()
        .collect(
            Collectors.toMap(
                part -> new Name(schemaNames.get(part.schema()), part.name()), part -> part));
  }
}
