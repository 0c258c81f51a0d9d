package io.tenantdb.operator;

import static org.assertj.core.api.Assertions.assertThat;

import io.tenantdb.api.v1alpha1.TenantDatabaseStatus;
import io.tenantdb.database.ConnectionSettings;
import io.tenantdb.database.DatabaseException;
import io.tenantdb.fleet.Convergence;
import io.tenantdb.fleet.Gate;
import io.tenantdb.fleet.Outcome;
import io.tenantdb.fleet.PassListener;
import io.tenantdb.model.Change;
import io.tenantdb.model.ChangeResult;
import io.tenantdb.model.Desired;
import io.tenantdb.model.IndexReport;
import io.tenantdb.model.Observed;
import io.tenantdb.model.Plan;
import io.tenantdb.model.Reason;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.List;
import java.util.Optional;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import org.awaitility.Awaitility;
import org.awaitility.core.ConditionFactory;
import org.junit.jupiter.api.Test;

class WorkerTest {
  private static final Plan IN_SYNC = Scenes.plan(Scenes.inSync("tenant_a"));
  private static final Outcome CONVERGED = Scenes.outcome(IN_SYNC, List.of());

  private final ManualClock clock = new ManualClock();
  private final Script script = new Script();
  private final Ears ears = new Ears();
  private final Worker worker = worker(Memory.NONE);

  @Test
  void a_pass_is_made_at_once_and_its_outcome_is_the_snapshot() {
    script.then((desired, gate, listener) -> CONVERGED);

    submitAndWait(Scenes.work(1));

    assertThat(worker.snapshot().evaluated(1)).isTrue();
    assertThat(worker.snapshot().look().orElseThrow().converged()).isTrue();
    assertThat(ears.snapshots).isNotEmpty();
  }

  @Test
  void the_same_assignment_starts_no_pass_before_the_interval_is_over() {
    submitAndWait(Scenes.work(1));
    submitAndWait(Scenes.work(1));
    assertThat(script.passes).hasSize(1);

    clock.advance(Duration.ofMinutes(12));
    submitAndWait(Scenes.work(1));
    assertThat(script.passes).hasSize(2);
  }

  @Test
  void the_next_look_is_an_interval_away_give_or_take_a_tenth() {
    submitAndWait(Scenes.work(1));

    assertThat(worker.untilDue().orElseThrow())
        .isBetween(Duration.ofMinutes(9), Duration.ofMinutes(11));
  }

  @Test
  void the_usage_of_indexes_is_read_once_a_generation_has_settled_and_then_once_an_hour() {
    Change change = Scenes.missing("tenant_a");
    script.then(
        (desired, gate, listener) ->
            Scenes.outcome(Scenes.plan(Scenes.with("tenant_a", change)), List.of()));
    script.then(
        (desired, gate, listener) ->
            Scenes.settling(Scenes.outcome(Scenes.plan(Scenes.unsettled("tenant_a")), List.of())));
    submitAndWait(Scenes.work(1));
    assertThat(worker.snapshot().indexes()).isEmpty();
    clock.advance(Duration.ofMinutes(12));
    submitAndWait(Scenes.work(1));
    assertThat(worker.snapshot().indexes()).isEmpty();

    clock.advance(Duration.ofMinutes(12));
    submitAndWait(Scenes.work(1));
    assertThat(worker.snapshot().indexes()).contains(Scenes.report(1));

    clock.advance(Duration.ofMinutes(59));
    submitAndWait(Scenes.work(1));
    assertThat(script.passes).hasSize(4);
    assertThat(worker.snapshot().indexes()).contains(Scenes.report(1));

    clock.advance(Duration.ofMinutes(12));
    submitAndWait(Scenes.work(1));
    assertThat(worker.snapshot().indexes()).contains(Scenes.report(2));

    submitAndWait(Scenes.work(2));
    assertThat(worker.snapshot().indexes()).contains(Scenes.report(3));
  }

  @Test
  void a_fleet_that_never_settles_has_its_indexes_read_after_an_hour() {
    script.always(
        (desired, gate, listener) ->
            Scenes.outcome(
                Scenes.plan(Scenes.with("tenant_a", Scenes.missing("tenant_a"))), List.of()));
    submitAndWait(Scenes.work(1));
    assertThat(script.indexReports).hasValue(0);

    clock.advance(Duration.ofMinutes(61));
    submitAndWait(Scenes.work(1));
    assertThat(script.indexReports).hasValue(1);
  }

