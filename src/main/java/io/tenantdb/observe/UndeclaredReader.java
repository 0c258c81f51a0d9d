package io.tenantdb.observe;

import io.tenantdb.model.Mark;
import java.sql.SQLException;
import java.util.Collection;
import java.util.HashSet;
import java.util.Set;

/**
 * Finds the tables of the tenants that the spec does not name and that an index of ours stands on:
 * the spec named them once, or a run was killed while it did.
 */
final class UndeclaredReader {

  // From the few indexes that could be ours to their tables: a fleet may have a hundred times as
  // many indexes that nobody declared. A mark that speaks of a declared table is there, where it
  // is read anyway, or was copied. What hangs on another table's index goes with that one, and
  // partitions belong to their declared parent.
  private static final String UNDECLARED =
      """
      WITH ns AS MATERIALIZED (SELECT unnest(?::oid[]) AS oid),
      tb AS MATERIALIZED (SELECT unnest(?::oid[]) AS oid),
      ours AS MATERIALIZED (
        SELECT d.objoid AS oid FROM pg_description d
        WHERE d.classoid = 'pg_class'::regclass AND d.objsubid = 0
          AND starts_with(d.description, ?)
          AND split_part(d.description, ' ', %d) <> ALL (?::text[])
        UNION ALL
        SELECT c.oid FROM pg_class c WHERE c.relname >= '_tdb_' AND c.relname < '_tdb`'
      ),
      elsewhere AS MATERIALIZED (
        SELECT x.indexrelid, x.indrelid
        FROM ours JOIN pg_index x ON x.indexrelid = ours.oid
        WHERE NOT EXISTS (SELECT FROM tb WHERE tb.oid = x.indrelid)
      )
      SELECT DISTINCT t.oid
      FROM elsewhere e
      JOIN pg_class i ON i.oid = e.indexrelid AND NOT i.relispartition
      JOIN pg_class t ON t.oid = e.indrelid
      JOIN ns ON ns.oid = t.relnamespace
      WHERE NOT (t.relispartition AND EXISTS (
        SELECT FROM pg_partition_ancestors(t.oid) AS a(relid) JOIN tb ON tb.oid = a.relid))
      """
          .formatted(Mark.TABLE_WORD);

  private final Catalog catalog;
  private final String ownerId;

  UndeclaredReader(Catalog catalog, String ownerId) {
    this.catalog = catalog;
    this.ownerId = ownerId;
  }

  /**
   * Their oids. A mark that was copied from another table's index may count here; who reads the
   * indexes sees that it is about another table.
   *
   * @param schemas of the tenants
   * @param tables those that the spec names
   * @param names all names of those
   */
  Set<Long> tables(Collection<Long> schemas, Collection<Long> tables, Collection<String> names)
      throws SQLException {
    return new HashSet<>(
        catalog.rows(
            UNDECLARED,
            row -> row.getLong(1),
            Catalog.oids(schemas),
            Catalog.oids(tables),
            Mark.beginning(ownerId),
            Catalog.names(names.stream().map(Mark::tableWord).toList())));
  }
}
