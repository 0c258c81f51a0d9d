package io.tenantdb.plan;

import io.tenantdb.model.AggregateIndexChange;
import io.tenantdb.model.Desired;
import io.tenantdb.model.DesiredIndex;
import io.tenantdb.model.DesiredTenant;
import io.tenantdb.model.Finding.Verdict;
import io.tenantdb.model.IndexBody;
import io.tenantdb.model.IndexSetting.DropIndex;
import io.tenantdb.model.IndexSetting.UnmarkIndex;
import io.tenantdb.model.IndexTie;
import io.tenantdb.model.Mark;
import io.tenantdb.model.ObservedAggregate.Materialization;
import io.tenantdb.model.ObservedIndex;
import io.tenantdb.model.ObservedTable;
import io.tenantdb.model.PruneChange.DropAggregateIndex;
import io.tenantdb.model.PruneChange.UnmarkAggregateIndex;
import io.tenantdb.model.Reason;
import io.tenantdb.model.ReservedName;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** Finds the indexes of ours that left the spec, or whose table did. */
final class LeavingIndexes {

  private final Desired desired;
  private final LeavingAggregates aggregates;
  private final Map<String, Set<String>> declared;

  LeavingIndexes(Desired desired, DesiredTenant wanted, LeavingAggregates aggregates) {
    this.desired = desired;
    this.aggregates = aggregates;
    this.declared =
        Stream.concat(
                wanted.indexes().stream(),
                desired.aggregates().stream().flatMap(a -> a.uniqueIndex().stream()))
            .collect(
                Collectors.groupingBy(
                    DesiredIndex::table,
                    Collectors.mapping(DesiredIndex::name, Collectors.toSet())));
  }

  /** An index of ours on a relation. */
  private record Ours(
      ObservedTable table,
      Optional<Materialization> materialization,
      ObservedIndex index,
      Mark mark) {

    String object() {
      return table.name() + "." + mark.name();
    }

    String words() {
      boolean aside = ReservedName.parse(index.name()).isPresent();
      return "index "
          + (aside ? mark.name() + ", set aside as " + index.name() + "," : index.name())
          + " on "
          + table.name();
    }

    boolean isAbout(String name) {
      return mark.name().equals(name) || bears(name);
    }

    boolean bears(String name) {
      return index.name().equals(name)
          || index.name().equals(ReservedName.aside(table.name(), name).text())
          || materialization
              .filter(kept -> AggregateIndexChange.isLiveName(index.name(), name, kept))
              .isPresent();
    }
  }

  List<Leaving> of(TenantDraft draft) {
    List<Leaving> leaving = new ArrayList<>();
    Stream.concat(draft.tenant().tables().values().stream(), draft.tenant().undeclared().stream())
        .filter(table -> !aggregates.goes(draft, table))
        .forEach(table -> of(draft, table, leaving));
    return leaving;
  }

  private void of(TenantDraft draft, ObservedTable table, List<Leaving> leaving) {
    Optional<Materialization> materialization = materialization(draft, table);
    if (table.kind() == ObservedTable.Kind.CONTINUOUS_AGGREGATE && materialization.isEmpty()) {
      return;
    }
    for (ObservedIndex index : table.indexes()) {
      Optional<Ours> ours = ours(table, materialization, index);
      if (ours.isPresent()) {
        Leaving one = leaving(draft, ours.get());
        leaving.add(one);
        // Nobody comes back for it.
        if (one instanceof Leaving.Keep && desired.declaresNothing()) {
          leaving.add(release(draft, ours.get()));
        }
      }
    }
  }

  /** What becomes of one index of a tenant's own schema; empty where it did not leave the spec. */
  Optional<Leaving> leaving(TenantDraft draft, ObservedTable table, ObservedIndex index) {
    return ours(table, Optional.empty(), index).map(ours -> leaving(draft, ours));
  }

  private Optional<Ours> ours(
      ObservedTable table, Optional<Materialization> materialization, ObservedIndex index) {
    Set<String> names = declared.getOrDefault(table.name(), Set.of());
    Optional<ReservedName> reserved = ReservedName.parse(index.name());
    if (names.contains(index.name()) || reserved.filter(name -> !name.isAside()).isPresent()) {
      return Optional.empty();
    }
    return index
        .mark()
        .filter(mark -> isOurs(table, mark))
        .map(mark -> new Ours(table, materialization, index, mark))
        .filter(ours -> names.stream().noneMatch(ours::isAbout));
  }

  private Leaving leaving(TenantDraft draft, Ours ours) {
    if (ours.mark().origin() == Mark.Origin.ADOPTED) {
      return release(draft, ours);
    }
    Optional<String> stays = stays(ours);
    if (stays.isPresent()) {
      return new Leaving.Keep(ours.object(), ours.words(), stays.get());
    }
    if (ours.index().building()) {
      return new Leaving.Held(
          Verdict.POSTPONED,
          ours.object(),
          Reason.Busy,
          ours.words() + " is declared no more, and another session is at work on it.");
    }
    ObservedTable table = ours.table();
    String was = ours.index().body().map(IndexBody::summary).orElse("index");
    return new Leaving.Drop(
        table,
        ours.materialization().isPresent()
            ? new DropAggregateIndex(
                draft.target(table),
                ours.materialization().get(),
                ours.mark().name(),
                ours.index().name(),
                was)
            : new DropIndex(
                draft.target(table), ours.index().name(), was, concurrently(table), ours.mark()),
        ours.words());
  }

  private static Leaving release(TenantDraft draft, Ours ours) {
    ObservedTable table = ours.table();
    return new Leaving.Release(
        table,
        ours.materialization().isPresent()
            ? new UnmarkAggregateIndex(
                draft.target(table),
                ours.materialization().get(),
                ours.mark().name(),
                ours.index().name(),
                ours.index().comment())
            : new UnmarkIndex(draft.target(table), ours.index().name(), ours.index().comment()));
  }

  private static boolean concurrently(ObservedTable table) {
    return table.hypertable().isEmpty() && table.kind() != ObservedTable.Kind.PARTITIONED;
  }

  /**
   * Why one that we made stays all the same: what would break without it; or that nobody can tell
   * whether it was renamed or our comment copied.
   */
  private static Optional<String> stays(Ours ours) {
    ObservedIndex index = ours.index();
    Optional<String> ties = IndexTie.against(index.ties(), IndexTie.Use.DROP);
    if (ties.isPresent()) {
      return ties.map(what -> what + " rests on it");
    }
    if (!ours.bears(ours.mark().name())) {
      return Optional.of(
          "it was made as "
              + ours.mark().name()
              + ", or has that one's comment; drop it, or take the comment off");
    }
    return Optional.empty();
  }

  private boolean isOurs(ObservedTable table, Mark mark) {
    return mark.owner().equals(desired.ownerId()) && mark.table().equals(table.name());
  }

  private static Optional<Materialization> materialization(TenantDraft draft, ObservedTable table) {
    return Stream.concat(
            draft.tenant().aggregates().values().stream(),
            draft.tenant().undeclaredAggregates().stream())
        .filter(live -> live.name().equals(table.name()))
        .flatMap(live -> live.materialization().stream())
        .findFirst();
  }
}
