package io.tenantdb.desired;

import io.tenantdb.api.v1alpha1.Grammar;
import io.tenantdb.model.DesiredHypertable;
import io.tenantdb.model.DesiredHypertable.Compression;
import io.tenantdb.model.DesiredHypertable.Retention;
import io.tenantdb.model.OrderBy;
import io.tenantdb.model.PolicyState;
import io.tenantdb.model.TimeSpan;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.stream.Stream;

/**
 * The rules across the fields of one hypertable, held by {@code spec.hypertables} and again by what
 * every override makes of it.
 */
final class HypertableRules {
  private final Problems problems;

  HypertableRules(Problems problems) {
    this.problems = problems;
  }

  /** Notes what is wrong with a resolved hypertable. */
  void check(String path, DesiredHypertable hypertable) {
    hypertable.compression().ifPresent(c -> compression(path + ".compression", hypertable, c));
    hypertable.retention().ifPresent(r -> retention(path + ".retention", r));
    List<TimeSpan> spans =
        Stream.of(
                hypertable.chunkInterval(),
                hypertable.compression().flatMap(Compression::after),
                hypertable.retention().flatMap(Retention::dropAfter))
            .flatMap(Optional::stream)
            .toList();
    if (spans.stream().map(Object::getClass).distinct().count() > 1) {
      problems.add(
          path,
          "chunkInterval, compression.after and retention.dropAfter must all be whole numbers (for"
              + " an integer time column) or all be intervals.");
    } else if (dropsBeforeCompressing(hypertable)) {
      problems.add(path, Grammar.RETENTION_SHORTER_MESSAGE);
    }
  }

  private void compression(String path, DesiredHypertable hypertable, Compression policy) {
    if (policy.state() == PolicyState.ABSENT) {
      if (policy.after().isPresent()
          || policy.segmentBy().isPresent()
          || policy.orderBy().isPresent()
          || policy.every().isPresent()) {
        problems.add(path, Grammar.COMPRESSION_STATE_MESSAGE);
      }
      return;
    }
    if (policy.after().isEmpty()) {
      problems.add(path, Grammar.COMPRESSION_STATE_MESSAGE);
    }
    List<String> segmentBy = policy.segmentBy().orElse(List.of());
    if (segmentBy.contains(hypertable.timeColumn())) {
      problems.add(path, Grammar.SEGMENT_BY_TIME_MESSAGE);
    }
    Set<String> ordered = new HashSet<>();
    for (OrderBy column : policy.orderBy().orElse(List.of())) {
      if (!ordered.add(column.column())) {
        problems.add(
            path + ".orderBy",
            Problems.shown(column.column()) + " is in the list twice: remove one.");
      }
      if (segmentBy.contains(column.column())) {
        problems.add(path, Grammar.SEGMENT_AND_ORDER_MESSAGE);
      }
    }
  }

  private void retention(String path, Retention policy) {
    boolean absent = policy.state() == PolicyState.ABSENT;
    if (absent
        ? policy.dropAfter().isPresent() || policy.every().isPresent()
        : policy.dropAfter().isEmpty()) {
      problems.add(path, Grammar.RETENTION_STATE_MESSAGE);
    }
  }

  private static boolean dropsBeforeCompressing(DesiredHypertable hypertable) {
    OptionalLong after = length(hypertable.compression().flatMap(Compression::after));
    OptionalLong dropAfter = length(hypertable.retention().flatMap(Retention::dropAfter));
    return after.isPresent() && dropAfter.isPresent() && dropAfter.getAsLong() <= after.getAsLong();
  }

  private static OptionalLong length(Optional<TimeSpan> span) {
    return span.stream().mapToLong(HypertableRules::units).findFirst();
  }

  private static long units(TimeSpan span) {
    if (span instanceof TimeSpan.Whole whole) {
      return whole.units();
    }
    return IntervalText.parse(span.text()).orElseThrow().micros();
  }
}
