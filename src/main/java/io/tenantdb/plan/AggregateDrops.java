package io.tenantdb.plan;

import io.tenantdb.model.Change;
import io.tenantdb.model.Finding.Verdict;
import io.tenantdb.model.ObservedAggregate;
import io.tenantdb.model.PruneChange.DropAggregate;
import io.tenantdb.model.Reason;
import io.tenantdb.model.SourceGraph;
import io.tenantdb.model.SourceGraph.Basis;
import io.tenantdb.model.SourceGraph.Node;
import io.tenantdb.model.SourceGraph.Read;
import io.tenantdb.model.SourceGraph.Relation;
import io.tenantdb.model.SourceGraph.Retention;
import io.tenantdb.model.TimeSpan;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * Judges on the live graph what pruning drops: an aggregate that another one reads stays, and it is
 * told where buckets go that nobody can compute again.
 */
final class AggregateDrops {

  private final SourceGraph live;

  AggregateDrops(SourceGraph live) {
    this.live = live;
  }

  void judge(TenantDraft draft) {
    List<DropAggregate> drops =
        draft.changes().stream()
            .filter(DropAggregate.class::isInstance)
            .map(DropAggregate.class::cast)
            .filter(drop -> drop.relation() == ObservedAggregate.Kind.CONTINUOUS)
            .toList();
    Set<Relation> going = drops.stream().map(AggregateDrops::relation).collect(Collectors.toSet());
    for (DropAggregate drop : drops) {
      Relation aggregate = relation(drop);
      Optional<Relation> reader =
          live.readersOf(aggregate).stream().filter(one -> !going.contains(one)).findFirst();
      if (reader.isPresent()) {
        draft.withdraw(List.<Change>of(drop), Reason.LeftSpec);
        note(
            draft,
            drop,
            "is declared no more and stays: the aggregate "
                + reader.get().in(draft.schema())
                + " reads it");
      } else {
        sources(aggregate)
            .filter(source -> !source.retentions().isEmpty())
            .findFirst()
            .ifPresent(source -> note(draft, drop, lost(source, draft.schema())));
      }
    }
  }

  private static String lost(Node source, String here) {
    Retention retention = source.retentions().get(0);
    return "goes with its rows, and buckets whose rows retention of "
        + source.relation().in(here)
        + " has dropped ("
        + (retention.basis() == Basis.AGE
            ? "after " + retention.after().map(TimeSpan::text).orElseThrow()
            : "by the creation of chunks")
        + ") cannot be computed again";
  }

  private Stream<Node> sources(Relation aggregate) {
    return live.node(aggregate).stream()
        .flatMap(node -> node.reads().stream())
        .map(Read::source)
        .flatMap(source -> Stream.concat(live.node(source).stream(), sources(source)));
  }

  private static void note(TenantDraft draft, DropAggregate drop, String what) {
    draft.find(
        Verdict.NOTE,
        drop.object(),
        Reason.LeftSpec,
        "aggregate " + drop.object() + " " + what + ".");
  }

  private static Relation relation(DropAggregate drop) {
    return new Relation(drop.target().schema(), drop.target().table());
  }
}
