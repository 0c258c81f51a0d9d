package io.tenantdb.observe;

import io.tenantdb.model.ObservedIndex.Uneven;
import java.sql.SQLException;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;

/**
 * Finds the chunks that lack a part of their hypertable's index, or have one with other settings,
 * which TimescaleDB does not tell: a build per chunk that was killed, an index made on the root
 * only, one that was dropped from a chunk, or storage parameters of one, or of the root, that were
 * altered since: TimescaleDB hands them to new chunks only. Goes by {@code pg_inherits} and {@code
 * pg_index} alone, because {@code _timescaledb_catalog.chunk_index} is not in all versions. Foreign
 * tables (tiered chunks) have no indexes.
 *
 * <p>First counts: a chunk that has as many valid indexes as its hypertable, with the same
 * settings, is taken for complete. Only those of the others are looked at one by one. Told is
 * rather too little than too much: what is told is built anew.
 */
final class ChunkPartReader {

  /**
   * What is not as it should be, by index.
   *
   * @param missing how many chunks lack a valid part of a valid index; absent where none does, or
   *     where a chunk is locked
   * @param uneven likewise, where parts have other settings
   */
  record ChunkParts(Map<Long, Integer> missing, Map<Long, Uneven> uneven) {
    /** Nothing is missing and all parts are alike. */
    static final ChunkParts WHOLE = new ChunkParts(Map.of(), Map.of());

    ChunkParts {
      missing = Map.copyOf(missing);
      uneven = Map.copyOf(uneven);
    }
  }

  // Where the hypertable's index has no tablespace, TimescaleDB chooses one for each chunk.
  private static final String DOUBTFUL =
      """
      WITH ht AS MATERIALIZED (SELECT unnest(?::oid[]) AS oid),
      ch AS MATERIALIZED (
        SELECT i.inhparent AS ht, i.inhrelid AS chunk
        FROM ht JOIN pg_inherits i ON i.inhparent = ht.oid
        JOIN pg_class c ON c.oid = i.inhrelid AND c.relkind = 'r'
      ),
      opt AS MATERIALIZED (
        SELECT oid, reloptions::text AS options, nullif(reltablespace, 0) AS space FROM pg_class
        WHERE relkind = 'i' AND (reloptions IS NOT NULL OR reltablespace <> 0)
      ),
      want AS MATERIALIZED (
        SELECT ht.oid AS ht, count(x.indexrelid) AS n,
               array_agg(o.options ORDER BY o.options) FILTER (WHERE o.options IS NOT NULL)
                 AS options,
               array_agg(o.space ORDER BY o.space) FILTER (WHERE o.space IS NOT NULL) AS spaces
        FROM ht
        LEFT JOIN pg_index x ON x.indrelid = ht.oid AND x.indisvalid
        LEFT JOIN opt o ON o.oid = x.indexrelid
        GROUP BY ht.oid
      ),
      have AS MATERIALIZED (
        SELECT ch.ht, ch.chunk, count(x.indexrelid) AS n,
               array_agg(o.options ORDER BY o.options) FILTER (WHERE o.options IS NOT NULL)
                 AS options,
               array_agg(o.space ORDER BY o.space) FILTER (WHERE o.space IS NOT NULL) AS spaces
        FROM ch
        LEFT JOIN pg_index x ON x.indrelid = ch.chunk AND x.indisvalid
        LEFT JOIN opt o ON o.oid = x.indexrelid
        GROUP BY ch.ht, ch.chunk
      )
      SELECT have.ht, have.chunk FROM have JOIN want ON want.ht = have.ht
      WHERE have.n <> want.n OR have.options IS DISTINCT FROM want.options
        OR (want.spaces IS NOT NULL AND have.spaces IS DISTINCT FROM want.spaces)
      """;

