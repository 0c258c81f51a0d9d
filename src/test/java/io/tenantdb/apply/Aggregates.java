package io.tenantdb.apply;

import io.tenantdb.model.AggregateChange.CreateAggregate;
import io.tenantdb.model.AggregateChange.FillAggregate;
import io.tenantdb.model.CanonicalAggregate.Source;
import io.tenantdb.model.DesiredAggregate;
import io.tenantdb.model.DesiredAggregate.Fallback;
import io.tenantdb.model.DesiredAggregate.Refresh;
import io.tenantdb.model.DesiredIndex;
import io.tenantdb.model.Mark;
import io.tenantdb.model.MaterializedViewChange.CreateMaterializedView;
import io.tenantdb.model.MaterializedViewChange.RefreshMaterializedView;
import io.tenantdb.model.Target;
import io.tenantdb.model.TimeSpan;
import io.tenantdb.model.ViewText;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/** Changes of aggregates as a plan would have them. */
public final class Aggregates {

  private static final String OWNER = "platform/fruit";
  private static final String HASH = "0123456789abcdef";

  private Aggregates() {}

  public static DesiredAggregate aggregate(String name, String query, List<String> unique) {
    return new DesiredAggregate(
        name,
        query,
        true,
        Optional.<Refresh>empty(),
        unique.isEmpty() ? Fallback.SKIP : Fallback.MATERIALIZED_VIEW,
        Optional.empty(),
        unique.isEmpty() ? Optional.empty() : Optional.of(unique(name, unique)),
        Set.of(),
        HASH);
  }

  public static CreateAggregate create(Target target, String query, String source) {
    DesiredAggregate aggregate = aggregate(target.table(), query, List.of());
    return new CreateAggregate(
        target,
        aggregate,
        source,
        new ViewText(query),
        aggregate.mark(OWNER, Mark.Origin.MADE),
        aggregate.mark(OWNER, Mark.Origin.MADE),
        0,
        List.of(target.schema(), "public"),
        "public",
        false);
  }

  public static FillAggregate fill(Target target, String source, Optional<TimeSpan> endOffset) {
    return new FillAggregate(
        target, new Source(Optional.empty(), source), endOffset, mark(target), "", "public");
  }

  public static CreateMaterializedView createView(
      Target target, String query, List<String> unique) {
    DesiredAggregate aggregate = aggregate(target.table(), query, unique);
    return new CreateMaterializedView(
        target,
        aggregate,
        new ViewText(query),
        mark(target),
        aggregate.uniqueIndex().orElseThrow().mark(OWNER, Mark.Origin.MADE),
        List.of(target.schema(), "public"),
        false);
  }

  public static RefreshMaterializedView refresh(Target target, Instant slot) {
    return new RefreshMaterializedView(target, slot, Optional.empty(), true, mark(target), "");
  }

  public static Mark mark(Target target) {
    return new Mark(OWNER, target.table(), Mark.NO_TABLE, HASH, Mark.Origin.MADE, false);
  }

  private static DesiredIndex unique(String name, List<String> columns) {
    return new DesiredIndex(
        name + "_unique",
        name,
        columns.stream()
            .map(
                column ->
                    new DesiredIndex.Key(
                        Optional.of(column),
                        Optional.empty(),
                        false,
                        Optional.empty(),
                        Optional.empty(),
                        Optional.empty()))
            .toList(),
        "btree",
        true,
        false,
        List.of(),
        Optional.empty(),
        Map.of(),
        HASH);
  }
}
