package io.tenantdb.observe;

import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Types;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.postgresql.PGStatement;

/**
 * One session's way to the catalogs. Every query is planned for the parameters that it gets: the
 * length of an array decides whether the server joins by hash.
 */
final class Catalog {
  private final Connection connection;
  private final int versionNum;
  private final Map<String, String> interned = new HashMap<>();

  Catalog(Connection connection, int versionNum) {
    this.connection = connection;
    this.versionNum = versionNum;
  }

  /** Makes a value of the row that the result set stands on. */
  @FunctionalInterface
  interface RowMapper<T> {
    T map(ResultSet row) throws SQLException;
  }

  /** The body of a short transaction. */
  @FunctionalInterface
  interface Work<T> {
    T run() throws SQLException;
  }

  /** {@code server_version_num}. */
  int versionNum() {
    return versionNum;
  }

  /**
   * All rows.
   *
   * @param parameters texts; arrays as {@link #oids} and {@link #names} write them
   */
  <T> List<T> rows(String sql, RowMapper<T> mapper, String... parameters) throws SQLException {
    try (PreparedStatement statement = connection.prepareStatement(sql)) {
      // Never a named statement: after five runs that could become one generic plan for all
      // lengths.
      statement.unwrap(PGStatement.class).setPrepareThreshold(0);
      for (int i = 0; i < parameters.length; i++) {
        // Of the type that the cast names, once: sent as varchar it would be cast for every row.
        statement.setObject(i + 1, parameters[i], Types.OTHER);
      }
      List<T> out = new ArrayList<>();
      try (ResultSet rows = statement.executeQuery()) {
        while (rows.next()) {
          out.add(mapper.map(rows));
        }
      }
      return out;
    }
  }

  /**
   * Runs what may meet a tenant's lock: in a transaction of its own that waits for none longer than
   * a moment.
   *
   * @throws SQLException 55P03 where a lock is held
   */
  <T> T brieflyLocking(Work<T> work) throws SQLException {
    connection.setAutoCommit(false);
    try {
      try (java.sql.Statement statement = connection.createStatement()) {
        statement.execute("SET LOCAL lock_timeout = '200ms'");
      }
      return work.run();
    } finally {
      connection.rollback();
      connection.setAutoCommit(true);
    }
  }

  /**
   * One instance of each text: a fleet of 10,000 tenants has a few dozen different ones in 90,000
   * rows.
   */
  String intern(String text) {
    String known = interned.putIfAbsent(text, text);
    return known == null ? text : known;
  }

  /** The array literal of oids. */
  static String oids(Collection<Long> oids) {
    return oids.stream().map(String::valueOf).collect(Collectors.joining(",", "{", "}"));
  }

  /** The array literal of names or texts. */
  static String names(Collection<String> names) {
    return names.stream()
        .map(name -> '"' + name.replace("\\", "\\\\").replace("\"", "\\\"") + '"')
        .collect(Collectors.joining(",", "{", "}"));
  }
}
