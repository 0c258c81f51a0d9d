package io.tenantdb.plan;

import io.tenantdb.model.AggregateChange.CreateAggregate;
import io.tenantdb.model.Canonical;
import io.tenantdb.model.CanonicalAggregate.Buildable;
import io.tenantdb.model.Change;
import io.tenantdb.model.DesiredAggregate.Refresh;
import io.tenantdb.model.PolicyChange.AddPolicy;
import io.tenantdb.model.PolicyChange.AlterPolicy;
import io.tenantdb.model.PolicyChange.RemovePolicy;
import io.tenantdb.model.PolicyKind;
import io.tenantdb.model.RefreshPolicyChange.AddRefreshPolicy;
import io.tenantdb.model.RefreshPolicyChange.AlterRefreshPolicy;
import io.tenantdb.model.SourceGraph;
import io.tenantdb.model.SourceGraph.Basis;
import io.tenantdb.model.SourceGraph.Beginning;
import io.tenantdb.model.SourceGraph.Node;
import io.tenantdb.model.SourceGraph.Read;
import io.tenantdb.model.SourceGraph.Relation;
import io.tenantdb.model.SourceGraph.Retention;
import io.tenantdb.model.SourceGraph.Window;
import io.tenantdb.model.Target;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;

/** The live graph, and what a tenant's planned changes would make of it. */
final class PlannedGraph {

  /**
   * A policy as it is and as it would be.
   *
   * @param before empty for one that is not there
   * @param after empty for one that goes
   * @param change what leads from the one to the other; empty where they are the same
   */
  record Policy<T>(Optional<T> before, Optional<T> after, Optional<Change> change) {
    static <T> Policy<T> live(T policy) {
      return new Policy<>(Optional.of(policy), Optional.of(policy), Optional.empty());
    }

    static <T> Policy<T> added(T policy, Change change) {
      return new Policy<>(Optional.empty(), Optional.of(policy), Optional.of(change));
    }
  }

  /**
   * An aggregate whose refreshes read a relation.
   *
   * @param through the aggregate between them that passes its reads on
   * @param byTime as in {@link Read}
   */
  record Reader(Relation aggregate, Optional<Relation> through, boolean byTime) {}

  private final SourceGraph live;
  private final TenantDraft draft;
  private final Canonical canonical;
  private final List<Change> changes;
  private final List<Node> around;
  private final Map<Relation, List<Reader>> direct = new HashMap<>();

  /**
   * @param changes those of the draft that count as made
   */
  PlannedGraph(SourceGraph live, TenantDraft draft, Canonical canonical, List<Change> changes) {
    this.live = live;
    this.draft = draft;
    this.canonical = canonical;
    this.changes = List.copyOf(changes);
    this.around = live.around(draft.schema());
    for (Node node : around) {
      node.reads().forEach(read -> reader(read, node.relation()));
    }
    for (Change change : changes) {
      if (change instanceof CreateAggregate create) {
        reads(create).forEach(read -> reader(read, relation(create.target())));
      }
    }
  }

  private void reader(Read read, Relation aggregate) {
    direct
        .computeIfAbsent(read.source(), source -> new ArrayList<>())
        .add(new Reader(aggregate, Optional.empty(), read.byTime()));
  }

  /** The tenant's relations, and all that its aggregates read or will. */
  Set<Relation> sources() {
    Set<Relation> sources = new TreeSet<>(direct.keySet());
    around.stream().map(Node::relation).forEach(sources::add);
    return sources;
  }

  /** The retention of a relation: TimescaleDB allows one. */
  List<Policy<Retention>> retentions(Relation source) {
    List<Policy<Retention>> policies = new ArrayList<>();
    live.node(source).stream()
        .flatMap(node -> node.retentions().stream())
        .forEach(retention -> policies.add(retention(source, retention)));
    for (Change change : changes) {
      if (change instanceof AddPolicy add
          && add.policy() == PolicyKind.RETENTION
          && is(source, add.target())) {
        policies.add(
            Policy.added(new Retention(0, Basis.AGE, Optional.of(add.lag()), true), change));
      }
    }
    return policies;
  }

