package io.tenantdb.desired;

import io.tenantdb.api.v1alpha1.Grammar;
import io.tenantdb.model.DesiredAggregate;
import io.tenantdb.model.DesiredAggregate.Fallback;
import io.tenantdb.model.DesiredAggregate.Refresh;
import io.tenantdb.model.DesiredHypertable;
import io.tenantdb.model.DesiredIndex;
import io.tenantdb.model.TimeSpan;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** The rules across the fields of one aggregate, and across all that a schema must have. */
final class AggregateRules {
  private final Problems problems;

  AggregateRules(Problems problems) {
    this.problems = problems;
  }

  /** Notes what is wrong with one aggregate. */
  void check(String path, DesiredAggregate aggregate) {
    if (aggregate.fallback() == Fallback.MATERIALIZED_VIEW) {
      if (aggregate.refresh().isEmpty() || aggregate.uniqueIndex().isEmpty()) {
        problems.add(path, Grammar.FALLBACK_NEEDS_MESSAGE);
      }
    } else {
      if (aggregate.uniqueIndex().isPresent()) {
        problems.add(path, Grammar.UNIQUE_COLUMNS_MESSAGE);
      }
      if (aggregate.fallbackQuery().isPresent()) {
        problems.add(path, Grammar.FALLBACK_QUERY_MESSAGE);
      }
    }
    aggregate.refresh().ifPresent(refresh -> window(path + ".refresh", refresh));
  }

  private void window(String path, Refresh refresh) {
    refresh
        .startOffset()
        .ifPresent(
            start -> {
              if (!start.getClass().equals(refresh.endOffset().getClass())) {
                problems.add(path, Grammar.OFFSET_TYPES_MESSAGE);
              } else if (length(start) <= length(refresh.endOffset())) {
                problems.add(path, Grammar.OFFSETS_MESSAGE);
              }
            });
  }

  private static long length(TimeSpan span) {
    return span instanceof TimeSpan.Whole whole
        ? whole.units()
        : IntervalText.parse(span.text()).orElseThrow().micros();
  }

  /** Notes names that two relations of a schema would have to share. */
  void checkNames(
      List<DesiredIndex> indexes,
      List<DesiredHypertable> hypertables,
      List<DesiredAggregate> aggregates) {
    Map<String, String> taken = new HashMap<>();
    indexes.forEach(index -> taken.put(index.table(), "the table of an index"));
    hypertables.forEach(hypertable -> taken.put(hypertable.table(), "a table of spec.hypertables"));
    aggregates.forEach(aggregate -> taken.put(aggregate.name(), "an aggregate"));
    indexes.forEach(index -> taken.put(index.name(), "an index of spec.indexes"));
    for (int i = 0; i < aggregates.size(); i++) {
      DesiredAggregate aggregate = aggregates.get(i);
      String path = Fields.at(AggregateReader.PATH, i);
      if (indexes.stream().anyMatch(index -> index.name().equals(aggregate.name()))) {
        problems.add(path + ".name", Grammar.INDEX_AND_AGGREGATE_MESSAGE);
      }
      if (hypertables.stream().anyMatch(h -> h.table().equals(aggregate.name()))) {
        problems.add(path + ".name", Grammar.HYPERTABLE_AND_AGGREGATE_MESSAGE);
      }
      aggregate.uniqueIndex().ifPresent(key -> key(path, aggregate, key, taken));
    }
  }

  private void key(
      String path, DesiredAggregate aggregate, DesiredIndex key, Map<String, String> taken) {
    String other =
        taken.putIfAbsent(
            key.name(), "the unique index of the aggregate " + Problems.shown(aggregate.name()));
    if (other != null) {
      problems.add(
          path + ".uniqueColumns",
          "the unique index of the aggregate "
              + Problems.shown(aggregate.name())
              + " is named "
              + Problems.shown(key.name())
              + ", and so is "
              + other
              + ": rename one.");
    }
  }
}
