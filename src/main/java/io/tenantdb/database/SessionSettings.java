package io.tenantdb.database;

import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;

/**
 * The settings that every session has, whatever the role, the database or the server say. Plain SET
 * after connecting, because the driver sends the JVM's time zone at start-up, which beats {@code
 * options}.
 */
final class SessionSettings {

  private static final List<String> ALWAYS =
      List.of(
          // First, because it bounds the others too; as transaction_timeout does where there is
          // one.
          "SET statement_timeout = 0",
          // A login role can be made another one by ALTER ROLE … SET role, which RESET goes back
          // to.
          "SET ROLE NONE",
          // Before search_path, because its text depends on it.
          "SET quote_all_identifiers = off",
          "SET search_path = pg_catalog",
          "SET TimeZone = 'UTC'",
          "SET DateStyle = 'ISO, MDY'",
          "SET IntervalStyle = 'postgres'",
          "SET standard_conforming_strings = on",
          "SET extra_float_digits = 1",
          "SET bytea_output = 'hex'",
          "SET lc_monetary = 'C'",
          "SET transform_null_equals = off",
          "SET jit = off",
          "SET lock_timeout = '2s'",
          "SET idle_in_transaction_session_timeout = 0",
          "SET idle_session_timeout = 0",
          "SET default_transaction_isolation = 'read committed'");

  private SessionSettings() {}

  /** Right after connecting. */
  static void pin(Connection connection) throws SQLException {
    String sql = sql(connection);
    try {
      send(connection, sql);
    } catch (SQLException e) {
      // Where the library of the database's TimescaleDB is gone, only the first statement of a
      // session fails, with 58P01; the probe can tell what is the matter on the second.
      if (!"58P01".equals(e.getSQLState())) {
        throw e;
      }
      send(connection, sql);
    }
  }

  /** When a pooled connection is lent again: what its last user left behind does not stay. */
  static void pinAgain(Connection connection) throws SQLException {
    send(connection, sql(connection));
  }

  private static String sql(Connection connection) throws SQLException {
    List<String> settings = new ArrayList<>(ALWAYS);
    if (connection.getMetaData().getDatabaseMajorVersion() >= 17) {
      settings.add(0, "SET transaction_timeout = 0");
    }
    return String.join("; ", settings);
  }

  private static void send(Connection connection, String sql) throws SQLException {
    try (Statement statement = connection.createStatement()) {
      statement.setEscapeProcessing(false);
      statement.execute(sql);
    }
  }
}
