package io.tenantdb.model;

import java.util.List;
import java.util.stream.Stream;

/**
 * The way around {@code alter_job} of TimescaleDB 2.22.1 to 2.23.0, which refuses every refresh job
 * of an aggregate over an aggregate ("multiple refresh policies are not supported for hierarchical
 * continuous aggregates", issue 8765): it takes the job itself for a second one of the aggregate's.
 * So the job hangs on the aggregate's source while it is altered, within one transaction. Only
 * releases that exist need it, and what they have for that does not change any more. The owner of
 * the job must own the source too.
 */
final class RefreshJobDetour {

  private final Target target;

  private RefreshJobDetour(Target target) {
    this.target = target;
  }

  /**
   * The statement with the detour around it; alone where the server needs none.
   *
   * @param target the aggregate; one over a hypertable is left alone
   * @param needed {@link ServerInfo.Timescale#altersHierarchies} is false
   */
  static List<Statement> around(Statement altering, Target target, boolean needed) {
    if (!needed) {
      return List.of(altering);
    }
    RefreshJobDetour detour = new RefreshJobDetour(target);
    return Stream.of(
            detour.hangOn("c.parent_mat_hypertable_id"),
            altering,
            detour.hangOn("c.mat_hypertable_id"))
        .toList();
  }

  private Statement hangOn(String hypertable) {
    return Statement.of(
        "SELECT _timescaledb_functions.alter_job_set_hypertable_id(j.job_id,"
            + " format('%I.%I', h.schema_name, h.table_name)::regclass)"
            + " FROM timescaledb_information.jobs AS j"
            + " JOIN _timescaledb_catalog.continuous_agg AS c"
            + " ON c.mat_hypertable_id::text = j.config ->> 'mat_hypertable_id'"
            + " JOIN _timescaledb_catalog.hypertable AS h ON h.id = "
            + hypertable
            + " WHERE j.proc_name = 'policy_refresh_continuous_aggregate'"
            + " AND c.parent_mat_hypertable_id IS NOT NULL"
            + " AND c.user_view_schema = ? AND c.user_view_name = ?",
        target.schema(),
        target.table());
  }
}
