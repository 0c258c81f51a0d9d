package io.tenantdb.apply;

import io.tenantdb.database.Database;
import io.tenantdb.database.DatabaseException;
import io.tenantdb.database.Sql;
import io.tenantdb.model.AggregateChange.FillAggregate;
import io.tenantdb.model.Blocker;
import io.tenantdb.model.BuildProgress;
import io.tenantdb.model.Change;
import io.tenantdb.model.MaterializedViewChange.CreateMaterializedView;
import io.tenantdb.model.MaterializedViewChange.RefreshMaterializedView;
import io.tenantdb.model.Statement;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Tells once a second how far the builds are that run longer than that, and whom they wait for.
 * Source: {@code pg_stat_progress_create_index}; details of other roles' sessions need {@code
 * pg_read_all_stats}. Of a materialized view only {@code pg_blocking_pids} tells something; a fill
 * tells its progress itself.
 */
public final class BuildWatch implements AutoCloseable {

  private static final Logger LOG = LoggerFactory.getLogger(BuildWatch.class);

  private static final String PROGRESS =
      """
      SELECT p.phase, p.blocks_done, p.blocks_total, b.pid, b.application_name, b.state,
             extract(epoch FROM now() - b.xact_start)::bigint, b.usename
      FROM pg_stat_progress_create_index p
      LEFT JOIN pg_stat_activity b
        ON b.pid = coalesce(nullif(p.current_locker_pid, 0), (pg_blocking_pids(p.pid))[1])
      WHERE p.pid = ?::integer""";

  // PostgreSQL counts nothing of it: only whom it waits for is known.
  private static final String WAITING =
      """
      SELECT ?::text, 0, 0, b.pid, b.application_name, b.state,
             extract(epoch FROM now() - b.xact_start)::bigint, b.usename
      FROM (SELECT ?::integer AS pid) p
      LEFT JOIN pg_stat_activity b ON b.pid = (pg_blocking_pids(p.pid))[1]""";

  private record Running(Change change, long sinceNanos) {}

  private final Database database;
  private final Consumer<BuildProgress> listener;
  private final Map<Integer, Running> running = new ConcurrentHashMap<>();
  private final ScheduledExecutorService timer =
      Executors.newSingleThreadScheduledExecutor(task -> new Thread(task, "build-watch"));

  private final ScheduledFuture<?> looks;

  public BuildWatch(Database database, Consumer<BuildProgress> listener) {
    this.database = database;
    this.listener = listener;
    this.looks = timer.scheduleWithFixedDelay(this::look, 1, 1, TimeUnit.SECONDS);
  }

  /** Runs the work, watched. */
  public <T> T during(WorkSession session, Change change, Supplier<T> work) {
    running.put(session.backendPid(), new Running(change, System.nanoTime()));
    try {
      return work.get();
    } finally {
      running.remove(session.backendPid());
    }
  }

  private void look() {
    List<Map.Entry<Integer, Running>> slow =
        running.entrySet().stream()
            .filter(e -> watched(e.getValue().change()))
            .filter(e -> System.nanoTime() - e.getValue().sinceNanos() > 1_000_000_000L)
            .toList();
    if (slow.isEmpty()) {
      return;
    }
    try (Connection connection = database.borrow()) {
      for (Map.Entry<Integer, Running> build : slow) {
        Change change = build.getValue().change();
        Sql.query(
                connection,
                statement(change, Integer.toString(build.getKey())),
                row -> progress(change, row))
            .forEach(listener);
      }
    } catch (DatabaseException | SQLException e) {
      // The build goes on without an audience; its own connection tells if the database is in
      // trouble.
      LOG.debug("no progress to be had: {}", e.getMessage());
    }
  }

  /** A fill tells by itself how far it is. */
  private static boolean watched(Change change) {
    return change.lasting() && !(change instanceof FillAggregate);
  }

  private static Statement statement(Change change, String pid) {
    if (change instanceof CreateMaterializedView) {
      return Statement.of(WAITING, "creating", pid);
    }
    return change instanceof RefreshMaterializedView
        ? Statement.of(WAITING, "refreshing", pid)
        : Statement.of(PROGRESS, pid);
  }

  private static BuildProgress progress(Change change, ResultSet row) throws SQLException {
    long total = row.getLong(3);
    OptionalInt percent =
        total > 0
            ? OptionalInt.of((int) Math.min(100, 100 * row.getLong(2) / total))
            : OptionalInt.empty();
    return new BuildProgress(
        change.target().schema(), change.object(), percent, row.getString(1), blocker(row));
  }

  private static Optional<Blocker> blocker(ResultSet row) throws SQLException {
    int pid = row.getInt(4);
    if (row.wasNull()) {
      return Optional.empty();
    }
    long age = row.getLong(7);
    return Optional.of(
        new Blocker(
            pid,
            Objects.requireNonNullElse(row.getString(5), ""),
            Objects.requireNonNullElse(row.getString(8), ""),
            Objects.requireNonNullElse(row.getString(6), ""),
            age > 0 ? OptionalLong.of(age) : OptionalLong.empty(),
            Optional.empty()));
  }

  @Override
  public void close() {
    looks.cancel(true);
    timer.shutdownNow();
  }
}
