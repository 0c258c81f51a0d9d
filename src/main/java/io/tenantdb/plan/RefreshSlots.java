package io.tenantdb.plan;

import java.time.Instant;

/**
 * The times at which the views of one tenant are refreshed: one in each period, at the tenant's own
 * place in it, so that they do not all come at once. Known from the names alone, so that a restart
 * changes none of them. There are at most 12 places in a period, 30 seconds or more apart: whoever
 * waits for the next one need not wake for each tenant. A month counts 30 days, as in PostgreSQL's
 * own comparison.
 */
final class RefreshSlots {

  private static final long MAX_PLACES = 12;
  private static final long MIN_SECONDS = 30;

  private final long period;
  private final long offset;

  /**
   * The slots of a tenant.
   *
   * @param periodInSeconds time between two refreshes
   */
  RefreshSlots(long periodInSeconds, String schema) {
    this.period = Math.max(1, periodInSeconds);
    long places = Math.max(1, Math.min(MAX_PLACES, period / MIN_SECONDS));
    this.offset = Math.floorMod((long) schema.hashCode(), places) * (period / places);
  }

  /** The last slot that is not after the time. */
  Instant latest(Instant time) {
    long periods = Math.floorDiv(time.getEpochSecond() - offset, period);
    return Instant.ofEpochSecond(periods * period + offset);
  }

  /** The first slot after the time. */
  Instant after(Instant time) {
    return latest(time).plusSeconds(period);
  }
}
