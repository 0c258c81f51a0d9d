package io.tenantdb.observe;

import io.tenantdb.model.ObservedTenant.NamedRelation;
import java.sql.SQLException;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Reads schemas and what lives in them beside the declared tables. */
final class SchemaReader {

  /**
   * A schema.
   *
   * @param quoted the name as {@code quote_ident} prints it
   */
  record Schema(long oid, String name, String quoted) {}

  /** What a schema has under a declared or reserved name. */
  record Named(long schema, NamedRelation relation) {}

  private static final String SCHEMAS =
      "SELECT oid, nspname, quote_ident(nspname) FROM pg_namespace";

  // Objects that a name in an expression may resolve to. Row types and array types come with
  // tables and types.
  private static final String LOCAL_OBJECTS =
      """
      WITH ns AS MATERIALIZED (SELECT unnest(?::oid[]) AS oid),
      objects AS (
        SELECT p.pronamespace AS ns,
               concat_ws(' ', 'function', quote_ident(p.proname), '(' ||
                 (SELECT string_agg(CASE WHEN t.typnamespace = p.pronamespace
                                         THEN quote_ident(t.typname) ELSE t.oid::text END,
                                    ',' ORDER BY a.ord)
                  FROM unnest(p.proargtypes) WITH ORDINALITY AS a(oid, ord)
                  JOIN pg_type t ON t.oid = a.oid) || ')',
                 p.prokind, p.provolatile, p.proisstrict, p.prolang, md5(p.prosrc)) AS object
        FROM pg_proc p JOIN ns ON ns.oid = p.pronamespace
        UNION ALL
        SELECT o.oprnamespace,
               concat_ws(' ', 'operator', o.oprname, o.oprleft::regtype, o.oprright::regtype)
        FROM pg_operator o JOIN ns ON ns.oid = o.oprnamespace
        UNION ALL
        SELECT t.typnamespace, concat_ws(' ', 'type', quote_ident(t.typname), t.typtype)
        FROM pg_type t JOIN ns ON ns.oid = t.typnamespace
        WHERE t.typcategory <> 'A'
          AND (t.typrelid = 0 OR t.typrelid IN (SELECT oid FROM pg_class WHERE relkind = 'c'))
        UNION ALL
        SELECT c.opcnamespace,
               concat_ws(' ', 'opclass', quote_ident(c.opcname), c.opcmethod, c.opcintype::regtype)
        FROM pg_opclass c JOIN ns ON ns.oid = c.opcnamespace
        UNION ALL
        SELECT c.collnamespace, concat_ws(' ', 'collation', quote_ident(c.collname))
        FROM pg_collation c JOIN ns ON ns.oid = c.collnamespace
        UNION ALL
        SELECT c.cfgnamespace, concat_ws(' ', 'configuration', quote_ident(c.cfgname))
        FROM pg_ts_config c JOIN ns ON ns.oid = c.cfgnamespace
      )
      SELECT ns, md5(string_agg(object, ';' ORDER BY object COLLATE "C")) FROM objects GROUP BY ns
      """;

  // Leaves out the indexes of the tables that were read: those were read with their tables.
  private static final String NAMED =
      """
      WITH ns AS MATERIALIZED (SELECT unnest(?::oid[]) AS oid),
      tb AS MATERIALIZED (SELECT unnest(?::oid[]) AS oid),
      named AS MATERIALIZED (
        SELECT c.relnamespace, c.relname, c.relkind, x.indrelid
        FROM pg_class c LEFT JOIN pg_index x ON x.indexrelid = c.oid
        WHERE (c.relname = ANY (?::name[]) OR (c.relname >= '_tdb_' AND c.relname < '_tdb`'))
          AND NOT EXISTS (SELECT FROM tb WHERE tb.oid = x.indrelid)
      )
      SELECT c.relnamespace, c.relname, c.relkind, t.relname
      FROM named c
      JOIN ns ON ns.oid = c.relnamespace
      LEFT JOIN pg_class t ON t.oid = c.indrelid
      """;

  private static final Map<String, String> KINDS =
      Map.of(
          "r", "table",
          "p", "partitioned table",
          "i", "index",
          "I", "index",
          "v", "view",
          "m", "materialized view",
          "S", "sequence",
          "f", "foreign table",
          "c", "composite type");

  private final Catalog catalog;

  SchemaReader(Catalog catalog) {
    this.catalog = catalog;
  }

  List<Schema> schemas() throws SQLException {
    return catalog.rows(
        SCHEMAS, row -> new Schema(row.getLong(1), row.getString(2), row.getString(3)));
  }

  /** Signature of each schema's own functions, types and the like; absent where it has none. */
  Map<Long, String> localObjects(Collection<Long> schemas) throws SQLException {
    Map<Long, String> signatures = new HashMap<>();
    catalog
        .rows(
            LOCAL_OBJECTS,
            row -> Map.entry(row.getLong(1), catalog.intern(row.getString(2))),
            Catalog.oids(schemas))
        .forEach(entry -> signatures.put(entry.getKey(), entry.getValue()));
    return signatures;
  }

  /**
   * Relations that bear one of the names or a reserved one, the indexes of the given tables left
   * out.
   */
  List<Named> named(Collection<Long> schemas, Collection<Long> tables, Collection<String> names)
      throws SQLException {
    return catalog.rows(
        NAMED,
        row ->
            new Named(
                row.getLong(1),
                new NamedRelation(
                    catalog.intern(row.getString(2)),
                    KINDS.getOrDefault(row.getString(3), "relation"),
                    Optional.ofNullable(row.getString(4)))),
        Catalog.oids(schemas),
        Catalog.oids(tables),
        Catalog.names(names));
  }
}
