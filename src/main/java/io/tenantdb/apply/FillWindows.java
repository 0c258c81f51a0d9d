package io.tenantdb.apply;

import io.tenantdb.database.Sql;
import io.tenantdb.model.AggregateChange.FillAggregate;
import io.tenantdb.model.Statement;
import io.tenantdb.model.TimeSpan;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;

/**
 * Cuts the source's chunks into windows, the oldest first: as many chunks as lie within ten
 * buckets, one at least, so that stretches without a chunk cost nothing.
 *
 * <p>{@code refresh_continuous_aggregate} leaves out the buckets that a window's edge cuts. So each
 * window goes on beyond its chunks: three buckets before them, two after them, of which one is lost
 * at the edge and one makes good for buckets that are not all of one length (months, days of a time
 * zone). The third keeps a window that {@code endOffset} cuts from being too small (SQLSTATE
 * 22023).
 *
 * <p>All arithmetic is PostgreSQL's. Sources: {@code timescaledb_information.chunks}, {@code
 * _timescaledb_catalog.continuous_agg} and {@code dimension}, in columns that TimescaleDB 2.10 and
 * later have.
 */
final class FillWindows {

  /** A continuous aggregate's chunks are those of the hypertable that keeps its rows. */
  private static final String CHUNKS =
      """
      named AS MATERIALIZED (
        SELECT coalesce(m.schema_name, n.s)::text AS s, coalesce(m.table_name, n.t)::text AS t
        FROM (SELECT ?::text AS s, ?::text AS t) AS n
        LEFT JOIN _timescaledb_catalog.continuous_agg ca
          ON ca.user_view_schema = n.s AND ca.user_view_name = n.t
        LEFT JOIN _timescaledb_catalog.hypertable m ON m.id = ca.mat_hypertable_id),
      chunk AS MATERIALIZED (
        SELECT DISTINCT %s AS begins, %s AS ends
        FROM timescaledb_information.chunks c JOIN named
          ON c.hypertable_schema = named.s AND c.hypertable_name = named.t)
      """;

  // An output column of the same name would stand before the chunk's in ORDER BY.
  private static final String OLDEST_FIRST = "ORDER BY chunk.begins, chunk.ends";

  // A time that is infinite, or so far away that no bucket can be added to it, is no bound.
  private static final String OF_TIME =
      "WITH span AS (SELECT ?::interval AS bucket, now() - nullif(?, '')::interval AS upto), "
          + CHUNKS.formatted("c.range_start", "c.range_end")
          + """
          SELECT
            CASE WHEN begins >= '4000-01-01 00:00:00+00 BC' AND begins < '200000-01-01 00:00:00+00'
              THEN (begins - 3 * bucket)::%1$s::text END,
            least(CASE WHEN ends < '200000-01-01 00:00:00+00' THEN ends + 2 * bucket END,
              upto)::%1$s::text,
            least(ends, upto)::date::text,
            upto::%1$s::text,
            extract(epoch FROM begins)::float8,
            extract(epoch FROM ends)::float8,
            extract(epoch FROM CASE WHEN isfinite(begins) AND begins < '200000-01-01 00:00:00+00'
              THEN greatest(begins + 10 * bucket, ends) ELSE ends END)::float8
          FROM chunk CROSS JOIN span
          WHERE upto IS NULL OR begins < upto
          """
          + OLDEST_FIRST;

  private static final String OF_NUMBERS =
      "WITH span AS (SELECT ?::numeric AS bucket, ?::numeric - nullif(?, '')::numeric AS upto), "
          + CHUNKS.formatted("c.range_start_integer::numeric", "c.range_end_integer::numeric")
          + """
          SELECT
            CASE WHEN begins - 3 * bucket >= %1$d THEN (begins - 3 * bucket)::text END,
            least(CASE WHEN ends + 2 * bucket <= %2$d THEN ends + 2 * bucket END,
              CASE WHEN upto <= %2$d THEN upto END)::text,
            least(ends, upto)::text,
            CASE WHEN upto <= %2$d THEN upto END::text,
            begins::float8,
            ends::float8,
            greatest(begins + 10 * bucket, ends)::float8
          FROM chunk CROSS JOIN span
          WHERE begins IS NOT NULL AND ends IS NOT NULL AND (upto IS NULL OR begins < upto)
          """
          + OLDEST_FIRST;

  /** A chunk, the window that it alone needs, and how far a window that begins with it may go. */
  private record Chunk(
      Optional<String> from,
      Optional<String> to,
      String reached,
      Optional<String> upto,
      double ends,
      double limit) {
    static Chunk of(ResultSet row) throws SQLException {
      return new Chunk(
          Optional.ofNullable(row.getString(1)),
          Optional.ofNullable(row.getString(2)),
          row.getString(3),
          Optional.ofNullable(row.getString(4)),
          row.getDouble(6),
          row.getDouble(7));
    }
  }

  private final Connection connection;

  FillWindows(Connection connection) {
    this.connection = connection;
  }

  /**
   * The windows, the oldest first; none where the source has no chunk that is old enough.
   *
   * @param width of the buckets; all is one window where it is not known
   * @param now the present of integer time; the windows go to the newest row where it is not known
   */
  List<FillWindow> of(
      FillAggregate change, TimeType type, Optional<TimeSpan> width, OptionalLong now)
      throws SQLException {
    List<Chunk> chunks = Sql.query(connection, statement(change, type, width, now), Chunk::of);
    if (chunks.isEmpty()) {
      return List.of();
    }
    if (width.isEmpty()) {
      Optional<String> upto = chunks.get(0).upto();
      return List.of(new FillWindow(Optional.empty(), upto, upto.orElse("the end")));
    }
    List<FillWindow> windows = new ArrayList<>();
    List<Chunk> together = new ArrayList<>();
    for (Chunk chunk : chunks) {
      if (!together.isEmpty() && chunk.ends() > together.get(0).limit()) {
        windows.add(over(together));
        together.clear();
      }
      together.add(chunk);
    }
    windows.add(over(together));
    return windows;
  }

  private static FillWindow over(List<Chunk> chunks) {
    Chunk last = chunks.stream().max(Comparator.comparingDouble(Chunk::ends)).orElseThrow();
    return new FillWindow(chunks.get(0).from(), last.to(), last.reached());
  }

  private static Statement statement(
      FillAggregate change, TimeType type, Optional<TimeSpan> width, OptionalLong now) {
    String schema = change.sourceSchema();
    String name = change.source().name();
    String bucket = width.map(TimeSpan::text).orElse("0");
    if (type.whole()) {
      boolean known = now.isPresent();
      return Statement.of(
          OF_NUMBERS.formatted(type.least(), type.most()),
          bucket,
          Long.toString(now.orElse(0)),
          known ? endOffset(change, TimeSpan.Whole.class) : "",
          schema,
          name);
    }
    return Statement.of(
        OF_TIME.formatted(type.sql()),
        bucket,
        endOffset(change, TimeSpan.Interval.class),
        schema,
        name);
  }

  private static String endOffset(FillAggregate change, Class<? extends TimeSpan> kind) {
    return change.endOffset().filter(kind::isInstance).map(TimeSpan::text).orElse("");
  }
}
