package io.tenantdb.operator;

import io.tenantdb.api.v1alpha1.TenantDatabaseStatus.IndexStatus;
import io.tenantdb.api.v1alpha1.TenantDatabaseStatus.RedundancyStatus;
import io.tenantdb.model.IndexReport;
import io.tenantdb.model.IndexReport.Index;
import io.tenantdb.model.IndexReport.Redundancy;
import io.tenantdb.model.IndexUsage;
import java.time.Instant;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;

/**
 * Makes {@code status.indexes} and {@code status.redundancies}. Numbers that move all the time are
 * rounded to two digits, so that a status is not written at each look.
 */
final class IndexStatuses {
  private static final int LISTED = 20;
  private static final int SENTENCE = 240;
  private static final int EXACT = 100;

  private IndexStatuses() {}

  /** The largest declared indexes, or nothing where none is declared. */
  static List<IndexStatus> indexes(IndexReport report) {
    return orNothing(
        report.declared().stream()
            .map(index -> status(index, report.since()))
            .sorted(
                Comparator.comparing((IndexStatus status) -> -status.bytes())
                    .thenComparing(IndexStatus::table)
                    .thenComparing(IndexStatus::name))
            .limit(LISTED)
            .toList());
  }

  /** What was found in the most tenants, or nothing where nothing was found. */
  static List<RedundancyStatus> redundancies(IndexReport report) {
    return orNothing(
        report.redundancies().stream()
            .sorted(Comparator.comparing((Redundancy redundancy) -> -redundancy.tenants()))
            .limit(LISTED)
            .map(IndexStatuses::status)
            .toList());
  }

  private static IndexStatus status(Index index, Optional<Instant> since) {
    IndexUsage usage = index.usage();
    int unscanned = usage.unscannedTenants();
    return new IndexStatus(
        index.name(),
        index.table(),
        usage.tenants(),
        rounded(usage.bytes()),
        rounded(usage.scans()),
        unscanned < EXACT || unscanned == usage.tenants() ? unscanned : (int) rounded(unscanned),
        index.unused() ? Boolean.TRUE : null,
        since.map(Times::text).orElse(null));
  }

  private static RedundancyStatus status(Redundancy redundancy) {
    return new RedundancyStatus(
        redundancy.kind().text(),
        redundancy.table(),
        emptyToNothing(redundancy.index()),
        emptyToNothing(redundancy.by()),
        redundancy.tenants(),
        Texts.cutInTheMiddle(redundancy.message(), SENTENCE));
  }

  /** Two digits, never more than it is: what is some is not none, and not all is not all. */
  static long rounded(long number) {
    long digits = number;
    long scale = 1;
    while (digits >= 100) {
      digits /= 10;
      scale *= 10;
    }
    return digits * scale;
  }

  private static String emptyToNothing(String text) {
    return text.isEmpty() ? null : text;
  }

  private static <T> List<T> orNothing(List<T> list) {
    return list.isEmpty() ? null : list;
  }
}
