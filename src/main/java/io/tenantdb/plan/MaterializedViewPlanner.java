package io.tenantdb.plan;

import io.tenantdb.model.Canonical;
import io.tenantdb.model.Declaration;
import io.tenantdb.model.Desired;
import io.tenantdb.model.DesiredIndex;
import io.tenantdb.model.Finding.Verdict;
import io.tenantdb.model.Mark;
import io.tenantdb.model.MaterializedViewChange.CreateMaterializedView;
import io.tenantdb.model.ObservedAggregate;
import io.tenantdb.model.ObservedTable;
import io.tenantdb.model.Reason;
import io.tenantdb.plan.LiveAggregatePlanner.Judgement;
import java.time.Instant;
import java.util.List;

/** Plans the materialized view that stands in for a continuous aggregate. */
final class MaterializedViewPlanner {

  private final Desired desired;
  private final UpkeepPlanner upkeep;
  private final LiveAggregatePlanner present;

  MaterializedViewPlanner(Desired desired, Canonical canonical, Instant now) {
    this.desired = desired;
    this.upkeep = new UpkeepPlanner(canonical, now);
    this.present = new LiveAggregatePlanner(desired);
  }

  /** Plans one that is not there. */
  void create(AggregateTask task) {
    DesiredIndex unique = task.aggregate().uniqueIndex().orElseThrow();
    if (task.isSuperuserOwned(task.source()) || !hasColumns(task, unique)) {
      return;
    }
    Mark mark = task.aggregate().mark(desired.ownerId(), Mark.Origin.MADE);
    task.draft()
        .change(
            task.source(),
            new CreateMaterializedView(
                task.target(),
                task.aggregate(),
                task.form().text(),
                // Its rows are those of now: the slot that has passed is served.
                upkeep.served(task).map(mark::withRefreshed).orElse(mark),
                unique.mark(desired.ownerId(), Mark.Origin.MADE),
                task.draft().path(desired.tenants().searchPath()),
                task.draft()
                    .wasAsDeclared(
                        Declaration.of(
                            task.aggregate(),
                            ObservedAggregate.Kind.MATERIALIZED_VIEW,
                            task.source().name()))));
  }

  private static boolean hasColumns(AggregateTask task, DesiredIndex unique) {
    List<String> missing =
        unique.keys().stream()
            .map(DesiredIndex.Key::column)
            .flatMap(column -> column.stream())
            .filter(column -> !task.form().columns().contains(column))
            .toList();
    if (!missing.isEmpty()) {
      task.find(
          Verdict.FAILED,
          Reason.DefinitionRefused,
          "uniqueColumns of "
              + task.name()
              + " names columns that its query does not have: "
              + String.join(", ", missing)
              + ".");
    }
    return missing.isEmpty();
  }

  /**
   * Plans one that is there.
   *
   * @return true where its query is as declared
   */
  boolean plan(AggregateTask task, ObservedTable relation, ObservedAggregate live) {
    Judgement judgement = present.judge(task, live);
    if (judgement == Judgement.AS_DECLARED) {
      present.marking(task, relation, live).ifPresent(mark -> task.draft().change(relation, mark));
      upkeep.plan(task, relation, live, present.mark(task, live));
    } else if (judgement == Judgement.DIFFERS && present.isMade(live)) {
      // What an earlier spec of ours declared still has readers.
      upkeep.plan(task, relation, live, live.mark().orElseThrow());
    }
    return judgement == Judgement.AS_DECLARED;
  }
}
