package io.tenantdb.database;

import io.tenantdb.model.Statement;
import java.sql.BatchUpdateException;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;

/**
 * Runs {@link Statement}s. One without parameters is sent as it stands: {@code ?} and braces mean
 * nothing to the driver. In one with parameters the operator {@code ?} is written {@code ??}.
 */
public final class Sql {

  private Sql() {}

  /** Makes a value of the row that the result set stands on; it never moves it. */
  @FunctionalInterface
  public interface RowMapper<T> {
    T map(ResultSet row) throws SQLException;
  }

  /** Runs it; rows that it returns are dropped. */
  public static void execute(Connection connection, Statement statement) throws SQLException {
    if (statement.parameters().isEmpty()) {
      try (java.sql.Statement plain = plain(connection)) {
        plain.execute(statement.sql());
      }
    } else {
      try (PreparedStatement prepared = prepared(connection, statement)) {
        prepared.execute();
      }
    }
  }

  /**
   * Runs them in order; those without parameters in one round trip. None may return rows that
   * matter.
   */
  public static void executeAll(Connection connection, List<Statement> statements)
      throws SQLException {
    if (statements.stream().anyMatch(statement -> !statement.parameters().isEmpty())) {
      for (Statement statement : statements) {
        execute(connection, statement);
      }
      return;
    }
    try (java.sql.Statement batch = plain(connection)) {
      for (Statement statement : statements) {
        batch.addBatch(statement.sql());
      }
      batch.executeBatch();
    } catch (BatchUpdateException e) {
      // The batch's exception hides the server's own behind it.
      throw e.getNextException() == null ? e : e.getNextException();
    }
  }

  /** All rows, in the server's order. */
  public static <T> List<T> query(Connection connection, Statement statement, RowMapper<T> mapper)
      throws SQLException {
    if (statement.parameters().isEmpty()) {
      try (java.sql.Statement plain = plain(connection);
          ResultSet rows = plain.executeQuery(statement.sql())) {
        return all(rows, mapper);
      }
    }
    try (PreparedStatement prepared = prepared(connection, statement);
        ResultSet rows = prepared.executeQuery()) {
      return all(rows, mapper);
    }
  }

  /**
   * Runs the statements and then the query, in one round trip, and gives the query's rows. Outside
   * a transaction they make one together. With parameters anywhere among them, see the class.
   */
  public static <T> List<T> queryAfter(
      Connection connection, List<Statement> before, Statement query, RowMapper<T> mapper)
      throws SQLException {
    List<Statement> all = new ArrayList<>(before);
    all.add(query);
    Statement together =
        new Statement(
            all.stream().map(Statement::sql).collect(Collectors.joining("\n;\n")),
            all.stream().flatMap(s -> s.parameters().stream()).toList());
    if (together.parameters().isEmpty()) {
      try (java.sql.Statement plain = plain(connection)) {
        return lastRows(plain, plain.execute(together.sql()), mapper);
      }
    }
    try (PreparedStatement prepared = prepared(connection, together)) {
      return lastRows(prepared, prepared.execute(), mapper);
    }
  }

  /** What the statements before the last one returned is nobody's. */
  private static <T> List<T> lastRows(
      java.sql.Statement statement, boolean rowsFirst, RowMapper<T> mapper) throws SQLException {
    ResultSet last = rowsFirst ? statement.getResultSet() : null;
    boolean rows = statement.getMoreResults(java.sql.Statement.KEEP_CURRENT_RESULT);
    while (rows || statement.getUpdateCount() != -1) {
      last = rows ? statement.getResultSet() : last;
      rows = statement.getMoreResults(java.sql.Statement.KEEP_CURRENT_RESULT);
    }
    return all(last, mapper);
  }

  private static java.sql.Statement plain(Connection connection) throws SQLException {
    java.sql.Statement statement = connection.createStatement();
    statement.setEscapeProcessing(false);
    return statement;
  }

  private static PreparedStatement prepared(Connection connection, Statement statement)
      throws SQLException {
    PreparedStatement prepared = connection.prepareStatement(statement.sql());
    int index = 1;
    for (String parameter : statement.parameters()) {
      prepared.setString(index++, parameter);
    }
    return prepared;
  }

  private static <T> List<T> all(ResultSet rows, RowMapper<T> mapper) throws SQLException {
    List<T> out = new ArrayList<>();
    while (rows.next()) {
      out.add(mapper.map(rows));
    }
    return out;
  }
}
