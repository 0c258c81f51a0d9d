package io.tenantdb.observe;

import io.tenantdb.model.ObservedIndex.Uneven;
import io.tenantdb.model.Partition.Kind;
import java.sql.SQLException;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * Reads the partitions of the declared tables that are partitioned, and which of them have a part
 * of each index. Takes no lock on any of them.
 */
final class PartitionReader {

  /**
   * A partition.
   *
   * @param root the declared table
   * @param parent the table right above it
   * @param owner role oid
   * @param permitted as in {@link io.tenantdb.model.Partition}
   */
  record Row(
      long root,
      long oid,
      long parent,
      String schema,
      String name,
      Kind kind,
      long owner,
      boolean permitted) {}

  /** An index of a partition under a reserved name that is part of no parent's. */
  record Unattached(long partition, long oid, String name, boolean valid) {}

  /**
   * A table's partition key.
   *
   * @param columns empty where it is all expressions
   */
  record Key(long table, List<String> columns, boolean expressions) {}

  // A partition that is being detached concurrently is no part of the table any more.
  private static final String TREES =
      """
      WITH RECURSIVE tree AS (
        SELECT r.oid AS root, i.inhrelid AS oid, i.inhparent AS parent, 1 AS level
        FROM unnest(?::oid[]) AS r(oid)
        JOIN pg_inherits i ON i.inhparent = r.oid AND NOT i.inhdetachpending
        UNION ALL
        SELECT t.root, i.inhrelid, i.inhparent, t.level + 1
        FROM tree t JOIN pg_inherits i ON i.inhparent = t.oid AND NOT i.inhdetachpending
      )
      SELECT t.root, t.oid, t.parent, n.nspname, c.relname, c.relkind, c.relowner,
             has_schema_privilege(c.relowner, n.oid, 'USAGE')
               AND has_schema_privilege(c.relowner, n.oid, 'CREATE')
               AND has_schema_privilege(p.relowner, n.oid, 'USAGE')
      FROM tree t
      JOIN pg_class c ON c.oid = t.oid
      JOIN pg_namespace n ON n.oid = c.relnamespace
      JOIN pg_class p ON p.oid = t.parent
      ORDER BY t.root, t.level, n.nspname, c.relname
      """;

  private static final String PART =
      """
      WITH RECURSIVE part AS (
        SELECT x.indexrelid AS root, x.indexrelid AS oid
        FROM unnest(?::oid[]) AS r(oid) JOIN pg_index x ON x.indrelid = r.oid
        UNION ALL
        SELECT p.root, i.inhrelid FROM part p JOIN pg_inherits i ON i.inhparent = p.oid
      )
      """;

  private static final String PARTS =
      PART
          + """
      SELECT p.root, count(*)
      FROM part p
      JOIN pg_class c ON c.oid = p.oid AND c.relkind = 'i'
      JOIN pg_index x ON x.indexrelid = p.oid AND x.indisvalid
      JOIN unnest(?::oid[]) AS l(oid) ON l.oid = x.indrelid
      GROUP BY p.root
      """;

  // A target that is not set is -1, and NULL from PostgreSQL 17 on. Statistics are of leaves only;
  // what a part that is partitioned itself has otherwise, goes to the partitions that will be added
  // to it.
  private static final String UNEVEN =
      PART
          + """
      , its AS MATERIALIZED (
        SELECT p.root, p.oid, c.relkind, c.reltablespace,
               coalesce(c.reloptions, '{}'::text[]) AS options
        FROM part p
        JOIN pg_index x ON x.indexrelid = p.oid
        JOIN unnest(?::oid[]) AS l(oid) ON l.oid = x.indrelid
        JOIN pg_class c ON c.oid = p.oid
      )
      SELECT its.root,
             coalesce(array_agg(DISTINCT mine.attnum::int) FILTER (
               WHERE its.relkind = 'i' AND mine.attstattarget >= 0
                 AND coalesce(a.attstattarget, -1) <> mine.attstattarget), '{}'::int[]),
             bool_or(a.attoptions IS DISTINCT FROM mine.attoptions
               OR NOT (its.options @> coalesce(r.reloptions, '{}'::text[])
                       AND its.options <@ coalesce(r.reloptions, '{}'::text[]))),
             bool_or(its.reltablespace <> r.reltablespace)
      FROM its
      JOIN pg_class r ON r.oid = its.root
      JOIN pg_attribute mine ON mine.attrelid = its.root
      JOIN pg_attribute a ON a.attrelid = its.oid AND a.attnum = mine.attnum
      GROUP BY its.root
      """;

