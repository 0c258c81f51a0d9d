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
  // No such function or operator for a row of the clone; the row type is another one.
  private static final Set<String> ROW_TYPE = Set.of("42883", "42846", "42804", "42P01", "42703");

  // About the server, or said to be: read-only, connections, resources, shutdown, I/O.
  private static final Set<String> OF_SERVER = Set.of("08", "25006", "53", "57P", "58");

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
    String said = SqlStates.messageAndHint(e);
    Optional<Unknown> unknown = unknown(e);
    if (unknown.isPresent()) {
      return unknown.get();
    }
    if (ROW_TYPE.contains(state) && namesWholeRow(index, table)) {
      return new Refused(
          Reason.NotSupported,
          state,
          said + " (expressions over a whole row, such as " + table + ".*, are not supported)");
    }
    return SqlStates.whileMaking(e) == Reason.NotSupported
        ? new Refused(Reason.NotSupported, state, said)
        : new Refused(Reason.DefinitionRefused, state, shown(said, state));
  }

  /**
   * What PostgreSQL's refusal of a query means for the aggregate.
   *
   * @throws SQLException the same, where the connection is gone
   */
  static CanonicalAggregate ofQuery(SQLException e, QueryTask task) throws SQLException {
    String state = SqlStates.state(e);
    String said = SqlStates.messageAndHint(e);
    Optional<Unknown> unknown = unknown(e);
    if (unknown.isPresent()) {
      return new CanonicalAggregate.Unknown(unknown.get().reason(), unknown.get().message());
    }
    return new CanonicalAggregate.Refused(
        Reason.DefinitionRefused,
        state,
        // There are two queries that it may be about. What is missing is no fault of either.
        (state.equals(UNDEFINED_TABLE) ? "" : task.field() + ": ")
            + shown(said, state)
            + advice(state, said, task));
  }

  /**
   * What says nothing of the definition: a moment, a right, the server.
   *
   * @throws SQLException the same, where the connection is gone. A SQLSTATE alone ends no pass: a
   *     tenant's function may raise any
   */
  private static Optional<Unknown> unknown(SQLException e) throws SQLException {
    if (SqlStates.endsSession(e)) {
      throw e;
    }
    String said = SqlStates.primaryMessage(e);
    String state = SqlStates.state(e);
    if (OF_SERVER.stream().anyMatch(state::startsWith)) {
      return Optional.of(new Unknown(Reason.DatabaseError, SqlStates.withState(said, state)));
    }
    return switch (SqlStates.whileMaking(e)) {
      case Busy, LockTimeout, Interrupted -> Optional.of(new Unknown(Reason.Busy, said));
      case InsufficientPrivilege -> Optional.of(new Unknown(Reason.InsufficientPrivilege, said));
      case DatabaseError ->
          Optional.of(new Unknown(Reason.DatabaseError, SqlStates.withState(said, state)));
      default -> Optional.empty();
    };
  }

  /** PostgreSQL's internal errors say little: what can be looked up is told. */
  private static String shown(String said, String state) {
    return state.startsWith("XX") ? SqlStates.withState(said, state) : said;
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
   * What it means that a clone could not be made. It runs nobody's code but that of event triggers.
   *
   * @throws SQLException the same, where it is about the whole server
   */
  static Unknown ofClone(SQLException e) throws SQLException {
    String said = SqlStates.primaryMessage(e);
    if (SqlStates.ranFunction(e)) {
      return new Unknown(
          Reason.EventTriggerRefused,
          "an event trigger's function refuses a table that is tried in a transaction (SQLSTATE "
              + SqlStates.state(e)
              + "); let it pass, or ALTER EVENT TRIGGER … DISABLE it");
    }
    return switch (SqlStates.whileMaking(e)) {
      case ServerUnavailable, ConnectionFailed, NotPrimary -> throw e;
      case InsufficientPrivilege -> new Unknown(Reason.InsufficientPrivilege, said);
      case DefinitionRefused, DatabaseError ->
          new Unknown(Reason.DatabaseError, SqlStates.withState(said, SqlStates.state(e)));
      default -> new Unknown(Reason.Busy, said);
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
