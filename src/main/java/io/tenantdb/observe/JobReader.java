package io.tenantdb.observe;

import io.tenantdb.model.Mark;
import io.tenantdb.model.ObservedHypertable.Job;
import io.tenantdb.model.PolicyKind;
import io.tenantdb.observe.HypertableReader.Name;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;

/** Reads the jobs of compression and retention policies. */
final class JobReader {

  private record Row(String hypertableId, String managedBy, Job job) {}

  private static final String IDS =
      """
      SELECT id, schema_name, table_name FROM _timescaledb_catalog.hypertable
      WHERE table_name = ANY (?::name[])
      """;

  private static final String NAMES =
      """
      SELECT schema_name, table_name FROM _timescaledb_catalog.hypertable
      WHERE id::text = ANY (?::text[])
      """;

  // The name of the schema changed in 2.12, that of the application in 2.20. The hypertable's id in
  // the config is the one thing that says in all versions whose job it is.
  private static final String JOBS =
      """
      SELECT job_id, proc_name, owner::text, schedule_interval::text, scheduled,
             config->>'hypertable_id', config->>'managed_by',
             jsonb_typeof(config->'compress_after'), config->>'compress_after',
             jsonb_typeof(config->'drop_after'), config->>'drop_after',
             %s
      FROM timescaledb_information.jobs
      WHERE proc_name IN ('policy_compression', 'policy_retention')
        AND proc_schema IN ('_timescaledb_internal', '_timescaledb_functions')
      ORDER BY job_id
      """
          .formatted(JobStateReader.COLUMNS);

  private static final int STATE = 12;

  private final Catalog catalog;
  private final JobConfig config;
  private List<Row> read = List.of();
  private boolean hasRead;

  JobReader(Catalog catalog) {
    this.catalog = catalog;
    this.config = new JobConfig(catalog);
  }

  /** The jobs of the hypertables that bear one of the names. */
  Map<Name, List<Job>> jobs(String names) throws SQLException {
    Map<String, Name> ids = ids(names);
    Map<Name, List<Job>> jobs = new HashMap<>();
    for (Row row : rows()) {
      Name name = ids.get(row.hypertableId());
      if (name != null) {
        jobs.computeIfAbsent(name, n -> new ArrayList<>()).add(ofTable(row, name.table()));
      }
    }
    return jobs;
  }

  /**
   * Other hypertables that have a job with a mark of the owner.
   *
   * @param names of those that are known
   */
  List<Name> othersWithMarkOf(String ownerId, String names) throws SQLException {
    Set<String> known = ids(names).keySet();
    Set<String> others =
        rows().stream()
            .filter(row -> row.managedBy().startsWith(Mark.beginning(ownerId)))
            .map(Row::hypertableId)
            .filter(id -> !known.contains(id))
            .collect(Collectors.toSet());
    return others.isEmpty()
        ? List.of()
        : catalog.rows(
            NAMES,
            row -> new Name(row.getString(1), catalog.intern(row.getString(2))),
            Catalog.names(others));
  }

  /** The hypertables that bear one of the names, by their ids in TimescaleDB's catalog. */
  Map<String, Name> ids(String names) throws SQLException {
    Map<String, Name> ids = new HashMap<>();
    catalog
        .rows(
            IDS,
            row -> Map.entry(row.getString(1), new Name(row.getString(2), row.getString(3))),
            names)
        .forEach(e -> ids.put(e.getKey(), e.getValue()));
    return ids;
  }

  /** All jobs, read once. */
  private List<Row> rows() throws SQLException {
    if (!hasRead) {
      JobStateReader states = JobStateReader.read(catalog);
      read =
          catalog.rows(
              JOBS,
              row ->
                  new Row(
                      row.getString(6) == null ? "" : row.getString(6),
                      row.getString(7) == null ? "" : row.getString(7),
                      job(row, states)));
      hasRead = true;
    }
    return read;
  }

  private Job job(ResultSet row, JobStateReader states) throws SQLException {
    PolicyKind kind =
        row.getString(2).equals(PolicyKind.COMPRESSION.procedure())
            ? PolicyKind.COMPRESSION
            : PolicyKind.RETENTION;
    int lag = kind == PolicyKind.COMPRESSION ? 8 : 10;
    return new Job(
        row.getInt(1),
        kind,
        config.span(row.getString(lag), row.getString(lag + 1)),
        catalog.intern(row.getString(4) == null ? "" : row.getString(4)),
        row.getBoolean(5),
        config.role(row.getString(3)),
        Optional.empty(),
        states.state(row.getInt(1), row, STATE));
  }

  private Job ofTable(Row row, String table) {
    Job job = row.job();
    return new Job(
        job.id(),
        job.kind(),
        job.after(),
        job.every(),
        job.scheduled(),
        job.owner(),
        config.mark(row.managedBy(), job.kind().markName(), table),
        job.state());
  }
}
