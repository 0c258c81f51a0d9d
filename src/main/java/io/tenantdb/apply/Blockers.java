package io.tenantdb.apply;

import io.tenantdb.model.Blocker;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalLong;

/**
 * Reads blockers. Source: {@code pg_stat_activity}, where other roles' details need {@code
 * pg_read_all_stats}, and {@code pg_prepared_xacts}, which everybody may read.
 */
final class Blockers {

  /** The columns of a session {@code a}, in the order of {@link #of}. */
  static final String SESSION =
      """
      a.pid, a.application_name, a.usename::text, a.state,
      extract(epoch FROM clock_timestamp() - a.xact_start)::bigint, NULL::text""";

  /** The same columns of a prepared transaction {@code x}. */
  static final String PREPARED =
      """
      0, '', x.owner::text, '',
      extract(epoch FROM clock_timestamp() - x.prepared)::bigint, x.gid""";

  private Blockers() {}

  /**
   * The blocker of a row; empty where there is none.
   *
   * @param first the number of its first column
   */
  static Optional<Blocker> of(ResultSet row, int first) throws SQLException {
    int pid = row.getInt(first);
    if (row.wasNull()) {
      return Optional.empty();
    }
    long age = row.getLong(first + 4);
    return Optional.of(
        new Blocker(
            pid,
            Objects.requireNonNullElse(row.getString(first + 1), ""),
            Objects.requireNonNullElse(row.getString(first + 2), ""),
            Objects.requireNonNullElse(row.getString(first + 3), ""),
            age > 0 ? OptionalLong.of(age) : OptionalLong.empty(),
            Optional.ofNullable(row.getString(first + 5))));
  }
}
