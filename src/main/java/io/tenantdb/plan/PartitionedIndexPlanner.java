package io.tenantdb.plan;

import io.tenantdb.model.CanonicalIndex.Buildable;
import io.tenantdb.model.Change;
import io.tenantdb.model.Desired;
import io.tenantdb.model.DesiredIndex;
import io.tenantdb.model.Finding.Verdict;
import io.tenantdb.model.Identifiers;
import io.tenantdb.model.IndexChange.CreateIndex;
import io.tenantdb.model.IndexPartChange.DropPartLeftover;
import io.tenantdb.model.IndexReplacement;
import io.tenantdb.model.IndexTie;
import io.tenantdb.model.ObservedHypertable;
import io.tenantdb.model.ObservedIndex;
import io.tenantdb.model.ObservedTable;
import io.tenantdb.model.Partition;
import io.tenantdb.model.Partition.HalfBuilt;
import io.tenantdb.model.Reason;
import io.tenantdb.model.ReservedName;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;

/**
 * What is different about an index that is made of parts, on the partitions of a table or the
 * chunks of a hypertable.
 */
final class PartitionedIndexPlanner {

  private final Desired desired;
  private final List<DesiredIndex> declared;
  private final Safeguards safeguards;

  /**
   * @param declared every index, whatever it is declared on
   */
  PartitionedIndexPlanner(Desired desired, List<DesiredIndex> declared) {
    this.desired = desired;
    this.declared = List.copyOf(declared);
    this.safeguards = new Safeguards(desired.safety());
  }

  static boolean isPartitioned(ObservedTable table) {
    return table.kind() == ObservedTable.Kind.PARTITIONED;
  }

  /** True where the index can be built; else it is said why not. */
  boolean canBuild(TenantDraft draft, ObservedTable table, DesiredIndex index) {
    return hasKeys(draft, table, index)
        && (!isPartitioned(table) || canBuildParts(draft, table, index));
  }

  /**
   * True when an invalid index under the reserved name is a build that the next one goes on with:
   * the parts that it has are not built again.
   */
  static boolean goesOn(ObservedTable table, ObservedIndex built, Buildable form) {
    return isPartitioned(table)
        && !built.valid()
        && built.body().filter(form.accepted()::contains).isPresent();
  }

  /** Plans the end of what killed builds left on partitions and no build goes on with. */
  void dropLeftovers(TenantDraft draft, ObservedTable table) {
    for (Partition partition : table.partitions()) {
      for (HalfBuilt left : partition.halfBuilt()) {
        if (!left.building() && !isNeeded(draft, table, partition, left.name())) {
          DropPartLeftover drop = new DropPartLeftover(draft.target(table), partition, left.name());
          if (!draft.lacksRight(table, partition, drop.object())) {
            draft.change(table, drop);
          }
        }
      }
    }
  }

  private boolean isNeeded(
      TenantDraft draft, ObservedTable table, Partition partition, String name) {
    Optional<ObservedTable> own =
        draft
            .tenant()
            .table(partition.name())
            .filter(leaf -> partition.schema().equals(draft.schema()));
    Optional<Change> planned =
        draft.changes().stream()
            .filter(
                change ->
                    change.target().table().equals(table.name())
                        || (own.isPresent() && change.target().table().equals(partition.name())))
            .filter(change -> builds(change, partition, name) || change.frees().contains(name))
            .findFirst();
    return planned
        .map(change -> safeguards.withholds(change).isEmpty())
        // It may be that nothing can be planned just now.
        .orElseGet(
            () ->
                isAwaited(table, partition, name)
                    || own.filter(leaf -> isAwaited(leaf, partition, name)).isPresent());
  }

  /** A declared index of the table, which the whole is or the partition itself, is not there. */
  private boolean isAwaited(ObservedTable table, Partition partition, String name) {
    return declared.stream()
        .filter(index -> index.table().equals(table.name()))
        .filter(index -> reservedName(partition, index).equals(name))
        .anyMatch(index -> table.index(index.name()).filter(this::isWhole).isEmpty());
  }

