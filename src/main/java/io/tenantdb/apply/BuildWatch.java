package io.tenantdb.apply;

import io.tenantdb.database.Database;
import io.tenantdb.database.DatabaseException;
import io.tenantdb.database.Sql;
import io.tenantdb.model.AggregateChange.FillAggregate;
import io.tenantdb.model.Blocker;
import io.tenantdb.model.BuildProgress;
import io.tenantdb.model.Change;
import io.tenantdb.model.Desired.Safety;
import io.tenantdb.model.IndexChange;
import io.tenantdb.model.MaterializedViewChange.CreateMaterializedView;
import io.tenantdb.model.MaterializedViewChange.RefreshMaterializedView;
import io.tenantdb.model.PruneChange.DropAggregateIndex;
import io.tenantdb.model.Reason;
import io.tenantdb.model.Statement;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executors;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Watches the changes that run for longer: tells once a second how far they are and whom they wait
 * for, gives one up for a session that waits for its locks, and ends what takes too long. Source:
 * {@code pg_stat_progress_create_index} and {@code pg_blocking_pids}; details of other roles'
 * sessions need {@code pg_read_all_stats}. A fill tells its progress itself.
 */
public final class BuildWatch implements AutoCloseable {

  private static final Logger LOG = LoggerFactory.getLogger(BuildWatch.class);
  private static final Duration SECOND = Duration.ofSeconds(1);
  private static final Duration SHORTEST_PAUSE = Duration.ofMillis(50);
  private static final Duration UNSIGNED = Duration.ofMillis(100);

  // Where a build waits for a prepared transaction, which has no process, its lock says for which.
  private static final String PROGRESS =
      """
      SELECT p.phase,
             CASE WHEN p.phase LIKE '%loading tuples%' THEN p.tuples_done ELSE p.blocks_done END,
             CASE WHEN p.phase LIKE '%loading tuples%' THEN p.tuples_total ELSE p.blocks_total END,
             b.pid, a.application_name, coalesce(a.usename, x.owner)::text, a.state,
             extract(epoch FROM clock_timestamp() - coalesce(a.xact_start, x.prepared))::bigint,
             x.gid
      FROM (SELECT ?::integer AS pid) s
      LEFT JOIN pg_stat_progress_create_index p ON p.pid = s.pid
      CROSS JOIN LATERAL (
        SELECT coalesce((pg_blocking_pids(s.pid))[1], nullif(p.current_locker_pid, 0)) AS pid) b
      LEFT JOIN pg_stat_activity a ON a.pid = b.pid
      LEFT JOIN LATERAL (
        SELECT x.gid, x.owner, x.prepared
        FROM pg_locks w
        JOIN pg_locks h ON h.pid IS NULL AND h.locktype = w.locktype
          AND (h.transactionid = w.transactionid
               OR (h.relation = w.relation AND h.database = w.database))
        JOIN pg_locks t ON t.pid IS NULL AND t.locktype = 'transactionid'
          AND t.virtualtransaction = h.virtualtransaction
        JOIN pg_prepared_xacts x ON x.transaction = t.transactionid
        WHERE b.pid = 0 AND w.pid = s.pid AND NOT w.granted
        ORDER BY x.prepared LIMIT 1) x ON true""";

  private record Running(WorkSession session, Change change, long since, long deadline) {
    boolean longerThan(Duration time) {
      return System.nanoTime() - since > time.toNanos();
    }
  }

  private final Database database;
  private final Safety safety;
  private final Consumer<BuildProgress> listener;
  private final BuildSignatures signatures = new BuildSignatures();
  private final Map<Integer, Running> running = new ConcurrentHashMap<>();
  private final ScheduledExecutorService timer =
      Executors.newSingleThreadScheduledExecutor(task -> new Thread(task, "build-watch"));
  private final ScheduledFuture<?> looks;

  // Touched by the timer's thread only.
  private long told;

  public BuildWatch(Database database, Safety safety, Consumer<BuildProgress> listener) {
    this.database = database;
    this.safety = safety;
    this.listener = listener;
    // Often enough to see who has waited for lockTimeout soon after that.
    Duration third = safety.lockTimeout().dividedBy(3);
    Duration pause = third.compareTo(SECOND) < 0 ? third : SECOND;
    long millis = Math.max(SHORTEST_PAUSE.toMillis(), pause.toMillis());
    this.looks = timer.scheduleWithFixedDelay(this::look, millis, millis, TimeUnit.MILLISECONDS);
  }

