package io.tenantdb.observe;

import java.sql.SQLException;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;

/**
 * Finds the chunks that lack a part of their hypertable's index, which TimescaleDB does not tell: a
 * build per chunk that was killed, an index made on the root only, or one that was dropped from a
 * chunk. Goes by {@code pg_inherits} and {@code pg_index} alone, because {@code
 * _timescaledb_catalog.chunk_index} is not in all versions. Foreign tables (tiered chunks) have no
 * indexes.
 *
 * <p>First counts: a chunk that has as many valid indexes as its hypertable is taken for complete.
 * Only those of the others are compared one by one.
 */
final class ChunkPartReader {

  private static final String DOUBTFUL =
      """
      WITH ht AS MATERIALIZED (SELECT unnest(?::oid[]) AS oid),
      ch AS MATERIALIZED (
        SELECT i.inhparent AS ht, i.inhrelid AS chunk
        FROM ht JOIN pg_inherits i ON i.inhparent = ht.oid
        JOIN pg_class c ON c.oid = i.inhrelid AND c.relkind = 'r'
      ),
      want AS MATERIALIZED (
        SELECT ht.oid AS ht, count(x.indexrelid) AS n
        FROM ht LEFT JOIN pg_index x ON x.indrelid = ht.oid AND x.indisvalid GROUP BY ht.oid
      ),
      have AS MATERIALIZED (
        SELECT ch.ht, ch.chunk, count(x.indexrelid) AS n
        FROM ch LEFT JOIN pg_index x ON x.indrelid = ch.chunk AND x.indisvalid
        GROUP BY ch.ht, ch.chunk
      )
      SELECT have.ht, have.chunk FROM have JOIN want ON want.ht = have.ht WHERE have.n <> want.n
      """;

  // Chunks may count their columns otherwise than the hypertable: compared by name. pg_get_expr
  // prints the names too; it may lock the table for a moment.
  private static final String MISSING =
      """
      WITH rel AS MATERIALIZED (
        SELECT unnest(?::oid[]) AS oid UNION SELECT unnest(?::oid[])
      ),
      ix AS MATERIALIZED (
        SELECT x.indrelid, x.indexrelid, concat_ws('|', c.relam, x.indisunique, x.indnkeyatts,
                 x.indclass, x.indcollation, x.indoption,
                 ARRAY(SELECT coalesce(quote_ident(a.attname), '-')
                       FROM unnest(x.indkey::int2[]) WITH ORDINALITY AS k(attnum, nth)
                       LEFT JOIN pg_attribute a
                         ON a.attrelid = x.indrelid AND a.attnum = k.attnum AND k.attnum > 0
                       ORDER BY k.nth)::text,
                 coalesce(pg_get_expr(x.indexprs, x.indrelid), '-'),
                 coalesce(pg_get_expr(x.indpred, x.indrelid), '-')) AS signature
        FROM rel
        JOIN pg_index x ON x.indrelid = rel.oid AND x.indisvalid
        JOIN pg_class c ON c.oid = x.indexrelid
      )
      SELECT root.indexrelid, count(*)
      FROM unnest(?::oid[]) AS h(oid)
      JOIN ix root ON root.indrelid = h.oid
      JOIN pg_inherits i ON i.inhparent = h.oid
      JOIN unnest(?::oid[]) AS ch(oid) ON ch.oid = i.inhrelid
      LEFT JOIN ix part ON part.indrelid = ch.oid AND part.signature = root.signature
      WHERE part.indexrelid IS NULL
      GROUP BY root.indexrelid
      """;

  private record Chunk(long hypertable, long oid) {}

  private final Catalog catalog;

  ChunkPartReader(Catalog catalog) {
    this.catalog = catalog;
  }

  /**
   * How many chunks lack a valid part of a valid index, by index; absent where none does, or where
   * a chunk is locked.
   */
  Map<Long, Integer> missing(Collection<Long> hypertables) throws SQLException {
    Set<Long> roots = new HashSet<>();
    Set<Long> chunks = new HashSet<>();
    for (Chunk chunk :
        catalog.rows(
            DOUBTFUL,
            row -> new Chunk(row.getLong(1), row.getLong(2)),
            Catalog.oids(hypertables))) {
      roots.add(chunk.hypertable());
      chunks.add(chunk.oid());
    }
    return chunks.isEmpty() ? Map.of() : missing(roots, chunks);
  }

  private Map<Long, Integer> missing(Set<Long> roots, Set<Long> chunks) throws SQLException {
    Map<Long, Integer> missing = new HashMap<>();
    try {
      catalog
          .brieflyLocking(
              () ->
                  catalog.rows(
                      MISSING,
                      row -> Map.entry(row.getLong(1), row.getInt(2)),
                      Catalog.oids(roots),
                      Catalog.oids(chunks),
                      Catalog.oids(roots),
                      Catalog.oids(chunks)))
          .forEach(e -> missing.put(e.getKey(), e.getValue()));
    } catch (SQLException e) {
      // Somebody is at work on one of them: the next reading tells.
      if (!LockedOrGone.is(e)) {
        throw e;
      }
    }
    return missing;
  }
}
