package io.tenantdb.plan;

import io.tenantdb.model.CanonicalIndex.Buildable;
import io.tenantdb.model.Declaration;
import io.tenantdb.model.DesiredIndex;
import io.tenantdb.model.Finding.Verdict;
import io.tenantdb.model.IndexBody;
import io.tenantdb.model.IndexChange.CreateIndex;
import io.tenantdb.model.IndexChange.MarkIndex;
import io.tenantdb.model.IndexReplacement;
import io.tenantdb.model.IndexReplacement.Replaced;
import io.tenantdb.model.IndexSetting.SetIndexStatistics;
import io.tenantdb.model.ObservedIndex;
import io.tenantdb.model.ObservedTable;
import io.tenantdb.model.ObservedTenant.NamedRelation;
import io.tenantdb.model.Reason;
import io.tenantdb.model.ReservedName;
import io.tenantdb.plan.IndexBuilds.Earlier;
import io.tenantdb.plan.IndexJudge.Judgement;
import io.tenantdb.plan.IndexJudge.Judgement.AsDeclared;
import io.tenantdb.plan.IndexJudge.Judgement.ToReplace;
import java.util.List;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.Predicate;

/** Plans a declared index of a table that is there under its name. */
final class LiveIndexPlanner {

  private final IndexJudge judge;
  private final IndexBuilds builds;

  LiveIndexPlanner(IndexJudge judge, IndexBuilds builds) {
    this.judge = judge;
    this.builds = builds;
  }

  void plan(
      TenantDraft draft,
      ObservedTable table,
      DesiredIndex index,
      Buildable form,
      ObservedIndex live,
      Predicate<IndexBody> awaited) {
    Judgement judgement = judge.judge(draft, table, index, form, live);
    if (judgement instanceof AsDeclared same) {
      settle(draft, table, index, live, same);
    } else if (judgement instanceof ToReplace other) {
      replace(draft, table, index, form, live, other, awaited);
    }
  }

  private static void settle(
      TenantDraft draft,
      ObservedTable table,
      DesiredIndex index,
      ObservedIndex live,
      AsDeclared same) {
    Optional<MarkIndex> marking =
        same.mark()
            .map(
                mark ->
                    new MarkIndex(
                        draft.target(table),
                        index.name(),
                        mark,
                        live.comment(),
                        live.body().orElseThrow()));
    SortedMap<Integer, Integer> even = live.settings().evenStatistics();
    SortedMap<Integer, Integer> targets = new TreeMap<>(index.statistics());
    targets.entrySet().removeAll(even.entrySet());
    if (targets.isEmpty()) {
      draft.asDeclared(Declaration.of(index));
      marking.ifPresent(mark -> draft.change(table, mark));
    } else {
      // Nobody changed what a partition that came later does not have yet.
      boolean drift =
          same.drift() && !live.settings().statistics().entrySet().containsAll(targets.entrySet());
      draft.change(
          table,
          new SetIndexStatistics(draft.target(table), index.name(), even, targets, drift, marking));
    }
  }

  private void replace(
      TenantDraft draft,
      ObservedTable table,
      DesiredIndex index,
      Buildable form,
      ObservedIndex live,
      ToReplace why,
      Predicate<IndexBody> awaited) {
    String retired = retiredName(table, index, live);
    Optional<CreateIndex> build = builds.build(draft, table, index, form, why.drift());
    if (build.isEmpty() || !frees(draft, table, index, retired)) {
      return;
    }
    Earlier earlier = builds.earlier(draft, table, index, form);
    if (earlier == Earlier.IN_THE_WAY) {
      return;
    }
    if (earlier == Earlier.BROKEN
        && !draft.dropLeftover(table, table.index(index.reservedName()).orElseThrow())) {
      return;
    }
    Replaced old =
        new Replaced(
            live.body().orElseThrow(),
            live.valid(),
            retired,
            why.was(),
            why.takeOver(),
            draft.dropsConcurrently(table),
            live.comment(),
            carriedStatistics(form, live),
            live.clustered(),
            live.valid() && stays(form, live, awaited));
    draft.change(table, replacement(draft, table, form, live, why, build.get(), old));
  }

  /** True where queries of another declared index have it until that one is built. */
  private static boolean stays(Buildable form, ObservedIndex live, Predicate<IndexBody> awaited) {
    IndexBody body = live.body().orElseThrow();
    return !form.accepted().contains(body) && awaited.test(body);
  }

  private static IndexReplacement replacement(
      TenantDraft draft,
      ObservedTable table,
      Buildable form,
      ObservedIndex live,
      ToReplace why,
      CreateIndex build,
      Replaced old) {
    IndexBody body = live.body().orElseThrow();
    if (draft.confusesEqualIndexes(table)
        && form.accepted().stream().anyMatch(body::sameStructure)) {
      return new IndexReplacement.RebuildIndex(build, old, live.valid());
    }
    return why.broken()
        ? new IndexReplacement.RepairIndex(build, old)
        : new IndexReplacement.ReplaceIndex(build, old);
  }

  private static String retiredName(ObservedTable table, DesiredIndex index, ObservedIndex live) {
    return ReservedName.retired(table.name(), index.name(), live.body().orElseThrow(), live.valid())
        .text();
  }

  /** Plans that an earlier one of the name goes first; false where that cannot be. */
  private boolean frees(
      TenantDraft draft, ObservedTable table, DesiredIndex index, String retired) {
    Optional<ObservedIndex> earlier = table.index(retired);
    if (earlier.isPresent()) {
      return builds.isFree(draft, table, index, earlier.get())
          && draft.dropLeftover(table, earlier.get());
    }
    NamedRelation taken = draft.tenant().names().get(retired);
    if (taken != null) {
      draft.find(
          Verdict.FAILED,
          table.name() + "." + index.name(),
          Reason.NameTaken,
          "the name "
              + retired
              + ", which "
              + index.name()
              + " needs for its replacement, is taken by "
              + taken.words()
              + "; rename or drop that.");
    }
    return taken == null;
  }

  /**
   * What a person set and the spec does not speak of. It goes over where the key at the position is
   * printed alike, and so is an expression, as PostgreSQL demands; where a key was put before it,
   * the target would be another expression's.
   */
  private static SortedMap<Integer, Integer> carriedStatistics(Buildable form, ObservedIndex live) {
    SortedMap<Integer, Integer> carried = new TreeMap<>(live.settings().statistics());
    List<String> keys = live.body().orElseThrow().keys();
    carried
        .keySet()
        .removeIf(
            position ->
                position > keys.size()
                    || form.accepted().stream()
                        .map(IndexBody::keys)
                        .noneMatch(
                            declared ->
                                position <= declared.size()
                                    && declared.get(position - 1).equals(keys.get(position - 1))));
    return carried;
  }
}
