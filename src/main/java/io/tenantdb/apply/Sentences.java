package io.tenantdb.apply;

import io.tenantdb.database.SqlStates;
import io.tenantdb.model.AggregateChange.CreateAggregate;
import io.tenantdb.model.AggregateChange.FillAggregate;
import io.tenantdb.model.Blocker;
import io.tenantdb.model.Change;
import io.tenantdb.model.DesiredIndex;
import io.tenantdb.model.MaterializedViewChange.CreateMaterializedView;
import io.tenantdb.model.MaterializedViewChange.RefreshMaterializedView;
import io.tenantdb.model.Reason;
import java.util.Optional;
import java.util.stream.Collectors;

/**
 * Why a change failed, for people: PostgreSQL's words, but where they would name a reserved name,
 * hold a row's values or lack what to do.
 */
final class Sentences {

  private Sentences() {}

  /**
   * The sentence, with tenant and object in front.
   *
   * @param blocker who was last seen in its way
   */
  static String of(
      Change change, Reason reason, String sqlState, String words, Optional<Blocker> blocker) {
    return about(
        change,
        switch (reason) {
          case BuildTimeout -> timeIsUp(blocker);
          case LeftoverPending -> stays(blocker);
          default -> said(change, reason, sqlState, words);
        });
  }

  private static String stays(Optional<Blocker> blocker) {
    return blocker
        .map(
            by ->
                "an index that is to go cannot be dropped before this ends: "
                    + by.text()
                    + "; it is tried again.")
        .orElse(
            "an index that is to go cannot be dropped while other sessions use the table; it is tried"
                + " again.");
  }

  private static String about(Change change, String words) {
    return change.target().schema() + ": " + change.object() + ": " + words;
  }

  /** That a change was given up after {@code buildTimeout}. */
  static String givenUp(Change change, Optional<Blocker> blocker) {
    return about(change, timeIsUp(blocker));
  }

  private static String timeIsUp(Optional<Blocker> blocker) {
    return blocker
        .map(
            by ->
                "it was given up after spec.safety.buildTimeout, waiting for "
                    + by.text()
                    + "; end that transaction; it is tried again.")
        .orElse("it was given up after spec.safety.buildTimeout; it is tried again.");
  }

  private static String said(Change change, Reason reason, String sqlState, String words) {
    return switch (reason) {
      case DuplicateRows -> duplicates(change);
      case DefinitionRefused ->
          refused(change, sqlState).orElseGet(() -> refusedAs(change, sqlState, words));
      case RefreshWindowInvalid ->
          "TimescaleDB refuses the refresh window: "
              + words
              + "; lengthen refresh.startOffset, or shorten refresh.endOffset.";
      case Busy -> sqlState.isEmpty() ? stopped(words) : meanwhile(sqlState, words);
      case DatabaseError -> stopped(SqlStates.withState(words, sqlState));
      case HasDependents ->
          "it is not dropped, because other objects depend on it: "
              + words
              + "; drop those first, or declare it again.";
      case LockTimeout -> "other sessions hold the table locked; it is tried again.";
      default -> stopped(words);
    };
  }

  /** TimescaleDB has rules of its own for a query, which nobody could hold it to before. */
  private static String refusedAs(Change change, String sqlState, String words) {
    // Internal errors say little: what can be looked up is told.
    String said = sqlState.startsWith("XX") ? SqlStates.withState(words, sqlState) : words;
    return change instanceof CreateAggregate create
        ? "aggregates[" + create.aggregate().name() + "].query is refused: " + stopped(said)
        : stopped(said);
  }

  private static String meanwhile(String sqlState, String words) {
    return "another session changes the same at this moment: "
        + SqlStates.withState(words, sqlState)
        + "; it is tried again.";
  }

  private static String stopped(String words) {
    return words.endsWith(".") ? words : words + ".";
  }

  private static String duplicates(Change change) {
    if (change instanceof CreateMaterializedView create) {
      return "rows of the result are not unique by ("
          + create.aggregate().uniqueIndex().map(Sentences::columns).orElse("")
          + "): correct uniqueColumns.";
    }
    if (change instanceof RefreshMaterializedView) {
      return "rows of the result are not unique by uniqueColumns any more: correct uniqueColumns, or"
          + " the rows that it reads.";
    }
    return "rows of "
        + change.target().table()
        + " are not unique"
        + change.builds().map(index -> " by (" + columns(index) + ")").orElse("")
        + "; remove the duplicates, and the index will be built.";
  }

  private static String columns(DesiredIndex unique) {
    return unique.keys().stream()
        .map(key -> key.column().or(key::expression).orElse("").strip().replaceAll("\\s+", " "))
        .collect(Collectors.joining(", "));
  }

  /**
   * Class 22 quotes the value ("invalid input syntax for type integer: ..."), and whatever a
   * function of the tenant raises may: so where rows are read, not in the server's words.
   */
  private static Optional<String> refused(Change change, String sqlState) {
    if (change instanceof CreateAggregate
        || (change instanceof FillAggregate && sqlState.startsWith("42"))) {
      // No row is read, or nothing of the tenant's could have raised it.
      return Optional.empty();
    }
    if (change.builds().isPresent()) {
      return Optional.of(
          "rows of "
              + change.target().table()
              + " break the definition: SQLSTATE "
              + sqlState
              + "; correct the rows, or the index in the spec.");
    }
    if (change instanceof RefreshMaterializedView && sqlState.equals("21000")) {
      return Optional.of(
          "rows of the result stand in it twice: correct the query, so that it gives each row"
              + " once (SQLSTATE 21000).");
    }
    return change instanceof CreateMaterializedView
            || change instanceof RefreshMaterializedView
            || change instanceof FillAggregate
        ? Optional.of(
            "the query fails on the rows that it reads: SQLSTATE "
                + sqlState
                + "; correct the rows, or the query in the spec.")
        : Optional.empty();
  }
}
