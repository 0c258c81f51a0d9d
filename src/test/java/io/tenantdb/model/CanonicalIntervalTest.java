package io.tenantdb.model;

import static org.assertj.core.api.Assertions.assertThat;

import io.tenantdb.model.CanonicalInterval.Parts;
import java.time.Instant;
import java.time.LocalDateTime;
import java.time.temporal.ChronoUnit;
import java.util.Optional;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class CanonicalIntervalTest {

  private static final long HOUR = 3_600_000_000L;

  /** Months, days and hours of the one, then of the other. */
  @ParameterizedTest
  @CsvSource({
    "0 8 0, 0 7 0, true",
    "0 7 0, 0 7 0, false",
    "0 7 1, 0 7 0, true",
    "0 0 25, 0 1 0, false",
    "0 0 28, 0 1 0, true",
    "0 1 0, 0 0 23, false",
    "0 1 0, 0 0 20, true",
    "0 -5 0, 0 7 0, false",
    "0 0 0, 0 7 0, false",
    "1 0 0, 1 0 0, false",
    "1 0 0, 0 29 0, false",
    "1 0 0, 0 27 0, false",
    "1 0 0, 0 26 0, true",
    "0 31 0, 1 0 0, false",
    "0 32 0, 1 0 0, true",
    "2 0 0, 1 0 0, true",
    "1 2 0, 1 0 0, true",
    "12 0 0, 0 360 0, true",
    "12 0 0, 0 365 0, false",
    "24 0 0, 0 7 0, true"
  })
  void outlasts_whatever_the_calendar(String mine, String theirs, boolean outlasts) {
    assertThat(interval(mine).outlasts(interval(theirs))).isEqualTo(outlasts);
  }

  @Test
  void what_outlasts_has_dropped_nothing_that_is_refreshed_at_the_same_time_or_later() {
    Random random = new Random(20261128);
    int outlasting = 0;
    for (int i = 0; i < 4_000; i++) {
      Parts mine = new Parts(random.nextInt(4), random.nextInt(62), random.nextInt(50) * HOUR);
      Parts theirs = new Parts(random.nextInt(4), random.nextInt(62), random.nextInt(50) * HOUR);
      if (interval(mine).outlasts(interval(theirs))) {
        outlasting++;
        LocalDateTime dropped =
            LocalDateTime.of(2026, 1, 1, 0, 0).plusMinutes(random.nextInt(2_000_000));
        LocalDateTime refreshed = dropped.plusMinutes(random.nextInt(random.nextInt(6_000) + 1));
        assertThat(back(dropped, mine))
            .as("%s at %s, %s at %s", mine, dropped, theirs, refreshed)
            .isBefore(back(refreshed, theirs));
      }
    }
    assertThat(outlasting).isGreaterThan(1_000);
  }

  @Test
  void what_nobody_can_read_outlasts_nothing_and_is_outlasted_by_nothing() {
    CanonicalInterval unreadable =
        new CanonicalInterval("unreadable: x", Long.MAX_VALUE, Instant.MIN, Optional.empty());

    assertThat(unreadable.outlasts(interval("0 1 0"))).isFalse();
    assertThat(interval("240 0 0").outlasts(unreadable)).isFalse();
    assertThat(unreadable.sameAndSteady(unreadable)).isFalse();
  }

  private static LocalDateTime back(LocalDateTime from, Parts parts) {
    return from.minusMonths(parts.months())
        .minusDays(parts.days())
        .minus(parts.micros(), ChronoUnit.MICROS);
  }

  private static CanonicalInterval interval(String text) {
    String[] parts = text.split(" ", -1);
    return interval(
        new Parts(
            Integer.parseInt(parts[0]),
            Integer.parseInt(parts[1]),
            Integer.parseInt(parts[2]) * HOUR));
  }

  private static CanonicalInterval interval(Parts parts) {
    return new CanonicalInterval(parts.toString(), 0, Instant.EPOCH, Optional.of(parts));
  }
}