  @Test
  void usage_that_cannot_be_read_spoils_no_pass_and_is_read_again_an_hour_later() {
    script.indexesUnreadable = true;
    submitAndWait(Scenes.work(1));
    assertThat(worker.snapshot().problem()).isEmpty();
    assertThat(worker.snapshot().look()).isPresent();
    assertThat(worker.snapshot().indexes()).isEmpty();

    script.indexesUnreadable = false;
    clock.advance(Duration.ofMinutes(12));
    submitAndWait(Scenes.work(1));
    assertThat(script.indexReports).hasValue(1);

    clock.advance(Duration.ofMinutes(60));
    submitAndWait(Scenes.work(1));
    assertThat(worker.snapshot().indexes()).contains(Scenes.report(2));
  }

  @Test
  void what_is_known_of_the_indexes_outlives_a_pass_that_fails() {
    submitAndWait(Scenes.work(1));
    script.then(
        (desired, gate, listener) -> {
          throw new DatabaseException(Reason.ConnectionFailed, "08001", "Nobody listens.", null);
        });
    clock.advance(Duration.ofMinutes(12));
    submitAndWait(Scenes.work(1));

    assertThat(worker.snapshot().problem()).isPresent();
    assertThat(worker.snapshot().indexes()).contains(Scenes.report(1));
  }

  @Test
  void a_tenant_that_settles_brings_the_next_look_forward() {
    script.then(
        (desired, gate, listener) ->
            new Outcome(
                CONVERGED.observed(),
                IN_SYNC,
                IN_SYNC,
                List.of(),
                CONVERGED.states(),
                List.of(),
                Optional.empty(),
                Optional.of(Duration.ofSeconds(7))));

    submitAndWait(Scenes.work(1));

    assertThat(worker.untilDue()).contains(Duration.ofSeconds(7));
  }

  @Test
  void a_new_generation_closes_the_gate_and_is_looked_at_next() throws InterruptedException {
    Change change = Scenes.missing("tenant_a");
    CountDownLatch building = new CountDownLatch(1);
    CountDownLatch built = new CountDownLatch(1);
    Queue<Optional<Reason>> answers = new ConcurrentLinkedQueue<>();
    script.then(
        (desired, gate, listener) -> {
          answers.add(gate.closed(change));
          building.countDown();
          await(built);
          answers.add(gate.closed(change));
          return CONVERGED;
        });
    worker.submit(Scenes.work(1));
    building.await();
    worker.submit(Scenes.work(2));
    built.countDown();
    idle();

    assertThat(answers).containsExactly(Optional.empty(), Optional.of(Reason.Progressing));
    assertThat(script.passes).hasSize(2);
    assertThat(worker.snapshot().generation()).isEqualTo(2);
  }

  @Test
  void suspend_keeps_the_gate_closed_and_still_observes() {
    Queue<Optional<Reason>> answers = new ConcurrentLinkedQueue<>();
    script.then(
        (desired, gate, listener) -> {
          answers.add(gate.closed(Scenes.missing("tenant_a")));
          return CONVERGED;
        });

    submitAndWait(Scenes.work(1, "secret", true));

    assertThat(answers).containsExactly(Optional.of(Reason.Suspended));
    assertThat(worker.snapshot().suspended()).isTrue();
  }

  @Test
  void an_unreachable_database_is_tried_again_soon_and_ever_more_slowly() {
    script.always(
        (desired, gate, listener) -> {
          throw new DatabaseException(Reason.ConnectionFailed, "", "no answer", null);
        });

    submitAndWait(Scenes.work(1));
    Duration first = worker.untilDue().orElseThrow();
    clock.advance(first);
    submitAndWait(Scenes.work(1));

    assertThat(first).isBetween(Duration.ofSeconds(4), Duration.ofSeconds(6));
    assertThat(worker.untilDue().orElseThrow())
        .isBetween(Duration.ofSeconds(9), Duration.ofSeconds(11));
    assertThat(worker.snapshot().problem().orElseThrow().reason())
        .isEqualTo(Reason.ConnectionFailed);
    assertThat(ears.reasons()).containsExactly(Reason.ConnectionFailed);
  }

