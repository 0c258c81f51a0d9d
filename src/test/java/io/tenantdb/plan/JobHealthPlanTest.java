package io.tenantdb.plan;

import static org.assertj.core.api.Assertions.assertThat;

import io.tenantdb.model.Change;
import io.tenantdb.model.Desired.OnDestructive;
import io.tenantdb.model.DesiredAggregate.Fallback;
import io.tenantdb.model.DesiredHypertable;
import io.tenantdb.model.DesiredHypertable.Compression;
import io.tenantdb.model.DesiredHypertable.Convert;
import io.tenantdb.model.DesiredHypertable.Retention;
import io.tenantdb.model.Finding.Verdict;
import io.tenantdb.model.IntegerNow;
import io.tenantdb.model.JobState;
import io.tenantdb.model.Mark;
import io.tenantdb.model.Mark.Origin;
import io.tenantdb.model.Observed.OwnerRights;
import io.tenantdb.model.ObservedAggregate;
import io.tenantdb.model.ObservedAggregate.RefreshJob;
import io.tenantdb.model.ObservedHypertable;
import io.tenantdb.model.ObservedHypertable.Job;
import io.tenantdb.model.PolicyChange.AddPolicy;
import io.tenantdb.model.PolicyChange.AlterPolicy;
import io.tenantdb.model.PolicyKind;
import io.tenantdb.model.PolicyState;
import io.tenantdb.model.Reason;
import io.tenantdb.model.RefreshPolicyChange.AddRefreshPolicy;
import io.tenantdb.model.TenantPlan;
import io.tenantdb.model.TenantState;
import io.tenantdb.model.TimeSpan;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;

/** (declared policies, live jobs and the rights of their roles) → what is said of the jobs. */
class JobHealthPlanTest {

  private static final JobState SOUND = JobState.SOUND;
  private static final JobState INFINITE = new JobState(true, false, false, Optional.empty());
  private static final JobState GIVEN_UP = new JobState(false, true, false, Optional.empty());
  private static final JobState CUT_SHORT = new JobState(false, false, true, Optional.empty());
  private static final JobState FAILING =
      new JobState(false, false, false, Optional.of(new JobState.Failing(4, "42883")));

  /**
   * @param words the finding has all of them; none is expected where it is empty
   */
  private record Row(
      String says,
      Consumer<World> world,
      List<Class<? extends Change>> changes,
      TenantState state,
      Optional<Reason> reason,
      List<String> words) {}

  private static Row sound(
      String says, Consumer<World> world, List<Class<? extends Change>> changes) {
    return new Row(
        says,
        world,
        changes,
        changes.isEmpty() ? TenantState.SYNCED : TenantState.PENDING,
        Optional.empty(),
        List.of());
  }

  private static Row failed(String says, Consumer<World> world, Reason reason, String... words) {
    return new Row(says, world, List.of(), TenantState.FAILED, Optional.of(reason), List.of(words));
  }

  private static Row noted(String says, Consumer<World> world, Reason reason, String... words) {
    return new Row(says, world, List.of(), TenantState.SYNCED, Optional.of(reason), List.of(words));
  }

  /** Integer time under compression and retention, each declared and live as the test says. */
  private static Consumer<World> integerTime(
      IntegerNow now, boolean compressed, boolean retained, Job... jobs) {
    return w -> {
      w.onDestructive = OnDestructive.ALLOW;
      w.timeType = "bigint";
      w.hypertable = Optional.of(hypertable(true, now, jobs));
      w.hypertables.add(
          declared(
              compressed ? Optional.of(compression("2000")) : Optional.empty(),
              retained ? Optional.of(retention("5000")) : Optional.empty()));
    };
  }

  /** Compression after 30 days and retention of 2 years, as declared but for their state. */
  private static Consumer<World> jobs(Job... jobs) {
    return w -> {
      w.hypertable = Optional.of(hypertable(false, IntegerNow.NOT_NEEDED, jobs));
      w.hypertables.add(
          declared(
              Optional.of(compression("30 days")).filter(c -> has(PolicyKind.COMPRESSION, jobs)),
              Optional.of(retention("2 years")).filter(r -> has(PolicyKind.RETENTION, jobs))));
    };
  }

