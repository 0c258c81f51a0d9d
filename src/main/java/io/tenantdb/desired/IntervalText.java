package io.tenantdb.desired;

import io.tenantdb.api.v1alpha1.Grammar;
import java.util.EnumSet;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A PostgreSQL interval text that keeps the grammar: positive whole units.
 *
 * @param micros the length by which PostgreSQL orders intervals: months of 30 days, days of 24
 *     hours
 * @param schedulable whether TimescaleDB takes it for a schedule: months alone, or no months
 */
record IntervalText(long micros, boolean schedulable) {
  private static final int MAX_LENGTH = 48;
  private static final Pattern WHOLE = Pattern.compile(Grammar.INTERVAL);
  private static final Pattern TERM = Pattern.compile("([0-9]+) ?([a-z]+)");
  private static final long MAX_MICROS = 1000 * Unit.YEAR.micros;

  static final String MEANING =
      "PostgreSQL interval text of positive whole units, each unit once, at most 1000 years, for"
          + " example 30 days, 7d, 1 mon, 2 years; a bare m or a bare number is refused, because"
          + " PostgreSQL reads them as minutes and seconds";

  /** A unit, as PostgreSQL counts it. */
  private enum Unit {
    MICROSECOND(1),
    MILLISECOND(1_000),
    SECOND(1_000_000),
    MINUTE(60 * SECOND.micros),
    HOUR(60 * MINUTE.micros),
    DAY(24 * HOUR.micros),
    WEEK(7 * DAY.micros),
    MONTH(30 * DAY.micros),
    YEAR(12 * MONTH.micros);

    private final long micros;

    Unit(long micros) {
      this.micros = micros;
    }

    static Unit of(String word) {
      return switch (word) {
        case "us" -> MICROSECOND;
        case "ms" -> MILLISECOND;
        case "s", "sec", "second", "seconds" -> SECOND;
        case "min", "mins", "minute", "minutes" -> MINUTE;
        case "h", "hr", "hour", "hours" -> HOUR;
        case "d", "day", "days" -> DAY;
        case "w", "week", "weeks" -> WEEK;
        case "mon", "mons", "month", "months" -> MONTH;
        case "y", "yr", "year", "years" -> YEAR;
        default -> throw new IllegalArgumentException("not a unit of the grammar: " + word);
      };
    }
  }

  /** The interval; empty where the text is none, or longer than a thousand years. */
  static Optional<IntervalText> parse(String text) {
    if (text.length() > MAX_LENGTH || !WHOLE.matcher(text).matches()) {
      return Optional.empty();
    }
    Set<Unit> units = EnumSet.noneOf(Unit.class);
    long micros = 0;
    Matcher term = TERM.matcher(text);
    while (term.find()) {
      Unit unit = Unit.of(term.group(2));
      if (!units.add(unit)) {
        return Optional.empty();
      }
      long count = Long.parseLong(term.group(1));
      if (count > (MAX_MICROS - micros) / unit.micros) {
        return Optional.empty();
      }
      micros += count * unit.micros;
    }
    boolean months = units.contains(Unit.MONTH) || units.contains(Unit.YEAR);
    boolean shorter = units.stream().anyMatch(unit -> unit.compareTo(Unit.MONTH) < 0);
    return Optional.of(new IntervalText(micros, !(months && shorter)));
  }
}
