package io.tenantdb.plan;

import io.tenantdb.model.Desired;
import io.tenantdb.model.DesiredTenant;
import io.tenantdb.model.Finding.Verdict;
import io.tenantdb.model.Mark;
import io.tenantdb.model.ObservedAggregate;
import io.tenantdb.model.ObservedAggregate.RefreshJob;
import io.tenantdb.model.ObservedHypertable.Job;
import io.tenantdb.model.ObservedTable;
import io.tenantdb.model.PolicyKind;
import io.tenantdb.model.PruneChange.DropPolicy;
import io.tenantdb.model.PruneChange.UnmarkPolicy;
import io.tenantdb.model.Reason;
import io.tenantdb.model.ServerInfo;
import io.tenantdb.model.TimeSpan;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/** Finds the policies of ours that left the spec, or whose hypertable or aggregate did. */
final class LeavingPolicies {

  private final Desired desired;
  private final ServerInfo server;
  private final DesiredTenant wanted;
  private final LeavingAggregates aggregates;

  LeavingPolicies(
      Desired desired, ServerInfo server, DesiredTenant wanted, LeavingAggregates aggregates) {
    this.desired = desired;
    this.server = server;
    this.wanted = wanted;
    this.aggregates = aggregates;
  }

  /** A job, whatever its kind. */
  private record Policy(
      ObservedTable table, int jobId, String owner, Optional<Mark> mark, String does) {}

  List<Leaving> of(TenantDraft draft) {
    List<Leaving> leaving = new ArrayList<>();
    Stream.concat(draft.tenant().tables().values().stream(), draft.tenant().undeclared().stream())
        .forEach(
            table ->
                table.hypertable().stream()
                    .flatMap(hypertable -> hypertable.jobs().stream())
                    .filter(job -> !isDeclared(table.name(), job.kind()))
                    .map(job -> policy(table, job))
                    .forEach(policy -> leave(draft, policy, leaving)));
    Stream.concat(
            draft.tenant().aggregates().values().stream()
                .filter(live -> !refreshIsDeclared(live.name())),
            draft.tenant().undeclaredAggregates().stream()
                .filter(live -> aggregates.needed(live.name()).isEmpty()))
        .forEach(
            live ->
                draft.tenant().relation(live.name()).stream()
                    .filter(relation -> !aggregates.goes(draft, relation))
                    .flatMap(relation -> policies(relation, live))
                    .forEach(policy -> leave(draft, policy, leaving)));
    return leaving;
  }

  private void leave(TenantDraft draft, Policy policy, List<Leaving> leaving) {
    Optional<Mark> ours =
        policy
            .mark()
            .filter(mark -> mark.owner().equals(desired.ownerId()))
            .filter(mark -> mark.table().equals(policy.table().name()));
    ours.ifPresent(mark -> leaving.add(leaving(draft, policy, mark)));
  }

  private Leaving leaving(TenantDraft draft, Policy policy, Mark mark) {
    ObservedTable table = policy.table();
    String object = table.name() + " " + mark.name();
    String words = "the " + mark.name() + " policy of " + table.name();
    if (!server.community()) {
      return new Leaving.Keep(
          object, words, "nothing of it can be changed until TimescaleDB community is there");
    }
    if (!policy.owner().equals(table.owner())) {
      return new Leaving.Held(
          Verdict.FAILED,
          object,
          Reason.InsufficientPrivilege,
          words
              + " is declared no more, but its job "
              + policy.jobId()
              + " belongs to "
              + policy.owner()
              + " and the table to "
              + table.owner()
              + "; SELECT delete_job("
              + policy.jobId()
              + ") as the owner of the job.");
    }
    String extensionSchema = server.timescale().schema().orElseThrow();
    return mark.origin() == Mark.Origin.MADE
        ? new Leaving.Drop(
            table,
            new DropPolicy(
                draft.target(table),
                mark.name(),
                policy.jobId(),
                mark,
                policy.does(),
                extensionSchema),
            words)
        : new Leaving.Release(
            table,
            new UnmarkPolicy(
                draft.target(table),
                mark.name(),
                policy.jobId(),
                mark,
                extensionSchema,
                !server.timescale().altersHierarchies()));
  }

  private boolean isDeclared(String table, PolicyKind kind) {
    return wanted.hypertables().stream()
        .filter(hypertable -> hypertable.table().equals(table))
        .anyMatch(hypertable -> hypertable.declares(kind));
  }

  private boolean refreshIsDeclared(String aggregate) {
    return desired.aggregates().stream()
        .anyMatch(wants -> wants.name().equals(aggregate) && wants.refresh().isPresent());
  }

  private static Policy policy(ObservedTable table, Job job) {
    return new Policy(
        table,
        job.id(),
        job.owner(),
        job.mark(),
        "after " + job.after().map(TimeSpan::text).orElse("creation") + ", every " + job.every());
  }

  private static Stream<Policy> policies(ObservedTable relation, ObservedAggregate live) {
    return live.jobs().stream()
        .map(job -> new Policy(relation, job.id(), job.owner(), job.mark(), "every " + span(job)));
  }

  private static String span(RefreshJob job) {
    return job.every()
        + ", from "
        + job.startOffset().map(TimeSpan::text).orElse("the beginning")
        + " to "
        + job.endOffset().map(offset -> offset.text() + " ago").orElse("the end");
  }
}
