package io.tenantdb.plan;

import io.tenantdb.model.Canonical;
import io.tenantdb.model.CanonicalInterval;
import io.tenantdb.model.Declaration;
import io.tenantdb.model.Desired;
import io.tenantdb.model.DesiredHypertable;
import io.tenantdb.model.DesiredHypertable.Retention;
import io.tenantdb.model.Finding.Verdict;
import io.tenantdb.model.HypertableChange.SetCompression;
import io.tenantdb.model.IntegerNow;
import io.tenantdb.model.Mark;
import io.tenantdb.model.ObservedHypertable.Job;
import io.tenantdb.model.ObservedTable;
import io.tenantdb.model.PolicyChange.AddPolicy;
import io.tenantdb.model.PolicyChange.AlterPolicy;
import io.tenantdb.model.PolicyChange.RemovePolicy;
import io.tenantdb.model.PolicyKind;
import io.tenantdb.model.PolicyState;
import io.tenantdb.model.Reason;
import io.tenantdb.model.ServerInfo;
import io.tenantdb.model.TimeSpan;
import java.util.Optional;

/** Plans the policies of one hypertable of one tenant. */
final class PolicyPlanner {

  private final Desired desired;
  private final Canonical canonical;
  private final TenantDraft draft;
  private final ObservedTable table;
  private final DesiredHypertable wanted;
  private final boolean integerTime;
  private final IntegerNow integerNow;
  private final String extensionSchema;
  private final CompressionSettingsPlanner settings;
  private final PolicyRun run;

  PolicyPlanner(
      Desired desired,
      ServerInfo server,
      Canonical canonical,
      TenantDraft draft,
      ObservedTable table,
      DesiredHypertable wanted,
      boolean integerTime,
      IntegerNow integerNow) {
    this.desired = desired;
    this.canonical = canonical;
    this.draft = draft;
    this.table = table;
    this.wanted = wanted;
    this.integerTime = integerTime;
    this.integerNow = integerNow;
    this.extensionSchema = server.timescale().schema().orElseThrow();
    this.run = new PolicyRun(canonical, draft, table, wanted.timeColumn());
    this.settings = new CompressionSettingsPlanner(draft, table, wanted.timeColumn());
  }

  /** What a spec says of one policy, whichever it is. */
  private record Declared(
      PolicyKind kind,
      PolicyState state,
      Optional<TimeSpan> lag,
      Optional<String> every,
      String specHash,
      String lagField) {}

  void plan() {
    wanted
        .compression()
        .ifPresent(
            c -> {
              if (isAnothers(PolicyKind.COMPRESSION)
                  || (c.state() == PolicyState.PRESENT && !settings.plan(c))) {
                return;
              }
              policy(
                  new Declared(
                      PolicyKind.COMPRESSION,
                      c.state(),
                      c.after(),
                      c.every(),
                      c.specHash(),
                      "compression.after"));
            });
    wanted
        .retention()
        .filter(retention -> !isAnothers(PolicyKind.RETENTION))
        .ifPresent(this::retention);
    undeclared();
  }

  private void retention(Retention retention) {
    if (retention.state() == PolicyState.PRESENT && draft.holdsRetention(table)) {
      job(PolicyKind.RETENTION).ifPresent(job -> look(job, Verdict.FAILED));
      return;
    }
    policy(
        new Declared(
            PolicyKind.RETENTION,
            retention.state(),
            retention.dropAfter(),
            retention.every(),
            retention.specHash(),
            "retention.dropAfter"));
  }

  /** What is not managed is no trouble of the tenant's, but worth a word where it cannot run. */
  private void undeclared() {
    table.hypertable().stream()
        .flatMap(hypertable -> hypertable.jobs().stream())
        .filter(job -> !wanted.declares(job.kind()))
        .filter(Job::scheduled)
        .forEach(job -> look(job, Verdict.NOTE));
  }

  private Optional<Job> job(PolicyKind kind) {
    return table.hypertable().flatMap(hypertable -> hypertable.job(kind));
  }

  private boolean look(Job job, Verdict verdict) {
    // What goes by the creation of chunks does not ask for the time of their rows.
    IntegerNow needs = job.after().isPresent() ? integerNow : IntegerNow.NOT_NEEDED;
    return JobHealth.of(draft, table, job.kind().markName(), needs)
        .look(object(job.kind()), job, verdict);
  }

  private String object(PolicyKind kind) {
    return table.name() + " " + kind.markName();
  }

  /** True where another owner's mark is on the policy; says so. */
  private boolean isAnothers(PolicyKind kind) {
    Optional<Mark> foreign =
        job(kind).flatMap(Job::mark).filter(m -> !m.owner().equals(desired.ownerId()));
    foreign.ifPresent(
        mark ->
            draft.find(
                Verdict.FAILED,
                object(kind),
                Reason.Conflict,
                "the "
                    + kind.markName()
                    + " policy of "
                    + table.name()
                    + " belongs to "
                    + mark.owner()
                    + "; declare it in one resource only."));
    return foreign.isPresent();
  }

