package io.tenantdb.canonical;

import io.tenantdb.database.DatabaseException;
import io.tenantdb.database.Sql;
import io.tenantdb.database.SqlStates;
import io.tenantdb.model.CanonicalInterval;
import io.tenantdb.model.CanonicalInterval.Parts;
import io.tenantdb.model.Reason;
import io.tenantdb.model.Statement;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/** Lets PostgreSQL read interval texts. */
final class Intervals {

  // Months count 30 days, as in PostgreSQL's own comparison of intervals; extract(epoch) has years
  // of 365.25 days.
  private static final String READ =
      """
      SELECT t.text, t.i::text,
             (((extract(year FROM t.i) * 12 + extract(month FROM t.i)) * 30
               + extract(day FROM t.i)) * 86400000000
               + extract(hour FROM t.i) * 3600000000
               + extract(minute FROM t.i) * 60000000
               + extract(microseconds FROM t.i))::bigint,
             (extract(epoch FROM (?::timestamptz - t.i)) * 1000000)::bigint,
             (extract(year FROM t.i) * 12 + extract(month FROM t.i))::integer,
             extract(day FROM t.i)::integer,
             (extract(hour FROM t.i) * 3600000000
               + extract(minute FROM t.i) * 60000000
               + extract(microseconds FROM t.i))::bigint
      FROM (SELECT u.text, u.text::interval AS i FROM unnest(?::text[]) AS u(text)) AS t
      """;

  private final Connection connection;
  private final Instant now;

  Intervals(Connection connection, Instant now) {
    this.connection = connection;
    this.now = now;
  }

  /**
   * All texts, in one query unless one of them cannot be read.
   *
   * @param declared texts of the spec
   * @param live texts of the catalogs; one that PostgreSQL cannot read any more equals no other and
   *     reaches back for ever
   * @throws DatabaseException with {@link Reason#SpecInvalid} where a declared one cannot be read
   */
  Map<String, CanonicalInterval> read(Set<String> declared, Set<String> live) throws SQLException {
    List<String> all = new ArrayList<>(declared);
    live.stream().filter(text -> !declared.contains(text)).forEach(all::add);
    if (all.isEmpty()) {
      return Map.of();
    }
    try {
      return query(all);
    } catch (SQLException e) {
      if (!unreadable(e)) {
        throw e;
      }
    }
    Map<String, CanonicalInterval> intervals = new HashMap<>();
    for (String text : all) {
      try {
        intervals.putAll(query(List.of(text)));
      } catch (SQLException e) {
        if (!unreadable(e)) {
          throw e;
        }
        if (declared.contains(text)) {
          throw new DatabaseException(
              Reason.SpecInvalid,
              SqlStates.state(e),
              "PostgreSQL cannot use '" + text + "' as an interval: " + SqlStates.primaryMessage(e),
              e);
        }
        intervals.put(
            text,
            new CanonicalInterval(
                "unreadable: " + text, Long.MAX_VALUE, Instant.MIN, Optional.empty()));
      }
    }
    return intervals;
  }

  private Map<String, CanonicalInterval> query(Collection<String> texts) throws SQLException {
    Map<String, CanonicalInterval> intervals = new HashMap<>();
    Sql.query(
            connection,
            Statement.of(READ, now.toString(), Statement.array(texts)),
            row -> Map.entry(row.getString(1), interval(row)))
        .forEach(e -> intervals.put(e.getKey(), e.getValue()));
    return intervals;
  }

  private static CanonicalInterval interval(ResultSet row) throws SQLException {
    return new CanonicalInterval(
        row.getString(2),
        row.getLong(3),
        Instant.EPOCH.plus(row.getLong(4), ChronoUnit.MICROS),
        Optional.of(new Parts(row.getInt(5), row.getInt(6), row.getLong(7))));
  }

  /**
   * Class 22: the text is no interval, or one beyond PostgreSQL's range of dates. 0A000: since
   * PostgreSQL 17 {@code infinity} is an interval, but no number of microseconds.
   */
  private static boolean unreadable(SQLException e) {
    return SqlStates.state(e).startsWith("22") || SqlStates.whileRunning(e) == Reason.NotSupported;
  }
}
