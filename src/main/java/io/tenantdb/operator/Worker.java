package io.tenantdb.operator;

import io.tenantdb.database.DatabaseException;
import io.tenantdb.desired.InvalidSpecException;
import io.tenantdb.fleet.Gate;
import io.tenantdb.fleet.Outcome;
import io.tenantdb.model.BuildProgress;
import io.tenantdb.model.ChangeResult;
import io.tenantdb.model.Desired;
import io.tenantdb.model.Reason;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.DoubleSupplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.slf4j.MDC;

/**
 * Runs the passes of one resource, on a thread of its own that lives while there is something to
 * do: a slow database holds up nobody else. It ends passes early when it is told something new, and
 * lets the running statement end.
 */
final class Worker {
  private static final Logger LOG = LoggerFactory.getLogger(Worker.class);

  private final ResourceKey resource;
  private final Passes passes;
  private final WorkerListener listener;
  private final InstantSource clock;
  private final Transitions transitions;
  private final Schedule schedule;
  private final UsageLooks usage;

  private final Object lock = new Object();
  private Optional<Assignment> assignment = Optional.empty();
  private Optional<Thread> thread = Optional.empty();
  private Instant due = Instant.MIN;
  private boolean stopping;
  private volatile Snapshot snapshot = Snapshot.NONE;
  private boolean looked;

  // Touched by the worker's own thread only.
  private List<Failure> failures;
  private Optional<Set<String>> tenants = Optional.empty();
  private Optional<Assignment.Work> connected = Optional.empty();
  private final BlockedBuilds blocked = new BlockedBuilds();

  Worker(
      ResourceKey resource,
      Passes passes,
      Memory memory,
      WorkerListener listener,
      InstantSource clock,
      DoubleSupplier random) {
    this.resource = resource;
    this.passes = passes;
    this.listener = listener;
    this.clock = clock;
    this.transitions = new Transitions(memory);
    this.schedule = new Schedule(clock, random);
    this.usage = new UsageLooks(passes, clock);
    this.failures = memory.failures();
    memory.convergence().ifPresent(passes::recall);
  }

  /**
   * Says what is to be done. Something new starts a pass at once, the same as before only when the
   * next look is due.
   */
  void submit(Assignment wanted) {
    synchronized (lock) {
      if (stopping) {
        return;
      }
      if (!assignment.equals(Optional.of(wanted))) {
        assignment = Optional.of(wanted);
        due = Instant.MIN;
      }
      if (thread.isEmpty() && !due.isAfter(clock.instant())) {
        Thread started = new Thread(this::work, "worker-" + resource);
        thread = Optional.of(started);
        started.start();
      }
    }
  }

  /** What is known now. */
  Snapshot snapshot() {
    return snapshot;
  }

  /** How long until the next look is due; empty while one goes on. */
  Optional<Duration> untilDue() {
    synchronized (lock) {
      return thread.isPresent()
          ? Optional.empty()
          : Optional.of(Duration.between(clock.instant(), due))
              .map(left -> left.isNegative() ? Duration.ZERO : left);
    }
  }

  /** Starts nothing more; the running statement goes on. */
  void close() {
    synchronized (lock) {
      stopping = true;
    }
  }

  /** Cancels the running statements. */
  void cancel() {
    passes.cancelRunning();
  }

  /** Waits until nothing runs any more; false when the time is over before. */
  boolean awaitIdle(Duration patience) throws InterruptedException {
    Optional<Thread> running;
    synchronized (lock) {
      running = thread;
    }
    if (running.isPresent()) {
      running.get().join(Math.max(1, patience.toMillis()));
    }
    synchronized (lock) {
      return thread.isEmpty();
    }
  }

  /** Gives the connections back. */
  void disconnect() {
    passes.close();
  }

  private void work() {
    nameInLog();
    try {
      for (Optional<Assignment> next = next(); next.isPresent(); next = next()) {
        Instant again = carryOut(next.get());
        synchronized (lock) {
          due = assignment.equals(next) ? again : Instant.MIN;
        }
        tell();
      }
    } finally {
      synchronized (lock) {
        thread = thread.filter(running -> running != Thread.currentThread());
      }
      MDC.clear();
    }
  }

  private void nameInLog() {
    MDC.put("resource.namespace", resource.namespace());
    MDC.put("resource.name", resource.name());
  }

  /**
   * The framework's event handling, which runs on our thread, takes these names out of the log
   * again.
   */
  private void tell() {
    listener.changed(resource, snapshot);
    nameInLog();
  }

  /** The next assignment that is due; when none is, this thread is not the worker's any more. */
  private Optional<Assignment> next() {
    synchronized (lock) {
      if (stopping || due.isAfter(clock.instant())) {
        thread = Optional.empty();
        return Optional.empty();
      }
      return assignment;
    }
  }