  @Test
  void wrong_credentials_wait_for_the_interval_and_a_new_secret_is_tried_at_once() {
    script.then(
        (desired, gate, listener) -> {
          throw new DatabaseException(Reason.AuthenticationFailed, "28P01", "refused", null);
        });
    submitAndWait(Scenes.work(1, "old", false));
    assertThat(worker.untilDue().orElseThrow()).isGreaterThan(Duration.ofMinutes(8));

    submitAndWait(Scenes.work(1, "new", false));

    assertThat(script.passes).hasSize(2);
    assertThat(worker.snapshot().problem()).isEmpty();
  }

  @Test
  void a_rotated_password_is_told_once_the_new_one_works() {
    script.always(Scenes::seen);
    submitAndWait(Scenes.work(1, "old", false));
    submitAndWait(Scenes.work(1, "new", false));

    assertThat(ears.reasons()).containsExactly(Reason.Converged, Reason.Reconnected);
  }

  @Test
  void a_defect_becomes_a_reason_and_the_worker_goes_on() {
    script.then(
        (desired, gate, listener) -> {
          throw new IllegalStateException("password=hunter2");
        });
    submitAndWait(Scenes.work(1));

    assertThat(worker.snapshot().problem().orElseThrow())
        .satisfies(problem -> assertThat(problem.reason()).isEqualTo(Reason.InternalError))
        .satisfies(problem -> assertThat(problem.message()).doesNotContain("hunter2"));

    clock.advance(Duration.ofMinutes(1));
    submitAndWait(Scenes.work(1));
    assertThat(worker.snapshot().problem()).isEmpty();
  }

  @Test
  void closing_lets_the_running_statement_end_and_starts_nothing_more()
      throws InterruptedException {
    CountDownLatch building = new CountDownLatch(1);
    CountDownLatch built = new CountDownLatch(1);
    Queue<Optional<Reason>> answers = new ConcurrentLinkedQueue<>();
    script.then(
        (desired, gate, listener) -> {
          building.countDown();
          await(built);
          answers.add(gate.closed(Scenes.missing("tenant_a")));
          return CONVERGED;
        });
    worker.submit(Scenes.work(1));
    building.await();
    worker.close();

    assertThat(worker.awaitIdle(Duration.ofMillis(50))).isFalse();
    built.countDown();
    assertThat(worker.awaitIdle(Duration.ofSeconds(10))).isTrue();
    assertThat(answers).containsExactly(Optional.of(Reason.Progressing));
    worker.submit(Scenes.work(2));
    assertThat(script.passes).hasSize(1);
  }

  @Test
  void a_build_that_does_not_end_in_half_of_the_grace_is_cancelled_then_connections_are_closed()
      throws InterruptedException {
    CountDownLatch building = new CountDownLatch(1);
    script.then(
        (desired, gate, listener) -> {
          building.countDown();
          await(script.cancelled);
          return CONVERGED;
        });
    Workers workers = new Workers(() -> script, ears, clock);
    workers.of(Scenes.KEY, () -> Memory.NONE).orElseThrow().submit(Scenes.work(1));
    building.await();

    workers.stop(Duration.ofSeconds(2));

    assertThat(script.cancelled.getCount()).isZero();
    assertThat(script.closed).isTrue();
    assertThat(workers.of(Scenes.KEY, () -> Memory.NONE)).isEmpty();
  }

  @Test
  void a_slow_resource_does_not_hold_up_another() throws InterruptedException {
    CountDownLatch slow = new CountDownLatch(1);
    script.then(
        (desired, gate, listener) -> {
          await(slow);
          return CONVERGED;
        });
    worker.submit(Scenes.work(1));
    Script other = new Script();
    Worker second =
        new Worker(
            new ResourceKey("platform", "other", "uid-2"),
            other,
            Memory.NONE,
            ears,
            clock,
            () -> 0.5);
    second.submit(Scenes.work(1));

    assertThat(second.awaitIdle(Duration.ofSeconds(10))).isTrue();
    assertThat(other.passes).hasSize(1);
    slow.countDown();
    idle();
  }

  @Test
  void a_blocked_assignment_is_a_problem_and_needs_no_pass() {
    submitAndWait(
        new Assignment.Blocked(
            4,
            Duration.ofMinutes(10),
            Problem.of(Reason.SecretNotFound, "Secret fruit-db is not there.")));

    assertThat(script.passes).isEmpty();
    assertThat(worker.snapshot().generation()).isEqualTo(4);
    assertThat(worker.snapshot().problem().orElseThrow().reason()).isEqualTo(Reason.SecretNotFound);
  }

