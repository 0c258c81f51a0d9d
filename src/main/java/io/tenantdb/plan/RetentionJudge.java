package io.tenantdb.plan;

import io.tenantdb.model.Canonical;
import io.tenantdb.model.Change;
import io.tenantdb.model.Dependencies;
import io.tenantdb.model.Desired;
import io.tenantdb.model.DesiredTenant;
import io.tenantdb.model.Finding.Verdict;
import io.tenantdb.model.Observed;
import io.tenantdb.model.Reason;
import io.tenantdb.model.SourceGraph;
import io.tenantdb.model.SourceGraph.Relation;
import io.tenantdb.model.SourceGraph.Retention;
import io.tenantdb.model.SourceGraph.Window;
import io.tenantdb.plan.PlannedGraph.Policy;
import io.tenantdb.plan.PlannedGraph.Reader;
import io.tenantdb.plan.WindowFit.Fit;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Supplier;
import java.util.stream.Stream;

/**
 * The rule that retention outlives whatever still reads the rows: for every source and every window
 * of the live graph, whoever made them, and of what the plan would make of it. Takes the changes
 * out of a plan that would break it, and tells where it is broken already.
 */
final class RetentionJudge {

  private final Desired desired;
  private final SourceGraph live;
  private final Canonical canonical;
  private final Safeguards safeguards;
  private final WindowFit fit;

  RetentionJudge(Desired desired, Observed observed, Canonical canonical, Safeguards safeguards) {
    this.desired = desired;
    this.live = observed.graph();
    this.canonical = canonical;
    this.safeguards = safeguards;
    this.fit = new WindowFit(canonical, live);
  }

  /** A retention of a source and a window that reads it. */
  private record Pair(
      Relation source, Policy<Retention> retention, Reader reader, Policy<Window> window) {
    List<Change> changes() {
      List<Change> changes = new ArrayList<>();
      retention.change().ifPresent(changes::add);
      window.change().ifPresent(changes::add);
      return changes;
    }
  }

  /**
   * @param ending jobs that pruning ends, by id; what only they forbid waits for that
   */
  void judge(TenantDraft draft, DesiredTenant wanted, Supplier<Map<Integer, Change>> ending) {
    // What safety refuses is judged too: nobody must be told to allow what loses rows.
    refuse(draft, ending, false);
    refuse(draft, ending, true);
    order(draft);
    tell(draft, wanted, ending);
  }

  /**
   * Takes out what would lose rows.
   *
   * @param permitted whether only those changes count that safety lets through
   */
  private void refuse(TenantDraft draft, Supplier<Map<Integer, Change>> ending, boolean permitted) {
    Set<String> said = new TreeSet<>();
    boolean again = true;
    while (again) {
      List<Change> gone = new ArrayList<>();
      for (Pair pair : pairs(draft, permitted)) {
        Optional<RowLoss> loss =
            pair.changes().isEmpty()
                ? Optional.empty()
                : loss(pair, pair.retention().after(), pair.window().after());
        if (loss.isPresent()) {
          gone.addAll(pair.changes());
          say(draft, ending.get(), loss.get(), Verdict.FAILED, false, said);
        }
      }
      again = !gone.isEmpty();
      draft.withdraw(gone, Reason.RefreshWindowInvalid);
    }
  }

  /** Puts off what would lose rows until another change is made. */
  private void order(TenantDraft draft) {
    List<Change> later = new ArrayList<>();
    for (Pair pair : pairs(draft, true)) {
      Policy<Retention> retention = pair.retention();
      Policy<Window> window = pair.window();
      if (retention.change().isEmpty() || window.change().isEmpty()) {
        continue;
      }
      if (loss(pair, retention.before(), window.after()).isPresent()) {
        later.add(window.change().get());
        wait(draft, window.change().get(), retention.change().get());
      } else if (loss(pair, retention.after(), window.before()).isPresent()) {
        later.add(retention.change().get());
        wait(draft, retention.change().get(), window.change().get());
      }
    }
    draft.withdraw(later, Reason.Progressing);
  }

  private static void wait(TenantDraft draft, Change change, Change first) {
    draft.find(
        Verdict.NOTE,
        change.object(),
        Reason.Progressing,
        change.object()
            + " waits until "
            + first.object()
            + " is "
            + first.after()
            + "; before that it would empty buckets.");
  }