  /**
   * Runs the work, watched.
   *
   * @param left how long it may take
   */
  public <T> T during(WorkSession session, Change change, Duration left, Supplier<T> work) {
    long now = System.nanoTime();
    session.begins();
    Running begun = new Running(session, change, now, now + left.toNanos());
    running.put(session.backendPid(), begun);
    Optional<ScheduledFuture<?>> signing =
        change.builds().isPresent() ? signing(begun) : Optional.empty();
    try {
      return work.get();
    } finally {
      running.remove(session.backendPid());
      signing.ifPresent(task -> task.cancel(false));
    }
  }

  /** Empty where the watch is closed already. */
  private Optional<ScheduledFuture<?>> signing(Running begun) {
    try {
      return Optional.of(
          timer.schedule(() -> sign(begun), UNSIGNED.toMillis(), TimeUnit.MILLISECONDS));
    } catch (RejectedExecutionException closed) {
      return Optional.empty();
    }
  }

  /**
   * Soon, so that what is killed early is somebody's too; {@link #ask} does what this could not.
   */
  private void sign(Running begun) {
    if (!begun.equals(running.get(begun.session().backendPid()))) {
      return;
    }
    try (Connection connection = database.borrow()) {
      signatures.sign(connection, begun.change());
    } catch (DatabaseException | SQLException e) {
      LOG.debug("a build is not signed yet: {}", e.getMessage());
    } catch (RuntimeException e) {
      LOG.warn("A build could not be signed", e);
    }
  }

  private void look() {
    try {
      List<Running> slow =
          running.values().stream()
              .filter(r -> watched(r.change()))
              .filter(r -> r.longerThan(SHORTEST_PAUSE))
              .toList();
      if (!slow.isEmpty()) {
        ask(slow);
      }
      slow.stream().filter(r -> System.nanoTime() - r.deadline() > 0).forEach(BuildWatch::end);
    } catch (RuntimeException e) {
      // The timer would not look again.
      LOG.warn("The builds could not be looked at", e);
    }
  }

  private void ask(List<Running> slow) {
    try (Connection connection = database.borrow()) {
      List<Running> slower = slow.stream().filter(r -> r.longerThan(SECOND)).toList();
      if (!slower.isEmpty() && System.nanoTime() - told > SECOND.toNanos() / 2) {
        for (Running build : slower) {
          tell(connection, build);
          signatures.sign(connection, build.change());
        }
        told = System.nanoTime();
      }
      giveWay(connection, slow);
    } catch (DatabaseException | SQLException e) {
      // The build goes on without an audience; its own connection tells if the database is in
      // trouble.
      LOG.debug("no progress to be had: {}", e.getMessage());
    }
  }

  private void giveWay(Connection connection, List<Running> slow) throws SQLException {
    Map<Integer, Running> builds =
        slow.stream().collect(Collectors.toMap(r -> r.session().backendPid(), r -> r));
    for (Waiter waiter : Waiter.of(connection, builds.keySet(), safety.lockTimeout())) {
      Running build = builds.get(waiter.holder());
      // The session may be at its next change by now, which nobody waits for.
      if (build.equals(running.get(waiter.holder()))) {
        build.session().giveUp(waiter.reason());
      }
    }
  }

  private static void end(Running build) {
    build.session().giveUp(new ApplyException(Reason.BuildTimeout, "it took too long"));
  }

  private void tell(Connection connection, Running build) throws SQLException {
    Statement statement = Statement.of(PROGRESS, Integer.toString(build.session().backendPid()));
    List<BuildProgress> seen =
        Sql.query(connection, statement, row -> progress(build.change(), row));
    for (BuildProgress progress : seen) {
      build.session().sees(progress.blocker());
      if (!progress.phase().isEmpty()) {
        listener.accept(progress);
      }
    }
  }

  /** A fill tells by itself how far it is. */
  private static boolean watched(Change change) {
    return change instanceof IndexChange
        || change instanceof DropAggregateIndex
        || (change.lasting() && !(change instanceof FillAggregate));
  }

  private static BuildProgress progress(Change change, ResultSet row) throws SQLException {
    long total = row.getLong(3);
    OptionalInt percent =
        total > 0
            ? OptionalInt.of((int) Math.min(100, 100 * row.getLong(2) / total))
            : OptionalInt.empty();
    Optional<Blocker> blocker = Blockers.of(row, 4);
    String phase = Optional.ofNullable(row.getString(1)).orElseGet(() -> phase(change, blocker));
    return new BuildProgress(change.target().schema(), change.object(), percent, phase, blocker);
  }

  /** PostgreSQL counts nothing of it: only whom it waits for is known. */
  private static String phase(Change change, Optional<Blocker> blocker) {
    if (change instanceof CreateMaterializedView) {
      return "creating";
    }
    if (change instanceof RefreshMaterializedView) {
      return "refreshing";
    }
    return blocker.isPresent() ? "waiting for a lock" : "";
  }

  @Override
  public void close() {
    looks.cancel(true);
    timer.shutdownNow();
  }
}
