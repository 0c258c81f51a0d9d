package io.tenantdb.observe;

import io.tenantdb.model.IndexTie;
import io.tenantdb.model.IndexTieSql;
import io.tenantdb.model.ObservedIndex.Settings;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

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
   * @param valid {@code indisvalid}, {@code indisready} and {@code indislive}
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
      String comment,
      List<IndexTie> ties,
      Settings settings) {}

  // :location is the offset in the text that the index was made from; it differs between equal
  // indexes. coalesce, because concat_ws leaves out NULLs and so would blur positions.
  private static final String INDEXES =
      """
      WITH tb AS MATERIALIZED (SELECT unnest(?::oid[]) AS oid),
      -- A statistics target that was not set is -1, and NULL from PostgreSQL 17 on.
      ao AS MATERIALIZED (
        SELECT a.attrelid,
               string_agg(a.attnum || ':' || a.attoptions::text, ',' ORDER BY a.attnum) AS options,
               string_agg(a.attnum || ':' || a.attstattarget, ',' ORDER BY a.attnum)
                 FILTER (WHERE a.attstattarget >= 0) AS statistics
        FROM pg_attribute a
        WHERE a.attoptions IS NOT NULL OR a.attstattarget >= 0
        GROUP BY a.attrelid
      )
      SELECT x.indrelid, x.indexrelid, i.relname,
             md5(concat_ws('|', i.relam, x.indisunique, %s, x.indnkeyatts, x.indkey, x.indclass,
               x.indcollation, x.indoption, coalesce(ao.options, '-'),
               coalesce(i.reloptions::text, '-'),
               coalesce(regexp_replace(x.indexprs::text, ':location -?\\d+', '', 'g'), '-'),
               coalesce(regexp_replace(x.indpred::text, ':location -?\\d+', '', 'g'), '-'))),
             x.indisvalid AND x.indisready AND x.indislive,
             CASE WHEN x.indisunique THEN x.indkey::text END, x.indnkeyatts,
             d.description, ts.spcname, ao.statistics
      FROM tb
      JOIN pg_index x ON x.indrelid = tb.oid
      JOIN pg_class i ON i.oid = x.indexrelid
      LEFT JOIN ao ON ao.attrelid = i.oid
      LEFT JOIN pg_tablespace ts ON ts.oid = i.reltablespace
      LEFT JOIN pg_description d
        ON d.objoid = i.oid AND d.classoid = 'pg_class'::regclass AND d.objsubid = 0
      """;

  private static final String OF_TABLES =
      "SELECT x.indexrelid AS oid FROM unnest(?::oid[]) AS tb(oid)"
          + " JOIN pg_index x ON x.indrelid = tb.oid";
  private static final String TIES =
      IndexTieSql.with(OF_TABLES)
          + "SELECT root, kind, object FROM tie ORDER BY root, kind, object";
  private static final String TIES_OF_TIMESCALE =
      IndexTieSql.withTimescale(OF_TABLES)
          + "SELECT root, kind, object FROM tie ORDER BY root, kind, object";

  private static final String DEFAULT_TABLESPACE =
      """
      SELECT ts.spcname FROM pg_database db JOIN pg_tablespace ts ON ts.oid = db.dattablespace
      WHERE db.datname = current_database()
      """;

  /** A key's position and its target. */
  private static final Pattern TARGET = Pattern.compile("(\\d+):(\\d+)");

  private final Catalog catalog;
  private final boolean timescale;
  private final Map<List<String>, Settings> settings = new HashMap<>();

  /**
   * @param timescale TimescaleDB is installed in the database
   */
  IndexReader(Catalog catalog, boolean timescale) {
    this.catalog = catalog;
    this.timescale = timescale;
  }

  List<Index> indexes(Collection<Long> tables) throws SQLException {
    String nullsNotDistinct = catalog.versionNum() >= 150000 ? "x.indnullsnotdistinct" : "false";
    String defaultTablespace =
        catalog.rows(DEFAULT_TABLESPACE, row -> row.getString(1)).stream().findFirst().orElse("");
    Map<Long, List<IndexTie>> ties = ties(tables);
    return catalog.rows(
        INDEXES.formatted(nullsNotDistinct),
        row -> {
          String keys = row.getString(6);
          String comment = row.getString(8);
          return new Index(
              row.getLong(1),
              row.getLong(2),
              catalog.intern(row.getString(3)),
              catalog.intern(row.getString(4)),
              row.getBoolean(5),
              keys == null ? List.of() : keyColumns(keys, row.getInt(7)),
              comment == null ? "" : catalog.intern(comment),
              ties.getOrDefault(row.getLong(2), List.of()),
              settings(orElse(row.getString(9), defaultTablespace), orElse(row.getString(10), "")));
        },
        Catalog.oids(tables));
  }

  /** What rests on the indexes of the tables, by index. */
  private Map<Long, List<IndexTie>> ties(Collection<Long> tables) throws SQLException {
    Map<Long, List<IndexTie>> ties = new HashMap<>();
    Map<IndexTie, IndexTie> known = new HashMap<>();
    for (String query : timescale ? List.of(TIES, TIES_OF_TIMESCALE) : List.of(TIES)) {
      catalog
          .rows(
              query,
              row -> Map.entry(row.getLong(1), IndexTieSql.tie(row.getString(2), row.getString(3))),
              Catalog.oids(tables))
          .forEach(
              tie ->
                  ties.computeIfAbsent(tie.getKey(), index -> new ArrayList<>(1))
                      .add(known.computeIfAbsent(tie.getValue(), same -> same)));
    }
    return ties;
  }

  /** One instance of each: nearly all indexes have the same. */
  private Settings settings(String tablespace, String statistics) {
    return settings.computeIfAbsent(
        List.of(tablespace, statistics),
        unknown -> {
          Map<Integer, Integer> targets = new HashMap<>();
          Matcher target = TARGET.matcher(statistics);
          while (target.find()) {
            targets.put(Integer.valueOf(target.group(1)), Integer.valueOf(target.group(2)));
          }
          return Settings.of(tablespace, targets);
        });
  }

  private static String orElse(String value, String otherwise) {
    return value == null ? otherwise : value;
  }

  private static List<Integer> keyColumns(String indkey, int keys) {
    return Arrays.stream(indkey.split(" ")).limit(keys).map(Integer::valueOf).toList();
  }
}
