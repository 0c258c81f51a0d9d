package io.tenantdb.plan;

import io.tenantdb.model.AggregateChange.MarkAggregate;
import io.tenantdb.model.Declaration;
import io.tenantdb.model.Desired;
import io.tenantdb.model.Difference;
import io.tenantdb.model.Finding.Verdict;
import io.tenantdb.model.Mark;
import io.tenantdb.model.ObservedAggregate;
import io.tenantdb.model.ObservedTable;
import io.tenantdb.model.Reason;
import java.util.Optional;

/** Judges the live aggregate of a declared name, whichever kind it is. */
final class LiveAggregatePlanner {

  private static final int SHOWN = 160;

  private final Desired desired;

  LiveAggregatePlanner(Desired desired) {
    this.desired = desired;
  }

  /** What a live aggregate is to the declared one. */
  enum Judgement {
    AS_DECLARED,
    /** Its query is another one. */
    DIFFERS,
    /** It belongs to another owner, or cannot be read now. */
    NOT_OURS_TO_JUDGE
  }

  /** The judgement; says what is wrong. */
  Judgement judge(AggregateTask task, ObservedAggregate live) {
    Optional<Mark> mark = live.mark();
    if (mark.isPresent() && !mark.get().owner().equals(desired.ownerId())) {
      task.find(
          Verdict.FAILED,
          Reason.Conflict,
          "aggregate "
              + task.name()
              + " belongs to "
              + mark.get().owner()
              + "; declare it in one resource only.");
      return Judgement.NOT_OURS_TO_JUDGE;
    }
    if (live.definition().isEmpty()) {
      task.find(
          Verdict.POSTPONED,
          Reason.Busy,
          "aggregate " + task.name() + " is locked by another session; it is looked at again.");
      return Judgement.NOT_OURS_TO_JUDGE;
    }
    Declaration declaration = Declaration.of(task.aggregate(), live.kind(), task.source().name());
    if (!live.definition().get().equals(task.form().text())) {
      Difference shown =
          Difference.of(live.definition().get().summary(), task.form().text().summary(), SHOWN);
      task.find(
          task.draft().wasAsDeclared(declaration, mark) ? Verdict.DRIFTED : Verdict.REFUSED,
          Reason.DefinitionDiffers,
          "aggregate "
              + task.name()
              + " has another query and is not replaced; change the spec, or drop it (DROP MATERIALIZED VIEW), and it is made anew from the rows that are still there (live: "
              + shown.before()
              + "; declared: "
              + shown.after()
              + ").");
      return Judgement.DIFFERS;
    }
    task.draft().asDeclared(declaration);
    return Judgement.AS_DECLARED;
  }

  /** The mark of one that is as declared, where it bears another one. */
  Optional<MarkAggregate> marking(
      AggregateTask task, ObservedTable relation, ObservedAggregate live) {
    Optional<Mark> mark = live.mark();
    return Optional.of(mark(task, live))
        .filter(wanted -> !mark.equals(Optional.of(wanted)))
        .map(
            wanted ->
                new MarkAggregate(
                    task.draft().target(relation),
                    live.kind(),
                    wanted,
                    live.comment(),
                    mark.isPresent() ? "as declared, stale mark" : "as declared, unmarked",
                    live.oid()));
  }

  /** The mark that it is to bear: what is known of its rows stays in it. */
  Mark mark(AggregateTask task, ObservedAggregate live) {
    Mark fresh =
        task.aggregate()
            .mark(desired.ownerId(), live.mark().map(Mark::origin).orElse(Mark.Origin.ADOPTED));
    return new Mark(
        fresh.owner(),
        fresh.name(),
        fresh.table(),
        fresh.spec(),
        fresh.origin(),
        live.mark().filter(Mark::filled).isPresent(),
        live.mark().flatMap(Mark::refreshed));
  }

  /** True where we made it, for this spec or an earlier one. */
  boolean isMade(ObservedAggregate live) {
    return live.mark()
        .filter(m -> m.owner().equals(desired.ownerId()) && m.origin() == Mark.Origin.MADE)
        .isPresent();
  }
}