  /** Says when to look again. */
  private Instant carryOut(Assignment current) {
    if (current instanceof Assignment.Blocked blocked) {
      return failed(current, blocked.problem());
    }
    Assignment.Work work = (Assignment.Work) current;
    if (snapshot.generation() != work.generation()) {
      LOG.info(
          "Generation {} of the spec: database {} on {}",
          work.generation(),
          work.settings().database(),
          work.settings().host());
    }
    Instant started = clock.instant();
    boolean reached = false;
    try {
      Instant again = pass(work);
      reached = true;
      return again;
    } catch (DatabaseException e) {
      return failed(current, new Problem(e.reason(), e.sqlState(), e.getMessage()));
    } catch (InvalidSpecException e) {
      return failed(current, Problem.of(Reason.SpecInvalid, e.getMessage()));
    } catch (RuntimeException | Error e) {
      LOG.error("The pass failed for a reason that the operator does not know", e);
      return failed(
          current,
          Problem.of(
              Reason.InternalError,
              "The operator failed with "
                  + e.getClass().getSimpleName()
                  + "; its log says where."));
    } finally {
      listener.passed(resource, Duration.between(started, clock.instant()), reached);
    }
  }

  private Instant pass(Assignment.Work work) {
    if (!work.claims().older().isEmpty() && tenants.isEmpty()) {
      // Which hypertables an older resource has too is known once the tenants are.
      run(work, work, change -> Optional.of(Reason.Progressing));
      return Instant.MIN;
    }
    List<Claims.Overlap> overlaps =
        work.claims().overlaps(work.desired(), tenants.orElse(Set.of()));
    Desired declared = Claims.without(work.desired(), overlaps);
    // What is withheld has not left the spec.
    Assignment.Work allowed = work.with(overlaps.isEmpty() ? declared : declared.withoutPruning());
    Outcome outcome = run(work, allowed, gate(work));
    Instant now = clock.instant();
    List<Failure> found = new ArrayList<>();
    outcome.failures().forEach(failure -> found.add(Failure.of(failure, now)));
    overlaps.forEach(overlap -> found.add(overlap.failure(now)));
    failures = Failure.dated(found, failures);
    Look look =
        Looks.of(outcome, failures, !looked)
            .remembering(outcome.convergence().map(had -> new Remembered(work.generation(), had)));
    looked = true;
    snapshot =
        new Snapshot(
            work.generation(),
            false,
            work.suspended(),
            Optional.empty(),
            Optional.of(look),
            usage.after(work, allowed.desired(), outcome),
            List.of(),
            work.deleting());
    notice(
        transitions.passed(look, outcome.results()).stream()
            .filter(notice -> !work.deleting() || notice.reason() != Reason.Converged)
            .toList());
    return schedule.afterPass(work, look, outcome.nextLook());
  }

  private Outcome run(Assignment.Work work, Assignment.Work allowed, Gate gate) {
    PassTracker tracker = new PassTracker(clock, failures, new Following(work));
    Outcome outcome = passes.pass(work.settings(), allowed.desired(), gate, tracker);
    LOG.info(
        "Pass ended: tenants {}, changes made {}, still to be made {}, failures {}",
        outcome.states().size(),
        outcome.applied(),
        outcome.plan().changes().size(),
        outcome.failures().size());
    return outcome;
  }

  private Gate gate(Assignment.Work work) {
    return change -> {
      synchronized (lock) {
        if (stopping || !assignment.equals(Optional.of(work))) {
          return Optional.of(Reason.Progressing);
        }
      }
      return work.suspended() ? Optional.of(Reason.Suspended) : Optional.empty();
    };
  }

  private Instant failed(Assignment current, Problem problem) {
    snapshot =
        new Snapshot(
            current.generation(),
            false,
            false,
            Optional.of(problem),
            snapshot.look(),
            snapshot.indexes(),
            List.of(),
            current instanceof Assignment.Work work && work.deleting());
    LOG.warn("{}: {}", problem.reason(), problem.message());
    notice(transitions.problem(problem));
    return schedule.afterProblem(current, problem);
  }

  private void notice(List<Notice> notices) {
    if (!notices.isEmpty()) {
      listener.noticed(resource, notices);
    }
  }

  /** Follows the running pass. */
  private final class Following implements PassTracker.Listener {
    private final Assignment.Work work;

    Following(Assignment.Work work) {
      this.work = work;
    }

    @Override
    public void tenants(Set<String> schemas) {
      tenants = Optional.of(schemas);
      List<Notice> notices = new ArrayList<>(transitions.tenants(schemas));
      if (connected.filter(before -> !before.settings().equals(work.settings())).isPresent()) {
        notices.add(Notice.reconnected(work.settings()));
      }
      connected = Optional.of(work);
      notice(notices);
    }

    @Override
    public void stands(Look look, List<BuildProgress> progress) {
      snapshot =
          new Snapshot(
              work.generation(),
              true,
              work.suspended(),
              Optional.empty(),
              Optional.of(look),
              snapshot.indexes(),
              progress,
              work.deleting());
      // One at a time: the tracker tells.
      notice(blocked.seen(progress));
      tell();
    }

    @Override
    public void putOff(ChangeResult result) {
      listener.putOff(resource, result);
      if (result.reason() != Reason.WaitingForSnapshot) {
        notice(List.of(Notice.warning(result.reason(), result.message())));
      }
    }

    @Override
    public void ended(ChangeResult result) {
      listener.ended(resource, result);
    }
  }
}
