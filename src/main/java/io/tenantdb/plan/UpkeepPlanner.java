package io.tenantdb.plan;

import io.tenantdb.model.Canonical;
import io.tenantdb.model.DesiredAggregate.Refresh;
import io.tenantdb.model.Mark;
import io.tenantdb.model.MaterializedViewChange.RefreshMaterializedView;
import io.tenantdb.model.ObservedAggregate;
import io.tenantdb.model.ObservedIndex;
import io.tenantdb.model.ObservedTable;
import java.time.Instant;
import java.util.Optional;

/** Plans when a materialized view is refreshed. */
final class UpkeepPlanner {

  private static final long MICROS_PER_SECOND = 1_000_000;

  private final Canonical canonical;
  private final Instant now;

  UpkeepPlanner(Canonical canonical, Instant now) {
    this.canonical = canonical;
    this.now = now;
  }

  /** The slot that a view made now need not be refreshed for. */
  Optional<Instant> served(AggregateTask task) {
    return task.aggregate().refresh().map(refresh -> slots(task, refresh).latest(now));
  }

  /**
   * Plans the refresh of a live one, where its owner's rights are to be had.
   *
   * @param mark the mark that it bears afterwards, but for the slot
   */
  void plan(AggregateTask task, ObservedTable relation, ObservedAggregate live, Mark mark) {
    Optional<Refresh> refresh = task.aggregate().refresh();
    if (refresh.isEmpty()
        // Else a refresh would keep readers out; but nobody can read what is not populated.
        || (live.populated() && relation.indexes().stream().noneMatch(UpkeepPlanner::identifies))
        || task.isSuperuserOwned(relation)
        || task.draft().lacksRight(relation, task.name() + " rows")) {
      return;
    }
    RefreshSlots slots = slots(task, refresh.get());
    Instant slot = slots.latest(now);
    Optional<Instant> since = mark.refreshed();
    boolean due = !live.populated() || since.map(slot::isAfter).orElse(true);
    task.draft()
        .upkeep(
            new ScheduledRefresh(
                due
                    ? Optional.of(
                        new RefreshMaterializedView(
                            task.draft().target(relation),
                            slot,
                            since,
                            live.populated(),
                            mark,
                            live.comment()))
                    : Optional.empty(),
                live.populated() ? since.map(slots::after).orElse(Instant.MIN) : Instant.MIN,
                slots.after(now)));
  }

  /** True for an index by which REFRESH CONCURRENTLY can tell the rows apart. */
  private static boolean identifies(ObservedIndex index) {
    return index.valid()
        && !index.uniqueColumns().isEmpty()
        && index.body().filter(body -> !body.text().contains(" WHERE ")).isPresent();
  }

  private RefreshSlots slots(AggregateTask task, Refresh refresh) {
    return new RefreshSlots(
        canonical.interval(refresh.every()).micros() / MICROS_PER_SECOND, task.draft().schema());
  }
}
