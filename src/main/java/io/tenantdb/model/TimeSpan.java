package io.tenantdb.model;

/**
 * A length of database time: PostgreSQL interval text for hypertables over dates and timestamps, a
 * whole number for integer-time hypertables. Only PostgreSQL compares intervals ({@link
 * CanonicalInterval}).
 */
public sealed interface TimeSpan {

  /** As the spec writes it. */
  String text();

  /** Interval text of positive whole units, for example {@code 30 days}. */
  record Interval(String text) implements TimeSpan {}

  /** A span of integer time. */
  record Whole(long units) implements TimeSpan {
    @Override
    public String text() {
      return Long.toString(units);
    }
  }
}
