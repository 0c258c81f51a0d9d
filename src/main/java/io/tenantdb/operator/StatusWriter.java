package io.tenantdb.operator;

import io.fabric8.kubernetes.api.model.Condition;
import io.tenantdb.api.v1alpha1.TenantDatabase;
import io.tenantdb.api.v1alpha1.TenantDatabaseStatus;
import io.tenantdb.api.v1alpha1.TenantDatabaseStatus.ConvergenceStatus;
import io.tenantdb.api.v1alpha1.TenantDatabaseStatus.DatabaseStatus;
import io.tenantdb.api.v1alpha1.TenantDatabaseStatus.FailureStatus;
import io.tenantdb.api.v1alpha1.TenantDatabaseStatus.PlanStatus;
import io.tenantdb.api.v1alpha1.TenantDatabaseStatus.ProgressStatus;
import io.tenantdb.api.v1alpha1.TenantDatabaseStatus.TemplateStatus;
import io.tenantdb.api.v1alpha1.TenantDatabaseStatus.TenantsStatus;
import io.tenantdb.model.BuildProgress;
import io.tenantdb.model.Difference;
import io.tenantdb.model.Reason;
import io.tenantdb.model.ServerInfo;
import io.tenantdb.model.TenantState;
import io.tenantdb.operator.Conditions.Truth;
import java.time.Instant;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;

/**
 * Makes the status of a resource from a worker's snapshot. Pure: the same snapshot over the same
 * status is the same status, so that nothing is written when nothing has changed. What this process
 * does not know yet is kept as it was.
 */
final class StatusWriter {
  private static final int LISTED = 20;
  private static final int BUILDS = 4;
  private static final int FAILURE = 256;
  private static final int MESSAGE = 120;
  private static final int DEFINITION = 200;
  private static final int LONGEST_DEFINITION = 512;

  private StatusWriter() {}

  /**
   * The status to write.
   *
   * @param resource whose generation the spec has now
   * @param before the status that was written last
   */
  static TenantDatabaseStatus status(
      TenantDatabase resource,
      Snapshot snapshot,
      Optional<TenantDatabaseStatus> before,
      Instant now) {
    long generation = Optional.ofNullable(resource.getMetadata().getGeneration()).orElse(0L);
    boolean evaluated = snapshot.evaluated(snapshot.generation());
    Optional<Look> look = snapshot.look();
    TenantDatabaseStatus status =
        new TenantDatabaseStatus(
            evaluated
                ? Long.valueOf(snapshot.generation())
                : kept(before, TenantDatabaseStatus::observedGeneration),
            conditions(generation, snapshot, before, now),
            look.map(seen -> database(seen.server()))
                .orElseGet(() -> kept(before, TenantDatabaseStatus::database)),
            look.map(StatusWriter::tenants)
                .orElseGet(() -> kept(before, TenantDatabaseStatus::tenants)),
            // A look without failures or plan has none: what stood there before is over.
            look.isPresent() ? failures(look.get()) : kept(before, TenantDatabaseStatus::failures),
            look.isPresent() ? plan(look.get()) : kept(before, TenantDatabaseStatus::plan),
            look.isPresent() && !snapshot.running()
                ? AggregateStatuses.of(look.get().aggregates(), before)
                : kept(before, TenantDatabaseStatus::aggregates),
            snapshot.indexes().isPresent()
                ? IndexStatuses.indexes(snapshot.indexes().get())
                : kept(before, TenantDatabaseStatus::indexes),
            snapshot.indexes().isPresent()
                ? IndexStatuses.redundancies(snapshot.indexes().get())
                : kept(before, TenantDatabaseStatus::redundancies),
            progress(snapshot.progress()),
            look.isPresent() && !snapshot.running() && snapshot.problem().isEmpty()
                ? look.get().convergence().map(StatusWriter::convergence).orElse(null)
                : kept(before, TenantDatabaseStatus::convergence));
    return StatusSize.bounded(status);
  }

