package io.tenantdb.plan.usage;

import io.tenantdb.model.AggregateIndexChange;
import io.tenantdb.model.Desired;
import io.tenantdb.model.DesiredIndex;
import io.tenantdb.model.Mark;
import io.tenantdb.model.ObservedAggregate.Materialization;
import io.tenantdb.model.ObservedIndex;
import io.tenantdb.model.ObservedTable;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.BiPredicate;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * Finds the live index of a relation that stands for each declared one, in the order in which a
 * plan looks for it: on a table its name comes first, on a continuous aggregate its mark.
 */
final class StandIns {
  private final Desired desired;
  private final List<DesiredIndex> declared;
  private final Set<String> names;
  private final KnownBodies bodies;

  StandIns(Desired desired, List<DesiredIndex> declared, KnownBodies bodies) {
    this.desired = desired;
    this.declared = declared;
    this.names = declared.stream().map(DesiredIndex::name).collect(Collectors.toSet());
    this.bodies = bodies;
  }

  /**
   * By the oid of the live index.
   *
   * @param kept where a continuous aggregate keeps its rows
   */
  Map<Long, DesiredIndex> find(ObservedTable table, Optional<Materialization> kept) {
    Map<Long, DesiredIndex> found = new HashMap<>();
    Set<DesiredIndex> served = new HashSet<>();
    rules(table, kept)
        .forEach(
            rule ->
                declared.stream()
                    .filter(wanted -> !served.contains(wanted))
                    .forEach(
                        wanted ->
                            table.indexes().stream()
                                .filter(index -> index.serves() && !isAnothers(index))
                                .filter(index -> !found.containsKey(index.oid()))
                                .filter(index -> rule.test(index, wanted))
                                .findFirst()
                                .ifPresent(
                                    index -> {
                                      found.put(index.oid(), wanted);
                                      served.add(wanted);
                                    })));
    return found;
  }

  private Stream<BiPredicate<ObservedIndex, DesiredIndex>> rules(
      ObservedTable table, Optional<Materialization> kept) {
    BiPredicate<ObservedIndex, DesiredIndex> named =
        (index, wanted) -> index.name().equals(wanted.name());
    BiPredicate<ObservedIndex, DesiredIndex> fresh =
        (index, wanted) -> isMarked(index, wanted) && hash(index).equals(wanted.specHash());
    BiPredicate<ObservedIndex, DesiredIndex> marked = this::isMarked;
    BiPredicate<ObservedIndex, DesiredIndex> equal =
        (index, wanted) ->
            index.mark().isEmpty()
                && !names.contains(index.name())
                && table.index(wanted.name()).isEmpty()
                && bodies.equal(table, index, wanted);
    return kept.isEmpty()
        ? Stream.of(named, fresh, marked, equal)
        : Stream.of(
            fresh,
            marked,
            (index, wanted) ->
                index.name().equals(AggregateIndexChange.liveName(wanted.name(), kept.get())),
            named,
            equal);
  }

  private boolean isAnothers(ObservedIndex index) {
    return index.mark().filter(mark -> !mark.owner().equals(desired.ownerId())).isPresent();
  }

  private boolean isMarked(ObservedIndex index, DesiredIndex wanted) {
    return index
        .mark()
        .filter(m -> m.owner().equals(desired.ownerId()) && m.name().equals(wanted.name()))
        .isPresent();
  }

  private static String hash(ObservedIndex index) {
    return index.mark().map(Mark::spec).orElse("");
  }
}
