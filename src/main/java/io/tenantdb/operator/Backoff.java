package io.tenantdb.operator;

import java.time.Duration;
import java.util.function.DoubleSupplier;

/**
 * Delays that double up to a cap, each shortened or lengthened at random so that many resources of
 * one server do not return together.
 *
 * @param random numbers from 0 to 1
 */
record Backoff(Duration first, Duration cap, DoubleSupplier random) {
  private static final double JITTER = 0.1;

  /** The delay after so many failures in a row; without end. */
  Duration after(int failures) {
    int doublings = Math.min(Math.max(failures - 1, 0), 30);
    long millis = first.toMillis() << Math.min(doublings, 40 - 1);
    boolean capped = millis < 0 || millis > cap.toMillis();
    return jittered(capped ? cap : Duration.ofMillis(millis));
  }

  /** A time, ten percent more or less. */
  Duration jittered(Duration duration) {
    double factor = 1 + JITTER * (2 * random.getAsDouble() - 1);
    return Duration.ofMillis(Math.max(1, Math.round(duration.toMillis() * factor)));
  }
}
