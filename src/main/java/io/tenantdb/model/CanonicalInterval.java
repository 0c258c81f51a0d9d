package io.tenantdb.model;

import java.time.Instant;
import java.time.LocalDate;
import java.time.temporal.ChronoUnit;
import java.util.Optional;

/**
 * An interval as PostgreSQL understands it. Policies are compared field by field ({@code 1 month}
 * is not {@code 30 days}: they act differently), chunk intervals by {@code =}, because TimescaleDB
 * stores them as microseconds with months of 30 days.
 *
 * @param fields months, days and time, printed in one style
 * @param micros the length by which PostgreSQL's {@code =} compares, in microseconds
 * @param before the server's now() minus the interval: data older than this is beyond it
 * @param parts the same months, days and time as numbers; empty where PostgreSQL cannot read the
 *     text
 */
public record CanonicalInterval(String fields, long micros, Instant before, Optional<Parts> parts) {

  /** One that no retention is compared with. */
  public CanonicalInterval(String fields, long micros, Instant before) {
    this(fields, micros, before, Optional.empty());
  }

  private static final long HOUR = 3_600_000_000L;
  private static final long DAY = 24 * HOUR;

  /** Clocks are put on or back by three hours at most, and days are as much shorter or longer. */
  private static final long CLOCK_CHANGE = 3 * HOUR;

  /** Four years have a month of every length before and after every day. */
  private static final LocalDate CYCLE = LocalDate.of(2023, 1, 1);

  private static final int CYCLE_DAYS = 1461;

  /**
   * Months, days and time of an interval, which are apart because they are of no fixed length.
   *
   * @param micros the time, in microseconds
   */
  public record Parts(int months, int days, long micros) {}

  /**
   * True where a moment that lies this interval back is always older than one that lies the other
   * interval back from the same moment or a later one, whatever the length of the months and days
   * between.
   */
  public boolean outlasts(CanonicalInterval other) {
    if (parts.isEmpty() || other.parts.isEmpty()) {
      return false;
    }
    Parts mine = parts.get();
    Parts theirs = other.parts.get();
    if (mine.months == 0 && theirs.months == 0) {
      return longer(mine.days - (long) theirs.days, mine.micros - theirs.micros, 0);
    }
    // 28 and 31 March lie one month after the same day: the border of months goes back by up to a
    // day while time goes on.
    return longer(
        fewestDaysBetween(mine, theirs), mine.micros - theirs.micros, mine.months == 0 ? 0 : DAY);
  }

  /** True where it is the other one to the field and of a length that no calendar changes. */
  public boolean sameAndSteady(CanonicalInterval other) {
    return parts.isPresent() && parts.equals(other.parts) && parts.get().months == 0;
  }

  private static boolean longer(long days, long micros, long slack) {
    if (slack == 0 && days >= 0 && micros >= 0) {
      return days > 0 || micros > 0;
    }
    return days * DAY + micros > slack + CLOCK_CHANGE;
  }

  private static long fewestDaysBetween(Parts mine, Parts theirs) {
    long fewest = Long.MAX_VALUE;
    for (int i = 0; i < CYCLE_DAYS; i++) {
      LocalDate day = CYCLE.plusDays(i);
      fewest = Math.min(fewest, ChronoUnit.DAYS.between(back(day, mine), back(day, theirs)));
    }
    return fewest;
  }

  private static LocalDate back(LocalDate day, Parts parts) {
    return day.minusMonths(parts.months).minusDays(parts.days);
  }
}