  private static boolean has(PolicyKind kind, Job... jobs) {
    return Stream.of(jobs).anyMatch(job -> job.kind() == kind);
  }

  private static ObservedHypertable hypertable(boolean integer, IntegerNow now, Job... jobs) {
    return new ObservedHypertable(
        "ts",
        integer,
        integer ? new TimeSpan.Whole(1000) : World.span("7 days"),
        true,
        Optional.empty(),
        Optional.empty(),
        0,
        Optional.empty(),
        List.of(jobs),
        Set.of("ts"),
        now);
  }

  private static DesiredHypertable declared(
      Optional<Compression> compression, Optional<Retention> retention) {
    return World.wantedHypertable(Convert.NEVER, null, compression, retention);
  }

  private static Compression compression(String after) {
    return new Compression(
        PolicyState.PRESENT,
        Optional.of(World.span(after)),
        Optional.empty(),
        Optional.empty(),
        Optional.empty(),
        "00000000000000c0");
  }

  private static Retention retention(String dropAfter) {
    return World.retention(dropAfter);
  }

  private static Job compresses(String owner, boolean scheduled, JobState state) {
    return job(PolicyKind.COMPRESSION, "30 days", owner, scheduled, state);
  }

  private static Job drops(String owner, boolean scheduled, JobState state) {
    return job(PolicyKind.RETENTION, "2 years", owner, scheduled, state);
  }

  private static Job job(
      PolicyKind kind, String after, String owner, boolean scheduled, JobState state) {
    String spec = kind == PolicyKind.COMPRESSION ? "00000000000000c0" : "00000000000000d0";
    return new Job(
        1000,
        kind,
        Optional.of(World.span(after)),
        "1 day",
        scheduled,
        owner,
        Optional.of(World.policyMark(kind, spec)),
        state);
  }

  private static Consumer<World> role(String name, OwnerRights rights) {
    return w -> w.owners.put(name, rights);
  }

  private static OwnerRights rights(
      boolean login, boolean connect, boolean callsPolicies, String... actsFor) {
    return new OwnerRights(login, false, true, connect, callsPolicies, Set.of(actsFor));
  }

  /** The aggregate {@code daily} with our refresh policy, as declared but for its state. */
  private static Consumer<World> refreshed(
      IntegerNow now, List<String> unreadable, RefreshJob... jobs) {
    return w -> {
      Daily.declare(w, Fallback.SKIP, Daily.REFRESH);
      ObservedAggregate live =
          Daily.continuous(Daily.TEXT, Optional.of(Daily.mark(Origin.MADE, true)), jobs);
      Daily.stands(
          w,
          new ObservedAggregate(
              live.oid(),
              live.name(),
              live.kind(),
              live.owner(),
              live.definition(),
              live.populated(),
              live.materializedOnly(),
              live.materialization(),
              live.jobs(),
              live.comment(),
              live.mark(),
              now,
              unreadable));
    };
  }

  private static RefreshJob refreshes(
      int id, String start, String owner, JobState state, Optional<Mark> mark) {
    return new RefreshJob(
        id,
        Optional.of(World.span(start)),
        Optional.of(World.span("01:00:00")),
        "01:00:00",
        true,
        owner,
        mark,
        state);
  }

  private static RefreshJob ours(String owner, JobState state) {
    return refreshes(1001, "7 d", owner, state, Optional.of(Daily.refreshMark(Daily.REFRESH_SPEC)));
  }

