package io.tenantdb.plan;

import io.tenantdb.model.Canonical;
import io.tenantdb.model.CanonicalIndex;
import io.tenantdb.model.CanonicalIndex.Buildable;
import io.tenantdb.model.Desired;
import io.tenantdb.model.DesiredIndex;
import io.tenantdb.model.Finding.Verdict;
import io.tenantdb.model.IndexChange;
import io.tenantdb.model.IndexChange.Build;
import io.tenantdb.model.Mark;
import io.tenantdb.model.ObservedIndex;
import io.tenantdb.model.ObservedTable;
import io.tenantdb.model.ObservedTenant.NamedRelation;
import io.tenantdb.model.Reason;
import io.tenantdb.model.ReservedName;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;

/** Plans the indexes of one tenant. */
final class IndexPlanner {

  private final Desired desired;
  private final Canonical canonical;
  private final List<DesiredIndex> indexes;
  private final Set<String> declaredNames;
  private final Set<String> converted;

  /**
   * @param indexes what the tenant must have
   * @param converted tables that are hypertables, or will be once the changes before these are made
   */
  IndexPlanner(
      Desired desired, Canonical canonical, List<DesiredIndex> indexes, Set<String> converted) {
    this.desired = desired;
    this.canonical = canonical;
    this.indexes = indexes;
    this.declaredNames = indexes.stream().map(DesiredIndex::name).collect(Collectors.toSet());
    this.converted = converted;
  }

  void plan(TenantDraft draft) {
    Map<String, Set<String>> needed = new HashMap<>();
    List<Runnable> steps = new ArrayList<>();
    for (DesiredIndex index : indexes) {
      draft
          .tenant()
          .table(index.table())
          .ifPresent(
              table -> {
                needed.computeIfAbsent(table.name(), t -> new HashSet<>()).add(reservedName(index));
                steps.add(() -> planIndex(draft, table, index));
              });
    }
    draft.tenant().tables().values().forEach(table -> dropLeftovers(draft, table, needed));
    steps.forEach(Runnable::run);
  }

  /** What a killed build left under a reserved name that no declared index needs now. */
  private void dropLeftovers(
      TenantDraft draft, ObservedTable table, Map<String, Set<String>> needed) {
    for (ObservedIndex index : table.indexes()) {
      boolean ours = ReservedName.parse(index.name()).isPresent();
      if (ours
          && !index.building()
          && !needed.getOrDefault(table.name(), Set.of()).contains(index.name())) {
        dropLeftover(draft, table, index);
      }
    }
  }