  private static List<Condition> conditions(
      long generation, Snapshot snapshot, Optional<TenantDatabaseStatus> before, Instant now) {
    List<Condition> written =
        Optional.ofNullable(kept(before, TenantDatabaseStatus::conditions)).orElseGet(List::of);
    Conditions conditions = new Conditions(written, now);
    if (!snapshot.evaluated(snapshot.generation())) {
      written.forEach(condition -> conditions.keep(condition.getType()));
      if (before.map(TenantDatabaseStatus::observedGeneration).equals(Optional.of(generation))) {
        return conditions.list();
      }
      if (conditions.previous(Conditions.READY).isEmpty()) {
        conditions.set(
            Conditions.READY, Truth.UNKNOWN, Reason.Pending, notLooked(generation), generation);
      }
      conditions.remove(Conditions.STALLED);
      conditions.set(
          Conditions.RECONCILING, Truth.TRUE, Reason.Pending, notLooked(generation), generation);
      return conditions.list();
    }
    long seen = snapshot.generation();
    Verdict verdict = Verdict.of(snapshot);
    conditions.set(
        Conditions.READY, Truth.of(verdict.ready()), verdict.reason(), verdict.message(), seen);
    if (seen != generation) {
      conditions.set(
          Conditions.RECONCILING,
          Truth.TRUE,
          Reason.Progressing,
          notLooked(generation),
          generation);
    } else if (verdict.progressing()) {
      conditions.set(Conditions.RECONCILING, Truth.TRUE, verdict.reason(), verdict.message(), seen);
    } else if (verdict.stalled()) {
      conditions.set(Conditions.STALLED, Truth.TRUE, verdict.reason(), verdict.message(), seen);
    }
    connected(conditions, snapshot);
    snapshot
        .look()
        .ifPresentOrElse(
            look -> {
              timescale(conditions, look.server().timescale(), seen);
              conditions.set(
                  Conditions.DRIFT,
                  Truth.of(look.drift().isPresent()),
                  look.drift().isPresent() ? Reason.DriftDetected : Reason.NoDrift,
                  look.drift().orElse("Nothing that was made has been changed or removed."),
                  seen);
            },
            () -> {
              conditions.keep(Conditions.TIMESCALE);
              conditions.keep(Conditions.DRIFT);
            });
    return conditions.list();
  }

  private static String notLooked(long generation) {
    return "Generation %d of the spec is looked at next, once what runs has ended."
        .formatted(generation);
  }

  private static void connected(Conditions conditions, Snapshot snapshot) {
    Optional<Problem> problem = snapshot.problem();
    if (problem.filter(p -> saysNothingOfConnection(p.reason())).isPresent()) {
      conditions.keep(Conditions.CONNECTED);
    } else if (problem.isPresent()) {
      conditions.set(
          Conditions.CONNECTED,
          Truth.FALSE,
          problem.get().reason(),
          problem.get().message(),
          snapshot.generation());
    } else {
      snapshot
          .look()
          .ifPresent(
              look ->
                  conditions.set(
                      Conditions.CONNECTED,
                      Truth.TRUE,
                      Reason.Connected,
                      connected(look.server()),
                      snapshot.generation()));
    }
  }

  private static boolean saysNothingOfConnection(Reason reason) {
    return reason == Reason.SpecInvalid || reason == Reason.InternalError;
  }

  private static String connected(ServerInfo server) {
    String text = "Connected as %s to PostgreSQL %s".formatted(server.user(), server.version());
    return server.statistics()
        ? text + "."
        : text
            + ", without pg_read_all_stats: the ages of other sessions are unknown, and"
            + " safety.buildTimeout alone bounds how long a build waits for them.";
  }

