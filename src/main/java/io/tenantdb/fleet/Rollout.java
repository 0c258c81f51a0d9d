package io.tenantdb.fleet;

import io.tenantdb.apply.BuildWatch;
import io.tenantdb.apply.ChangeExecutor;
import io.tenantdb.apply.WorkSession;
import io.tenantdb.database.Database;
import io.tenantdb.database.DatabaseException;
import io.tenantdb.database.SqlStates;
import io.tenantdb.fleet.Outcome.Held;
import io.tenantdb.model.Change;
import io.tenantdb.model.ChangeResult;
import io.tenantdb.model.Desired;
import io.tenantdb.model.HypertableChange.ConvertTable;
import io.tenantdb.model.HypertableChange.SetCompression;
import io.tenantdb.model.Plan;
import io.tenantdb.model.Reason;
import io.tenantdb.model.TenantPlan;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import org.slf4j.MDC;

/**
 * Carries a plan out: two tenants at once, each tenant's changes in order on one connection. One
 * tenant's failure never touches another; a database in trouble stops them all.
 */
final class Rollout {

  /** Tenants at once. */
  static final int WORKERS = 2;

  private final Database database;
  private final Desired desired;
  private final Gate gate;
  private final PassListener listener;
  private final Queue<TenantPlan> queue = new ConcurrentLinkedQueue<>();
  private final List<WorkSession> sessions = new CopyOnWriteArrayList<>();
  private final List<ChangeResult> results = new CopyOnWriteArrayList<>();
  private final AtomicReference<Held> held = new AtomicReference<>();
  private volatile boolean cancelled;

  Rollout(Database database, Desired desired, Gate gate, PassListener listener) {
    this.database = database;
    this.desired = desired;
    this.gate = gate;
    this.listener = listener;
  }

  /** Carries the plan out and returns when every change has been tried or held. */
  List<ChangeResult> run(Plan plan) {
    plan.tenants().stream().filter(t -> !t.changes().isEmpty()).forEach(queue::add);
    int workers = Math.min(WORKERS, queue.size());
    Map<String, String> context = Optional.ofNullable(MDC.getCopyOfContextMap()).orElseGet(Map::of);
    ExecutorService executor =
        Executors.newFixedThreadPool(
            Math.max(1, workers),
            task -> new Thread(task, Thread.currentThread().getName() + "-apply"));
    try (BuildWatch watch = new BuildWatch(database, listener::progress)) {
      for (int i = 0; i < workers; i++) {
        executor.execute(
            () -> {
              MDC.setContextMap(context);
              work(watch);
            });
      }
      executor.shutdown();
      while (!executor.awaitTermination(1, TimeUnit.HOURS)) {
        // Builds have bounds of their own; there is nothing to do but wait.
      }
    } catch (InterruptedException e) {
      cancel();
      Thread.currentThread().interrupt();
    } finally {
      executor.shutdownNow();
    }
    return new ArrayList<>(results);
  }

  /** Why changes were left out; empty when all were tried. */
  Optional<Held> held() {
    return Optional.ofNullable(held.get());
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
      for (TenantPlan tenant = queue.poll(); tenant != null; tenant = queue.poll()) {
        if (session != null && !session.usable()) {
          close(session);
          session = null;
        }
        if (session == null) {
          session = open();
        }
        workOn(tenant, session, watch);
        if (held.get() != null) {
          return;
        }
      }
    } catch (DatabaseException e) {
      hold(e.reason(), e.getMessage());
    } catch (SQLException e) {
      hold(SqlStates.whileRunning(e), SqlStates.primaryMessage(e));
    } finally {
      if (session != null) {
        close(session);
      }
    }
  }

  private WorkSession open() throws SQLException {
    WorkSession session = WorkSession.open(database, desired.safety());
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
    try (ChangeExecutor executor = new ChangeExecutor(session)) {
      workOn(tenant, session, executor, watch);
    }
  }

  private void workOn(
      TenantPlan tenant, WorkSession session, ChangeExecutor executor, BuildWatch watch) {
    Set<String> blockedTables = new HashSet<>();
    for (Change change : tenant.changes()) {
      if (blockedTables.contains(change.target().table())) {
        continue;
      }
      Optional<Reason> closed =
          held.get() == null ? gate.closed(change) : Optional.of(held.get().reason());
      if (closed.isPresent()) {
        hold(closed.get(), "Changes wait: " + closed.get() + ".");
        return;
      }
      listener.started(change);
      ChangeResult result = watch.during(session, change, () -> executor.execute(change));
      results.add(result);
      listener.finished(result);
      if (result.status() != ChangeResult.Status.DONE) {
        if (result.reason().haltsDatabase()) {
          hold(result.reason(), result.message());
          return;
        }
        if (othersDependOn(change)) {
          blockedTables.add(change.target().table());
        }
      }
    }
  }

  /**
   * Indexes and policies of a table that is no hypertable yet, and the policy of settings that are
   * not set, cannot be made.
   */
  private static boolean othersDependOn(Change change) {
    return change instanceof ConvertTable || change instanceof SetCompression;
  }

  private void hold(Reason reason, String message) {
    held.compareAndSet(null, new Held(reason, message));
  }
}
