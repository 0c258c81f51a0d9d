package io.tenantdb.plan;

import io.tenantdb.model.Canonical;
import io.tenantdb.model.Declaration;
import io.tenantdb.model.Desired;
import io.tenantdb.model.DesiredAggregate;
import io.tenantdb.model.DesiredAggregate.Refresh;
import io.tenantdb.model.Finding.Verdict;
import io.tenantdb.model.IntegerNow;
import io.tenantdb.model.Mark;
import io.tenantdb.model.ObservedAggregate;
import io.tenantdb.model.ObservedAggregate.RefreshJob;
import io.tenantdb.model.ObservedHypertable;
import io.tenantdb.model.ObservedTable;
import io.tenantdb.model.Reason;
import io.tenantdb.model.RefreshPolicyChange;
import io.tenantdb.model.RefreshPolicyChange.AddRefreshPolicy;
import io.tenantdb.model.RefreshPolicyChange.AlterRefreshPolicy;
import io.tenantdb.model.ServerInfo.Timescale;
import io.tenantdb.model.TimeSpan;
import java.util.List;
import java.util.Optional;
import java.util.function.Predicate;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** Plans the refresh policy of a continuous aggregate. */
final class RefreshPolicyPlanner {

  private static final long MICROS_PER_SECOND = 1_000_000;

  private final Desired desired;
  private final Canonical canonical;
  private final Timescale timescale;
  private final String extensionSchema;

  RefreshPolicyPlanner(Desired desired, Canonical canonical, Timescale timescale) {
    this.desired = desired;
    this.canonical = canonical;
    this.timescale = timescale;
    this.extensionSchema = timescale.schema().orElseThrow();
  }

  /** True where the server alters no job of such an aggregate without a detour over its source. */
  boolean needsDetour(AggregateTask task) {
    return !timescale.altersHierarchies()
        && task.source().kind() == ObservedTable.Kind.CONTINUOUS_AGGREGATE;
  }

  /** The detour goes only where the source belongs to the owner of the aggregate too. */
  private boolean isUnalterable(AggregateTask task, ObservedTable relation) {
    return needsDetour(task) && !task.source().owner().equals(relation.owner());
  }

  /** The mark of the policy's job. */
  Mark mark(DesiredAggregate aggregate, Refresh refresh, Mark.Origin origin) {
    return new Mark(
        desired.ownerId(), Mark.REFRESH, aggregate.name(), refresh.specHash(), origin, false);
  }

  /** When the policy runs first, or after a change of its schedule. */
  long startInSeconds(TenantDraft draft, Refresh refresh) {
    return draft.startInSeconds(canonical.interval(refresh.every()).micros() / MICROS_PER_SECOND);
  }

  /** True where the policy of one that is to be made could run; else says why it could not. */
  boolean couldRun(AggregateTask task) {
    return JobHealth.of(task.draft(), task.source(), integerNow(task)).couldRun(object(task));
  }

  private static IntegerNow integerNow(AggregateTask task) {
    ObservedTable source = task.source();
    return source
        .hypertable()
        .map(ObservedHypertable::integerNow)
        .or(() -> task.draft().tenant().aggregate(source.name()).map(ObservedAggregate::integerNow))
        .orElseGet(
            () ->
                task.form().bucket().filter(TimeSpan.Whole.class::isInstance).isPresent()
                    ? IntegerNow.UNSET
                    : IntegerNow.NOT_NEEDED);
  }

  /** Plans the policy of a live aggregate. */
  void plan(AggregateTask task, ObservedTable relation, ObservedAggregate live, Refresh refresh) {
    Optional<RefreshJob> job = job(task, live.jobs(), refresh);
    JobHealth health = JobHealth.of(task.draft(), relation, live, task.source());
    live.jobs().stream()
        .filter(other -> other.scheduled() && !Optional.of(other).equals(job))
        .forEach(other -> health.look(object(task), other, Verdict.NOTE));
    if (job.isPresent()) {
      alter(task, relation, health, job.get(), refresh);
    } else if (!live.jobs().isEmpty()) {
      task.draft()
          .find(
              task.draft().wasAsDeclared(Declaration.refresh(task.aggregate(), refresh))
                  ? Verdict.DRIFTED
                  : Verdict.REFUSED,
              object(task),
              Reason.DefinitionDiffers,
              "aggregate "
                  + task.name()
                  + " has several refresh policies, and none is as declared: jobs "
                  + live.jobs().stream()
                      .map(j -> Integer.toString(j.id()))
                      .collect(Collectors.joining(", "))
                  + "; delete_job those that are not needed.");
    } else if (health.couldRun(object(task))) {
      task.draft()
          .change(
              relation,
              new AddRefreshPolicy(
                  task.draft().target(relation),
                  refresh,
                  startInSeconds(task.draft(), refresh),
                  mark(task.aggregate(), refresh, Mark.Origin.MADE),
                  extensionSchema,
                  task.draft().wasAsDeclared(Declaration.refresh(task.aggregate(), refresh)),
                  needsDetour(task)));
    }
  }

