package io.tenantdb.plan;

import io.tenantdb.model.Canonical;
import io.tenantdb.model.ObservedHypertable;
import io.tenantdb.model.ObservedHypertable.Job;
import io.tenantdb.model.ObservedTable;
import io.tenantdb.model.PolicyKind;
import io.tenantdb.model.TimeSpan;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;

/** When a policy of one hypertable runs next, and whether it would then drop a chunk. */
final class PolicyRun {

  private static final long SECONDS_PER_DAY = 86_400;
  private static final long MICROS_PER_SECOND = 1_000_000;

  private final Canonical canonical;
  private final TenantDraft draft;
  private final ObservedTable table;
  private final String timeColumn;

  PolicyRun(Canonical canonical, TenantDraft draft, ObservedTable table, String timeColumn) {
    this.canonical = canonical;
    this.draft = draft;
    this.table = table;
    this.timeColumn = timeColumn;
  }

  /**
   * Destructive is judged by effect: would the next run drop a chunk? Integer time has a clock of
   * the tenant's own, which is not asked: any chunk counts.
   *
   * @param inSeconds when the next run is, at the latest
   */
  boolean dropsChunks(PolicyKind kind, TimeSpan lag, long inSeconds) {
    Optional<ObservedHypertable> live = table.hypertable();
    if (kind != PolicyKind.RETENTION || live.isEmpty() || live.get().chunks() == 0) {
      return false;
    }
    if (lag instanceof TimeSpan.Interval interval && live.get().oldestChunkEnd().isPresent()) {
      Instant border =
          canonical.interval(interval.text()).before().plusSeconds(inSeconds).plus(zoneMargin());
      return !live.get().oldestChunkEnd().get().isAfter(border);
    }
    return true;
  }

  /**
   * Dates and timestamps without time zone are read in the server's zone, at most 14 hours from
   * UTC.
   */
  private Duration zoneMargin() {
    return draft.columnType(table, timeColumn).equals("timestamp with time zone")
        ? Duration.ZERO
        : Duration.ofDays(1);
  }

  /** When a job runs again, at the latest. */
  long secondsToNext(Job job, Optional<String> newSchedule) {
    return newSchedule
        .map(every -> startInSeconds(job.kind(), newSchedule))
        .orElseGet(() -> canonical.interval(job.every()).micros() / MICROS_PER_SECOND);
  }

  /** When a new job runs first. */
  long startInSeconds(PolicyKind kind, Optional<String> every) {
    return draft.startInSeconds(
        every
            .map(e -> canonical.interval(e).micros() / MICROS_PER_SECOND)
            .orElse(kind == PolicyKind.RETENTION ? SECONDS_PER_DAY : SECONDS_PER_DAY / 2));
  }
}
