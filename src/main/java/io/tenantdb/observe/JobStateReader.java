package io.tenantdb.observe;

import io.tenantdb.model.JobState;
import io.tenantdb.model.JobState.Failing;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/** Reads what keeps jobs from running. */
final class JobStateReader {

  /** Columns of {@code timescaledb_information.jobs}, as {@link #state} takes them. */
  static final String COLUMNS =
      """
      next_start = 'infinity', scheduled, max_retries,
      max_runtime > interval '0' AND max_runtime < interval '1 second'""";

  /** Fewer may have met a restart or a lock. */
  private static final int MANY = 3;

  private static final String FAILURES =
      """
      SELECT job_id, consecutive_failures FROM _timescaledb_internal.bgw_job_stat
      WHERE consecutive_failures > 0
      """;

  // Shows the jobs of the roles that ours is a member of.
  private static final String ERRORS =
      """
      SELECT DISTINCT ON (job_id) job_id, sqlerrcode FROM timescaledb_information.job_errors
      WHERE job_id = ANY (?::integer[])
      ORDER BY job_id, finish_time DESC NULLS LAST
      """;

  // Locks, deadlocks, time limits, a standby, disk and connections, shutdown. 24000: PostgreSQL
  // 15.20 records it of every job that a background worker has carried out.
  private static final Set<String> PASSING = Set.of("24000", "25006", "40001", "40P01", "55P03");

  private static final Set<String> PASSING_CLASSES = Set.of("08", "53", "57", "58");

  private final Catalog catalog;
  private final Map<Integer, Integer> failures = new HashMap<>();
  private final Map<Integer, Failing> failing = new HashMap<>();

  private JobStateReader(Catalog catalog) {
    this.catalog = catalog;
  }

  /** Reads the statistics of all jobs. */
  static JobStateReader read(Catalog catalog) throws SQLException {
    JobStateReader reader = new JobStateReader(catalog);
    reader.read();
    return reader;
  }

  private void read() throws SQLException {
    catalog
        .rows(FAILURES, row -> Map.entry(row.getInt(1), row.getInt(2)))
        .forEach(e -> failures.put(e.getKey(), e.getValue()));
    List<String> many = new ArrayList<>();
    failures.forEach(
        (job, runs) -> {
          if (runs >= MANY) {
            many.add(String.valueOf(job));
          }
        });
    if (!many.isEmpty()) {
      catalog
          .rows(ERRORS, row -> error(row.getInt(1), row.getString(2)), Catalog.names(many))
          .forEach(error -> error.ifPresent(e -> failing.put(e.getKey(), e.getValue())));
    }
  }

  private Optional<Map.Entry<Integer, Failing>> error(int job, String state) {
    boolean lasts =
        state != null
            && !PASSING.contains(state)
            && PASSING_CLASSES.stream().noneMatch(state::startsWith);
    return lasts
        ? Optional.of(Map.entry(job, new Failing(failures.get(job), state)))
        : Optional.empty();
  }

  /**
   * The state of the job on whose row the result set stands.
   *
   * @param first number of the first of {@link #COLUMNS}
   */
  JobState state(int job, ResultSet row, int first) throws SQLException {
    int retries = row.getInt(first + 2);
    boolean givenUp =
        !row.getBoolean(first + 1)
            && retries >= 0
            && failures.getOrDefault(job, 0) >= retries
            && failures.containsKey(job);
    return new JobState(
        row.getBoolean(first),
        givenUp,
        row.getBoolean(first + 3),
        Optional.ofNullable(failing.get(job)));
  }
}
