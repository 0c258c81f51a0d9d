package io.tenantdb.model;

import java.util.ArrayList;
import java.util.List;

/**
 * Which job a change is about: the one of an id; of no tenant in particular, where there is no id,
 * the one that the policy has on the tenant's relation.
 *
 * @param policy as its mark names it
 * @param id 0 where it is of no tenant
 */
record Job(Target target, String policy, int id) {

  /**
   * A call with the job's row.
   *
   * @param call with {@code j} for the row
   * @param parameters those of the call
   */
  Statement statement(String call, List<String> parameters) {
    List<String> all = new ArrayList<>(parameters);
    String sql = call + " FROM timescaledb_information.jobs AS j" + where(all);
    return new Statement(sql, all).finding();
  }

  /** The same for one that bears the mark. */
  Statement statement(String call, List<String> parameters, Mark mark) {
    List<String> all = new ArrayList<>(parameters);
    String sql = call + " FROM timescaledb_information.jobs AS j" + where(all);
    all.add(mark.text());
    return new Statement(sql + " AND j.config ->> 'managed_by' = ?", all).finding();
  }

  private String where(List<String> parameters) {
    if (id != 0) {
      parameters.add(Integer.toString(id));
      return " WHERE j.job_id = ?::integer";
    }
    parameters.add(target.schema());
    parameters.add(target.table());
    return policy.equals(Mark.REFRESH)
        // The names that the view of jobs has changed in 2.20.
        ? " JOIN _timescaledb_catalog.continuous_agg AS c"
            + " ON c.mat_hypertable_id::text = j.config ->> 'mat_hypertable_id'"
            + " WHERE j.proc_name = 'policy_refresh_continuous_aggregate'"
            + " AND c.user_view_schema = ? AND c.user_view_name = ?"
        : " WHERE j.hypertable_schema = ? AND j.hypertable_name = ? AND j.proc_name = '"
            + (policy.equals(Mark.RETENTION)
                ? PolicyKind.RETENTION.procedure()
                : PolicyKind.COMPRESSION.procedure())
            + "'";
  }
}
