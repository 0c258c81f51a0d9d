package io.tenantdb.plan;

import io.tenantdb.model.AggregateIndexChange;
import io.tenantdb.model.Change;
import io.tenantdb.model.Dependencies;
import io.tenantdb.model.Desired.Safety;
import io.tenantdb.model.Effect;
import io.tenantdb.model.Effect.Aspect;
import io.tenantdb.model.Effect.Kind;
import io.tenantdb.model.Finding.Verdict;
import io.tenantdb.model.HypertableChange;
import io.tenantdb.model.IndexChange;
import io.tenantdb.model.IndexChange.Build;
import io.tenantdb.model.IndexChange.CreateIndex;
import io.tenantdb.model.IndexChange.DropLeftover;
import io.tenantdb.model.IndexPartChange.DropPartLeftover;
import io.tenantdb.model.IndexReplacement;
import io.tenantdb.model.ObservedAggregate.Materialization;
import io.tenantdb.model.ObservedTable;
import io.tenantdb.model.PolicyChange;
import io.tenantdb.model.Reason;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * Holds the changes of a tenant against each other, once all of them are planned: no object, nor a
 * part of a whole, is made, dropped, replaced, renamed or set by two that repeat or contradict each
 * other. The later one is left out: without a word where it only tidies up, else with a finding
 * that names both.
 */
final class Promises {

  private final Safeguards safeguards;

  Promises(Safety safety) {
    this.safeguards = new Safeguards(safety);
  }

  private record Named(String schema, String name) {
    static Named of(Effect effect) {
      return new Named(effect.schema(), effect.name());
    }
  }

  /**
   * A change and what it does to an object.
   *
   * @param part the object is a part of what the change is about, and goes or is set with that
   */
  private record Promise(Change change, Effect effect, boolean part) {}

  void keep(TenantDraft draft) {
    if (draft.changes().size() < 2) {
      return;
    }
    leaveEqualPartsToTheWhole(draft);
    Map<Named, List<Promise>> kept = new HashMap<>();
    List<Change> gone = new ArrayList<>();
    for (Change change : permitted(draft.changes())) {
      if (!gone.isEmpty() && !draft.changes().contains(change)) {
        continue;
      }
      List<Promise> promises = promises(draft, change);
      Optional<Promise> broken = Optional.empty();
      for (Promise promise : promises) {
        for (Promise earlier : kept.getOrDefault(Named.of(promise.effect()), List.of())) {
          if (broken.isEmpty() && !gone.contains(earlier.change()) && clash(earlier, promise)) {
            if (tidiesUp(earlier.change()) && !tidiesUp(change)) {
              draft.forget(earlier.change());
              gone.add(earlier.change());
            } else {
              broken =
                  Optional.of(
                      new Promise(
                          earlier.change(), promise.effect(), earlier.part() || promise.part()));
            }
          }
        }
      }
      if (broken.isEmpty()) {
        promises.forEach(
            promise ->
                kept.computeIfAbsent(Named.of(promise.effect()), any -> new ArrayList<>())
                    .add(promise));
      } else {
        leaveOut(draft, change, broken.get());
        gone.add(change);
      }
    }
  }

  /** What safety refuses is not made, and what only that would make possible. */
  private List<Change> permitted(List<Change> changes) {
    List<Change> permitted = new ArrayList<>();
    List<Change> refused = new ArrayList<>();
    for (Change change : changes) {
      boolean made =
          safeguards.withholds(change).isEmpty()
              && refused.stream().noneMatch(earlier -> Dependencies.needs(change, earlier));
      (made ? permitted : refused).add(change);
    }
    return permitted;
  }

  /** Whether the second cannot be kept where the first is. */
  private static boolean clash(Promise first, Promise second) {
    Effect a = first.effect();
    Effect b = second.effect();
    return switch (b.kind()) {
      case TAKES -> !a.frees();
      case LEAVES -> a.kind() != Kind.TAKES;
      case DROPS, REPLACES -> true;
      case SETS ->
          switch (a.kind()) {
            case SETS ->
                a.aspect() == b.aspect() || a.aspect() == Aspect.ALL || b.aspect() == Aspect.ALL;
            case TAKES -> !Dependencies.needs(second.change(), first.change());
            case LEAVES, DROPS, REPLACES -> true;
          };
    };
  }

