package io.tenantdb.apply;

import java.util.Arrays;
import java.util.Optional;

/**
 * Type of an aggregate's time column. Arguments of TimescaleDB's {@code "any"} must be typed as it
 * is.
 */
enum TimeType {
  SMALLINT("smallint", Short.MIN_VALUE, Short.MAX_VALUE),
  INTEGER("integer", Integer.MIN_VALUE, Integer.MAX_VALUE),
  BIGINT("bigint", Long.MIN_VALUE, Long.MAX_VALUE),
  DATE("date"),
  TIMESTAMP("timestamp without time zone"),
  TIMESTAMPTZ("timestamp with time zone");

  private final String sql;
  private final boolean whole;
  private final long least;
  private final long most;

  TimeType(String sql, long least, long most) {
    this.sql = sql;
    this.whole = true;
    this.least = least;
    this.most = most;
  }

  TimeType(String sql) {
    this.sql = sql;
    this.whole = false;
    this.least = 0;
    this.most = 0;
  }

  /** The type that PostgreSQL prints so. */
  static Optional<TimeType> of(String printed) {
    return Arrays.stream(values()).filter(type -> type.sql.equals(printed)).findFirst();
  }

  /** As PostgreSQL prints it. */
  String sql() {
    return sql;
  }

  /** True for integer time. */
  boolean whole() {
    return whole;
  }

  /** Least value of integer time. */
  long least() {
    return least;
  }

  /** Greatest value of integer time. */
  long most() {
    return most;
  }
}
