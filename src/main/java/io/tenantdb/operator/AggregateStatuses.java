package io.tenantdb.operator;

import io.tenantdb.api.v1alpha1.TenantDatabaseStatus;
import io.tenantdb.api.v1alpha1.TenantDatabaseStatus.AggregateStatus;
import io.tenantdb.fleet.AggregateStanding;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;

/**
 * Makes {@code status.aggregates}. Refreshes go on all the time, and a status is not written for
 * them: the oldest one's time is written anew when it has moved by an hour.
 */
final class AggregateStatuses {
  private static final Duration APART = Duration.ofHours(1);
  private static final int LISTED = 32;
  private static final int SENTENCE = 200;

  private AggregateStatuses() {}

  /** The list, or nothing where no aggregate is declared. */
  static List<AggregateStatus> of(
      List<AggregateStanding> standings, Optional<TenantDatabaseStatus> before) {
    if (standings.isEmpty()) {
      return null;
    }
    return standings.stream()
        .limit(LISTED)
        .map(standing -> status(standing, written(standing.name(), before)))
        .toList();
  }

  private static Optional<Instant> written(String name, Optional<TenantDatabaseStatus> before) {
    return before.map(TenantDatabaseStatus::aggregates).stream()
        .flatMap(List::stream)
        .filter(status -> status.name().equals(name))
        .findFirst()
        .map(AggregateStatus::oldestRefresh)
        .flatMap(Times::parse);
  }

  private static AggregateStatus status(AggregateStanding standing, Optional<Instant> written) {
    return new AggregateStatus(
        standing.name(),
        standing.continuous(),
        some(standing.unfilled()),
        some(standing.materializedViews()),
        some(standing.overdue()),
        standing
            .oldestRefresh()
            .map(at -> written.filter(old -> isNear(old, at)).orElse(at))
            .map(Times::text)
            .orElse(null),
        some(standing.skipped()),
        standing.why().map(text -> Texts.cutInTheMiddle(text, SENTENCE)).orElse(null));
  }

  private static boolean isNear(Instant written, Instant now) {
    return Duration.between(written, now).abs().compareTo(APART) < 0;
  }

  private static Integer some(int count) {
    return count == 0 ? null : Integer.valueOf(count);
  }
}
