package io.tenantdb.observe;

import io.tenantdb.model.IndexShape;
import io.tenantdb.model.ObservedUsage.ForeignKey;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Reads what indexes look like key by key, and which foreign keys there are. Of raw catalog
 * columns: nothing is printed, and so no lock is taken on any tenant's table.
 */
final class ShapeReader {

  private record Row(
      long index,
      String method,
      boolean unique,
      boolean payload,
      String predicate,
      IndexShape.Key key) {}

  // :location is the offset in the text that the index was made from.
  private static final String SHAPES =
      """
      SELECT x.indexrelid, am.amname, x.indisunique, x.indnatts > x.indnkeyatts,
             coalesce(md5(regexp_replace(x.indpred::text, ':location -?\\d+', '', 'g')), ''),
             a.attname,
             concat_ws('|', x.indclass[k.n - 1], x.indcollation[k.n - 1], x.indoption[k.n - 1],
               coalesce(own.attoptions::text, '-'),
               CASE WHEN k.attnum = 0
                    THEN md5(regexp_replace(x.indexprs::text, ':location -?\\d+', '', 'g')) END)
      FROM unnest(?::oid[]) AS e(oid)
      JOIN pg_index x ON x.indexrelid = e.oid
      JOIN pg_class i ON i.oid = x.indexrelid
      JOIN pg_am am ON am.oid = i.relam
      CROSS JOIN LATERAL unnest(x.indkey) WITH ORDINALITY AS k(attnum, n)
      LEFT JOIN pg_attribute a ON a.attrelid = x.indrelid AND a.attnum = k.attnum
      LEFT JOIN pg_attribute own ON own.attrelid = x.indexrelid AND own.attnum = k.n
      WHERE k.n <= x.indnkeyatts
      ORDER BY x.indexrelid, k.n
      """;

  private static final String FOREIGN_KEYS =
      """
      WITH tb AS MATERIALIZED (SELECT unnest(?::oid[]) AS oid),
      fk AS MATERIALIZED (
        SELECT c.oid, c.conrelid, c.conname, c.conkey
        FROM pg_constraint c JOIN tb ON tb.oid = c.conrelid
        WHERE c.contype = 'f' AND c.conparentid = 0
      )
      SELECT fk.conrelid, fk.conname, array_agg(a.attname::text ORDER BY k.n)
      FROM fk
      CROSS JOIN LATERAL unnest(fk.conkey) WITH ORDINALITY AS k(attnum, n)
      JOIN pg_attribute a ON a.attrelid = fk.conrelid AND a.attnum = k.attnum
      GROUP BY fk.oid, fk.conrelid, fk.conname
      ORDER BY fk.conname
      """;

  private final Catalog catalog;

  ShapeReader(Catalog catalog) {
    this.catalog = catalog;
  }

  /** The shapes, by oid; an index that is gone is left out. */
  Map<Long, IndexShape> shapes(Collection<Long> indexes) throws SQLException {
    List<Row> rows =
        catalog.rows(
            SHAPES,
            row ->
                new Row(
                    row.getLong(1),
                    row.getString(2),
                    row.getBoolean(3),
                    row.getBoolean(4),
                    row.getString(5),
                    new IndexShape.Key(
                        Optional.ofNullable(row.getString(6)), catalog.intern(row.getString(7)))),
            Catalog.oids(indexes));
    Map<Long, List<Row>> byIndex = new HashMap<>();
    rows.forEach(row -> byIndex.computeIfAbsent(row.index(), i -> new ArrayList<>()).add(row));
    Map<Long, IndexShape> shapes = new HashMap<>();
    byIndex.forEach(
        (index, keys) -> {
          Row first = keys.get(0);
          shapes.put(
              index,
              new IndexShape(
                  first.method(),
                  first.unique(),
                  keys.stream().map(Row::key).toList(),
                  first.payload(),
                  first.predicate()));
        });
    return shapes;
  }

  /** The foreign keys of each table, those that a partition has of its parent left out. */
  Map<Long, List<ForeignKey>> foreignKeys(Collection<Long> tables) throws SQLException {
    Map<Long, List<ForeignKey>> keys = new HashMap<>();
    catalog
        .rows(
            FOREIGN_KEYS,
            row ->
                Map.entry(
                    row.getLong(1),
                    new ForeignKey(
                        catalog.intern(row.getString(2)),
                        Arrays.stream((String[]) row.getArray(3).getArray())
                            .map(catalog::intern)
                            .toList())),
            Catalog.oids(tables))
        .forEach(e -> keys.computeIfAbsent(e.getKey(), t -> new ArrayList<>()).add(e.getValue()));
    return keys;
  }
}
