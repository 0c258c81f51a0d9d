package io.tenantdb.database;

import java.io.IOException;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.postgresql.util.PSQLException;
import org.postgresql.util.ServerErrorMessage;

/**
 * An {@link SQLException} taken apart: what the server said, and in whose code. Sources: the fields
 * of PostgreSQL's {@code ErrorResponse}; the texts of {@code elog}, which are never translated.
 */
final class ServerError {

  /** In whose code it was raised. */
  enum Origin {
    /** The statement's own, and the objects that it is about. */
    STATEMENT,
    /** A row of a system catalog, PostgreSQL's or TimescaleDB's: two sessions made the same. */
    CATALOG,
    /** The server met a change of another session half-way. */
    RACE,
    /** A function that the statement ran, which raised it itself: with any SQLSTATE and words. */
    RAISED,
    /** A statement of a function that the statement ran. */
    FUNCTION,
    /** Another server, which a foreign table or dblink asked. */
    FOREIGN
  }

  // Where PL/pgSQL, PL/Python, PL/Perl and PL/Tcl pass on what a function raises: with whatever
  // SQLSTATE it likes, and with whatever it has read.
  private static final Set<String> RAISED_IN =
      Set.of("pl_exec.c", "plpy_elog.c", "plperl.c", "pltcl.c");

  // postgres_fdw's and dblink's, which pass on the SQLSTATE of the other server.
  private static final Set<String> FOREIGN_IN = Set.of("connection.c", "dblink.c");

  private static final Set<String> CATALOGS =
      Set.of(
          "pg_catalog",
          "pg_toast",
          "_timescaledb_catalog",
          "_timescaledb_config",
          "_timescaledb_cache");

  // Transaction rollback, insufficient resources, lock not available, operator intervention.
  private static final Set<String> PASSING = Set.of("40", "53", "55P03", "57");

  // What PostgreSQL's own translations make of FATAL and PANIC: pgjdbc shows the translated word
  // only.
  private static final Set<String> FATAL =
      Set.of(
          "FATAL",
          "FATALE",
          "FATALT",
          "PANIC",
          "PANICO",
          "PANIK",
          "ВАЖНО",
          "ПАНИКА",
          "ФАТАЛЬНО",
          "ПАНІКА",
          "ფატალური",
          "პანიკა",
          "치명적오류",
          "손상",
          "致命错误",
          "灾难性错误",
          "致命錯誤",
          "嚴重錯誤");

  // A word in whatever quotation marks the server's language has: the name of a function, where a
  // statement would have blanks.
  private static final Pattern NAMED =
      Pattern.compile("[\"«»„“”][\\s\u00a0\u202f]*[^\\s\"«»„“”]+[\\s\u00a0\u202f]*[\"«»„“”]");

  private static final Pattern RACE =
      Pattern.compile(
          "tuple (?:concurrently|already) (?:updated|deleted)|cache lookup failed|could not (?:open relation"
              + "|find (?:tuple|attribute))|relation .* (?:deleted while still in use|does not have)");

  private final SQLException exception;
  private final Optional<ServerErrorMessage> said;

  ServerError(SQLException exception) {
    this.exception = exception;
    this.said =
        chain(exception).stream()
            .filter(PSQLException.class::isInstance)
            .map(t -> ((PSQLException) t).getServerErrorMessage())
            .filter(m -> m != null && m.getMessage() != null)
            .findFirst();
  }

  /** The exception and its causes, outermost first. */
  static List<Throwable> chain(Throwable e) {
    List<Throwable> chain = new ArrayList<>();
    for (Throwable t = e; t != null && !chain.contains(t); t = t.getCause()) {
      chain.add(t);
    }
    return chain;
  }

  /**
   * The SQLSTATE of the exception, or else of the first one below it that has one; empty text where
   * there is none.
   */
  String state() {
    return chain(exception).stream()
        .filter(SQLException.class::isInstance)
        .map(t -> ((SQLException) t).getSQLState())
        .filter(state -> state != null && !state.isEmpty())
        .findFirst()
        .orElse("");
  }

  /** The server's primary message, else the driver's: one line without control characters. */
  String message() {
    return said.map(ServerErrorMessage::getMessage)
        .or(this::ofDriver)
        .map(ServerError::line)
        .orElse("the driver gave no message");
  }

  private Optional<String> ofDriver() {
    // What the pool wraps around the driver's message says nothing.
    return chain(exception).stream()
        .filter(PSQLException.class::isInstance)
        .findFirst()
        .or(() -> Optional.of(exception))
        .map(Throwable::getMessage);
  }

  /** Several lines perhaps; may hold the values of rows. */
  Optional<String> detail() {
    return field(ServerErrorMessage::getDetail);
  }

  /** The server's advice, one line. */
  Optional<String> hint() {
    return field(ServerErrorMessage::getHint).map(ServerError::line);
  }

  /** The functions that were running, innermost first, in the server's language. */
  String context() {
    return field(ServerErrorMessage::getWhere).orElse("");
  }

  /** True where the connection broke, or the driver found it closed. */
  boolean lostConnection() {
    return chain(exception).stream().anyMatch(IOException.class::isInstance)
        || (state().startsWith("08") && (said.isEmpty() || fatal()));
  }

  /** True where the server ended the session. */
  boolean fatal() {
    return said.map(ServerErrorMessage::getSeverity).filter(FATAL::contains).isPresent();
  }

  /**
   * True where a cancel, a time-out, a lock, a deadlock or a full server ended it, and not what the
   * statement asks for: it may do as it is another time.
   */
  boolean passes() {
    return origin() != Origin.RAISED && PASSING.stream().anyMatch(state()::startsWith);
  }

  /** True where the server said it; false where the driver did. */
  boolean fromServer() {
    return said.isPresent();
  }

  /** In whose code it was raised. */
  Origin origin() {
    if (fatal()) {
      return Origin.STATEMENT;
    }
    Optional<String> file = field(ServerErrorMessage::getFile);
    if (file.filter(RAISED_IN::contains).isPresent()) {
      return Origin.RAISED;
    }
    if (file.filter(FOREIGN_IN::contains).isPresent()) {
      return Origin.FOREIGN;
    }
    if (state().equals("XX000") && RACE.matcher(message()).find()) {
      return Origin.RACE;
    }
    if (field(ServerErrorMessage::getSchema).filter(CATALOGS::contains).isPresent()) {
      return Origin.CATALOG;
    }
    return context().lines().anyMatch(ServerError::isFunction) ? Origin.FUNCTION : Origin.STATEMENT;
  }

  /**
   * By what is in every language: the names of the languages, {@code SQL function "f" statement 1}
   * and {@code SQL statement "SELECT 1"}.
   */
  private static boolean isFunction(String frame) {
    if (frame.contains("PL/")) {
      // A DO is a statement of ours, if it stands alone.
      return !frame.contains("inline_code_block");
    }
    Matcher named = NAMED.matcher(frame);
    return frame.contains("SQL function") || (named.find() && named.replaceAll("").contains("SQL"));
  }

  private Optional<String> field(Function<ServerErrorMessage, String> of) {
    return said.map(of).filter(text -> !text.isBlank());
  }

  /** The first line, without control characters: it quotes what the author of a spec wrote. */
  static String line(String text) {
    return text.lines().findFirst().orElse("").strip().replaceAll("\\p{Cntrl}", "\uFFFD");
  }
}