  /** Names what is lost whatever we do. */
  private void tell(
      TenantDraft draft, DesiredTenant wanted, Supplier<Map<Integer, Change>> ending) {
    Set<String> said = new TreeSet<>();
    for (Pair pair : pairs(draft, true)) {
      if (!pair.changes().isEmpty()) {
        continue;
      }
      loss(pair, pair.retention().after(), pair.window().after())
          .filter(loss -> loss.fit() != Fit.EQUALS)
          .ifPresent(
              loss ->
                  say(
                      draft,
                      ending.get(),
                      loss,
                      loss.goesOn() && concerns(draft, wanted, loss)
                          ? Verdict.FAILED
                          : Verdict.NOTE,
                      true,
                      said));
    }
  }

  private void say(
      TenantDraft draft,
      Map<Integer, Change> ending,
      RowLoss loss,
      Verdict verdict,
      boolean now,
      Set<String> said) {
    String here = draft.schema();
    String sentence = loss.sentence(here, isDeclared(draft, loss.reader().aggregate()), now);
    Optional<Change> end =
        Stream.of(loss.retention().job(), loss.window().job())
            .flatMap(job -> Optional.ofNullable(ending.get(job)).stream())
            .findFirst();
    end.map(Change::object).ifPresent(draft::awaitDrop);
    if (said.add(sentence)) {
      Relation reader = loss.reader().aggregate();
      String object =
          reader.schema().equals(here) ? reader.name() : loss.source().name() + " retention";
      draft.find(
          end.isPresent() ? Verdict.NOTE : verdict,
          object,
          Reason.RefreshWindowInvalid,
          sentence
              + end.map(
                      change ->
                          " That ends when "
                              + change.object()
                              + " is dropped, which the spec declares no more.")
                  .orElse(""));
    }
  }

  /** True where the spec has a say in the source or in who reads it. */
  private boolean concerns(TenantDraft draft, DesiredTenant wanted, RowLoss loss) {
    Relation source = loss.source();
    return isDeclared(draft, loss.reader().aggregate())
        || isDeclared(draft, source)
        || (source.schema().equals(draft.schema())
            && wanted.hypertables().stream().anyMatch(h -> h.table().equals(source.name())));
  }

  private boolean isDeclared(TenantDraft draft, Relation aggregate) {
    return aggregate.schema().equals(draft.schema())
        && desired.aggregates().stream().anyMatch(a -> a.name().equals(aggregate.name()));
  }

  private Optional<RowLoss> loss(
      Pair pair, Optional<Retention> retention, Optional<Window> window) {
    if (retention.isEmpty() || window.isEmpty()) {
      return Optional.empty();
    }
    Fit of = fit.of(pair.source(), retention.get(), pair.reader(), window.get());
    return of == Fit.OUTLIVES
        ? Optional.empty()
        : Optional.of(new RowLoss(pair.source(), retention.get(), pair.reader(), window.get(), of));
  }

  private List<Pair> pairs(TenantDraft draft, boolean permitted) {
    PlannedGraph graph =
        new PlannedGraph(
            live, draft, canonical, permitted ? permitted(draft.changes()) : draft.changes());
    List<Pair> pairs = new ArrayList<>();
    for (Relation source : graph.sources()) {
      List<Policy<Retention>> retentions = graph.retentions(source);
      if (retentions.isEmpty()) {
        continue;
      }
      for (Reader reader : graph.readers(source)) {
        if (source.schema().equals(draft.schema())
            || reader.aggregate().schema().equals(draft.schema())) {
          for (Policy<Window> window : graph.windows(reader.aggregate())) {
            retentions.forEach(retention -> pairs.add(new Pair(source, retention, reader, window)));
          }
        }
      }
    }
    return pairs;
  }

  private List<Change> permitted(List<Change> changes) {
    List<Change> permitted = new ArrayList<>();
    List<Change> left = new ArrayList<>();
    for (Change change : changes) {
      boolean held =
          safeguards.withholds(change).isPresent()
              || left.stream().anyMatch(earlier -> Dependencies.needs(change, earlier));
      (held ? left : permitted).add(change);
    }
    return permitted;
  }
}
