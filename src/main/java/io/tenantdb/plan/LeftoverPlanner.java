package io.tenantdb.plan;

import io.tenantdb.model.BuildMark;
import io.tenantdb.model.Change;
import io.tenantdb.model.Desired;
import io.tenantdb.model.DesiredIndex;
import io.tenantdb.model.Finding.Verdict;
import io.tenantdb.model.IndexBody;
import io.tenantdb.model.Mark;
import io.tenantdb.model.ObservedIndex;
import io.tenantdb.model.ObservedTable;
import io.tenantdb.model.Reason;
import io.tenantdb.model.ReindexLeftover;
import io.tenantdb.model.ReservedName;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * Plans the end of what killed runs left: half-built and replaced indexes under reserved names, and
 * what a killed {@code REINDEX CONCURRENTLY} of an index of ours left. Nothing that a live session
 * is at is touched.
 */
final class LeftoverPlanner {

  private final Desired desired;
  private final List<DesiredIndex> declared;
  private final Safeguards safeguards;

  /** Where the declared indexes of a relation stand. */
  interface Standing {
    /** Queries have it, under its name or another. */
    boolean served(DesiredIndex index);

    /** It is known what it would look like. */
    boolean judged(DesiredIndex index);

    /** Some declared index is to have the body, and none serves with it. */
    boolean awaited(IndexBody body);
  }

  private static final Standing GONE =
      new Standing() {
        @Override
        public boolean served(DesiredIndex index) {
          return true;
        }

        @Override
        public boolean judged(DesiredIndex index) {
          return true;
        }

        @Override
        public boolean awaited(IndexBody body) {
          return false;
        }
      };

  /**
   * @param declared every index, whatever it is declared on
   */
  LeftoverPlanner(Desired desired, List<DesiredIndex> declared) {
    this.desired = desired;
    this.declared = List.copyOf(declared);
    this.safeguards = new Safeguards(desired.safety());
  }

  /** Plans those of a declared relation, once its indexes are planned. */
  void plan(TenantDraft draft, ObservedTable table, Standing standing) {
    for (ObservedIndex index : idle(table)) {
      Optional<ReservedName> reserved = ReservedName.parse(index.name());
      if (reserved.isPresent()) {
        reserved(draft, table, index, reserved.get(), standing);
      } else if (isReindexLeftover(table, index)) {
        draft.dropLeftover(table, index);
      } else if (mayBeReindexLeftover(index)) {
        draft.find(
            Verdict.NOTE,
            table.name() + "." + index.name(),
            Reason.IndexInvalid,
            "index "
                + index.name()
                + " on "
                + table.name()
                + " is invalid, costs every write, and is left alone: it is no leftover of an index of ours; drop it, if nobody needs it.");
      }
    }
  }

  /** Plans those of the tables that the spec does not name. */
  void planUndeclared(TenantDraft draft) {
    for (ObservedTable table : draft.tenant().undeclared()) {
      for (ObservedIndex index : idle(table)) {
        Optional<ReservedName> reserved = ReservedName.parse(index.name());
        if (reserved.isPresent()) {
          reserved(draft, table, index, reserved.get(), GONE);
        } else if (isReindexLeftover(table, index)) {
          draft.dropLeftover(table, index);
        }
      }
    }
  }

  private static List<ObservedIndex> idle(ObservedTable table) {
    return table.indexes().stream().filter(index -> !index.building()).toList();
  }

  private void reserved(
      TenantDraft draft,
      ObservedTable table,
      ObservedIndex index,
      ReservedName name,
      Standing standing) {
    // What was replaced serves until the declared one does; what is built may yet be published.
    boolean needed =
        declared.stream()
            .filter(d -> d.table().equals(table.name()))
            .filter(d -> name.isOf(d.table(), d.name()))
            .anyMatch(d -> name.building() ? !standing.judged(d) : !standing.served(d));
    boolean standsIn =
        !name.building() && index.valid() && index.body().filter(standing::awaited).isPresent();
    if (needed
        || standsIn
        || isLeaving(table, index, name)
        || draft.isPartition(table)
        || isUsed(draft, table, index.name())) {
      return;
    }
    switch (whose(table, index, name)) {
      case OURS -> draft.dropLeftover(table, index);
      case NOBODYS -> nobodys(draft, table, index);
      case ANOTHERS -> {}
    }
  }

