package io.tenantdb.canonical;

import io.tenantdb.database.SqlStates;
import io.tenantdb.model.CanonicalAggregate;
import io.tenantdb.model.CanonicalIndex;
import io.tenantdb.model.CanonicalIndex.Refused;
import io.tenantdb.model.CanonicalIndex.Unknown;
import io.tenantdb.model.DesiredIndex;
import io.tenantdb.model.Reason;
import java.sql.SQLException;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/** Tells what PostgreSQL's refusal of an index on a clone means for the real one. */
final class Verdicts {
  // Lock not available, deadlock, cancelled by the time limit.
  private static final Set<String> BUSY = Set.of("55P03", "40P01", "57014");
  // No such function or operator for a row of the clone; the row type is another one.
  private static final Set<String> ROW_TYPE = Set.of("42883", "42846", "42804", "42P01", "42703");

  private static final String UNDEFINED_TABLE = "42P01";

  private Verdicts() {}

  /**
   * The verdict.
   *
   * @throws SQLException the same, where the connection is gone. A SQLSTATE alone ends no pass: a
   *     tenant's function may raise any
   */
  static CanonicalIndex of(SQLException e, DesiredIndex index, String table) throws SQLException {
    String state = SqlStates.state(e);
    String said = SqlStates.primaryMessage(e);
    if (SqlStates.endsSession(e)) {
      throw e;
    }
    // Class XX: "cache lookup failed" and the like, where something vanished meanwhile.
    if (BUSY.contains(state) || state.startsWith("XX")) {
      return new Unknown(Reason.Busy, said);
    }
    if (state.startsWith("53") || state.startsWith("58")) {
      return new Unknown(Reason.DatabaseError, said);
    }
    return switch (SqlStates.whileRunning(e)) {
      case ServerUnavailable, ConnectionFailed, NotPrimary ->
          new Unknown(Reason.DatabaseError, said);
      case InsufficientPrivilege -> new Unknown(Reason.InsufficientPrivilege, said);
      case NotSupported -> new Refused(Reason.NotSupported, state, said);
      default -> {
        if (ROW_TYPE.contains(state) && namesWholeRow(index, table)) {
          yield new Refused(
              Reason.NotSupported,
              state,
              said + " (expressions over a whole row, such as " + table + ".*, are not supported)");
        }
        yield new Refused(Reason.DefinitionRefused, state, said);
      }
    };
  }

  /**
   * What PostgreSQL's refusal of a query means for the aggregate.
   *
   * @throws SQLException the same, where the connection is gone
   */
  static CanonicalAggregate ofQuery(SQLException e, QueryTask task) throws SQLException {
    String state = SqlStates.state(e);
    String said = SqlStates.primaryMessage(e);
    if (SqlStates.endsSession(e)) {
      throw e;
    }
    if (BUSY.contains(state) || state.startsWith("XX")) {
      return new CanonicalAggregate.Unknown(Reason.Busy, said);
    }
    if (state.startsWith("53") || state.startsWith("58")) {
      return new CanonicalAggregate.Unknown(Reason.DatabaseError, said);
    }
    return switch (SqlStates.whileRunning(e)) {
      case ServerUnavailable, ConnectionFailed, NotPrimary ->
          new CanonicalAggregate.Unknown(Reason.DatabaseError, said);
      case InsufficientPrivilege ->
          new CanonicalAggregate.Unknown(Reason.InsufficientPrivilege, said);
      default ->
          new CanonicalAggregate.Refused(
              Reason.DefinitionRefused,
              state,
              // There are two queries that it may be about. What is missing is no fault of either.
              (state.equals(UNDEFINED_TABLE) ? "" : task.field() + ": ")
                  + said
                  + advice(state, said, task));
    };
  }

  /** What to do, where it can be told from the error. */
  private static String advice(String state, String said, QueryTask task) {
    return switch (state) {
      // Twice the same column: mostly two aggregates of one name, such as COUNT twice.
      case "42701" -> "; give each column of the result a name of its own with AS";
      case "42883" ->
          said.contains("time_bucket")
              ? "; TimescaleDB's functions are not on the search path of this database: set"
                  + " aggregates[%s].fallbackQuery, with date_bin instead of time_bucket, or add"
                      .formatted(task.aggregate())
                  + " the extension's schema to tenants.searchPath"
              : "";
      default -> "";
    };
  }

  /**
   * What it means that a clone could not be made.
   *
   * @throws SQLException the same, where it is about the whole server
   */
  static Unknown ofClone(SQLException e) throws SQLException {
    return switch (SqlStates.whileRunning(e)) {
      case ServerUnavailable, ConnectionFailed, NotPrimary -> throw e;
      case InsufficientPrivilege ->
          new Unknown(Reason.InsufficientPrivilege, SqlStates.primaryMessage(e));
      default -> new Unknown(Reason.Busy, SqlStates.primaryMessage(e));
    };
  }

  /** True where the table's name stands in a fragment as something else than a column's prefix. */
  private static boolean namesWholeRow(DesiredIndex index, String table) {
    Pattern row =
        Pattern.compile(
            "(?<![\\w$.\"])\"?" + Pattern.quote(table) + "\"?(?![\\w$\"])(?!\\s*\\.\\s*[\\w\"])",
            Pattern.CASE_INSENSITIVE);
    return Stream.concat(
            index.keys().stream().map(DesiredIndex.Key::expression).flatMap(Optional::stream),
            index.where().stream())
        .anyMatch(fragment -> row.matcher(fragment).find());
  }
}
