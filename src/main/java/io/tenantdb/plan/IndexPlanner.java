package io.tenantdb.plan;

import io.tenantdb.model.Canonical;
import io.tenantdb.model.CanonicalIndex;
import io.tenantdb.model.CanonicalIndex.Buildable;
import io.tenantdb.model.Desired;
import io.tenantdb.model.DesiredAggregate;
import io.tenantdb.model.DesiredIndex;
import io.tenantdb.model.Finding.Verdict;
import io.tenantdb.model.IndexChange;
import io.tenantdb.model.ObservedIndex;
import io.tenantdb.model.ObservedTable;
import io.tenantdb.model.Reason;
import io.tenantdb.model.ReservedName;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** Plans the indexes of the tenants that must have the same ones. */
final class IndexPlanner {

  private final Desired desired;
  private final Canonical canonical;
  private final List<DesiredIndex> indexes;
  private final Set<String> aggregates;
  private final LiveIndexPlanner present;
  private final MissingIndexPlanner missing;
  private final PartitionedIndexPlanner parts;
  private final AggregateIndexPlanner onAggregates;

  IndexPlanner(Desired desired, Canonical canonical, List<DesiredIndex> indexes) {
    this.desired = desired;
    this.canonical = canonical;
    this.indexes = indexes;
    this.aggregates =
        desired.aggregates().stream().map(DesiredAggregate::name).collect(Collectors.toSet());
    Set<String> names =
        Stream.concat(
                indexes.stream(),
                desired.aggregates().stream().flatMap(a -> a.uniqueIndex().stream()))
            .map(DesiredIndex::name)
            .collect(Collectors.toSet());
    this.present = new LiveIndexPlanner(desired);
    this.parts = new PartitionedIndexPlanner(desired, indexes);
    this.missing = new MissingIndexPlanner(desired, parts, names);
    this.onAggregates = new AggregateIndexPlanner(desired, present, names);
  }

  /** Plans the indexes of the tables. */
  void plan(TenantDraft draft) {
    for (DesiredIndex index : indexes) {
      if (!aggregates.contains(index.table())) {
        draft.tenant().table(index.table()).ifPresent(table -> planIndex(draft, table, index));
      }
    }
    // Other resources may be at work on what an aggregate merely mentions.
    for (String name : desired.tables()) {
      draft.tenant().table(name).ifPresent(table -> dropLeftovers(draft, table));
      draft.tenant().table(name).ifPresent(table -> parts.dropLeftovers(draft, table));
    }
  }

  /** Plans the indexes of a live aggregate. */
  void plan(TenantDraft draft, DesiredAggregate aggregate, ObservedTable relation) {
    if (relation.kind() == ObservedTable.Kind.MATERIALIZED_VIEW) {
      aggregate.uniqueIndex().ifPresent(index -> planIndex(draft, relation, index));
    }
    indexes.stream()
        .filter(index -> index.table().equals(aggregate.name()))
        .forEach(index -> planIndex(draft, relation, index));
    if (relation.kind() == ObservedTable.Kind.MATERIALIZED_VIEW) {
      dropLeftovers(draft, relation);
    }
  }

  /** Says of the indexes of an aggregate that is not there that this plan has no part of them. */
  void later(TenantDraft draft, DesiredAggregate aggregate) {
    indexes.stream()
        .filter(index -> index.table().equals(aggregate.name()))
        .forEach(
            index ->
                draft.find(
                    Verdict.NOTE,
                    index.table() + "." + index.name(),
                    Reason.WaitingForTable,
                    "index "
                        + index.name()
                        + " is planned once the aggregate "
                        + index.table()
                        + " is there."));
  }

  /**
   * What a killed build left under a reserved name, and this plan neither publishes nor drops yet.
   */
  private static void dropLeftovers(TenantDraft draft, ObservedTable table) {
    if (draft.isPartition(table)) {
      return;
    }
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
      if (table.kind() == ObservedTable.Kind.CONTINUOUS_AGGREGATE) {
        onAggregates.plan(draft, table, index, buildable);
        return;
      }
      Optional<ObservedIndex> live = table.index(index.name());
      if (live.isPresent()) {
        present.plan(
            draft,
            table,
            index,
            buildable,
            live.get(),
            mark ->
                new IndexChange.MarkIndex(
                    draft.target(table), index.name(), mark, live.get().comment()));
      } else {
        missing.plan(draft, table, index, buildable);
      }
    }
  }

  private boolean supported(
      TenantDraft draft, ObservedTable table, DesiredIndex index, String object) {
    if (table.kind() == ObservedTable.Kind.OTHER) {
      draft.find(
          Verdict.FAILED,
          object,
          Reason.NotSupported,
          table.name() + " is no table; an index needs a table or a materialized view.");
      return false;
    }
    if (table.kind() == ObservedTable.Kind.CONTINUOUS_AGGREGATE && index.unique()) {
      draft.find(
          Verdict.FAILED,
          object,
          Reason.NotSupported,
          table.name()
              + " is a continuous aggregate, which can have no unique index; take unique away from "
              + index.name()
              + ".");
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
}
