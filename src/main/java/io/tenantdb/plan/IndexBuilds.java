package io.tenantdb.plan;

import io.tenantdb.model.CanonicalIndex.Buildable;
import io.tenantdb.model.Desired;
import io.tenantdb.model.DesiredIndex;
import io.tenantdb.model.Finding.Verdict;
import io.tenantdb.model.IndexChange.Build;
import io.tenantdb.model.IndexChange.CreateIndex;
import io.tenantdb.model.Mark;
import io.tenantdb.model.ObservedIndex;
import io.tenantdb.model.ObservedTable;
import io.tenantdb.model.Reason;
import java.util.Optional;

/** Plans how a declared index is built on a table, and what is made of an earlier build of it. */
final class IndexBuilds {

  private final Desired desired;
  private final PartitionedIndexPlanner parts;

  IndexBuilds(Desired desired, PartitionedIndexPlanner parts) {
    this.desired = desired;
    this.parts = parts;
  }

  /** What an earlier run left under the name that is reserved for the build. */
  enum Earlier {
    NOTHING,
    /** A valid index that is what is declared. */
    COMPLETE,
    /** One that the build goes on with: the parts that it has are not built again. */
    STARTED,
    /** One that is to be dropped before the build. */
    BROKEN,
    /** One that is not ours to touch, or not now: it is said why. */
    IN_THE_WAY
  }

  /** What an earlier run left of the build. */
  Earlier earlier(TenantDraft draft, ObservedTable table, DesiredIndex index, Buildable form) {
    Optional<ObservedIndex> built = table.index(index.reservedName());
    if (built.isEmpty()) {
      return Earlier.NOTHING;
    }
    if (!isFree(draft, table, index, built.get())) {
      return Earlier.IN_THE_WAY;
    }
    if (PartitionedIndexPlanner.goesOn(table, built.get(), form)) {
      return Earlier.STARTED;
    }
    return isComplete(built.get(), form) ? Earlier.COMPLETE : Earlier.BROKEN;
  }

  private static boolean isComplete(ObservedIndex built, Buildable form) {
    return built.valid()
        && built.missingParts() == 0
        && built.body().filter(form.accepted()::contains).isPresent();
  }

  /** True when an index under a reserved name may be used or dropped; else it is said why not. */
  boolean isFree(
      TenantDraft draft, ObservedTable table, DesiredIndex index, ObservedIndex reserved) {
    String object = table.name() + "." + index.name();
    Optional<String> other =
        reserved.mark().map(Mark::owner).filter(owner -> !owner.equals(desired.ownerId()));
    if (other.isPresent()) {
      draft.find(
          Verdict.FAILED,
          object,
          Reason.Conflict,
          "index "
              + reserved.name()
              + " on "
              + table.name()
              + ", which stands in the way of "
              + index.name()
              + ", belongs to "
              + other.get()
              + "; declare the index in one resource only.");
      return false;
    }
    if (reserved.building()) {
      draft.find(
          Verdict.POSTPONED,
          object,
          Reason.Busy,
          "index "
              + index.name()
              + " on "
              + table.name()
              + " is being built or dropped by a session that still lives.");
      return false;
    }
    return true;
  }

  /** The build; empty where the table cannot have it, and then it is said why. */
  Optional<CreateIndex> build(
      TenantDraft draft, ObservedTable table, DesiredIndex index, Buildable form, boolean drift) {
    if (!parts.canBuild(draft, table, index)) {
      return Optional.empty();
    }
    return Optional.of(
        new CreateIndex(
            draft.target(table),
            index,
            build(draft, table, index),
            form,
            index.mark(desired.ownerId(), Mark.Origin.MADE),
            draft.path(desired.tenants().searchPath()),
            table.partitions(),
            drift));
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
