package io.tenantdb.apply;

import io.tenantdb.database.Sql;
import io.tenantdb.database.TenantCode;
import io.tenantdb.model.AggregateChange.FillAggregate;
import io.tenantdb.model.Reason;
import io.tenantdb.model.Statement;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.List;
import java.util.Optional;

/**
 * Looks right before a window is filled whether a tenant has put code in its way since the plan was
 * made: {@code refresh_continuous_aggregate} runs it in our session, which may take other roles.
 * What it writes to may bear triggers, too, which no plan sees before the aggregate is there.
 *
 * <p>Sources: {@code _timescaledb_catalog.continuous_agg} and {@code hypertable}, in columns that
 * TimescaleDB 2.10 and later have.
 */
final class FillGuard {

  // The aggregates that it reads from, if any, and all that their queries name.
  private static final String AGGREGATES =
      """
      WITH RECURSIVE ca AS (
        SELECT a.* FROM _timescaledb_catalog.continuous_agg a
        WHERE a.user_view_schema = ? AND a.user_view_name = ?
        UNION
        SELECT p.* FROM _timescaledb_catalog.continuous_agg p
        JOIN ca ON p.mat_hypertable_id = ca.raw_hypertable_id
      ), kept AS (
        SELECT h.id, h.schema_name, h.table_name, h.compressed_hypertable_id, h.id = ca.mat_hypertable_id AS made
        FROM ca JOIN _timescaledb_catalog.hypertable h
          ON h.id IN (ca.mat_hypertable_id, ca.raw_hypertable_id)
      ), named (s, t) AS (
      """;

  private static final String READ =
      AGGREGATES
          + """
            SELECT schema_name, table_name FROM kept
            UNION
            SELECT h.schema_name, h.table_name
            FROM kept JOIN _timescaledb_catalog.hypertable h ON h.id = kept.compressed_hypertable_id
            UNION
            SELECT direct_view_schema, direct_view_name FROM ca
          ), relation AS (
            SELECT c.oid FROM named
            JOIN pg_catalog.pg_namespace n ON n.nspname = named.s
            JOIN pg_catalog.pg_class c ON c.relnamespace = n.oid AND c.relname = named.t
          )
          SELECT oid FROM relation
          UNION
          SELECT d.refobjid
          FROM relation JOIN pg_catalog.pg_rewrite r ON r.ev_class = relation.oid
          JOIN pg_catalog.pg_depend d
            ON d.classid = 'pg_catalog.pg_rewrite'::regclass AND d.objid = r.oid
            AND d.refclassid = 'pg_catalog.pg_class'::regclass
          """;

  private static final String WRITTEN =
      AGGREGATES
          + """
            SELECT schema_name, table_name FROM kept WHERE made
          )
          SELECT c.oid FROM named
          JOIN pg_catalog.pg_namespace n ON n.nspname = named.s
          JOIN pg_catalog.pg_class c ON c.relnamespace = n.oid AND c.relname = named.t
          """;

  private final Connection connection;

  FillGuard(Connection connection) {
    this.connection = connection;
  }

  /**
   * Lets a fill go on that runs nobody's code but PostgreSQL's and the extensions'.
   *
   * @throws ApplyException {@code FillLeftToOwner}
   */
  void check(FillAggregate change) throws SQLException {
    Optional<String> read = TenantCode.ofReading(connection, relations(READ, change));
    Optional<String> found =
        read.isPresent() ? read : TenantCode.ofWriting(connection, relations(WRITTEN, change));
    if (found.isPresent()) {
      throw new ApplyException(
          Reason.FillLeftToOwner,
          "the first fill would run "
              + found.get()
              + ", and is left to "
              + change.target().owner()
              + ": CALL refresh_continuous_aggregate as that role");
    }
  }

  private List<Long> relations(String sql, FillAggregate change) throws SQLException {
    return Sql.query(
        connection,
        Statement.of(sql, change.target().schema(), change.target().table()),
        row -> row.getLong(1));
  }
}