  private void dropLeftover(TenantDraft draft, ObservedTable table, ObservedIndex index) {
    draft.change(
        table,
        new IndexChange.DropLeftover(draft.target(table), index.name(), isHypertable(table)));
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
      draft.find(
          Verdict.POSTPONED,
          object,
          unknown.reason(),
          "index " + index.name() + " cannot be judged now: " + unknown.message());
    } else {
      Buildable buildable = (Buildable) form;
      Optional<ObservedIndex> live = table.index(index.name());
      if (live.isPresent()) {
        judge(draft, table, index, buildable, live.get());
      } else {
        make(draft, table, index, buildable);
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
      Mark wanted = mark(index, mark.map(Mark::origin).orElse(Mark.Origin.ADOPTED));
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

  /** No index of the declared name is on the table. */
  private void make(TenantDraft draft, ObservedTable table, DesiredIndex index, Buildable form) {
    String object = table.name() + "." + index.name();
    NamedRelation taken = draft.tenant().names().get(index.name());
    if (taken != null) {
      draft.find(
          Verdict.FAILED,
          object,
          Reason.NameTaken,
          "the name "
              + index.name()
              + " is taken by a "
              + taken.kind()
              + taken.table().map(t -> " of " + t).orElse("")
              + "; rename one of them.");
      return;
    }
    Optional<ObservedIndex> renamed =
        table.indexes().stream().filter(i -> isOurs(i, index, form)).findFirst();
    if (renamed.isPresent()) {
      draft.change(
          table,
          new IndexChange.RenameIndex(draft.target(table), renamed.get().name(), index.name()));
      return;
    }
    Optional<ObservedIndex> unpublished = table.index(reservedName(index));
    if (unpublished.isPresent()) {
      resume(draft, table, index, form, unpublished.get());
      return;
    }
    Optional<ObservedIndex> equal =
        table.indexes().stream().filter(i -> standsFor(i, form)).findFirst();
    if (equal.isPresent()) {
      draft.find(
          Verdict.NOTE,
          object,
          Reason.SatisfiedBy,
          "index " + index.name() + " is not built: " + equal.get().name() + " is equal to it.");
      return;
    }
    create(draft, table, index, form);
  }

  private boolean isOurs(ObservedIndex candidate, DesiredIndex index, Buildable form) {
    return candidate.valid()
        && !declaredNames.contains(candidate.name())
        && candidate.mark().filter(m -> m.owner().equals(desired.ownerId())).isPresent()
        && candidate.mark().get().name().equals(index.name())
        && candidate.body().filter(form.accepted()::contains).isPresent();
  }

  private boolean standsFor(ObservedIndex candidate, Buildable form) {
    return candidate.valid()
        && candidate.mark().isEmpty()
        && !declaredNames.contains(candidate.name())
        && ReservedName.parse(candidate.name()).isEmpty()
        && candidate.body().filter(form.accepted()::contains).isPresent();
  }

  /** A run of ours was killed between the build and the publishing, or in the build. */
  private void resume(
      TenantDraft draft,
      ObservedTable table,
      DesiredIndex index,
      Buildable form,
      ObservedIndex built) {
    if (built.building()) {
      draft.find(
          Verdict.POSTPONED,
          table.name() + "." + index.name(),
          Reason.Busy,
          "index "
              + index.name()
              + " on "
              + table.name()
              + " is being built by a session that still lives.");
    } else if (built.valid() && built.body().filter(form.accepted()::contains).isPresent()) {
      draft.change(
          table,
          new IndexChange.PublishIndex(
              draft.target(table),
              built.name(),
              index.name(),
              mark(index, Mark.Origin.MADE),
              form.printed()));
    } else {
      dropLeftover(draft, table, built);
      create(draft, table, index, form);
    }
  }

  private void create(TenantDraft draft, ObservedTable table, DesiredIndex index, Buildable form) {
    boolean hypertable = isHypertable(table);
    if (hypertable && index.unique() && !carriesTimeColumn(table, index)) {
      draft.find(
          Verdict.FAILED,
          table.name() + "." + index.name(),
          Reason.NotSupported,
          "unique index "
              + index.name()
              + " on the hypertable "
              + table.name()
              + " must have the time column among its keys; add it.");
      return;
    }
    Build build =
        !hypertable ? Build.CONCURRENTLY : index.unique() ? Build.ONE_TRANSACTION : Build.PER_CHUNK;
    List<String> path = new ArrayList<>();
    path.add(draft.schema());
    path.addAll(desired.tenants().searchPath());
    draft.change(
        table,
        new IndexChange.CreateIndex(
            draft.target(table),
            index,
            build,
            form,
            mark(index, Mark.Origin.MADE),
            path,
            draft.converged()));
  }

  private boolean isHypertable(ObservedTable table) {
    return table.hypertable().isPresent() || converted.contains(table.name());
  }

  private boolean carriesTimeColumn(ObservedTable table, DesiredIndex index) {
    Optional<String> timeColumn =
        table
            .hypertable()
            .map(h -> h.timeColumn())
            .or(
                () ->
                    desired.hypertables().stream()
                        .filter(h -> h.table().equals(table.name()))
                        .map(h -> h.timeColumn())
                        .findFirst());
    return timeColumn
        .map(
            column ->
                index.keys().stream().anyMatch(k -> k.column().filter(column::equals).isPresent()))
        .orElse(true);
  }

  private Mark mark(DesiredIndex index, Mark.Origin origin) {
    return new Mark(
        desired.ownerId(), index.name(), index.table(), index.specHash(), origin, false);
  }

  private static String reservedName(DesiredIndex index) {
    return ReservedName.building(index.table(), index.name(), index.specHash()).text();
  }
}
