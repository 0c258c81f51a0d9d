package io.tenantdb.database;

import io.tenantdb.model.ServerInfo;
import io.tenantdb.model.ServerInfo.Edition;
import io.tenantdb.model.ServerInfo.Timescale;
import io.tenantdb.model.Statement;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/** Asks the server what it is and what we may do, in two round trips. */
final class Probe {

  private static final Statement QUERY =
      Statement.of(
          """
          SELECT current_setting('server_version') AS version,
                 current_setting('server_version_num')::int AS version_num,
                 e.extversion AS timescale_version,
                 n.nspname AS timescale_schema,
                 current_setting('timescaledb.license', true) AS license,
                 NOT pg_is_in_recovery()
                   AND NOT current_setting('transaction_read_only')::bool AS is_primary,
                 d.oid::bigint AS database_oid,
                 session_user::text AS user_name,
                 r.rolsuper AS superuser,
                 has_database_privilege(session_user, d.oid, 'TEMP') AS temporary_tables,
                 pg_has_role(session_user, 'pg_read_all_stats', 'USAGE') AS statistics,
                 COALESCE(has_function_privilege(session_user,
                   to_regprocedure('pg_catalog.pg_control_system()')::oid, 'EXECUTE'), false)
                   AS control_data
          FROM pg_database d
          JOIN pg_roles r ON r.rolname = session_user
          LEFT JOIN pg_extension e ON e.extname = 'timescaledb'
          LEFT JOIN pg_namespace n ON n.oid = e.extnamespace
          WHERE d.datname = current_database()\
          """);

  private static final Statement SYSTEM_IDENTIFIER =
      Statement.of("SELECT system_identifier::text FROM pg_control_system()");

  /** The function is not for us, not there, or cannot read the control file. */
  private static final Set<String> NO_CONTROL_DATA = Set.of("42501", "42883", "0A000", "58P01");

  private Probe() {}

  /** The connection is in autocommit: what one question breaks does not touch the next. */
  static ServerInfo read(Connection connection) throws SQLException {
    return Sql.query(connection, QUERY, row -> info(connection, row)).get(0);
  }

  private static ServerInfo info(Connection connection, ResultSet row) throws SQLException {
    return new ServerInfo(
        row.getString("version"),
        row.getInt("version_num"),
        timescale(row),
        row.getBoolean("control_data") ? systemIdentifier(connection) : Optional.empty(),
        row.getLong("database_oid"),
        row.getBoolean("is_primary"),
        row.getString("user_name"),
        row.getBoolean("superuser"),
        row.getBoolean("temporary_tables"),
        row.getBoolean("statistics"));
  }

  private static Timescale timescale(ResultSet row) throws SQLException {
    Optional<String> version = Optional.ofNullable(row.getString("timescale_version"));
    String license = row.getString("license");
    return new Timescale(
        edition(version.isPresent(), license),
        version,
        Optional.ofNullable(row.getString("timescale_schema")));
  }

  /**
   * The extension first: the licence can stand in the configuration of a server that does not have
   * it created. No licence beside an extension means that its library is not loaded.
   */
  private static Edition edition(boolean created, String license) {
    if (!created) {
      return Edition.NONE;
    }
    if (license == null) {
      return Edition.BROKEN;
    }
    return license.equals("apache") ? Edition.APACHE : Edition.COMMUNITY;
  }

  private static Optional<String> systemIdentifier(Connection connection) throws SQLException {
    try {
      List<String> found = Sql.query(connection, SYSTEM_IDENTIFIER, row -> row.getString(1));
      return found.stream().findFirst();
    } catch (SQLException e) {
      if (NO_CONTROL_DATA.contains(SqlStates.state(e))) {
        return Optional.empty();
      }
      throw e;
    }
  }
}