  private void policy(Declared declared) {
    Optional<Job> job = job(declared.kind());
    String object = object(declared.kind());
    Declaration declaration = declaration(declared);
    if (declared.state() == PolicyState.ABSENT) {
      if (job.isEmpty()) {
        draft.asDeclared(declaration);
      }
      job.ifPresent(
          j ->
              draft.change(
                  table,
                  new RemovePolicy(
                      draft.target(table),
                      declared.kind(),
                      describe(j),
                      extensionSchema,
                      draft.wasAsDeclared(declaration))));
      return;
    }
    TimeSpan lag = declared.lag().orElseThrow();
    if (lag instanceof TimeSpan.Whole != integerTime) {
      HypertablePlanner.typeDiffers(draft, table, declared.lagField(), lag, integerTime);
    } else if (job.isPresent()) {
      alter(declared, lag, job.get(), object);
    } else {
      add(declared, lag, object);
    }
  }

  private void add(Declared declared, TimeSpan lag, String object) {
    if (!JobHealth.of(draft, table, declared.kind().markName(), integerNow).couldRun(object)) {
      return;
    }
    draft.change(
        table,
        new AddPolicy(
            draft.target(table),
            declared.kind(),
            lag,
            declared.every(),
            run.startInSeconds(declared.kind(), declared.every()),
            mark(declared, Mark.Origin.MADE),
            extensionSchema,
            run.dropsChunks(
                declared.kind(), lag, run.startInSeconds(declared.kind(), declared.every())),
            draft.wasAsDeclared(declaration(declared))));
  }

  private void alter(Declared declared, TimeSpan lag, Job job, String object) {
    boolean changeable = look(job, Verdict.FAILED);
    if (job.after().isEmpty()) {
      draft.find(
          draft.wasAsDeclared(declaration(declared), job.mark())
              ? Verdict.DRIFTED
              : Verdict.REFUSED,
          object,
          Reason.DefinitionDiffers,
          "the "
              + declared.kind().markName()
              + " policy of "
              + table.name()
              + " goes by the creation of chunks, not by their data; remove it, and it will be made anew.");
      return;
    }
    if (!changeable) {
      return;
    }
    boolean lagDiffers = !sameFields(lag, job.after().get());
    Optional<String> every = declared.every().filter(e -> !fields(e).equals(fields(job.every())));
    Mark mark = mark(declared, job.mark().map(Mark::origin).orElse(Mark.Origin.ADOPTED));
    boolean differs = lagDiffers || every.isPresent();
    if (!differs) {
      draft.asDeclared(declaration(declared));
      if (job.mark().equals(Optional.of(mark))) {
        return;
      }
    }
    if (!job.owner().equals(table.owner())) {
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
              + ", the table to "
              + table.owner()
              + "; remove the policy, and it will be made anew for the table's owner.");
      return;
    }
    boolean shorter = lagDiffers && shorter(lag, job.after().get());
    AlterPolicy alter =
        new AlterPolicy(
            draft.target(table),
            declared.kind(),
            job.id(),
            lagDiffers ? Optional.of(lag) : Optional.empty(),
            every,
            run.startInSeconds(declared.kind(), declared.every()),
            mark,
            differs ? describe(job) : "as declared, " + marking(job),
            differs ? describe(declared, lag, job) : "marked",
            extensionSchema,
            shorter,
            shorter && run.dropsChunks(declared.kind(), lag, run.secondsToNext(job, every)),
            differs && draft.wasAsDeclared(declaration(declared), job.mark()));
    Optional<SetCompression> settings =
        declared.kind() == PolicyKind.COMPRESSION && !differs
            ? plannedSettings()
            : Optional.empty();
    settings.ifPresentOrElse(
        set -> draft.replace(set, set.marking(alter)), () -> draft.change(table, alter));
  }

  private Optional<SetCompression> plannedSettings() {
    return draft.changes().stream()
        .filter(SetCompression.class::isInstance)
        .map(SetCompression.class::cast)
        .filter(set -> set.target().table().equals(table.name()))
        .findFirst();
  }

  private Declaration declaration(Declared declared) {
    return Declaration.policy(table.name(), declared.kind(), declared.specHash());
  }

  private static String marking(Job job) {
    return job.mark().isPresent() ? "stale mark" : "unmarked";
  }

  private static String describe(Job job) {
    return "after " + job.after().map(TimeSpan::text).orElse("creation") + ", every " + job.every();
  }

  private static String describe(Declared declared, TimeSpan lag, Job job) {
    return "after " + lag.text() + ", every " + declared.every().orElse(job.every());
  }

  /** Field by field: {@code 1 month} is not {@code 30 days}, they drop different chunks. */
  private boolean sameFields(TimeSpan a, TimeSpan b) {
    if (a instanceof TimeSpan.Interval && b instanceof TimeSpan.Interval) {
      return fields(a.text()).equals(fields(b.text()));
    }
    return a.equals(b);
  }

  private String fields(String interval) {
    return canonical.interval(interval).fields();
  }

  private boolean shorter(TimeSpan wanted, TimeSpan live) {
    if (wanted instanceof TimeSpan.Whole w && live instanceof TimeSpan.Whole l) {
      return w.units() < l.units();
    }
    if (wanted instanceof TimeSpan.Interval && live instanceof TimeSpan.Interval) {
      // Equal by length but not by fields still moves the border: the reached dates decide.
      CanonicalInterval w = canonical.interval(wanted.text());
      return w.before().isAfter(canonical.interval(live.text()).before());
    }
    return true;
  }

  private Mark mark(Declared declared, Mark.Origin origin) {
    return new Mark(
        desired.ownerId(),
        declared.kind().markName(),
        table.name(),
        declared.specHash(),
        origin,
        false);
  }
}
