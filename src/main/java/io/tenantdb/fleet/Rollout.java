package io.tenantdb.fleet;

import io.tenantdb.apply.BuildWatch;
import io.tenantdb.apply.ChangeExecutor;
import io.tenantdb.apply.OldSnapshots;
import io.tenantdb.apply.WorkSession;
import io.tenantdb.database.Database;
import io.tenantdb.database.DatabaseException;
import io.tenantdb.database.SqlStates;
import io.tenantdb.fleet.Outcome.Held;
import io.tenantdb.model.Change;
import io.tenantdb.model.ChangeResult;
import io.tenantdb.model.Dependencies;
import io.tenantdb.model.Desired;
import io.tenantdb.model.Plan;
import io.tenantdb.model.Reason;
import io.tenantdb.model.TenantPlan;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.slf4j.MDC;

/**
 * Carries a plan out: one or several tenants at once, each tenant's changes in order on one
 * connection. One tenant's failure never touches another; a database in trouble stops them all.
 */
final class Rollout {

  private static final Logger LOG = LoggerFactory.getLogger(Rollout.class);

  private static final Duration IDLE = Duration.ofMillis(250);

  private final Database database;
  private final Desired desired;
  private final Gate gate;
  private final PassListener listener;
  private final int atOnce;
  private final OldSnapshots snapshots;
  private final Deferral deferral;
  private final Set<String> atWork = ConcurrentHashMap.newKeySet();
  private final Queue<TenantPlan> queue = new ConcurrentLinkedQueue<>();
  private final List<WorkSession> sessions = new CopyOnWriteArrayList<>();
  private final List<ChangeResult> results = Collections.synchronizedList(new ArrayList<>());
  private final AtomicReference<Held> held = new AtomicReference<>();
  private volatile boolean cancelled;

  /**
   * @param atOnce how many tenants at once
   * @param snapshots whom a build would wait for
   * @param deferral takes the builds that may not go on now
   */
  Rollout(
      Database database,
      Desired desired,
      Gate gate,
      PassListener listener,
      int atOnce,
      OldSnapshots snapshots,
      Deferral deferral) {
    this.database = database;
    this.desired = desired;
    this.gate = gate;
    this.listener = listener;
    this.atOnce = atOnce;
    this.snapshots = snapshots;
    this.deferral = deferral;
  }

  /**
   * What became of a plan.
   *
   * @param results every change that was tried, but for those that were put off
   * @param held why changes were left out; empty when all were tried
   */
  record Done(List<ChangeResult> results, Optional<Held> held) {
    /** Nothing was to be done. */
    static final Done NOTHING = new Done(List.of(), Optional.empty());

    /** True when some change was carried out. */
    boolean changed() {
      return results.stream().anyMatch(r -> r.status() == ChangeResult.Status.DONE);
    }
  }

  /** Carries the plan out and returns when every change has been tried, put off or held. */
  Done run(Plan plan) {
    plan.tenants().stream().filter(t -> !t.changes().isEmpty()).forEach(queue::add);
    int workers = Math.min(atOnce, queue.size());
    Map<String, String> context = Optional.ofNullable(MDC.getCopyOfContextMap()).orElseGet(Map::of);
    ExecutorService executor =
        Executors.newFixedThreadPool(
            Math.max(1, workers),
            task -> new Thread(task, Thread.currentThread().getName() + "-apply"));
    try (BuildWatch watch = new BuildWatch(database, desired.safety(), listener::progress)) {
      for (int i = 0; i < workers; i++) {
        executor.execute(
            () -> {
              MDC.setContextMap(context);
              work(watch);
            });
      }
      executor.shutdown();
      while (!executor.awaitTermination(1, TimeUnit.SECONDS)) {
        if (cancelled) {
          // One that arrived between two statements hit neither.
          sessions.forEach(WorkSession::cancel);
        }
      }
    } catch (InterruptedException e) {
      cancel();
      Thread.currentThread().interrupt();
    } finally {
      executor.shutdownNow();
    }
    synchronized (results) {
      return new Done(List.copyOf(results), Optional.ofNullable(held.get()));
    }
  }

  /** From another thread: cancels what runs and starts nothing more. */
  void cancel() {
    cancelled = true;
    hold(Reason.Progressing, "The pass was cancelled; the next one goes on.");
    sessions.forEach(WorkSession::cancel);
  }