  private static final String UNATTACHED =
      """
      WITH l AS MATERIALIZED (SELECT unnest(?::oid[]) AS oid)
      SELECT x.indrelid, c.oid, c.relname, x.indisvalid
      FROM l
      JOIN pg_index x ON x.indrelid = l.oid
      JOIN pg_class c ON c.oid = x.indexrelid AND NOT c.relispartition
      WHERE c.relname >= '_tdb_' AND c.relname < '_tdb`'
      ORDER BY c.relname
      """;

  private static final String KEYS =
      """
      SELECT p.partrelid, 0 = ANY (p.partattrs::int2[]),
             ARRAY(SELECT a.attname::text FROM pg_attribute a
               WHERE a.attrelid = p.partrelid AND a.attnum > 0
                 AND a.attnum = ANY (p.partattrs::int2[]))
      FROM unnest(?::oid[]) AS r(oid) JOIN pg_partitioned_table p ON p.partrelid = r.oid
      """;

  private final Catalog catalog;

  PartitionReader(Catalog catalog) {
    this.catalog = catalog;
  }

  /** All partitions at any depth, parents first. */
  List<Row> partitions(Collection<Long> roots) throws SQLException {
    return catalog.rows(
        TREES,
        row ->
            new Row(
                row.getLong(1),
                row.getLong(2),
                row.getLong(3),
                catalog.intern(row.getString(4)),
                catalog.intern(row.getString(5)),
                kind(row.getString(6)),
                row.getLong(7),
                row.getBoolean(8)),
        Catalog.oids(roots));
  }

  /** How many of the leaves have a valid part of an index, by index; absent where none has. */
  Map<Long, Integer> parts(Collection<Long> roots, Collection<Long> leaves) throws SQLException {
    Map<Long, Integer> counts = new HashMap<>();
    catalog
        .rows(
            PARTS,
            row -> Map.entry(row.getLong(1), row.getInt(2)),
            Catalog.oids(roots),
            Catalog.oids(leaves))
        .forEach(e -> counts.put(e.getKey(), e.getValue()));
    return counts;
  }

  /**
   * The indexes whose parts differ from them, by index.
   *
   * @param partitions at any depth: a part on one that is being detached is left out
   */
  Map<Long, Uneven> uneven(Collection<Long> roots, Collection<Long> partitions)
      throws SQLException {
    return catalog
        .rows(
            UNEVEN,
            row ->
                Map.entry(
                    row.getLong(1),
                    new Uneven(
                        Set.of((Integer[]) row.getArray(2).getArray()),
                        row.getBoolean(3),
                        row.getBoolean(4))),
            Catalog.oids(roots),
            Catalog.oids(partitions))
        .stream()
        .filter(entry -> !entry.getValue().equals(Uneven.NONE))
        .collect(Collectors.toMap(Map.Entry::getKey, Map.Entry::getValue));
  }

  List<Unattached> unattached(Collection<Long> leaves) throws SQLException {
    return catalog.rows(
        UNATTACHED,
        row -> new Unattached(row.getLong(1), row.getLong(2), row.getString(3), row.getBoolean(4)),
        Catalog.oids(leaves));
  }

  List<Key> keys(Collection<Long> tables) throws SQLException {
    return catalog.rows(
        KEYS,
        row ->
            new Key(
                row.getLong(1), List.of((String[]) row.getArray(3).getArray()), row.getBoolean(2)),
        Catalog.oids(tables));
  }

  private static Kind kind(String relkind) {
    return switch (relkind) {
      case "p" -> Kind.PARTITIONED;
      case "f" -> Kind.FOREIGN;
      default -> Kind.LEAF;
    };
  }
}
