package io.tenantdb.plan;

import io.tenantdb.model.CanonicalIndex.Buildable;
import io.tenantdb.model.Declaration;
import io.tenantdb.model.Desired;
import io.tenantdb.model.DesiredIndex;
import io.tenantdb.model.Finding.Verdict;
import io.tenantdb.model.IndexChange;
import io.tenantdb.model.Mark;
import io.tenantdb.model.ObservedIndex;
import io.tenantdb.model.ObservedTable;
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
  private final IndexBuilds builds;
  private final RenamedIndexes renamed;
  private final Set<String> declaredNames;

  MissingIndexPlanner(
      Desired desired, IndexBuilds builds, RenamedIndexes renamed, Set<String> declaredNames) {
    this.desired = desired;
    this.builds = builds;
    this.renamed = renamed;
    this.declaredNames = declaredNames;
  }

  void plan(TenantDraft draft, ObservedTable table, DesiredIndex index, Buildable form) {
    String object = table.name() + "." + index.name();
    Optional<ObservedIndex> renamed = this.renamed.of(draft, table, index);
    if (renamed.isPresent()) {
      draft.asDeclared(Declaration.of(index));
      ObservedIndex live = renamed.get();
      draft.change(
          table,
          new IndexChange.RenameIndex(
              draft.target(table),
              live.name(),
              index.name(),
              live.mark().orElseThrow(),
              live.body().orElseThrow()));
      return;
    }
    switch (builds.earlier(draft, table, index, form)) {
      case COMPLETE -> publish(draft, table, index, form);
      case STARTED -> create(draft, table, index, form);
      case BROKEN -> {
        if (draft.dropLeftover(table, table.index(index.reservedName()).orElseThrow())) {
          create(draft, table, index, form);
        }
      }
      case NOTHING -> {
        Optional<ObservedIndex> equal = standIn(table, index, form);
        if (equal.isEmpty()) {
          create(draft, table, index, form);
        } else {
          draft.asDeclared(Declaration.of(index));
          draft.find(
              Verdict.NOTE,
              object,
              Reason.SatisfiedBy,
              "index "
                  + index.name()
                  + " is not built: "
                  + equal.get().name()
                  + " is equal to it.");
        }
      }
      case IN_THE_WAY -> {}
    }
  }

  /** An index of another, undeclared name that is equal to the declared one. */
  Optional<ObservedIndex> standIn(ObservedTable table, DesiredIndex index, Buildable form) {
    return table.indexes().stream().filter(i -> standsFor(i, index, form)).findFirst();
  }

  private boolean standsFor(ObservedIndex candidate, DesiredIndex index, Buildable form) {
    return candidate.valid()
        && (candidate.mark().isEmpty() || isMarked(candidate, index))
        && !declaredNames.contains(candidate.name())
        && ReservedName.parse(candidate.name()).isEmpty()
        && candidate.body().filter(form.accepted()::contains).isPresent()
        && IndexJudge.isWhereDeclared(candidate, index);
  }

  /** True when it bears our mark, for this declared index: not for one that the spec once had. */
  private boolean isMarked(ObservedIndex candidate, DesiredIndex index) {
    return candidate
        .mark()
        .filter(m -> m.owner().equals(desired.ownerId()) && m.name().equals(index.name()))
        .isPresent();
  }

  private void publish(TenantDraft draft, ObservedTable table, DesiredIndex index, Buildable form) {
    draft.change(
        table,
        new IndexChange.PublishIndex(
            draft.target(table),
            index.reservedName(),
            index.name(),
            index.mark(desired.ownerId(), Mark.Origin.MADE),
            form.printed(),
            index.statistics(),
            table.kind() == ObservedTable.Kind.PARTITIONED));
  }

  private void create(TenantDraft draft, ObservedTable table, DesiredIndex index, Buildable form) {
    builds
        .build(draft, table, index, form, draft.wasAsDeclared(Declaration.of(index)))
        .ifPresent(build -> draft.change(table, build));
  }
}
