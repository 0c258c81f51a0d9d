package io.tenantdb.plan;

import io.tenantdb.model.CanonicalIndex.Buildable;
import io.tenantdb.model.Change;
import io.tenantdb.model.Desired;
import io.tenantdb.model.DesiredIndex;
import io.tenantdb.model.Finding.Verdict;
import io.tenantdb.model.Mark;
import io.tenantdb.model.ObservedIndex;
import io.tenantdb.model.ObservedTable;
import io.tenantdb.model.Reason;
import java.util.Optional;
import java.util.function.Function;

/** Judges the live index that a declaration is about. */
final class LiveIndexPlanner {

  private final Desired desired;

  LiveIndexPlanner(Desired desired) {
    this.desired = desired;
  }

  /**
   * Plans the mark where it is as declared; says what is wrong otherwise.
   *
   * @param marking the change that writes a mark on it
   */
  void plan(
      TenantDraft draft,
      ObservedTable table,
      DesiredIndex index,
      Buildable form,
      ObservedIndex live,
      Function<Mark, Change> marking) {
    String object = table.name() + "." + index.name();
    Optional<Mark> mark = live.mark();
    if (mark.isPresent() && !mark.get().owner().equals(desired.ownerId())) {
      draft.find(
          Verdict.FAILED,
          object,
          Reason.Conflict,
          "index "
              + index.name()
              + " on "
              + table.name()
              + " belongs to "
              + mark.get().owner()
              + "; declare it in one resource only.");
    } else if (live.body().isEmpty() || live.building()) {
      draft.find(
          Verdict.POSTPONED,
          object,
          Reason.Busy,
          "index "
              + index.name()
              + " on "
              + table.name()
              + " is locked or being built by another session.");
    } else if (!live.valid()) {
      draft.find(
          Verdict.DRIFTED,
          object,
          Reason.IndexInvalid,
          "index "
              + index.name()
              + " on "
              + table.name()
              + " is invalid; drop it, and it will be built anew.");
    } else if (!form.accepted().contains(live.body().get())) {
      differs(draft, table, index, form, live);
    } else if (live.constraint().isEmpty()) {
      Mark wanted =
          index.mark(desired.ownerId(), mark.map(Mark::origin).orElse(Mark.Origin.ADOPTED));
      if (!mark.equals(Optional.of(wanted))) {
        draft.change(table, marking.apply(wanted));
      }
    }
  }

  private static void differs(
      TenantDraft draft,
      ObservedTable table,
      DesiredIndex index,
      Buildable form,
      ObservedIndex live) {
    String difference =
        " (live: "
            + live.body().orElseThrow().summary(160)
            + "; declared: "
            + form.printed().summary(160)
            + ")";
    if (live.constraint().isPresent()) {
      draft.find(
          Verdict.FAILED,
          table.name() + "." + index.name(),
          Reason.Conflict,
          "index "
              + index.name()
              + " on "
              + table.name()
              + " stands behind the constraint "
              + live.constraint().get()
              + " and differs; declare it as it is"
              + difference
              + ".");
    } else {
      draft.find(
          Verdict.DRIFTED,
          table.name() + "." + index.name(),
          Reason.DefinitionDiffers,
          "index "
              + index.name()
              + " on "
              + table.name()
              + " has another definition; drop or rename it, or change the spec"
              + difference
              + ".");
    }
  }
}
