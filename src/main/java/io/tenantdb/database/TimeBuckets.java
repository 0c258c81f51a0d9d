package io.tenantdb.database;

import io.tenantdb.model.Statement;
import io.tenantdb.model.TimeSpan;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.Optional;

/**
 * How wide the buckets of a continuous aggregate are, as TimescaleDB itself has it. Sources: {@code
 * _timescaledb_catalog.continuous_aggs_bucket_function}, which has the width of all from 2.15 on
 * and before that of those that are not of one length (months, time zones); {@code
 * continuous_agg.bucket_width}, in microseconds or units of integer time, which versions before
 * 2.15 have.
 */
public final class TimeBuckets {

  private static final String WIDTH =
      """
      SELECT w.width, d.column_type IN ('int2'::regtype, 'int4'::regtype, 'int8'::regtype)
      FROM _timescaledb_catalog.continuous_agg ca
      JOIN _timescaledb_catalog.dimension d ON d.hypertable_id = ca.mat_hypertable_id
      CROSS JOIN LATERAL (
        SELECT coalesce(
          (SELECT pg_catalog.to_jsonb(f) ->> 'bucket_width'
           FROM _timescaledb_catalog.continuous_aggs_bucket_function f
           WHERE f.mat_hypertable_id = ca.mat_hypertable_id),
          CASE WHEN d.column_type IN ('int2'::regtype, 'int4'::regtype, 'int8'::regtype)
            THEN pg_catalog.to_jsonb(ca) ->> 'bucket_width'
            ELSE pg_catalog.justify_hours(
              (pg_catalog.to_jsonb(ca) ->> 'bucket_width')::bigint
                * interval '1 microsecond')::text END)) w (width)
      WHERE d.num_slices IS NULL AND ca.user_view_schema = ? AND ca.user_view_name = ?
        AND w.width IS NOT NULL""";

  private TimeBuckets() {}

  /** The width; empty where there is no such continuous aggregate. */
  public static Optional<TimeSpan> width(Connection connection, String schema, String view)
      throws SQLException {
    return Sql.query(connection, Statement.of(WIDTH, schema, view), TimeBuckets::span).stream()
        .findFirst();
  }

  private static TimeSpan span(ResultSet row) throws SQLException {
    return row.getBoolean(2)
        ? new TimeSpan.Whole(row.getLong(1))
        : new TimeSpan.Interval(row.getString(1));
  }
}
