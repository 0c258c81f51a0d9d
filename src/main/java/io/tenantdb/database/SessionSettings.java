package io.tenantdb.database;

import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * The settings that every session has, whatever the role, the database or the server say. They
 * travel in the start-up packet, so that nothing of ours is ever looked up where somebody else's
 * {@code search_path} leads; and again as the first statement, because a pooler may have kept the
 * packet to itself, and because the driver sends a time zone, a date style and {@code
 * extra_float_digits} of its own there, which beat {@code options}. SET looks no name up.
 */
final class SessionSettings {

  /**
   * @param values one, or the elements of a setting that is a list
   */
  private record Setting(String name, List<String> values) {

    static Setting of(String name, String... values) {
      return new Setting(name, List.of(values));
    }

    /** Backslash and white space are what the server splits {@code options} by. */
    String option() {
      return "-c "
          + name
          + "="
          + String.join(",", values).replace("\\", "\\\\").replace(" ", "\\ ");
    }

    String statement() {
      return "SET "
          + name
          + " = "
          + values.stream().map(value -> "'" + value + "'").collect(Collectors.joining(", "));
    }
  }

  private static final List<Setting> ALWAYS =
      List.of(
          // First, because it bounds the others too; as transaction_timeout does where there is
          // one.
          Setting.of("statement_timeout", "0"),
          // A login role can be made another one by ALTER ROLE … SET role, which RESET goes back
          // to.
          Setting.of("role", "none"),
          // Before search_path, because its text depends on it.
          Setting.of("quote_all_identifiers", "off"),
          // Temporary relations and types would come first where they are not named.
          Setting.of("search_path", "pg_catalog", "pg_temp"),
          Setting.of("TimeZone", "UTC"),
          Setting.of("DateStyle", "ISO", "MDY"),
          Setting.of("IntervalStyle", "postgres"),
          Setting.of("standard_conforming_strings", "on"),
          Setting.of("extra_float_digits", "1"),
          Setting.of("bytea_output", "hex"),
          Setting.of("lc_monetary", "C"),
          Setting.of("transform_null_equals", "off"),
          Setting.of("jit", "off"),
          Setting.of("lock_timeout", "2s"),
          Setting.of("idle_in_transaction_session_timeout", "0"),
          Setting.of("idle_session_timeout", "0"),
          Setting.of("default_transaction_isolation", "read committed"));

  /** From PostgreSQL 17 on: an older server lets nobody in who names it in the start-up packet. */
  private static final Setting TRANSACTION_TIMEOUT = Setting.of("transaction_timeout", "0");

  private SessionSettings() {}

  /** The parameter {@code options} of the start-up packet. */
  static String startUpOptions() {
    return ALWAYS.stream().map(Setting::option).collect(Collectors.joining(" "));
  }

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
    Stream<Setting> first =
        connection.getMetaData().getDatabaseMajorVersion() >= 17
            ? Stream.of(TRANSACTION_TIMEOUT)
            : Stream.empty();
    return Stream.concat(first, ALWAYS.stream())
        .map(Setting::statement)
        .collect(Collectors.joining("; "));
  }

  private static void send(Connection connection, String sql) throws SQLException {
    try (Statement statement = connection.createStatement()) {
      statement.setEscapeProcessing(false);
      statement.execute(sql);
    }
  }
}