  @Test
  void a_failure_keeps_its_time_and_is_told_once() {
    Outcome failing =
        Scenes.outcome(
            Scenes.plan(Scenes.with("tenant_a", Scenes.missing("tenant_a"))),
            List.of(Scenes.failure("tenant_a", Reason.DuplicateRows)));
    script.always((desired, gate, listener) -> failing);

    submitAndWait(Scenes.work(1));
    clock.advance(Duration.ofHours(1));
    submitAndWait(Scenes.work(1));

    assertThat(worker.snapshot().look().orElseThrow().failures())
        .singleElement()
        .satisfies(failure -> assertThat(failure.since()).isEqualTo(Scenes.NOW));
    assertThat(ears.reasons()).containsExactly(Reason.DuplicateRows);
  }

  @Test
  void after_a_restart_a_failure_keeps_the_time_that_the_status_tells() {
    Instant since = Scenes.NOW.minus(Duration.ofDays(3));
    Outcome failing =
        Scenes.outcome(IN_SYNC, List.of(Scenes.failure("tenant_a", Reason.DuplicateRows)));
    script.always((desired, gate, listener) -> failing);
    Worker restarted =
        worker(
            new Memory(
                false,
                Optional.of(Reason.DuplicateRows),
                List.of(Failure.of(failing.failures().get(0), since)),
                Optional.empty()));

    restarted.submit(Scenes.work(1));
    await().until(() -> restarted.untilDue().isPresent());

    assertThat(restarted.snapshot().look().orElseThrow().failures().get(0).since())
        .isEqualTo(since);
    assertThat(ears.reasons()).isEmpty();
  }

  @Test
  void what_tenants_have_had_is_known_to_the_process_after_next_of_the_same_spec() {
    Convergence had = new Convergence("7/16384/NONE", "AAAAAAAA", List.of("tenant_b"), "BBBBBBBB");
    script.always((desired, gate, listener) -> Scenes.remembering(CONVERGED, had));
    Worker first = worker(Memory.NONE);
    assertThat(script.recalled).isEmpty();
    first.submit(Scenes.work(3));
    await().until(() -> first.untilDue().isPresent());

    TenantDatabaseStatus written =
        StatusWriter.status(Scenes.resource(3), first.snapshot(), Optional.empty(), Scenes.NOW);
    Optional<TenantDatabaseStatus> before = Optional.of(written);
    assertThat(Memories.of(before, 4L, Scenes.NOW).convergence()).isEmpty();
    Memory memory = Memories.of(before, 3L, Scenes.NOW);
    assertThat(memory.convergence()).contains(had);

    Worker second = worker(memory);
    assertThat(script.recalled).contains(had);
    assertThat(
            StatusWriter.status(Scenes.resource(3), second.snapshot(), before, Scenes.NOW)
                .convergence())
        .as("not looked yet")
        .isEqualTo(written.convergence());
  }

  @Test
  void a_pass_that_runs_or_fails_takes_nothing_back_of_what_tenants_have_had() {
    Convergence had = new Convergence("7/16384/NONE", "AAAAAAAA", List.of(), "BBBBBBBB");
    Look look = Scenes.look(Scenes.remembering(CONVERGED, had));
    TenantDatabaseStatus before =
        StatusWriter.status(
            Scenes.resource(1),
            new Snapshot(
                1,
                false,
                false,
                Optional.empty(),
                Optional.of(look.remembering(Optional.of(new Remembered(1, had)))),
                List.of()),
            Optional.empty(),
            Scenes.NOW);
    assertThat(before.convergence().generation()).isEqualTo(1);

    Snapshot runs = new Snapshot(1, true, false, Optional.empty(), Optional.of(look), List.of());
    Snapshot failed =
        new Snapshot(
            2,
            false,
            false,
            Optional.of(Problem.of(Reason.ConnectionFailed, "gone")),
            Optional.of(look),
            List.of());
    for (Snapshot snapshot : List.of(runs, failed)) {
      assertThat(
              StatusWriter.status(Scenes.resource(1), snapshot, Optional.of(before), Scenes.NOW)
                  .convergence())
          .isEqualTo(before.convergence());
    }
    Snapshot nothing =
        new Snapshot(1, false, false, Optional.empty(), Optional.of(look), List.of());
    assertThat(
            StatusWriter.status(Scenes.resource(1), nothing, Optional.of(before), Scenes.NOW)
                .convergence())
        .isNull();
  }

