package io.tenantdb.plan;

import io.tenantdb.model.AggregateChange.CreateAggregate;
import io.tenantdb.model.AggregateChange.FillAggregate;
import io.tenantdb.model.AggregateChange.MarkAggregate;
import io.tenantdb.model.AggregateChange.SetMaterializedOnly;
import io.tenantdb.model.Canonical;
import io.tenantdb.model.CanonicalAggregate.Refused;
import io.tenantdb.model.CanonicalAggregate.Source;
import io.tenantdb.model.Declaration;
import io.tenantdb.model.Desired;
import io.tenantdb.model.DesiredAggregate.Refresh;
import io.tenantdb.model.DesiredTenant;
import io.tenantdb.model.Finding.Verdict;
import io.tenantdb.model.Mark;
import io.tenantdb.model.ObservedAggregate;
import io.tenantdb.model.ObservedTable;
import io.tenantdb.model.Reason;
import io.tenantdb.model.ServerInfo.Timescale;
import io.tenantdb.model.Target;
import io.tenantdb.plan.LiveAggregatePlanner.Judgement;
import java.util.Optional;

/** Plans an aggregate that is, or can be, a continuous aggregate. */
final class ContinuousAggregatePlanner {

  private final Desired desired;
  private final String extensionSchema;
  private final RefreshWindow window;
  private final RefreshPolicyPlanner policy;
  private final LiveAggregatePlanner present;

  ContinuousAggregatePlanner(
      Desired desired, DesiredTenant wanted, Canonical canonical, Timescale timescale) {
    this.desired = desired;
    this.extensionSchema = timescale.schema().orElseThrow();
    this.window = new RefreshWindow(wanted);
    this.policy = new RefreshPolicyPlanner(desired, canonical, timescale);
    this.present = new LiveAggregatePlanner(desired);
  }

  /** Plans one that is not there. */
  void create(AggregateTask task) {
    Optional<Refresh> refresh = task.aggregate().refresh();
    // Until it is made, no row that it may be made of goes.
    if (task.isSuperuserOwned(task.source()) || isRefused(task)) {
      task.draft().holdRetention(task.source().name());
      return;
    }
    // All or nothing: an aggregate without its policy would be left half-made.
    if (refresh.isPresent() && !(window.holds(task, refresh.get()) && policy.couldRun(task))) {
      task.draft().holdRetention(task.source().name());
      return;
    }
    Mark mark = task.aggregate().mark(desired.ownerId(), Mark.Origin.MADE);
    boolean created =
        task.draft()
            .change(
                task.source(),
                new CreateAggregate(
                    task.target(),
                    task.aggregate(),
                    task.source().name(),
                    task.form().text(),
                    mark,
                    refresh
                        .map(r -> policy.mark(task.aggregate(), r, Mark.Origin.MADE))
                        .orElse(mark),
                    refresh.map(r -> policy.startInSeconds(task.draft(), r)).orElse(0L),
                    task.draft().path(desired.tenants().searchPath()),
                    extensionSchema,
                    task.draft()
                        .wasAsDeclared(
                            Declaration.of(
                                task.aggregate(),
                                ObservedAggregate.Kind.CONTINUOUS,
                                task.source().name())),
                    policy.needsDetour(task)));
    if (created) {
      fill(task, task.source(), task.target(), mark, "");
    }
  }

  /** TimescaleDB's own verdict, which it gave of an empty one. */
  private static boolean isRefused(AggregateTask task) {
    Optional<Refused> refused =
        task.form()
            .notContinuous()
            .filter(because -> because.reason() != Reason.RefreshWindowInvalid);
    refused.ifPresent(
        because ->
            task.find(
                Verdict.FAILED,
                because.reason(),
                because.sqlState(),
                "aggregates["
                    + task.name()
                    + "].query is refused by TimescaleDB: "
                    + because.message()
                    + "."));
    return refused.isPresent();
  }

  /**
   * Plans one that is there.
   *
   * @return true where its query is as declared and nothing forbids to touch it
   */
  boolean plan(AggregateTask task, ObservedTable relation, ObservedAggregate live) {
    Optional<Refresh> refresh = task.aggregate().refresh();
    if (refresh.isPresent() && !window.holds(task, refresh.get())) {
      return false;
    }
    Judgement judgement = present.judge(task, live);
    boolean unfilled = present.isMade(live) && !live.mark().orElseThrow().filled();
    if (judgement != Judgement.AS_DECLARED) {
      if (unfilled) {
        // Else rows would go that are in no bucket yet.
        task.draft().holdRetention(task.source().name());
      }
      return false;
    }
    boolean drifted = showsOtherRows(task, relation, live);
    if (live.mark().isEmpty()) {
      // It may be ours, and not filled, where the server refuses marks.
      task.draft().holdRetention(task.source().name());
    }
    refresh.ifPresentOrElse(
        r -> policy.plan(task, relation, live, r), () -> policy.look(task, relation, live));
    if (unfilled) {
      // Under onDrift: Report it is filled, and is not as declared.
      Mark mark = drifted ? live.mark().orElseThrow() : present.mark(task, live);
      fill(task, relation, task.draft().target(relation), mark, live.comment());
    }
    return true;
  }

  /** Plans {@code materializedOnly}, and the mark; true where somebody changed it. */
  private boolean showsOtherRows(
      AggregateTask task, ObservedTable relation, ObservedAggregate live) {
    Declaration declaration = Declaration.materializedOnly(task.aggregate());
    Optional<MarkAggregate> mark = present.marking(task, relation, live);
    if (live.materializedOnly() == task.aggregate().materializedOnly()) {
      task.draft().asDeclared(declaration);
      mark.ifPresent(marking -> task.draft().change(relation, marking));
      return false;
    }
    boolean drift = task.draft().wasAsDeclared(declaration, live.mark());
    task.draft()
        .change(
            relation,
            new SetMaterializedOnly(
                task.draft().target(relation), task.aggregate().materializedOnly(), drift, mark));
    return drift;
  }

  /**
   * @param owned the relation whose owner's rights the fill runs with
   */
  private void fill(
      AggregateTask task, ObservedTable owned, Target target, Mark mark, String comment) {
    Optional<String> code = task.form().tenantCode();
    if (code.isPresent()) {
      task.find(
          Verdict.NOTE,
          Reason.FillLeftToOwner,
          "the first fill of "
              + task.name()
              + " would run "
              + code.get()
              + ", and is left to "
              + owned.owner()
              + ": CALL refresh_continuous_aggregate as that role.");
    } else if (task.isSuperuserOwned(owned)) {
      task.draft().holdRetention(task.source().name());
    } else {
      task.draft()
          .change(
              owned,
              new FillAggregate(
                  target,
                  new Source(Optional.empty(), task.source().name()),
                  task.aggregate().refresh().map(Refresh::endOffset),
                  mark,
                  comment,
                  extensionSchema));
    }
  }
}
