package io.tenantdb.observe;

import java.time.Instant;
import java.time.temporal.ChronoUnit;

/** PostgreSQL's resolution of time. */
final class Micros {

  private Micros() {}

  /** The instant so many microseconds after 1970, as {@code extract(epoch FROM …)} counts them. */
  static Instant at(long micros) {
    return Instant.EPOCH.plus(micros, ChronoUnit.MICROS);
  }
}