  private static final List<Row> TABLE =
      List.of(
          failed(
              "compression of integer time without a function: not made",
              integerTime(IntegerNow.UNSET, true, false),
              Reason.JobCannotRun,
              "tenant_a: t compression cannot run: t has integer time and no integer_now function",
              "SELECT set_integer_now_func('\"tenant_a\".\"t\"', <function>)"),
          failed(
              "retention of integer time without a function: not made",
              integerTime(IntegerNow.UNSET, false, true),
              Reason.JobCannotRun,
              "t retention cannot run",
              "set_integer_now_func"),
          failed(
              "the function is gone: not made",
              integerTime(IntegerNow.UNUSABLE, false, true),
              Reason.JobCannotRun,
              "the integer_now function of t is gone",
              "replace_if_exists => true"),
          sound(
              "with a function: made",
              integerTime(IntegerNow.SET, true, true),
              List.of(AddPolicy.class, AddPolicy.class)),
          failed(
              "a live job of integer time without a function, as declared",
              integerTime(
                  IntegerNow.UNSET,
                  true,
                  false,
                  job(PolicyKind.COMPRESSION, "2000", "app", true, SOUND)),
              Reason.JobCannotRun,
              "t compression cannot run"),
          failed(
              "a live job without a function: its other lag is not written either",
              integerTime(
                  IntegerNow.UNUSABLE,
                  false,
                  true,
                  job(PolicyKind.RETENTION, "7000", "app", true, SOUND)),
              Reason.JobCannotRun,
              "t retention cannot run"),
          noted(
              "a live job of integer time without a function, of a kind that is not declared",
              integerTime(
                  IntegerNow.UNSET,
                  false,
                  false,
                  World.job(PolicyKind.RETENTION, "7000", Optional.empty())),
              Reason.JobCannotRun,
              "t retention cannot run"),
          failed(
              "a policy's job of the table's former owner, as declared",
              jobs(drops("former", true, SOUND)),
              Reason.InsufficientPrivilege,
              "job 1000 (t retention) belongs to former, t to app",
              "SELECT remove_retention_policy('\"tenant_a\".\"t\"') as app"),
          failed(
              "a former owner that has other rights",
              jobs(compresses("former", true, SOUND))
                  .andThen(role("former", rights(true, true, true, "other"))),
              Reason.InsufficientPrivilege,
              "SELECT remove_compression_policy"),
          sound(
              "a former owner that has the rights of the present one",
              jobs(drops("former", true, SOUND))
                  .andThen(role("former", rights(true, true, true, "app"))),
              List.of()),
          noted(
              "a paused job of a former owner",
              jobs(drops("former", false, SOUND)),
              Reason.JobPaused,
              "job 1000 (t retention) is paused by a person and stays so"),
          failed(
              "a live job whose owner lost LOGIN",
              jobs(drops("app", true, SOUND)).andThen(role("app", rights(false, true, true))),
              Reason.OwnerCannotLogin,
              "job 1000 (t retention) cannot run",
              "ALTER ROLE \"app\" LOGIN"),
          failed(
              "a live job whose owner lost CONNECT",
              jobs(drops("app", true, SOUND)).andThen(role("app", rights(true, false, true))),
              Reason.InsufficientPrivilege,
              "GRANT CONNECT ON DATABASE … TO \"app\""),
          failed(
              "a live job whose owner may not call the procedures",
              jobs(drops("app", true, SOUND)).andThen(role("app", rights(true, true, false))),
              Reason.InsufficientPrivilege,
              "GRANT USAGE ON SCHEMA _timescaledb_functions TO \"app\""),
          failed(
              "compression looks its hypertable up by name",
              jobs(compresses("app", true, SOUND)).andThen(w -> w.enterableBy.clear()),
              Reason.InsufficientPrivilege,
              "GRANT USAGE ON SCHEMA \"tenant_a\" TO \"app\""),
          sound(
              "retention does not",
              jobs(drops("app", true, SOUND)).andThen(w -> w.enterableBy.clear()),
              List.of()),
          failed(
              "given up by TimescaleDB",
              jobs(drops("app", false, GIVEN_UP)),
              Reason.JobCannotRun,
              "was given up by TimescaleDB",
              "SELECT alter_job(1000, scheduled => true)"),
          failed(
              "ended too early",
              jobs(drops("app", true, CUT_SHORT)),
              Reason.JobCannotRun,
              "SELECT alter_job(1000, max_runtime => interval '0')"),
          failed(
              "failing for whatever reason",
              jobs(drops("app", true, FAILING)),
              Reason.JobCannotRun,
              "failed at its last 4 runs, with SQLSTATE 42883",
              "SELECT alter_job(1000, next_start => now())"),
          noted(
              "never to start",
              jobs(drops("app", true, INFINITE)),
              Reason.JobPaused,
              "has next_start infinity"),
          sound("as declared and sound", jobs(drops("app", true, SOUND)), List.of()),
          failed(
              "a refresh without a function",
              refreshed(IntegerNow.UNSET, List.of(), ours("app", SOUND)),
              Reason.JobCannotRun,
              "daily refresh cannot run: t has integer time"),
          failed(
              "a refresh whose owner may not read",
              refreshed(IntegerNow.NOT_NEEDED, List.of("SELECT on t"), ours("app", SOUND)),
              Reason.InsufficientPrivilege,
              "daily refresh cannot run: app, the owner of the aggregate, lacks SELECT on t"),
          failed(
              "a refresh of a former owner",
              refreshed(IntegerNow.NOT_NEEDED, List.of(), ours("former", SOUND)),
              Reason.InsufficientPrivilege,
              "SELECT remove_continuous_aggregate_policy('\"tenant_a\".\"daily\"') as app"),
          failed(
              "a failing refresh",
              refreshed(IntegerNow.NOT_NEEDED, List.of(), ours("app", FAILING)),
              Reason.JobCannotRun,
              "job 1001 (daily refresh) failed at its last 4 runs"),
          noted(
              "a failing refresh beside ours",
              refreshed(
                  IntegerNow.NOT_NEEDED,
                  List.of(),
                  ours("app", SOUND),
                  refreshes(1002, "400 days", "app", FAILING, Optional.empty())),
              Reason.JobCannotRun,
              "job 1002 (daily refresh) failed at its last 4 runs"),
          failed(
              "a refresh that is yet to be added, and could not run",
              refreshed(IntegerNow.UNUSABLE, List.of()),
              Reason.JobCannotRun,
              "daily refresh cannot run"),
          sound(
              "a refresh that is yet to be added, and could",
              refreshed(IntegerNow.SET, List.of()),
              List.of(AddRefreshPolicy.class)));

