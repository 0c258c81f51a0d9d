package io.tenantdb.model;

/**
 * A length of database time: PostgreSQL interval text for hypertables over dates and timestamps, a
 * whole number for integer-time hypertables. Only PostgreSQL compares intervals ({@link
 * CanonicalInterval}).
 */
public sealed interface TimeSpan {

  /** As the spec writes it. */
  String text();

  /**
   * The type that a parameter of it is cast to: TimescaleDB's lags are of type {@code "any"} and
   * must be typed.
   */
  String sqlType();

  /** Interval text of positive whole units, for example {@code 30 days}. */
  record Interval(String text) implements TimeSpan {
    @Override
    public String sqlType() {
      return "interval";
    }
  }

  /** A span of integer time. */
  record Whole(long units) implements TimeSpan {
    @Override
    public String text() {
      return Long.toString(units);
    }

    @Override
    public String sqlType() {
      return "bigint";
    }
  }
}
