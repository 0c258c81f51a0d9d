package io.tenantdb.plan;

import io.tenantdb.model.Canonical;
import io.tenantdb.model.CanonicalIndex;
import io.tenantdb.model.CanonicalIndex.Buildable;
import io.tenantdb.model.Desired;
import io.tenantdb.model.DesiredIndex;
import io.tenantdb.model.Finding.Verdict;
import io.tenantdb.model.IndexChange;
import io.tenantdb.model.Mark;
import io.tenantdb.model.ObservedIndex;
import io.tenantdb.model.ObservedTable;
import io.tenantdb.model.Reason;
import io.tenantdb.model.ReservedName;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;

/** Plans the indexes of the tenants that must have the same ones. */
final class IndexPlanner {

  private final Desired desired;
  private final Canonical canonical;
  private final List<DesiredIndex> indexes;
  private final MissingIndexPlanner missing;

  IndexPlanner(Desired desired, Canonical canonical, List<DesiredIndex> indexes) {
    this.desired = desired;
    this.canonical = canonical;
    this.indexes = indexes;
    this.missing =
        new MissingIndexPlanner(
            desired, indexes.stream().map(DesiredIndex::name).collect(Collectors.toSet()));
  }

  void plan(TenantDraft draft) {
    for (DesiredIndex index : indexes) {
      draft.tenant().table(index.table()).ifPresent(table -> planIndex(draft, table, index));
    }
    draft.tenant().tables().values().forEach(table -> dropLeftovers(draft, table));
  }

  /**
   * What a killed build left under a reserved name, and this plan neither publishes nor drops yet.
   */
  private static void dropLeftovers(TenantDraft draft, ObservedTable table) {
    table.indexes().stream()
        .filter(index -> ReservedName.parse(index.name()).isPresent())
        .filter(index -> !index.building() && !draft.disposesOf(table, index.name()))
        .forEach(index -> draft.dropLeftover(table, index));
  }

  private void planIndex(TenantDraft draft, ObservedTable table, DesiredIndex index) {
    String object = table.name() + "." + index.name();
    if (!supported(draft, table, index, object)) {
      return;
    }
    CanonicalIndex form =
        canonical
            .index(draft.tenant(), table, index)
            .orElseGet(
                () -> new CanonicalIndex.Unknown(Reason.InternalError, "it was not looked at"));
    if (form instanceof CanonicalIndex.Refused refused) {
      draft.find(
          Verdict.FAILED,
          object,
          refused.reason(),
          refused.sqlState(),
          "index " + index.name() + " on " + table.name() + " is refused: " + refused.message());
    } else if (form instanceof CanonicalIndex.Unknown unknown) {
      // The right that the change itself lacks is the one to name; with it the form is known too.
      if (unknown.reason() == Reason.InsufficientPrivilege && draft.lacksRight(table, object)) {
        return;
      }
      draft.find(
          unknown.reason().stalls() ? Verdict.FAILED : Verdict.POSTPONED,
          object,
          unknown.reason(),
          "index " + index.name() + " cannot be judged now: " + unknown.message());
    } else {
      Buildable buildable = (Buildable) form;
      Optional<ObservedIndex> live = table.index(index.name());
      if (live.isPresent()) {
        judge(draft, table, index, buildable, live.get());
      } else {
        missing.plan(draft, table, index, buildable);
      }
    }
  }

  private boolean supported(
      TenantDraft draft, ObservedTable table, DesiredIndex index, String object) {
    if (table.kind() == ObservedTable.Kind.OTHER
        || table.kind() == ObservedTable.Kind.PARTITIONED) {
      draft.find(
          Verdict.FAILED,
          object,
          Reason.NotSupported,
          table.name()
              + (table.kind() == ObservedTable.Kind.PARTITIONED
                  ? " is a partitioned table; indexes on such are not supported yet."
                  : " is no table; an index needs a table or a materialized view."));
      return false;
    }
    if (!index.plainColumns() && !draft.superuserOwned(table) && draft.isUnsettable(table)) {
      draft.unsettable(table, object);
      return false;
    }
    if (draft.superuserOwned(table) && !index.plainColumns()) {
      draft.find(
          Verdict.FAILED,
          object,
          Reason.SuperuserOwned,
          table.name()
              + " belongs to the superuser "
              + table.owner()
              + ", whose rights the expressions of "
              + index.name()
              + " would run with; give the table to another role.");
      return false;
    }
    return true;
  }

  /** An index of the declared name is on the table. */
  private void judge(
      TenantDraft draft,
      ObservedTable table,
      DesiredIndex index,
      Buildable form,
      ObservedIndex live) {
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
        draft.change(
            table,
            new IndexChange.MarkIndex(draft.target(table), index.name(), wanted, live.comment()));
      }
    }
  }

  private void differs(
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