  /**
   * True where the index is a part of another declared one that has other statistics targets; says
   * so. Each would set what the other one has, for ever.
   */
  boolean contradictsWhole(
      TenantDraft draft, ObservedTable table, DesiredIndex index, ObservedIndex live) {
    if (index.statistics().isEmpty() || !IndexTie.any(live.ties(), IndexTie.Kind.PARENT)) {
      return false;
    }
    Optional<DesiredIndex> whole =
        declared.stream()
            .filter(
                other ->
                    index.statistics().entrySet().stream()
                        .anyMatch(
                            target ->
                                !target
                                    .getValue()
                                    .equals(
                                        other
                                            .statistics()
                                            .getOrDefault(target.getKey(), target.getValue()))))
            .filter(
                other ->
                    draft.tenant().table(other.table()).stream()
                        .flatMap(
                            of ->
                                of.index(other.name()).stream()
                                    .flatMap(one -> draft.parts(of, one)))
                        .anyMatch(part -> part.name().equals(live.name())))
            .findFirst();
    whole.ifPresent(
        other ->
            draft.find(
                Verdict.FAILED,
                table.name() + "." + index.name(),
                Reason.Conflict,
                "index "
                    + index.name()
                    + " on "
                    + table.name()
                    + " is a part of "
                    + other.name()
                    + " on "
                    + other.table()
                    + ", and spec.indexes["
                    + index.name()
                    + "].keys and spec.indexes["
                    + other.name()
                    + "].keys give it different statistics; declare the same in both, or one of"
                    + " them only."));
    return whole.isPresent();
  }

  private static boolean builds(Change change, Partition partition, String name) {
    Optional<CreateIndex> build =
        change instanceof CreateIndex create
            ? Optional.of(create)
            : change instanceof IndexReplacement replacement
                ? Optional.of(replacement.build())
                : Optional.empty();
    return build.filter(b -> reservedName(partition, b.index()).equals(name)).isPresent();
  }

  private boolean isWhole(ObservedIndex index) {
    return index.valid() && index.missingParts() == 0;
  }

  private static String reservedName(Partition partition, DesiredIndex index) {
    return ReservedName.building(partition.name(), index.name(), index.specHash()).text();
  }

  private boolean canBuildParts(TenantDraft draft, ObservedTable table, DesiredIndex index) {
    String object = table.name() + "." + index.name();
    Optional<Partition> foreign =
        table.partitions().stream().filter(p -> p.kind() == Partition.Kind.FOREIGN).findFirst();
    if (foreign.isPresent()) {
      draft.find(
          Verdict.FAILED,
          object,
          Reason.NotSupported,
          "index "
              + index.name()
              + " on "
              + table.name()
              + " cannot be built part by part, because its partition "
              + foreign.get().name()
              + " is a foreign table; detach that, or make the index by hand (CREATE INDEX, which"
              + " keeps writers out), and it is adopted.");
      return false;
    }
    for (Partition partition : table.partitions()) {
      if (draft.lacksRight(table, partition, object)
          || isSuperusers(draft, partition, index, object)) {
        return false;
      }
    }
    return true;
  }

  private boolean isSuperusers(
      TenantDraft draft, Partition partition, DesiredIndex index, String object) {
    if (index.plainColumns()
        || desired.safety().allowSuperuserOwned()
        || !draft.isSuperuser(partition.owner())) {
      return false;
    }
    draft.find(
        Verdict.FAILED,
        object,
        Reason.SuperuserOwned,
        "the partition "
            + partition.name()
            + " belongs to the superuser "
            + partition.owner()
            + ", whose rights the expressions of "
            + index.name()
            + " would run with; give it to another role, or set spec.safety.allowSuperuserOwned.");
    return true;
  }

  /** A unique index can be unique within a part only: the key tells in which part a row is. */
  private boolean hasKeys(TenantDraft draft, ObservedTable table, DesiredIndex index) {
    if (!index.unique()) {
      return true;
    }
    String object = table.name() + "." + index.name();
    if (table.partitionKey().expressions()) {
      draft.find(
          Verdict.FAILED,
          object,
          Reason.NotSupported,
          "unique index "
              + index.name()
              + " cannot be on "
              + table.name()
              + ", which is partitioned by an expression; take unique away.");
      return false;
    }
    Set<String> missing = new TreeSet<>(dimensions(draft, table));
    missing.addAll(table.partitionKey().columns());
    index.keys().forEach(key -> key.column().ifPresent(missing::remove));
    if (missing.isEmpty()) {
      return true;
    }
    draft.find(
        Verdict.FAILED,
        object,
        Reason.NotSupported,
        "unique index "
            + index.name()
            + " on the "
            + (isPartitioned(table) ? "partitioned table " : "hypertable ")
            + table.name()
            + " must have among its keys what that is partitioned by; add "
            + missing.stream().map(Identifiers::quote).collect(Collectors.joining(", "))
            + ".");
    return false;
  }

  /** Of a hypertable, or of a table that this plan converts to one. */
  private Set<String> dimensions(TenantDraft draft, ObservedTable table) {
    if (!draft.isHypertable(table)) {
      return Set.of();
    }
    return table
        .hypertable()
        .map(ObservedHypertable::dimensions)
        .orElseGet(
            () ->
                desired.hypertables().stream()
                    .filter(h -> h.table().equals(table.name()))
                    .map(h -> h.timeColumn())
                    .collect(Collectors.toSet()));
  }
}