  // Chunks may count their columns otherwise than the hypertable, so that these are compared by
  // name; and TimescaleDB makes chunks' indexes from expressions whose constants are folded, so
  // that one may print in another form. Only where indexes of a kind are too few on a chunk are
  // those missing that no index there resembles by text or is named after; and settings are only
  // judged where one index of the hypertable has the text, and no index of the chunk that resembles
  // it has them: people make indexes on chunks, too. pg_get_expr may lock the table for a moment.
  private static final String DIFFERING =
      """
      WITH ht AS MATERIALIZED (SELECT unnest(?::oid[]) AS oid),
      ch AS MATERIALIZED (SELECT unnest(?::oid[]) AS oid),
      rel AS MATERIALIZED (SELECT oid FROM ht UNION SELECT oid FROM ch),
      ix AS MATERIALIZED (
        SELECT x.indrelid, x.indexrelid, c.relname::text AS name, c.reltablespace AS space,
               coalesce(c.reloptions, '{}'::text[]) AS options,
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
      ),
      texts AS MATERIALIZED (
        SELECT indrelid, kind, text, count(*) AS n FROM ix GROUP BY indrelid, kind, text
      )
      SELECT root.indexrelid,
             count(*) FILTER (WHERE like_it.n = 0 AND coalesce(have.n, 0) < want.n),
             coalesce(bool_or(equal.n = 1 AND NOT like_it.options), false),
             coalesce(bool_or(equal.n = 1 AND root.space <> 0 AND NOT like_it.space), false)
      FROM ht
      JOIN ix root ON root.indrelid = ht.oid
      JOIN kinds want ON want.indrelid = ht.oid AND want.kind = root.kind
      JOIN texts equal
        ON equal.indrelid = ht.oid AND equal.kind = root.kind AND equal.text = root.text
      JOIN pg_inherits i ON i.inhparent = ht.oid
      JOIN ch ON ch.oid = i.inhrelid
      JOIN pg_class c ON c.oid = ch.oid
      LEFT JOIN kinds have ON have.indrelid = ch.oid AND have.kind = root.kind
      CROSS JOIN LATERAL (
        SELECT count(*) AS n,
               bool_or(part.options @> root.options AND part.options <@ root.options) AS options,
               bool_or(part.space = root.space) AS space
        FROM ix part
        WHERE part.indrelid = ch.oid AND part.kind = root.kind
          AND (part.text = root.text OR part.name = c.relname::text || '_' || root.name)
      ) like_it
      GROUP BY root.indexrelid
      """;

  private record Chunk(long hypertable, long oid) {}

  private final Catalog catalog;

  ChunkPartReader(Catalog catalog) {
    this.catalog = catalog;
  }

  /** Reads them. */
  ChunkParts read(Collection<Long> hypertables) throws SQLException {
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
    return chunks.isEmpty() ? ChunkParts.WHOLE : differing(roots, chunks);
  }

  private record Difference(long index, int missing, Uneven uneven) {}

  private ChunkParts differing(Set<Long> roots, Set<Long> chunks) throws SQLException {
    Map<Long, Integer> missing = new HashMap<>();
    Map<Long, Uneven> uneven = new HashMap<>();
    try {
      for (Difference one :
          catalog.brieflyLocking(
              () ->
                  catalog.rows(
                      DIFFERING,
                      row ->
                          new Difference(
                              row.getLong(1),
                              row.getInt(2),
                              new Uneven(Set.of(), row.getBoolean(3), row.getBoolean(4))),
                      Catalog.oids(roots),
                      Catalog.oids(chunks)))) {
        if (one.missing() > 0) {
          missing.put(one.index(), one.missing());
        }
        if (!one.uneven().equals(Uneven.NONE)) {
          uneven.put(one.index(), one.uneven());
        }
      }
    } catch (SQLException e) {
      // Somebody is at work on one of them: the next reading tells.
      if (!LockedOrGone.is(e)) {
        throw e;
      }
    }
    return new ChunkParts(missing, uneven);
  }
}
