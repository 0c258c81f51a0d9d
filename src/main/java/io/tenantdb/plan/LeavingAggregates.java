package io.tenantdb.plan;

import io.tenantdb.model.Desired;
import io.tenantdb.model.DesiredAggregate;
import io.tenantdb.model.DesiredIndex;
import io.tenantdb.model.Mark;
import io.tenantdb.model.ObservedAggregate;
import io.tenantdb.model.ObservedTable;
import io.tenantdb.model.PruneChange.DropAggregate;
import io.tenantdb.model.PruneChange.UnmarkAggregate;
import io.tenantdb.model.ServerInfo;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/** Finds the aggregates of ours that left the spec. */
final class LeavingAggregates {

  private final Desired desired;
  private final ServerInfo server;

  LeavingAggregates(Desired desired, ServerInfo server) {
    this.desired = desired;
    this.server = server;
  }

  List<Leaving> of(TenantDraft draft) {
    return ours(draft)
        .flatMap(
            live ->
                draft.tenant().relation(live.name()).stream()
                    .map(relation -> leaving(draft, relation, live)))
        .toList();
  }

  /** True where the relation goes, and with it whatever stands on it. */
  boolean goes(TenantDraft draft, ObservedTable relation) {
    return ours(draft)
        .filter(live -> live.name().equals(relation.name()))
        .anyMatch(live -> isMade(live) && kept(live).isEmpty());
  }

  private Leaving leaving(TenantDraft draft, ObservedTable relation, ObservedAggregate live) {
    if (!isMade(live)) {
      return new Leaving.Release(
          relation, new UnmarkAggregate(draft.target(relation), live.kind(), live.comment()));
    }
    String words = "aggregate " + live.name();
    Optional<String> why = kept(live);
    if (why.isPresent()) {
      return new Leaving.Keep(live.name(), words, why.get());
    }
    return new Leaving.Drop(
        relation,
        new DropAggregate(draft.target(relation), live.kind(), live.mark().orElseThrow()),
        words);
  }

  /** Why one that we made stays all the same. */
  Optional<String> kept(ObservedAggregate live) {
    if (live.kind() == ObservedAggregate.Kind.CONTINUOUS && !server.community()) {
      return Optional.of("nothing of it can be changed until TimescaleDB community is there");
    }
    return needed(live.name());
  }

  /** What is declared and rests on it; then its rows must stay fresh too. */
  Optional<String> needed(String name) {
    return desired.aggregates().stream()
        .filter(aggregate -> aggregate.mentions().contains(name))
        .map(DesiredAggregate::name)
        .findFirst()
        .map(reader -> "the aggregate " + reader + " reads it")
        .or(
            () ->
                desired.indexes().stream()
                    .filter(index -> index.table().equals(name))
                    .map(DesiredIndex::name)
                    .findFirst()
                    .map(index -> "the index " + index + " is declared on it"));
  }

  /**
   * Youngest first: what reads another one was made after it. A mark of another name was copied, or
   * somebody renamed the aggregate, and nobody can tell which.
   */
  Stream<ObservedAggregate> ours(TenantDraft draft) {
    return draft.tenant().undeclaredAggregates().stream()
        .filter(live -> live.mark().filter(mark -> isOurs(live, mark)).isPresent())
        .sorted(Comparator.comparingLong(ObservedAggregate::oid).reversed());
  }

  private boolean isOurs(ObservedAggregate live, Mark mark) {
    return mark.owner().equals(desired.ownerId())
        && mark.table().equals(Mark.NO_TABLE)
        && mark.name().equals(live.name());
  }

  static boolean isMade(ObservedAggregate live) {
    return live.mark().filter(mark -> mark.origin() == Mark.Origin.MADE).isPresent();
  }
}