  @TestFactory
  Stream<DynamicTest> whatCannotRunIsSaid() {
    return TABLE.stream().map(row -> DynamicTest.dynamicTest(row.says(), () -> check(row)));
  }

  private static void check(Row row) {
    World world = new World();
    row.world().accept(world);

    TenantPlan plan = world.tenantPlan();

    assertThat(plan.changes())
        .extracting(change -> (Object) change.getClass())
        .isEqualTo(List.<Object>copyOf(row.changes()));
    assertThat(plan.findings().stream().map(f -> f.reason()).toList())
        .isEqualTo(row.reason().stream().toList());
    plan.findings().forEach(f -> assertThat(f.message()).contains(row.words()));
    assertThat(plan.findings())
        .allSatisfy(
            f ->
                assertThat(f.verdict())
                    .isEqualTo(row.state() == TenantState.FAILED ? Verdict.FAILED : Verdict.NOTE));
    assertThat(plan.state()).isEqualTo(row.state());
  }

  @TestFactory
  Stream<DynamicTest> whatIsDueIsChangedAllTheSame() {
    return Stream.of(
            jobs(drops("app", true, FAILING)),
            jobs(drops("app", true, SOUND)).andThen(role("app", rights(false, true, true))))
        .map(
            live ->
                DynamicTest.dynamicTest(
                    "a longer retention reaches a job before it can run again",
                    () -> {
                      World world = new World();
                      live.accept(world);
                      world.hypertables.clear();
                      world.hypertables.add(
                          declared(Optional.empty(), Optional.of(retention("7 years"))));

                      TenantPlan plan = world.tenantPlan();

                      assertThat(plan.changes()).hasOnlyElementsOfType(AlterPolicy.class);
                      assertThat(plan.changes()).hasSize(1);
                      assertThat(plan.state()).isEqualTo(TenantState.FAILED);
                    }));
  }
}