  private Policy<Retention> retention(Relation source, Retention retention) {
    for (Change change : changes) {
      if (change instanceof AlterPolicy alter
          && alter.jobId() == retention.job()
          && alter.lag().isPresent()) {
        return new Policy<>(
            Optional.of(retention),
            Optional.of(
                new Retention(retention.job(), Basis.AGE, alter.lag(), retention.scheduled())),
            Optional.of(change));
      }
      if (change instanceof RemovePolicy remove
          && remove.policy() == PolicyKind.RETENTION
          && is(source, remove.target())) {
        return new Policy<>(Optional.of(retention), Optional.empty(), Optional.of(change));
      }
    }
    return Policy.live(retention);
  }

  /** The windows of an aggregate. */
  List<Policy<Window>> windows(Relation aggregate) {
    List<Policy<Window>> policies = new ArrayList<>();
    live.node(aggregate).stream()
        .flatMap(node -> node.windows().stream())
        .forEach(window -> policies.add(window(window)));
    for (Change change : changes) {
      if (change instanceof AddRefreshPolicy add && is(aggregate, add.target())) {
        policies.add(Policy.added(window(0, add.refresh(), true), change));
      } else if (change instanceof CreateAggregate create && is(aggregate, create.target())) {
        create
            .aggregate()
            .refresh()
            .ifPresent(refresh -> policies.add(Policy.added(window(0, refresh, true), change)));
      }
    }
    return policies;
  }

  private Policy<Window> window(Window window) {
    for (Change change : changes) {
      if (change instanceof AlterRefreshPolicy alter
          && alter.jobId() == window.job()
          && alter.offsets()) {
        return new Policy<>(
            Optional.of(window),
            Optional.of(window(window.job(), alter.refresh(), window.scheduled())),
            Optional.of(change));
      }
    }
    return Policy.live(window);
  }

  private static Window window(int job, Refresh refresh, boolean scheduled) {
    return new Window(
        job,
        refresh.startOffset().isPresent() ? Beginning.OFFSET : Beginning.OPEN,
        refresh.startOffset(),
        Optional.of(refresh.endOffset()),
        scheduled);
  }

  /** Whoever reads the relation, and who reads it through an aggregate that nothing refreshes. */
  Set<Reader> readers(Relation source) {
    Set<Reader> readers = new LinkedHashSet<>();
    readers(source, new Reader(source, Optional.empty(), true), readers);
    return readers;
  }

  private void readers(Relation source, Reader at, Set<Reader> readers) {
    for (Reader next : direct.getOrDefault(at.aggregate(), List.of())) {
      boolean passed = !at.aggregate().equals(source);
      Reader reader =
          new Reader(
              next.aggregate(),
              passed ? Optional.of(at.aggregate()) : Optional.empty(),
              at.byTime() && next.byTime());
      if (readers.add(reader) && passesOn(reader.aggregate())) {
        readers(source, reader, readers);
      }
    }
  }

  /**
   * A real-time aggregate answers from what it reads for all that is not materialized: for
   * everything, where no policy refreshes it.
   */
  private boolean passesOn(Relation aggregate) {
    boolean realTime =
        live.node(aggregate).filter(node -> !node.materializedOnly()).isPresent()
            || changes.stream()
                .anyMatch(
                    change ->
                        change instanceof CreateAggregate create
                            && !create.aggregate().materializedOnly()
                            && is(aggregate, create.target()));
    return realTime
        && windows(aggregate).stream()
            .flatMap(policy -> policy.after().stream())
            .noneMatch(Window::scheduled);
  }

  private List<Read> reads(CreateAggregate create) {
    Relation byTime = new Relation(create.target().schema(), create.source());
    List<Read> reads = new ArrayList<>(List.of(new Read(byTime, true)));
    canonical.aggregate(draft.tenant(), create.aggregate(), create.aggregate().query()).stream()
        .filter(Buildable.class::isInstance)
        .flatMap(form -> ((Buildable) form).sources().stream())
        .map(source -> new Relation(source.schema().orElse(draft.schema()), source.name()))
        .filter(source -> !source.equals(byTime))
        .forEach(source -> reads.add(new Read(source, false)));
    return reads;
  }

  private static boolean is(Relation relation, Target target) {
    return relation.name().equals(target.table()) && relation.schema().equals(target.schema());
  }

  private static Relation relation(Target target) {
    return new Relation(target.schema(), target.table());
  }
}
