package io.tenantdb.observe;

import java.sql.SQLException;
import java.util.Arrays;
import java.util.Collection;
import java.util.List;
import java.util.Optional;

/**
 * Reads all indexes of the declared tables from raw {@code pg_index} columns, which takes no lock
 * on any tenant's table.
 */
final class IndexReader {

  /**
   * One index.
   *
   * @param signature hash over everything that its printed body depends on, but for the table's
   *     columns
   * @param uniqueKeys {@code attnum} of the key columns of a unique index, 0 for expressions; empty
   *     for other indexes
   * @param comment empty text where there is none
   */
  record Index(
      long table,
      long oid,
      String name,
      String signature,
      boolean valid,
      List<Integer> uniqueKeys,
      Optional<String> constraint,
      String comment) {}

  // :location is the offset in the text that the index was made from; it differs between equal
  // indexes. coalesce, because concat_ws leaves out NULLs and so would blur positions.
  private static final String INDEXES =
      """
      WITH tb AS MATERIALIZED (SELECT unnest(?::oid[]) AS oid),
      ao AS MATERIALIZED (
        SELECT a.attrelid, string_agg(a.attnum || ':' || a.attoptions::text, ',' ORDER BY a.attnum)
                 AS options
        FROM pg_attribute a WHERE a.attoptions IS NOT NULL GROUP BY a.attrelid
      ),
      cn AS MATERIALIZED (
        SELECT c.conindid, c.conname FROM pg_constraint c JOIN tb ON tb.oid = c.conrelid
        WHERE c.contype IN ('p', 'u', 'x') AND c.conindid <> 0
      )
      SELECT x.indrelid, x.indexrelid, i.relname,
             md5(concat_ws('|', i.relam, x.indisunique, %s, x.indnkeyatts, x.indkey, x.indclass,
               x.indcollation, x.indoption, coalesce(ao.options, '-'),
               coalesce(i.reloptions::text, '-'),
               coalesce(regexp_replace(x.indexprs::text, ':location -?\\d+', '', 'g'), '-'),
               coalesce(regexp_replace(x.indpred::text, ':location -?\\d+', '', 'g'), '-'))),
             x.indisvalid, CASE WHEN x.indisunique THEN x.indkey::text END, x.indnkeyatts,
             cn.conname, d.description
      FROM tb
      JOIN pg_index x ON x.indrelid = tb.oid
      JOIN pg_class i ON i.oid = x.indexrelid
      LEFT JOIN ao ON ao.attrelid = i.oid
      LEFT JOIN cn ON cn.conindid = i.oid
      LEFT JOIN pg_description d
        ON d.objoid = i.oid AND d.classoid = 'pg_class'::regclass AND d.objsubid = 0
      """;

  private final Catalog catalog;

  IndexReader(Catalog catalog) {
    this.catalog = catalog;
  }

  List<Index> indexes(Collection<Long> tables) throws SQLException {
    String nullsNotDistinct = catalog.versionNum() >= 150000 ? "x.indnullsnotdistinct" : "false";
    return catalog.rows(
        INDEXES.formatted(nullsNotDistinct),
        row -> {
          String keys = row.getString(6);
          String constraint = row.getString(8);
          String comment = row.getString(9);
          return new Index(
              row.getLong(1),
              row.getLong(2),
              catalog.intern(row.getString(3)),
              catalog.intern(row.getString(4)),
              row.getBoolean(5),
              keys == null ? List.of() : keyColumns(keys, row.getInt(7)),
              Optional.ofNullable(constraint).map(catalog::intern),
              comment == null ? "" : catalog.intern(comment));
        },
        Catalog.oids(tables));
  }

  private static List<Integer> keyColumns(String indkey, int keys) {
    return Arrays.stream(indkey.split(" ")).limit(keys).map(Integer::valueOf).toList();
  }
}