  private static void leaveOut(TenantDraft draft, Change change, Promise broken) {
    if (tidiesUp(change)) {
      draft.forget(change);
      return;
    }
    Change other = broken.change();
    if (broken.part()) {
      draft.find(
          Verdict.NOTE,
          change.object(),
          Reason.Progressing,
          change.object()
              + " ("
              + change.kind()
              + ") waits until "
              + other.object()
              + " ("
              + other.kind()
              + ") is done: one is a part of the other.");
      draft.leaveOut(change, Reason.Progressing);
    } else {
      draft.find(
          Verdict.FAILED,
          change.object(),
          Reason.Conflict,
          field(change)
              + " and "
              + field(other)
              + " are about one object, "
              + broken.effect().name()
              + ", and only one can have it ("
              + change.kind()
              + ", "
              + other.kind()
              + "); declare one of them, or give one another name.");
      draft.leaveOut(change, Reason.Conflict);
    }
  }

  /** What says that the change is to be made. */
  private static String field(Change change) {
    String table = change.target().table();
    if (change instanceof IndexChange || change instanceof AggregateIndexChange) {
      return "spec.indexes[" + change.object().substring(table.length() + 1) + "]";
    }
    return change instanceof HypertableChange || change instanceof PolicyChange
        ? "spec.hypertables[" + table + "]"
        : "spec.aggregates[" + table + "]";
  }

  /** It ends what a killed run left, which nobody declares. */
  private static boolean tidiesUp(Change change) {
    return change instanceof DropLeftover || change instanceof DropPartLeftover;
  }

  private static List<Promise> promises(TenantDraft draft, Change change) {
    List<Promise> promises = new ArrayList<>();
    for (Effect effect : change.effects()) {
      promises.add(new Promise(change, effect, false));
      parts(draft, change, effect).forEach(part -> promises.add(new Promise(change, part, true)));
    }
    return promises;
  }

  /** What the same happens to because it is a part of the object. */
  private static Stream<Effect> parts(TenantDraft draft, Change change, Effect effect) {
    boolean goes = effect.kind() == Kind.DROPS || effect.kind() == Kind.REPLACES;
    if (!effect.schema().equals(draft.schema())
        || !(goes || effect.aspect() == Aspect.STATISTICS)) {
      return Stream.empty();
    }
    String table = change.target().table();
    Optional<ObservedTable> relation = draft.tenant().relation(table);
    if (effect.name().equals(table)) {
      // An aggregate, with its indexes.
      String schema = keptIn(draft, table);
      return relation.stream()
          .flatMap(of -> of.indexes().stream())
          .map(index -> new Effect(Kind.DROPS, schema, index.name(), Aspect.ALL));
    }
    return relation.stream()
        .flatMap(of -> of.index(effect.name()).stream())
        .flatMap(whole -> draft.parts(relation.orElseThrow(), whole))
        .map(
            part ->
                new Effect(
                    goes ? Kind.DROPS : effect.kind(),
                    draft.schema(),
                    part.name(),
                    effect.aspect()));
  }

  private static String keptIn(TenantDraft draft, String aggregate) {
    return Stream.concat(
            draft.tenant().aggregates().values().stream(),
            draft.tenant().undeclaredAggregates().stream())
        .filter(live -> live.name().equals(aggregate))
        .flatMap(live -> live.materialization().stream())
        .map(Materialization::schema)
        .findFirst()
        .orElse(draft.schema());
  }

  /**
   * An index of a partition is not built beside an equal one that a build on the whole makes there:
   * that one stands for it.
   */
  private void leaveEqualPartsToTheWhole(TenantDraft draft) {
    List<CreateIndex> wholes =
        draft.changes().stream()
            .filter(change -> safeguards.withholds(change).isEmpty())
            .flatMap(change -> build(change).stream())
            .filter(build -> build.build() == Build.PARTITIONED)
            .toList();
    if (wholes.isEmpty()) {
      return;
    }
    for (Change change : List.copyOf(draft.changes())) {
      if (change instanceof CreateIndex part) {
        wholes.stream()
            .filter(whole -> makes(whole, part))
            .findFirst()
            .ifPresent(
                whole -> {
                  draft.find(
                      Verdict.NOTE,
                      part.object(),
                      Reason.SatisfiedBy,
                      "index "
                          + part.index().name()
                          + " is not built: "
                          + part.target().table()
                          + " is a partition of "
                          + whole.target().table()
                          + ", and "
                          + whole.index().name()
                          + " has an equal part there.");
                  draft.leaveOut(part, Reason.SatisfiedBy);
                });
      }
    }
  }

  private static Optional<CreateIndex> build(Change change) {
    return change instanceof CreateIndex create
        ? Optional.of(create)
        : change instanceof IndexReplacement replacement
            ? Optional.of(replacement.build())
            : Optional.empty();
  }

  private static boolean makes(CreateIndex whole, CreateIndex part) {
    return !Collections.disjoint(whole.accepted(), part.accepted())
        && whole.partitions().stream()
            .anyMatch(
                partition ->
                    partition.schema().equals(part.target().schema())
                        && partition.name().equals(part.target().table()));
  }
}
