package io.tenantdb.observe;

import io.tenantdb.model.Mark;
import io.tenantdb.model.ObservedTable.Kind;
import io.tenantdb.observe.ContinuousReader.Sorted;
import io.tenantdb.observe.SchemaReader.Schema;
import io.tenantdb.observe.TableReader.Table;
import java.sql.SQLException;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;

/** Finds the aggregates that bear a mark of ours and that the spec does not name any more. */
final class UndeclaredAggregateReader {

  // An aggregate's own mark names no table, which tells it from the marks of the many indexes.
  private static final String MARKED =
      """
      WITH ns AS MATERIALIZED (SELECT unnest(?::oid[]) AS oid)
      SELECT c.oid
      FROM pg_description d
      JOIN pg_class c ON c.oid = d.objoid
      JOIN ns ON ns.oid = c.relnamespace
      WHERE d.classoid = 'pg_class'::regclass AND d.objsubid = 0
        AND starts_with(d.description, ?) AND strpos(d.description, ?) > 0
        AND c.relkind IN ('v', 'm') AND c.relname <> ALL (?::name[])
      """;

  private final Catalog catalog;
  private final TableReader tables;

  UndeclaredAggregateReader(Catalog catalog, TableReader tables) {
    this.catalog = catalog;
    this.tables = tables;
  }

  /**
   * Reads them as relations.
   *
   * @param tenants schemas of the tenants
   * @param declared names of the declared aggregates
   * @param schemas all of the database
   * @param timescale whether there can be continuous ones
   */
  Sorted read(
      String ownerId,
      Collection<Long> tenants,
      Set<String> declared,
      List<Schema> schemas,
      boolean timescale)
      throws SQLException {
    List<Long> oids =
        catalog.rows(
            MARKED,
            row -> row.getLong(1),
            Catalog.oids(tenants),
            Mark.beginning(ownerId),
            ' ' + Mark.tableWord(Mark.NO_TABLE) + ' ',
            Catalog.names(declared));
    Map<Long, Table> found = new LinkedHashMap<>();
    tables.tables(oids).forEach(table -> found.put(table.oid(), table));
    Set<String> names = found.values().stream().map(Table::name).collect(Collectors.toSet());
    Sorted sorted =
        timescale && !found.isEmpty()
            ? new ContinuousReader(catalog, tables).sort(names, schemas, found)
            : new Sorted(found, Map.of());
    Map<Long, Table> aggregates = new LinkedHashMap<>(sorted.tables());
    // The comment of an aggregate on a view that is none was put there by somebody else.
    aggregates.values().removeIf(table -> table.kind() == Kind.OTHER);
    return new Sorted(aggregates, sorted.continuous());
  }
}