  private static void timescale(
      Conditions conditions, ServerInfo.Timescale timescale, long generation) {
    String version = timescale.version().orElse("");
    switch (timescale.edition()) {
      case COMMUNITY ->
          conditions.set(
              Conditions.TIMESCALE,
              Truth.TRUE,
              Reason.TimescaleCommunity,
              "TimescaleDB " + version + " community is there.",
              generation);
      case APACHE ->
          conditions.set(
              Conditions.TIMESCALE,
              Truth.FALSE,
              Reason.TimescaleLicense,
              "TimescaleDB "
                  + version
                  + " runs under the Apache licence, which has no policies, no compression and no"
                  + " continuous aggregates; indexes and materialized views are made, the rest is"
                  + " left out.",
              generation);
      case NONE ->
          conditions.set(
              Conditions.TIMESCALE,
              Truth.FALSE,
              Reason.TimescaleMissing,
              "TimescaleDB is not created in the database; indexes and materialized views are"
                  + " made, hypertables, policies and continuous aggregates are left out.",
              generation);
      case BROKEN ->
          conditions.set(
              Conditions.TIMESCALE,
              Truth.FALSE,
              Reason.TimescaleMissing,
              "TimescaleDB is created in the database, but its library cannot be loaded; nothing"
                  + " is changed until the library of version "
                  + version
                  + " is installed.",
              generation);
    }
  }

  private static DatabaseStatus database(ServerInfo server) {
    return new DatabaseStatus(
        server.version(),
        server.timescale().version().orElse(null),
        switch (server.timescale().edition()) {
          case COMMUNITY -> "timescale";
          case APACHE -> "apache";
          case NONE, BROKEN -> null;
        },
        server.systemIdentifier().orElse(null));
  }

  private static TenantsStatus tenants(Look look) {
    return new TenantsStatus(
        look.tenants(),
        look.count(TenantState.SYNCED),
        look.count(TenantState.PENDING),
        look.count(TenantState.DRIFTED),
        look.count(TenantState.FAILED),
        look.count(TenantState.WAITING),
        look.count(TenantState.SKIPPED));
  }

  private static List<FailureStatus> failures(Look look) {
    return orNothing(
        look.failures().stream().sorted(Comparator.comparing(Failure::since)).toList(),
        StatusWriter::failure);
  }

  private static FailureStatus failure(Failure failure) {
    return new FailureStatus(
        failure.schema(),
        emptyToNothing(failure.object()),
        failure.reason().name(),
        emptyToNothing(failure.sqlState()),
        Texts.cutInTheMiddle(failure.message(), FAILURE),
        Times.text(failure.since()));
  }

  private static PlanStatus plan(Look look) {
    PlanSummary plan = look.plan();
    return plan.empty()
        ? null
        : new PlanStatus(
            plan.hash(),
            plan.creates(),
            plan.changes(),
            plan.destructive(),
            orNothing(plan.templates(), StatusWriter::template));
  }

  private static TemplateStatus template(PlanSummary.Line line) {
    Difference shown = Difference.of(line.before(), line.after(), DEFINITION);
    return new TemplateStatus(
        line.kind(),
        line.object(),
        Texts.cut(shown.before(), LONGEST_DEFINITION),
        Texts.cut(shown.after(), LONGEST_DEFINITION),
        line.hazard(),
        line.tenants());
  }

  private static ConvergenceStatus convergence(Remembered had) {
    return new ConvergenceStatus(
        had.generation(),
        had.convergence().database(),
        had.convergence().declarations(),
        had.convergence().except().isEmpty() ? null : had.convergence().except(),
        had.convergence().digests());
  }

  private static List<ProgressStatus> progress(List<BuildProgress> builds) {
    return orNothing(builds.stream().limit(BUILDS).toList(), StatusWriter::progress);
  }

  private static ProgressStatus progress(BuildProgress build) {
    return new ProgressStatus(
        build.schema(),
        build.object(),
        build.percent().isPresent() ? Integer.valueOf(build.percent().getAsInt()) : null,
        build.phase(),
        build.blocker().map(blocker -> Texts.cut(blocker.text(), MESSAGE)).orElse(null));
  }

  /** An empty list is left out: it would come back from the API as nothing, and look different. */
  private static <A, B> List<B> orNothing(List<A> items, Function<A, B> map) {
    return items.isEmpty() ? null : items.stream().limit(LISTED).map(map).toList();
  }

  private static String emptyToNothing(String text) {
    return text.isEmpty() ? null : text;
  }

  private static <T> T kept(
      Optional<TenantDatabaseStatus> before, Function<TenantDatabaseStatus, T> field) {
    return before.map(field).orElse(null);
  }
}
