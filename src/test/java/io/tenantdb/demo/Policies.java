package io.tenantdb.demo;

import io.tenantdb.demo.Steps.Finding;
import java.sql.SQLException;
import java.util.List;
import java.util.stream.Collectors;

/** Lets the declared policies run, and looks at what they did. */
final class Policies {
  private static final String JOBS =
      """
      SELECT job_id FROM timescaledb_information.jobs
      WHERE proc_name = ? AND hypertable_schema = ANY (?::name[]) ORDER BY job_id
      """;

  private static final String BYTES =
      """
      SELECT coalesce(sum(before_compression_total_bytes), 0)::bigint,
             coalesce(sum(after_compression_total_bytes), 0)::bigint,
             coalesce(sum(number_compressed_chunks), 0)::bigint
      FROM hypertable_compression_stats(format('%I.batch_history', ?)::regclass)
      """;

  private final FruitPak fruitPak;
  private final boolean workers;

  /**
   * @param workers whether the server runs jobs by itself
   */
  Policies(FruitPak fruitPak, boolean workers) {
    this.fruitPak = fruitPak;
    this.workers = workers;
  }

  /** What a run of the jobs is called, honestly. */
  String who() {
    return workers ? "run at once, as the server would by and by" : "run by the demo";
  }

  /** Runs the jobs of one policy in the tenants; foreground, as their owner. */
  int run(String procedure, List<String> tenants) throws SQLException {
    List<List<String>> jobs =
        fruitPak.rows(JOBS, procedure, tenants.stream().collect(Collectors.joining(",", "{", "}")));
    for (List<String> job : jobs) {
      fruitPak.asApplication("CALL run_job(" + job.get(0) + ")");
    }
    return jobs.size();
  }

  /** Compresses, and says what it saved in the tenant with the most history. */
  Finding compression(List<String> tenants) throws SQLException {
    int jobs = run("policy_compression", tenants);
    List<String> bytes = fruitPak.rows(BYTES, FruitPak.BIG).get(0);
    long before = Long.parseLong(bytes.get(0));
    long after = Long.parseLong(bytes.get(1));
    String seen =
        "%d jobs %s; %s.batch_history: %s chunks older than 30 days, %.1f MB before, %.1f MB after (%s)"
            .formatted(
                jobs,
                who(),
                FruitPak.BIG,
                bytes.get(2),
                before / 1e6,
                after / 1e6,
                saved(before, after));
    return new Finding(jobs == tenants.size() && !bytes.get(2).equals("0"), seen);
  }

  private static String saved(long before, long after) {
    return after < before
        ? "%.0f %% saved".formatted(100.0 * (before - after) / before)
        : "nothing saved";
  }
}