  private void work(BuildWatch watch) {
    WorkSession session = null;
    try {
      for (Optional<TenantPlan> tenant = next(); tenant.isPresent(); tenant = next()) {
        if (session != null && !session.usable()) {
          close(session);
          session = null;
        }
        if (session == null) {
          session = open();
        }
        try {
          workOn(tenant.get(), session, watch);
        } finally {
          atWork.remove(tenant.get().schema());
        }
        if (held.get() != null && held.get().reason().haltsDatabase()) {
          return;
        }
      }
    } catch (DatabaseException e) {
      hold(e.reason(), e.getMessage());
    } catch (SQLException e) {
      hold(
          SqlStates.whileRunning(e),
          SqlStates.withState(SqlStates.primaryMessage(e), SqlStates.state(e)));
    } catch (RuntimeException e) {
      LOG.error("A worker ended for a reason that it does not know", e);
      hold(Reason.InternalError, "A defect of the operator ended a worker; the log has it.");
    } finally {
      if (session != null) {
        close(session);
      }
    }
  }

  /**
   * The next tenant. A worker that finds none waits, while others work, for what could not be
   * started before.
   */
  private Optional<TenantPlan> next() {
    while (true) {
      Optional<TenantPlan> tenant = pick();
      boolean wait = tenant.isEmpty() && !deferral.isEmpty() && !atWork.isEmpty() && !cancelled;
      if (!wait || !Patience.pause(IDLE)) {
        return tenant;
      }
    }
  }

  private synchronized Optional<TenantPlan> pick() {
    Optional<TenantPlan> tenant =
        Optional.ofNullable(queue.poll())
            .or(() -> cancelled ? Optional.empty() : deferral.startable(atWork));
    tenant.ifPresent(t -> atWork.add(t.schema()));
    return tenant;
  }

  private WorkSession open() throws SQLException {
    WorkSession session = WorkSession.open(database, desired.safety(), snapshots);
    sessions.add(session);
    if (cancelled) {
      session.cancel();
    }
    return session;
  }

  private void close(WorkSession session) {
    sessions.remove(session);
    try {
      session.close();
    } catch (SQLException e) {
      // It is gone either way.
      return;
    }
  }

  private void workOn(TenantPlan tenant, WorkSession session, BuildWatch watch)
      throws SQLException {
    try (ChangeExecutor executor =
        new ChangeExecutor(session, listener::progress, change -> closed(change).isEmpty())) {
      workOn(tenant, session, executor, watch);
    }
  }

  private void workOn(
      TenantPlan tenant, WorkSession session, ChangeExecutor executor, BuildWatch watch) {
    List<Change> undone = new ArrayList<>();
    for (Change change : tenant.changes()) {
      if (held.get() != null && held.get().reason().haltsDatabase()) {
        return;
      }
      Optional<Reason> closed = closed(change);
      if (closed.isPresent()) {
        undone.add(change);
        hold(closed.get());
      } else if (undone.stream().anyMatch(earlier -> Dependencies.needs(change, earlier))) {
        undone.add(change);
      } else if (!carryOut(change, session, executor, watch)) {
        undone.add(change);
      }
    }
  }

  private boolean carryOut(
      Change change, WorkSession session, ChangeExecutor executor, BuildWatch watch) {
    listener.started(change);
    long begin = System.nanoTime();
    ChangeResult result =
        watch.during(session, change, deferral.left(change), () -> executor.execute(change));
    if (deferral.takes(result, Duration.ofNanos(System.nanoTime() - begin))) {
      return false;
    }
    results.add(result);
    listener.finished(result);
    if (result.reason().haltsDatabase()) {
      hold(result.reason(), result.message());
    } else if (result.reason() == Reason.Progressing) {
      // One that stops half-way when the gate closes is the last that asks.
      closed(change).ifPresent(this::hold);
    }
    return result.status() == ChangeResult.Status.DONE;
  }

  private Optional<Reason> closed(Change change) {
    return cancelled ? Optional.of(Reason.Progressing) : gate.closed(change);
  }

  private void hold(Reason reason) {
    hold(reason, "Changes wait: " + reason + ".");
  }

  private void hold(Reason reason, String message) {
    held.compareAndSet(null, new Held(reason, message));
  }
}