  /** True for one that nothing has replaced: what left the spec goes by other rules. */
  private boolean isLeaving(ObservedTable table, ObservedIndex index, ReservedName name) {
    return name.isAside()
        && index
            .mark()
            .filter(mark -> isOurs(mark) && name.isOf(table.name(), mark.name()))
            .isPresent()
        && declared.stream()
            .noneMatch(d -> d.table().equals(table.name()) && name.isOf(d.table(), d.name()));
  }

  /** True when the plan so far drops it, or makes something of it and is let to. */
  private boolean isUsed(TenantDraft draft, ObservedTable table, String name) {
    return draft.changes().stream()
        .filter(change -> change.target().table().equals(table.name()))
        .filter(change -> safeguards.withholds(change).isEmpty())
        .anyMatch(change -> uses(change, name));
  }

  private static boolean uses(Change change, String name) {
    return change.frees().contains(name) || change.takes().contains(name);
  }

  /** Whose something is that a run left. */
  private enum Whose {
    OURS,
    ANOTHERS,
    NOBODYS
  }

  /**
   * A build is signed while it runs. One that was killed in its first second is not: it is ours
   * where it is of an index of ours, or where nobody else has indexes on the table; an owner who
   * begins there today has none yet, and what he has completed is left to him to publish, but by
   * one who takes everything back.
   */
  private Whose whose(ObservedTable table, ObservedIndex index, ReservedName name) {
    Optional<String> owner =
        index.mark().map(Mark::owner).or(() -> BuildMark.of(index.comment()).map(BuildMark::owner));
    if (owner.isPresent()) {
      return owner.get().equals(desired.ownerId()) ? Whose.OURS : Whose.ANOTHERS;
    }
    boolean known =
        Stream.concat(
                declared.stream().filter(d -> d.table().equals(table.name())).map(d -> d.name()),
                marks(table).filter(this::isOurs).map(Mark::name))
            .anyMatch(declaredName -> name.isOf(table.name(), declaredName));
    boolean weWereHere =
        desired.tables().contains(table.name()) || marks(table).anyMatch(this::isOurs);
    boolean othersAreHere =
        Stream.concat(
                marks(table).map(Mark::owner),
                table.indexes().stream()
                    .flatMap(other -> BuildMark.of(other.comment()).stream())
                    .map(BuildMark::owner))
            .anyMatch(other -> !other.equals(desired.ownerId()));
    boolean ours =
        known || (!othersAreHere && (weWereHere || !index.valid() || desired.declaresNothing()));
    return ours ? Whose.OURS : Whose.NOBODYS;
  }

  private static void nobodys(TenantDraft draft, ObservedTable table, ObservedIndex index) {
    draft.find(
        Verdict.NOTE,
        table.name() + "." + index.name(),
        Reason.LeftoverUnowned,
        "index "
            + index.name()
            + " on "
            + table.name()
            + " was left by a build that nobody's mark is on: it costs every write"
            + (index.body().filter(IndexBody::unique).isPresent() ? ", refuses duplicates" : "")
            + ". If no other resource declares it, drop it: DROP INDEX "
            + (draft.dropsConcurrently(table) ? "CONCURRENTLY " : "")
            + draft.target(table).sibling(index.name()));
  }

  private static Stream<Mark> marks(ObservedTable table) {
    return table.indexes().stream().flatMap(index -> index.mark().stream());
  }

  private boolean isOurs(Mark mark) {
    return mark.owner().equals(desired.ownerId());
  }

  private static boolean mayBeReindexLeftover(ObservedIndex index) {
    return !index.valid()
        && index.mark().isEmpty()
        && ReindexLeftover.parse(index.name()).isPresent();
  }

  private boolean isReindexLeftover(ObservedTable table, ObservedIndex index) {
    return mayBeReindexLeftover(index)
        && index.body().isPresent()
        && table.indexes().stream()
            .filter(other -> other.mark().filter(this::isOurs).isPresent())
            .filter(other -> other.body().equals(index.body()))
            .anyMatch(
                other -> ReindexLeftover.parse(index.name()).orElseThrow().isOf(other.name()));
  }
}
