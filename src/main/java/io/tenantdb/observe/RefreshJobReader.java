package io.tenantdb.observe;

import io.tenantdb.model.Mark;
import io.tenantdb.model.ObservedAggregate.RefreshJob;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Reads the jobs of refresh policies. */
final class RefreshJobReader {

  private record Row(String materializationId, String managedBy, RefreshJob job) {}

  // Which relation the view names for such a job changed in 2.20; the id in the config did not.
  private static final String JOBS =
      """
      SELECT job_id, owner::text, schedule_interval::text, scheduled,
             config->>'mat_hypertable_id', config->>'managed_by',
             jsonb_typeof(config->'start_offset'), config->>'start_offset',
             jsonb_typeof(config->'end_offset'), config->>'end_offset',
             %s
      FROM timescaledb_information.jobs
      WHERE proc_name = 'policy_refresh_continuous_aggregate'
        AND proc_schema IN ('_timescaledb_internal', '_timescaledb_functions')
      ORDER BY job_id
      """
          .formatted(JobStateReader.COLUMNS);

  private static final int STATE = 11;

  private final Catalog catalog;
  private final JobConfig config;

  RefreshJobReader(Catalog catalog) {
    this.catalog = catalog;
    this.config = new JobConfig(catalog);
  }

  /**
   * The jobs of continuous aggregates, by the id of the hypertable that keeps their rows.
   *
   * @param names the aggregates' own names by that id
   */
  Map<Integer, List<RefreshJob>> jobs(Map<Integer, String> names) throws SQLException {
    Map<String, Integer> ids = new HashMap<>();
    names.keySet().forEach(id -> ids.put(String.valueOf(id), id));
    Map<Integer, List<RefreshJob>> jobs = new HashMap<>();
    for (Row row : rows()) {
      Integer id = ids.get(row.materializationId());
      if (id != null) {
        jobs.computeIfAbsent(id, i -> new ArrayList<>())
            .add(of(row.job(), config.mark(row.managedBy(), Mark.REFRESH, names.get(id))));
      }
    }
    return jobs;
  }

  private List<Row> rows() throws SQLException {
    JobStateReader states = JobStateReader.read(catalog);
    return catalog.rows(
        JOBS,
        row ->
            new Row(
                row.getString(5) == null ? "" : row.getString(5),
                row.getString(6),
                new RefreshJob(
                    row.getInt(1),
                    config.span(row.getString(7), row.getString(8)),
                    config.span(row.getString(9), row.getString(10)),
                    catalog.intern(row.getString(3) == null ? "" : row.getString(3)),
                    row.getBoolean(4),
                    config.role(row.getString(2)),
                    Optional.empty(),
                    states.state(row.getInt(1), row, STATE))));
  }

  private static RefreshJob of(RefreshJob job, Optional<Mark> mark) {
    return new RefreshJob(
        job.id(),
        job.startOffset(),
        job.endOffset(),
        job.every(),
        job.scheduled(),
        job.owner(),
        mark,
        job.state());
  }
}
