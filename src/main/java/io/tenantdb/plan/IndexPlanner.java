package io.tenantdb.plan;

import io.tenantdb.model.Canonical;
import io.tenantdb.model.CanonicalIndex;
import io.tenantdb.model.CanonicalIndex.Buildable;
import io.tenantdb.model.Desired;
import io.tenantdb.model.DesiredAggregate;
import io.tenantdb.model.DesiredIndex;
import io.tenantdb.model.Finding.Verdict;
import io.tenantdb.model.IndexBody;
import io.tenantdb.model.ObservedIndex;
import io.tenantdb.model.ObservedTable;
import io.tenantdb.model.Reason;
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
  private final Set<String> tables;
  private final Set<String> aggregates;
  private final List<DesiredIndex> declared;
  private final RenamedIndexes renamed;
  private final LiveIndexPlanner present;
  private final MissingIndexPlanner missing;
  private final PartitionedIndexPlanner parts;
  private final AggregateIndexPlanner onAggregates;
  private final LeftoverPlanner leftovers;

  IndexPlanner(Desired desired, Canonical canonical, List<DesiredIndex> indexes) {
    this.desired = desired;
    this.canonical = canonical;
    this.indexes = indexes;
    this.tables = desired.tables();
    this.aggregates =
        desired.aggregates().stream().map(DesiredAggregate::name).collect(Collectors.toSet());
    List<DesiredIndex> declared =
        Stream.concat(
                indexes.stream(),
                desired.aggregates().stream().flatMap(a -> a.uniqueIndex().stream()))
            .toList();
    Set<String> names = declared.stream().map(DesiredIndex::name).collect(Collectors.toSet());
    IndexJudge judge = new IndexJudge(desired);
    this.parts = new PartitionedIndexPlanner(desired, declared);
    IndexBuilds builds = new IndexBuilds(desired, parts);
    this.renamed = new RenamedIndexes(desired, declared, this::form);
    this.present = new LiveIndexPlanner(judge, builds);
    this.missing = new MissingIndexPlanner(desired, builds, renamed, names);
    this.declared = declared;
    this.onAggregates = new AggregateIndexPlanner(desired, judge, names);
    this.leftovers = new LeftoverPlanner(desired, declared);
  }

  /** Plans the indexes of the tables. */
  void plan(TenantDraft draft) {
    for (DesiredIndex index : indexes) {
      if (!aggregates.contains(index.table())) {
        draft.tenant().table(index.table()).ifPresent(table -> planIndex(draft, table, index));
      }
    }
    // Other resources may be at work on what an aggregate merely mentions.
    for (String name : tables) {
      ObservedTable table = draft.tenant().tables().get(name);
      if (table != null) {
        leftovers.plan(draft, table, new Standing(draft, table));
        parts.dropLeftovers(draft, table);
      }
    }
    leftovers.planUndeclared(draft);
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
      leftovers.plan(draft, relation, new Standing(draft, relation));
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

  /** Where the declared indexes of a relation stand. */
  private final class Standing implements LeftoverPlanner.Standing {
    private final TenantDraft draft;
    private final ObservedTable table;

    Standing(TenantDraft draft, ObservedTable table) {
      this.draft = draft;
      this.table = table;
    }

    @Override
    public boolean served(DesiredIndex index) {
      return table.index(index.name()).filter(ObservedIndex::valid).isPresent()
          || (form(draft, table, index) instanceof Buildable buildable
              && missing.standIn(table, index, buildable).isPresent());
    }

    @Override
    public boolean awaited(IndexBody body) {
      return declared.stream()
          .filter(index -> index.table().equals(table.name()))
          .anyMatch(
              index ->
                  form(draft, table, index) instanceof Buildable form
                      && form.accepted().contains(body)
                      && table.index(index.name()).filter(live -> serves(live, form)).isEmpty()
                      && missing.standIn(table, index, form).isEmpty());
    }

    private boolean serves(ObservedIndex live, Buildable form) {
      return live.valid() && live.body().filter(form.accepted()::contains).isPresent();
    }

    @Override
    public boolean judged(DesiredIndex index) {
      return !(form(draft, table, index) instanceof CanonicalIndex.Unknown);
    }
  }

  private CanonicalIndex form(TenantDraft draft, ObservedTable table, DesiredIndex index) {
    return canonical
        .index(draft.tenant(), table, index)
        .orElseGet(() -> new CanonicalIndex.Unknown(Reason.InternalError, "it was not looked at"));
  }

  private void planIndex(TenantDraft draft, ObservedTable table, DesiredIndex index) {
    String object = table.name() + "." + index.name();
    if (!supported(draft, table, index, object)) {
      return;
    }
    CanonicalIndex form = form(draft, table, index);
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
          "index "
              + index.name()
              + (unknown.reason().stalls() ? " cannot be judged: " : " cannot be judged now: ")
              + unknown.message());
    } else {
      Buildable buildable = (Buildable) form;
      if (table.kind() == ObservedTable.Kind.CONTINUOUS_AGGREGATE) {
        onAggregates.plan(draft, table, index, buildable);
        return;
      }
      Optional<ObservedIndex> live = table.index(index.name());
      if (live.isPresent() && !renamed.isAnothers(draft, table, live.get())) {
        if (parts.contradictsWhole(draft, table, index, live.get())) {
          return;
        }
        Standing standing = new Standing(draft, table);
        present.plan(draft, table, index, buildable, live.get(), standing::awaited);
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
    boolean superusers = draft.superuserOwned(table) && !desired.safety().allowSuperuserOwned();
    boolean aggregate = table.kind() == ObservedTable.Kind.CONTINUOUS_AGGREGATE;
    if (!index.statistics().isEmpty() && (aggregate || draft.isHypertable(table))) {
      // TimescaleDB hands a target to no chunk, neither those there are nor those to come.
      draft.find(
          Verdict.FAILED,
          object,
          Reason.NotSupported,
          table.name()
              + (aggregate ? " is a continuous aggregate" : " is a hypertable")
              + ", the indexes of whose chunks get no statistics targets; take statistics away from "
              + index.name()
              + ".");
      return false;
    }
    if (!index.plainColumns() && !superusers && draft.isUnsettable(table)) {
      draft.unsettable(table, object);
      return false;
    }
    if (superusers && !index.plainColumns()) {
      draft.find(
          Verdict.FAILED,
          object,
          Reason.SuperuserOwned,
          table.name()
              + " belongs to the superuser "
              + table.owner()
              + ", whose rights the expressions of "
              + index.name()
              + " would run with; give the table to another role, or set"
              + " spec.safety.allowSuperuserOwned.");
      return false;
    }
    return true;
  }
}
