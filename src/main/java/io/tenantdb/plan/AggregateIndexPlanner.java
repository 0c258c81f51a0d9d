package io.tenantdb.plan;

import io.tenantdb.model.AggregateIndexChange;
import io.tenantdb.model.AggregateIndexChange.CreateAggregateIndex;
import io.tenantdb.model.AggregateIndexChange.MarkAggregateIndex;
import io.tenantdb.model.AggregateIndexChange.ReplaceAggregateIndex;
import io.tenantdb.model.CanonicalIndex.Buildable;
import io.tenantdb.model.Declaration;
import io.tenantdb.model.Desired;
import io.tenantdb.model.DesiredIndex;
import io.tenantdb.model.Finding.Verdict;
import io.tenantdb.model.Mark;
import io.tenantdb.model.ObservedAggregate;
import io.tenantdb.model.ObservedAggregate.Materialization;
import io.tenantdb.model.ObservedIndex;
import io.tenantdb.model.ObservedTable;
import io.tenantdb.model.Reason;
import io.tenantdb.plan.IndexJudge.Judgement;
import io.tenantdb.plan.IndexJudge.Judgement.AsDeclared;
import io.tenantdb.plan.IndexJudge.Judgement.ToReplace;
import java.util.Optional;
import java.util.Set;
import java.util.function.Predicate;
import java.util.stream.Stream;

/**
 * Plans an index of a continuous aggregate. It is found by its mark, by the name that we or a
 * person would give it, or because an equal one stands for it.
 */
final class AggregateIndexPlanner {

  private final Desired desired;
  private final IndexJudge judge;
  private final Set<String> declaredNames;

  AggregateIndexPlanner(Desired desired, IndexJudge judge, Set<String> declaredNames) {
    this.desired = desired;
    this.judge = judge;
    this.declaredNames = declaredNames;
  }

  void plan(TenantDraft draft, ObservedTable aggregate, DesiredIndex index, Buildable form) {
    Materialization materialization = materialization(draft, aggregate);
    Optional<ObservedIndex> live = find(draft, aggregate, index, materialization, form);
    if (live.isPresent()) {
      live(draft, aggregate, index, form, live.get());
      return;
    }
    Optional<ObservedIndex> equal =
        aggregate.indexes().stream()
            .filter(candidate -> candidate.valid() && candidate.mark().isEmpty())
            .filter(candidate -> !isDeclared(candidate, materialization))
            .filter(candidate -> candidate.body().filter(form.accepted()::contains).isPresent())
            .findFirst();
    if (equal.isPresent()) {
      draft.asDeclared(Declaration.of(index));
      draft.find(
          Verdict.NOTE,
          aggregate.name() + "." + index.name(),
          Reason.SatisfiedBy,
          "index " + index.name() + " is not built: " + equal.get().name() + " is equal to it.");
      return;
    }
    draft.change(
        aggregate,
        build(draft, aggregate, index, form, draft.wasAsDeclared(Declaration.of(index))));
  }

  private void live(
      TenantDraft draft,
      ObservedTable aggregate,
      DesiredIndex index,
      Buildable form,
      ObservedIndex live) {
    Judgement judgement = judge.judge(draft, aggregate, index, form, live);
    if (judgement instanceof AsDeclared same) {
      draft.asDeclared(Declaration.of(index));
      same.mark()
          .ifPresent(
              mark ->
                  draft.change(
                      aggregate,
                      new MarkAggregateIndex(
                          draft.target(aggregate),
                          materialization(draft, aggregate),
                          index.name(),
                          live.name(),
                          mark,
                          live.comment(),
                          live.body().orElseThrow())));
    } else if (judgement instanceof ToReplace other) {
      draft.change(
          aggregate,
          new ReplaceAggregateIndex(
              build(draft, aggregate, index, form, other.drift()),
              live.name(),
              other.was(),
              other.takeOver(),
              live.comment(),
              draft.confusesEqualIndexes()
                  && form.accepted().stream().anyMatch(live.body().orElseThrow()::sameStructure)));
    }
  }

  private CreateAggregateIndex build(
      TenantDraft draft,
      ObservedTable aggregate,
      DesiredIndex index,
      Buildable form,
      boolean drift) {
    return new CreateAggregateIndex(
        draft.target(aggregate),
        materialization(draft, aggregate),
        index,
        form,
        index.mark(desired.ownerId(), Mark.Origin.MADE),
        draft.path(desired.tenants().searchPath()),
        drift,
        freeName(draft, aggregate, index));
  }

  /** Long names are cut: the first of them that neither is borne nor was given away just now. */
  private static String freeName(TenantDraft draft, ObservedTable aggregate, DesiredIndex index) {
    Materialization materialization = materialization(draft, aggregate);
    return AggregateIndexChange.liveNames(index, materialization)
        .filter(name -> aggregate.indexes().stream().noneMatch(live -> live.name().equals(name)))
        .filter(name -> !isSpokenFor(draft, materialization, name))
        .findFirst()
        .orElseThrow();
  }

  /** A change of another declaration is about it already. */
  private static boolean isSpokenFor(
      TenantDraft draft, Materialization materialization, String liveName) {
    return draft.changes().stream()
        .flatMap(change -> change.effects().stream())
        .anyMatch(
            effect ->
                effect.schema().equals(materialization.schema()) && effect.name().equals(liveName));
  }

  private static Materialization materialization(TenantDraft draft, ObservedTable aggregate) {
    return draft
        .tenant()
        .aggregate(aggregate.name())
        .flatMap(ObservedAggregate::materialization)
        .orElseThrow();
  }

  private Optional<ObservedIndex> find(
      TenantDraft draft,
      ObservedTable aggregate,
      DesiredIndex index,
      Materialization materialization,
      Buildable form) {
    String liveName = AggregateIndexChange.liveName(index.name(), materialization);
    Stream<Predicate<ObservedIndex>> best =
        Stream.of(
            i -> isMarked(i, index) && i.body().filter(form.accepted()::contains).isPresent(),
            i -> isMarked(i, index),
            i -> i.name().equals(liveName) && !isAnothers(draft, i, index, materialization),
            i -> i.name().equals(index.name()) && !isAnothers(draft, i, index, materialization));
    return best.flatMap(rule -> aggregate.indexes().stream().filter(rule)).findFirst();
  }

  /** Two long names can be cut to one: then it is whose mark it bears, or who comes first. */
  private boolean isAnothers(
      TenantDraft draft,
      ObservedIndex candidate,
      DesiredIndex index,
      Materialization materialization) {
    boolean marked =
        candidate
            .mark()
            .filter(m -> m.owner().equals(desired.ownerId()) && m.table().equals(index.table()))
            .filter(m -> !m.name().equals(index.name()) && declaredNames.contains(m.name()))
            .isPresent();
    return marked || isSpokenFor(draft, materialization, candidate.name());
  }

  private boolean isMarked(ObservedIndex candidate, DesiredIndex index) {
    return candidate
        .mark()
        .filter(
            m ->
                m.owner().equals(desired.ownerId())
                    && m.name().equals(index.name())
                    && m.table().equals(index.table()))
        .isPresent();
  }

  /** True where another declaration is about it. */
  private boolean isDeclared(ObservedIndex candidate, Materialization materialization) {
    return declaredNames.stream()
        .anyMatch(
            name ->
                candidate.name().equals(name)
                    || candidate
                        .name()
                        .equals(AggregateIndexChange.liveName(name, materialization)));
  }
}
