package io.tenantdb.plan;

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
import java.util.Optional;
import java.util.Set;

/**
 * Plans a declared index that is not there under its name: it may be ours and renamed, built and
 * not published, half-built, equal to another one, or simply not made yet.
 */
final class MissingIndexPlanner {

  private final Desired desired;
  private final PartitionedIndexPlanner parts;
  private final Set<String> declaredNames;

  MissingIndexPlanner(Desired desired, PartitionedIndexPlanner parts, Set<String> declaredNames) {
    this.desired = desired;
    this.parts = parts;
    this.declaredNames = declaredNames;
  }

  void plan(TenantDraft draft, ObservedTable table, DesiredIndex index, Buildable form) {
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
    Optional<ObservedIndex> unpublished = table.index(index.reservedName());
    if (unpublished.isPresent()) {
      resume(draft, table, index, form, unpublished.get());
      return;
    }
    Optional<ObservedIndex> equal =
        table.indexes().stream().filter(i -> standsFor(i, index, form)).findFirst();
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
    // A constraint may have taken it over, or its person renamed what we only adopted: not ours to
    // rename.
    return candidate.valid()
        && candidate.constraint().isEmpty()
        && !declaredNames.contains(candidate.name())
        && isMarked(candidate, index)
        && candidate.mark().get().origin() == Mark.Origin.MADE
        && candidate.body().filter(form.accepted()::contains).isPresent();
  }

  private boolean standsFor(ObservedIndex candidate, DesiredIndex index, Buildable form) {
    return candidate.valid()
        && (candidate.mark().isEmpty() || isMarked(candidate, index))
        && !declaredNames.contains(candidate.name())
        && ReservedName.parse(candidate.name()).isEmpty()
        && candidate.body().filter(form.accepted()::contains).isPresent();
  }

  /** True when it bears our mark, for this declared index: not for one that the spec once had. */
  private boolean isMarked(ObservedIndex candidate, DesiredIndex index) {
    return candidate
        .mark()
        .filter(m -> m.owner().equals(desired.ownerId()) && m.name().equals(index.name()))
        .isPresent();
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
    } else if (built.valid()
        && built.missingParts() == 0
        && built.body().filter(form.accepted()::contains).isPresent()) {
      draft.change(
          table,
          new IndexChange.PublishIndex(
              draft.target(table),
              built.name(),
              index.name(),
              index.mark(desired.ownerId(), Mark.Origin.MADE),
              form.printed()));
    } else if (PartitionedIndexPlanner.goesOn(table, built, form)) {
      create(draft, table, index, form);
    } else {
      draft.dropLeftover(table, built);
      create(draft, table, index, form);
    }
  }

  private void create(TenantDraft draft, ObservedTable table, DesiredIndex index, Buildable form) {
    if (!parts.canBuild(draft, table, index)) {
      return;
    }
    draft.change(
        table,
        new IndexChange.CreateIndex(
            draft.target(table),
            index,
            build(draft, table, index),
            form,
            index.mark(desired.ownerId(), Mark.Origin.MADE),
            draft.path(desired.tenants().searchPath()),
            table.partitions(),
            draft.converged()));
  }

  private static Build build(TenantDraft draft, ObservedTable table, DesiredIndex index) {
    if (PartitionedIndexPlanner.isPartitioned(table)) {
      return Build.PARTITIONED;
    }
    return !draft.isHypertable(table)
        ? Build.CONCURRENTLY
        : index.unique() ? Build.ONE_TRANSACTION : Build.PER_CHUNK;
  }
}
