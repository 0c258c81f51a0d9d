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
 * Only those of the others are looked at one by one. Told is rather too little than too much: what
 * is told is built anew.
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

  // Chunks may count their columns otherwise than the hypertable, so that these are compared by
  // name; and TimescaleDB makes chunks' indexes from expressions whose constants are folded, so
  // that one may print in another form. Only where indexes of a kind are too few on a chunk are
  // those missing that no index there resembles by text or is named after. pg_get_expr may lock the
  // table for a moment.
  private static final String MISSING =
      """
      WITH ht AS MATERIALIZED (SELECT unnest(?::oid[]) AS oid),
      ch AS MATERIALIZED (SELECT unnest(?::oid[]) AS oid),
      rel AS MATERIALIZED (SELECT oid FROM ht UNION SELECT oid FROM ch),
      ix AS MATERIALIZED (
        SELECT x.indrelid, x.indexrelid, c.relname::text AS name,
               concat_ws('|', c.relam, x.indisunique, x.indnkeyatts, x.indclass, x.indcollation,
                 x.indoption, x.indpred IS NULL,
                 ARRAY(SELECT coalesce(quote_ident(a.attname), '-')
                       FROM unnest(x.indkey::int2[]) WITH ORDINALITY AS k(attnum, nth)
                       LEFT JOIN pg_attribute a
                         ON a.attrelid = x.indrelid AND a.attnum = k.attnum AND k.attnum > 0
                       ORDER BY k.nth)::text) AS kind,
               concat_ws('|', coalesce(pg_get_expr(x.indexprs, x.indrelid), '-'),
                 coalesce(pg_get_expr(x.indpred, x.indrelid), '-')) AS text
        FROM rel
        JOIN pg_index x ON x.indrelid = rel.oid AND x.indisvalid
        JOIN pg_class c ON c.oid = x.indexrelid
      ),
      kinds AS MATERIALIZED (
        SELECT indrelid, kind, count(*) AS n FROM ix GROUP BY indrelid, kind
      )
      SELECT root.indexrelid, count(*)
      FROM ht
      JOIN ix root ON root.indrelid = ht.oid
      JOIN kinds want ON want.indrelid = ht.oid AND want.kind = root.kind
      JOIN pg_inherits i ON i.inhparent = ht.oid
      JOIN ch ON ch.oid = i.inhrelid
      JOIN pg_class c ON c.oid = ch.oid
      LEFT JOIN kinds have ON have.indrelid = ch.oid AND have.kind = root.kind
      WHERE coalesce(have.n, 0) < want.n
        AND NOT EXISTS (
          SELECT FROM ix part
          WHERE part.indrelid = ch.oid AND part.kind = root.kind
            AND (part.text = root.text OR part.name = c.relname::text || '_' || root.name))
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