  /** Which of the jobs is the declared one: ours, else the only one, else one of equal offsets. */
  private Optional<RefreshJob> job(AggregateTask task, List<RefreshJob> jobs, Refresh refresh) {
    Stream<Predicate<RefreshJob>> rules =
        Stream.of(
            job -> isOurs(task, job),
            job -> jobs.size() == 1,
            job -> job.mark().isEmpty() && sameOffsets(refresh, job));
    return rules.flatMap(rule -> jobs.stream().filter(rule)).findFirst();
  }

  private boolean isOurs(AggregateTask task, RefreshJob job) {
    return job.mark()
        .filter(
            m ->
                m.owner().equals(desired.ownerId())
                    && m.name().equals(Mark.REFRESH)
                    && m.table().equals(task.name()))
        .isPresent();
  }

  /** Says of the jobs of one that is to have no policy which of them cannot run. */
  void look(AggregateTask task, ObservedTable relation, ObservedAggregate live) {
    JobHealth health = JobHealth.of(task.draft(), relation, live, task.source());
    live.jobs().stream()
        .filter(RefreshJob::scheduled)
        .forEach(job -> health.look(object(task), job, Verdict.NOTE));
  }

  private void alter(
      AggregateTask task,
      ObservedTable relation,
      JobHealth health,
      RefreshJob job,
      Refresh refresh) {
    TenantDraft draft = task.draft();
    String object = object(task);
    Optional<Mark> foreign = job.mark().filter(m -> !m.owner().equals(desired.ownerId()));
    if (foreign.isPresent()) {
      draft.find(
          Verdict.FAILED,
          object,
          Reason.Conflict,
          "the refresh policy of "
              + task.name()
              + " belongs to "
              + foreign.get().owner()
              + "; declare it in one resource only.");
      return;
    }
    if (!health.look(object, job, Verdict.FAILED)) {
      return;
    }
    boolean offsets = !sameOffsets(refresh, job);
    Optional<String> every =
        Optional.of(refresh.every()).filter(e -> !fields(e).equals(fields(job.every())));
    Mark mark =
        mark(task.aggregate(), refresh, job.mark().map(Mark::origin).orElse(Mark.Origin.ADOPTED));
    boolean differs = offsets || every.isPresent();
    Declaration declaration = Declaration.refresh(task.aggregate(), refresh);
    if (!differs) {
      draft.asDeclared(declaration);
      if (job.mark().equals(Optional.of(mark))) {
        return;
      }
    }
    if (isUnalterable(task, relation)) {
      // Without its mark, which can be written once the server is updated, it is ours all the same.
      if (differs) {
        draft.find(
            Verdict.FAILED,
            object,
            Reason.NotSupported,
            "job "
                + job.id()
                + " ("
                + object
                + ") cannot be changed: alter_job of TimescaleDB "
                + timescale.version().orElse("")
                + " refuses the jobs of aggregates over aggregates, and "
                + task.source().name()
                + " belongs to another role; ALTER EXTENSION timescaledb UPDATE to 2.23.1 or later, or"
                + " remove the policy, and it is made anew.");
      }
      return;
    }
    if (!job.owner().equals(relation.owner())) {
      draft.find(
          Verdict.FAILED,
          object,
          Reason.InsufficientPrivilege,
          "job "
              + job.id()
              + " ("
              + object
              + ") belongs to "
              + job.owner()
              + ", the aggregate to "
              + relation.owner()
              + "; remove the policy, and it will be made anew for the aggregate's owner.");
      return;
    }
    draft.change(
        relation,
        new AlterRefreshPolicy(
            draft.target(relation),
            job.id(),
            refresh,
            offsets,
            every,
            startInSeconds(draft, refresh),
            mark,
            differs
                ? describe(job)
                : "as declared, " + (job.mark().isPresent() ? "stale mark" : "unmarked"),
            differs ? RefreshPolicyChange.describe(refresh) : "marked",
            extensionSchema,
            differs && draft.wasAsDeclared(declaration, job.mark()),
            needsDetour(task)));
  }

  private static String object(AggregateTask task) {
    return task.name() + " refresh";
  }

  private static String describe(RefreshJob job) {
    return "every "
        + job.every()
        + ", from "
        + job.startOffset().map(offset -> offset.text() + " ago").orElse("the beginning")
        + " to "
        + job.endOffset().map(offset -> offset.text() + " ago").orElse("the end");
  }

  private boolean sameOffsets(Refresh refresh, RefreshJob job) {
    return same(refresh.startOffset(), job.startOffset())
        && same(Optional.of(refresh.endOffset()), job.endOffset());
  }

  /** Field by field: {@code 1 month} is not {@code 30 days}, they refresh different buckets. */
  private boolean same(Optional<TimeSpan> wanted, Optional<TimeSpan> live) {
    if (wanted.isPresent()
        && live.isPresent()
        && wanted.get() instanceof TimeSpan.Interval
        && live.get() instanceof TimeSpan.Interval) {
      return fields(wanted.get().text()).equals(fields(live.get().text()));
    }
    return wanted.equals(live);
  }

  private String fields(String interval) {
    return canonical.interval(interval).fields();
  }
}
