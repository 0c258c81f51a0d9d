package io.tenantdb.observe;

import io.tenantdb.model.IndexUsage;
import java.sql.SQLException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Reads sizes and scans of indexes, added up by the server: one row for each template, whatever the
 * number of tenants. Takes no lock on any tenant's table, and looks at no file.
 */
final class UsageReader {

  /**
   * How far back the counters go.
   *
   * @param since from when on they count at least
   * @param everReset whether somebody reset them
   */
  record Counting(Instant now, Optional<Instant> since, boolean everReset) {}

  // A crash discards the counters without a trace in pg_stat_database. It does set the times of the
  // server-wide ones; the earliest of those is the latest crash or a later reset.
  private static final String COUNTING =
      """
      SELECT (extract(epoch FROM now()) * 1000000)::bigint,
             (extract(epoch FROM greatest(d.stats_reset, least(
               (SELECT stats_reset FROM pg_stat_bgwriter),
               (SELECT stats_reset FROM pg_stat_archiver),
               (SELECT stats_reset FROM pg_stat_wal)))) * 1000000)::bigint,
             d.stats_reset IS NOT NULL
      FROM pg_stat_database d WHERE d.datname = current_database()
      """;

  // The parts of a partitioned table's index inherit from it. Those of a hypertable's are told by
  // what they are: TimescaleDB before 2.23 has a catalog of them, newer ones have not. Chunks may
  // have other attribute numbers, so columns are compared by name. Of equal indexes the first is
  // the part of the first.
  private static final String USAGE =
      """
      WITH RECURSIVE ix AS MATERIALIZED (
        SELECT * FROM unnest(?::oid[], ?::int[]) AS u(oid, template)
      ),
      tree AS (
        SELECT ix.oid AS root, ix.oid FROM ix
        UNION ALL
        SELECT tree.root, h.inhrelid FROM tree JOIN pg_inherits h ON h.inhparent = tree.oid
      ),
      rel AS MATERIALIZED (
        SELECT t.oid AS root, t.oid FROM unnest(?::oid[]) AS t(oid)
        UNION ALL
        SELECT h.inhparent, h.inhrelid
        FROM unnest(?::oid[]) AS t(oid) JOIN pg_inherits h ON h.inhparent = t.oid
      ),
      columns AS (
        SELECT x.indexrelid, string_agg(coalesce(quote_ident(a.attname), '-'), ',' ORDER BY k.n)
                 AS names
        FROM rel
        JOIN pg_index x ON x.indrelid = rel.oid
        CROSS JOIN LATERAL unnest(x.indkey) WITH ORDINALITY AS k(attnum, n)
        LEFT JOIN pg_attribute a ON a.attrelid = x.indrelid AND a.attnum = k.attnum
        GROUP BY x.indexrelid
      ),
      signed AS (
        SELECT rel.root, rel.oid AS rel, x.indexrelid AS index,
               concat_ws('|', i.relam, x.indisunique, x.indnkeyatts, columns.names, x.indclass,
                 x.indcollation, x.indoption,
                 coalesce(regexp_replace(x.indexprs::text, '%1$s', '', 'g'), '-'),
                 coalesce(regexp_replace(x.indpred::text, '%1$s', '', 'g'), '-')) AS signature
        FROM rel
        JOIN pg_index x ON x.indrelid = rel.oid
        JOIN pg_class i ON i.oid = x.indexrelid
        JOIN columns ON columns.indexrelid = x.indexrelid
      ),
      numbered AS (
        SELECT *, row_number() OVER (PARTITION BY rel, signature ORDER BY index) AS nth FROM signed
      ),
      parts AS (
        SELECT root, oid FROM tree
        UNION ALL
        SELECT whole.index, part.index
        FROM numbered whole
        JOIN numbered part ON part.root = whole.root AND part.signature = whole.signature
          AND part.nth = whole.nth AND part.rel <> whole.rel
        WHERE whole.rel = whole.root
      ),
      one AS (
        SELECT p.root, sum(c.relpages) AS pages, sum(pg_stat_get_numscans(c.oid)) AS scans,
               max(%2$s) AS last
        FROM parts p JOIN pg_class c ON c.oid = p.oid GROUP BY p.root
      )
      SELECT ix.template, count(*), sum(one.pages) * b.size, max(one.pages) * b.size,
             sum(one.scans), count(*) FILTER (WHERE one.scans = 0),
             (extract(epoch FROM max(one.last)) * 1000000)::bigint
      FROM ix JOIN one ON one.root = ix.oid
      CROSS JOIN (SELECT current_setting('block_size')::bigint AS size) b
      GROUP BY ix.template, b.size
      """;

  private static final String PLACES = ":(location|varattno|varattnosyn|varoattno) -?\\d+";

  private final Catalog catalog;

  UsageReader(Catalog catalog) {
    this.catalog = catalog;
  }

  /** How far back the counters of this database go. */
  Counting counting() throws SQLException {
    return catalog
        .rows(
            COUNTING,
            row -> {
              Instant now = Micros.at(row.getLong(1));
              long since = row.getLong(2);
              Optional<Instant> known = row.wasNull() ? Optional.empty() : at(since);
              return new Counting(now, known, row.getBoolean(3));
            })
        .get(0);
  }

  /**
   * Usage by template.
   *
   * @param indexes oids of the indexes of each template
   * @param hypertables tables among those of the indexes whose rows are in chunks
   */
  <T> Map<T, IndexUsage> usage(Map<T, List<Long>> indexes, Collection<Long> hypertables)
      throws SQLException {
    List<T> templates = new ArrayList<>(indexes.keySet());
    List<Long> oids = new ArrayList<>();
    List<Long> numbers = new ArrayList<>();
    for (int number = 0; number < templates.size(); number++) {
      for (Long oid : indexes.get(templates.get(number))) {
        oids.add(oid);
        numbers.add((long) number);
      }
    }
    String lastScan =
        catalog.versionNum() >= 160000
            ? "pg_stat_get_lastscan(c.oid)"
            : "CAST(NULL AS timestamptz)";
    Map<T, IndexUsage> usage = new HashMap<>();
    catalog
        .rows(
            USAGE.formatted(PLACES, lastScan),
            row -> {
              long last = row.getLong(7);
              Optional<Instant> at = row.wasNull() ? Optional.empty() : at(last);
              return Map.entry(
                  templates.get(row.getInt(1)),
                  new IndexUsage(
                      row.getInt(2),
                      row.getLong(3),
                      row.getLong(4),
                      row.getLong(5),
                      row.getInt(6),
                      at));
            },
            Catalog.oids(oids),
            Catalog.oids(numbers),
            Catalog.oids(hypertables),
            Catalog.oids(hypertables))
        .forEach(e -> usage.put(e.getKey(), e.getValue()));
    return usage;
  }

  private static Optional<Instant> at(long micros) {
    return Optional.of(Micros.at(micros));
  }
}