  @Test
  void tenants_that_come_and_go_and_healed_drift_are_told() {
    Plan drifted = Scenes.plan(Scenes.with("tenant_a", Scenes.drift("tenant_a")));
    script.then(
        (desired, gate, listener) -> {
          listener.planned(Scenes.observed("tenant_a", "tenant_b"), IN_SYNC);
          return CONVERGED;
        });
    script.then(
        (desired, gate, listener) -> {
          listener.planned(Scenes.observed("tenant_a", "tenant_c"), drifted);
          ChangeResult done = ChangeResult.done(Scenes.drift("tenant_a"));
          listener.finished(done);
          return Scenes.outcome(IN_SYNC, List.of(), done);
        });

    submitAndWait(Scenes.work(1));
    submitAndWait(Scenes.work(2));

    assertThat(ears.reasons())
        .containsExactly(
            Reason.Converged, Reason.TenantFound, Reason.Released, Reason.DriftCorrected);
    assertThat(ears.notices).anySatisfy(n -> assertThat(n.message()).contains("tenant_c"));
    assertThat(ears.notices).anySatisfy(n -> assertThat(n.message()).contains("tenant_b"));
    assertThat(ears.results).hasSize(1);
  }

  private Worker worker(Memory memory) {
    return new Worker(Scenes.KEY, script, memory, ears, clock, () -> 0.5);
  }

  private void submitAndWait(Assignment assignment) {
    worker.submit(assignment);
    idle();
  }

  private void idle() {
    await().atMost(Duration.ofSeconds(10)).until(() -> worker.untilDue().isPresent());
  }

  private static void await(CountDownLatch latch) {
    try {
      latch.await();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private static ConditionFactory await() {
    return Awaitility.await();
  }

  @FunctionalInterface
  private interface Pass {
    Outcome run(Desired desired, Gate gate, PassListener listener);
  }

  /** An engine that does as it is told; converged when it is told nothing. */
  private static final class Script implements Passes {
    private final Queue<Pass> next = new ArrayDeque<>();
    private Pass always = (desired, gate, listener) -> CONVERGED;
    private final List<ConnectionSettings> passes = new CopyOnWriteArrayList<>();
    private final AtomicInteger indexReports = new AtomicInteger();
    private volatile boolean indexesUnreadable;
    private final CountDownLatch cancelled = new CountDownLatch(1);
    private volatile boolean closed;
    private volatile Optional<Convergence> recalled = Optional.empty();

    synchronized void then(Pass pass) {
      next.add(pass);
    }

    synchronized void always(Pass pass) {
      always = pass;
    }

    private synchronized Pass take() {
      return next.isEmpty() ? always : next.remove();
    }

    @Override
    public void recall(Convergence convergence) {
      recalled = Optional.of(convergence);
    }

    @Override
    public Outcome pass(
        ConnectionSettings settings, Desired desired, Gate gate, PassListener listener) {
      passes.add(settings);
      return take().run(desired, gate, listener);
    }

    @Override
    public IndexReport indexes(ConnectionSettings settings, Desired desired, Observed observed) {
      indexReports.incrementAndGet();
      if (indexesUnreadable) {
        throw new DatabaseException(Reason.Busy, "55P03", "It is locked.", null);
      }
      return Scenes.report(indexReports.get());
    }

    @Override
    public void cancelRunning() {
      cancelled.countDown();
    }

    @Override
    public void close() {
      closed = true;
    }
  }

  private static final class Ears implements WorkerListener {
    private final List<Snapshot> snapshots = new CopyOnWriteArrayList<>();
    private final List<Notice> notices = new CopyOnWriteArrayList<>();
    private final List<ChangeResult> results = new CopyOnWriteArrayList<>();
    private final List<ChangeResult> putOff = new CopyOnWriteArrayList<>();

    List<Reason> reasons() {
      return notices.stream().map(Notice::reason).toList();
    }

    @Override
    public void changed(ResourceKey resource, Snapshot snapshot) {
      snapshots.add(snapshot);
    }

    @Override
    public void noticed(ResourceKey resource, List<Notice> heard) {
      notices.addAll(heard);
    }

    @Override
    public void putOff(ResourceKey resource, ChangeResult result) {
      putOff.add(result);
    }

    @Override
    public void ended(ResourceKey resource, ChangeResult result) {
      results.add(result);
    }

    @Override
    public void passed(ResourceKey resource, Duration took, boolean reached) {}
  }
}
