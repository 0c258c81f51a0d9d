package io.tenantdb.database;

import io.tenantdb.database.ServerError.Origin;
import io.tenantdb.model.Reason;
import java.io.IOException;
import java.security.cert.CertPathValidatorException;
import java.security.cert.CertificateException;
import java.sql.SQLException;
import java.util.EnumSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import javax.net.ssl.SSLException;
import javax.net.ssl.SSLHandshakeException;

/**
 * The one place where an {@link SQLException} becomes a {@link Reason}: by its SQLSTATE, by whose
 * code raised it, and by what the statement was for. Sources: PostgreSQL's appendix "PostgreSQL
 * Error Codes", TimescaleDB's {@code errors.h} (class TS), pgjdbc's {@code PSQLState}.
 */
public final class SqlStates {

  /** What the statement was for. */
  public enum Stage {
    /** To read the catalogs, or something else that is ours. */
    READING,
    /** To make something, or to try it, without a row being read: a definition is judged. */
    MAKING,
    /** To build over rows, which may be what fails. */
    BUILDING
  }

  private static final Set<Stage> ANY = EnumSet.allOf(Stage.class);
  private static final Set<Stage> CHANGING = EnumSet.of(Stage.MAKING, Stage.BUILDING);
  private static final Set<Stage> MAKING = EnumSet.of(Stage.MAKING);

  private static final Set<Origin> ANYWHERE = EnumSet.allOf(Origin.class);
  private static final Set<Origin> OURS =
      EnumSet.of(Origin.STATEMENT, Origin.CATALOG, Origin.RACE, Origin.FUNCTION);
  private static final Set<Origin> STATEMENT = EnumSet.of(Origin.STATEMENT);
  private static final Set<Origin> CATALOG = EnumSet.of(Origin.CATALOG);
  private static final Set<Origin> RACE = EnumSet.of(Origin.RACE);
  private static final Set<Origin> RAISED = EnumSet.of(Origin.RAISED);
  private static final Set<Origin> FUNCTION = EnumSet.of(Origin.FUNCTION);
  private static final Set<Origin> FOREIGN = EnumSet.of(Origin.FOREIGN);

  /**
   * A line of the table.
   *
   * @param states SQLSTATEs, or beginnings of them
   */
  private record Rule(Set<Stage> stages, Set<Origin> origins, Reason reason, List<String> states) {
    Rule(Set<Stage> stages, Set<Origin> origins, Reason reason, String... states) {
      this(stages, origins, reason, List.of(states));
    }

    boolean holds(Stage stage, Origin origin, String state) {
      return stages.contains(stage)
          && origins.contains(origin)
          && states.stream().anyMatch(state::startsWith);
    }
  }

  /** The first that holds. */
  private static final List<Rule> RULES =
      List.of(
          // What a function raises is about its rows, whatever SQLSTATE it gives: a tenant's own
          // code neither halts a database nor has its words repeated.
          new Rule(CHANGING, RAISED, Reason.DefinitionRefused, ""),
          // Shutdown, crash, start; disk full, too many connections, I/O error.
          new Rule(
              ANY,
              OURS,
              Reason.ServerUnavailable,
              "57P01",
              "57P02",
              "57P03",
              "53100",
              "53300",
              "58030"),
          // A pooler's words; a server that is lost says nothing.
          new Rule(ANY, STATEMENT, Reason.ConnectionFailed, "08"),
          // Another server is not ours: neither its connections nor its names, locks and rights.
          new Rule(ANY, FOREIGN, Reason.DatabaseError, "08", "53", "57P", "58"),
          new Rule(CHANGING, FOREIGN, Reason.DefinitionRefused, "2", "3", "42"),
          // What passes by itself, wherever it happens.
          new Rule(ANY, ANYWHERE, Reason.Interrupted, "40001", "40P01", "57014"),
          // Two sessions made, or one changes, the same at one moment.
          new Rule(ANY, RACE, Reason.Busy, "XX000"),
          new Rule(ANY, CATALOG, Reason.Busy, "23503", "23505"),
          new Rule(CHANGING, ANYWHERE, Reason.Busy, "55006"),
          new Rule(MAKING, OURS, Reason.Busy, "TS110"),
          // A function's lock, rights, names and rows are not those of what is made.
          new Rule(CHANGING, FUNCTION, Reason.Busy, "55P03"),
          new Rule(ANY, FUNCTION, Reason.InsufficientPrivilege, "42501"),
          new Rule(
              CHANGING,
              FUNCTION,
              Reason.DefinitionRefused,
              "08",
              "0A",
              "2",
              "3",
              "42",
              "55",
              "P0",
              "TS",
              "XX000"),
          // An open session is never refused its login: this is TimescaleDB's "permission denied to
          // start background process as role", because the hypertable's owner has no LOGIN.
          new Rule(ANY, ANYWHERE, Reason.OwnerCannotLogin, "28000"),
          new Rule(ANY, ANYWHERE, Reason.NotSupported, "0A000", "TS101"),
          new Rule(ANY, ANYWHERE, Reason.DuplicateRows, "23505", "23P01"),
          new Rule(ANY, ANYWHERE, Reason.NotPrimary, "25006"),
          new Rule(ANY, ANYWHERE, Reason.HasDependents, "2BP01"),
          new Rule(ANY, ANYWHERE, Reason.AuthenticationFailed, "28P01"),
          new Rule(ANY, ANYWHERE, Reason.DatabaseNotFound, "3D000"),
          new Rule(ANY, ANYWHERE, Reason.InsufficientPrivilege, "42501"),
          new Rule(ANY, ANYWHERE, Reason.Gone, "3F000", "42704", "42P01", "TS002", "TS003"),
          // A policy or a trigger, which have no names to choose: somebody was quicker.
          new Rule(MAKING, ANYWHERE, Reason.Busy, "42710"),
          new Rule(ANY, ANYWHERE, Reason.NameTaken, "42710", "42P07"),
          new Rule(ANY, ANYWHERE, Reason.LockTimeout, "55P03"),
          new Rule(ANY, ANYWHERE, Reason.NotHypertable, "TS001"),
          new Rule(ANY, ANYWHERE, Reason.ConversionBlocked, "TS102", "TS103"),
          // What TimescaleDB asks for first, and what its older versions refuse without a SQLSTATE
          // of their own, does not pass by itself.
          new Rule(MAKING, ANYWHERE, Reason.DefinitionRefused, "55000", "XX000"),
          // Classes of errors that expressions, predicates and the rows under them raise:
          // cardinality, data, constraints, external routines, names and types, program limits,
          // PL/pgSQL.
          new Rule(
              CHANGING,
              ANYWHERE,
              Reason.DefinitionRefused,
              "21",
              "22",
              "23",
              "38",
              "39",
              "42",
              "54",
              "P0"));

  // TimescaleDB's own words, which are not translated; a table may be called license, too.
  private static final Pattern LICENSE =
      Pattern.compile("not supported under the current \".*\" license");

  private static final int DEPENDENTS = 5;

  private SqlStates() {}

  /** Why a session could not be opened. */
  public static Reason whileConnecting(SQLException e) {
    return tlsReason(e)
        .or(() -> state(e).equals("28000") ? Optional.of(Reason.AuthenticationFailed) : none())
        // pgjdbc's own state for an authentication that it cannot take part in (no password given,
        // a method that it does not know).
        .or(() -> state(e).equals("08004") ? Optional.of(Reason.AuthenticationFailed) : none())
        .orElseGet(() -> whileRunning(e));
  }

  /** The server wants the password shown in another way than it may be; nothing was sent. */
  static boolean asksForMore(SQLException e) {
    // The driver's own refusal; its texts are translated, the property's name is not.
    return state(e).equals("08004")
        && !new ServerError(e).fromServer()
        && String.valueOf(e.getMessage()).contains("requireAuth");
  }

  /**
   * What is between us and the server takes no {@code options} at start-up; the server itself
   * always does. The words are those of pgbouncer and of Amazon's RDS Proxy.
   */
  static boolean refusesOptions(SQLException e) {
    String said = primaryMessage(e);
    return new ServerError(e).fromServer()
        && (said.contains("startup parameter") || said.contains("command-line options"));
  }

  /** Why a statement of an open session failed. */
  public static Reason whileRunning(SQLException e) {
    return reason(e, Stage.READING);
  }

  /**
   * Why a change that reads rows failed: what PostgreSQL says about values, rows and definitions
   * does not pass by itself, unlike the same words about a query of the catalogs.
   */
  public static Reason whileChanging(SQLException e) {
    return reason(e, Stage.BUILDING);
  }

  /** Why a change that reads no row failed, or a trial of one. */
  public static Reason whileMaking(SQLException e) {
    return reason(e, Stage.MAKING);
  }

  /**
   * The same where a function of ours makes it, which runs nobody else's: what is raised in one is
   * an event trigger's.
   */
  public static Reason whileTrying(SQLException e) {
    ServerError error = new ServerError(e);
    return switch (error.origin()) {
      case RAISED -> Reason.EventTriggerRefused;
      case FUNCTION -> reason(error, Origin.STATEMENT, Stage.MAKING);
      default -> reason(error, error.origin(), Stage.MAKING);
    };
  }

  /** Why a statement of an open session failed that was for this. */
  public static Reason reason(SQLException e, Stage stage) {
    ServerError error = new ServerError(e);
    return reason(error, error.origin(), stage);
  }

  private static Reason reason(ServerError error, Origin origin, Stage stage) {
    String state = error.state();
    if (error.fatal()
        && (state.startsWith("53") || state.startsWith("57P") || state.startsWith("58"))) {
      return Reason.ServerUnavailable;
    }
    if (error.lostConnection()) {
      return Reason.ConnectionFailed;
    }
    if (error.fatal() && (state.equals("0A000") || state.equals("42710"))) {
      // TimescaleDB was updated under the session: "already loaded with a different version".
      return Reason.ConnectionFailed;
    }
    if (state.equals("0A000")
        && origin != Origin.RAISED
        && LICENSE.matcher(error.message()).find()) {
      return Reason.TimescaleLicense;
    }
    return RULES.stream()
        .filter(rule -> rule.holds(stage, origin, state))
        .map(Rule::reason)
        .findFirst()
        .orElse(Reason.DatabaseError);
  }

  /**
   * True where nothing more can be asked on the connection: it broke, or the server ended the
   * session.
   */
  public static boolean endsSession(SQLException e) {
    ServerError error = new ServerError(e);
    return error.fatal() || error.lostConnection();
  }

  /**
   * The SQLSTATE of the exception, or else of the first one below it that has one; empty text where
   * there is none.
   */
  public static String state(SQLException e) {
    return new ServerError(e).state();
  }

  /**
   * The server's primary message, else the driver's, one line without control characters: it quotes
   * what the author of a spec wrote. Never the detail: that of a unique violation holds the row's
   * values.
   */
  public static String primaryMessage(SQLException e) {
    return new ServerError(e).message();
  }

  /**
   * The primary message with the server's hint behind it, which has the cure and no values; not
   * where a function raised it, which puts there what it likes.
   */
  public static String messageAndHint(SQLException e) {
    ServerError error = new ServerError(e);
    return sentence(
        Stream.concat(
            Stream.of(error.message()),
            error.hint().filter(hint -> error.origin() != Origin.RAISED).stream()));
  }

  /**
   * The primary message with the server's detail and hint behind it. For statements that read no
   * row: a detail may hold values.
   */
  public static String messageAndDetail(SQLException e) {
    ServerError error = new ServerError(e);
    return sentence(
        Stream.of(
                Stream.of(error.message()),
                error.detail().map(ServerError::line).stream(),
                error.hint().stream())
            .flatMap(Function.identity()));
  }

  /** Details and hints are sentences, and one sentence is made of all. */
  private static String sentence(Stream<String> parts) {
    return parts.map(text -> text.replaceFirst("\\.$", "")).collect(Collectors.joining(": "));
  }

  /** True where a function was running that the statement, or an event trigger, has called. */
  public static boolean ranFunction(SQLException e) {
    Origin origin = new ServerError(e).origin();
    return origin == Origin.RAISED || origin == Origin.FUNCTION;
  }

  /** The words with the SQLSTATE behind them, which is what can be looked up. */
  public static String withState(String words, String state) {
    return state.isEmpty() ? words : words + " (SQLSTATE " + state + ")";
  }

  /**
   * What depends on an object that cannot be dropped, in the server's words, a few of them at most:
   * its details name objects and hold no values.
   */
  public static String dependents(SQLException e) {
    return new ServerError(e)
        .detail()
        .map(
            detail ->
                detail
                    .lines()
                    .limit(DEPENDENTS)
                    .map(ServerError::line)
                    .collect(Collectors.joining("; ")))
        .filter(words -> !words.isEmpty())
        .orElseGet(() -> primaryMessage(e));
  }

  private static Optional<Reason> tlsReason(SQLException e) {
    List<Throwable> chain = chain(e);
    if (chain.stream()
        .anyMatch(
            t ->
                t instanceof CertificateException
                    || t instanceof CertPathValidatorException
                    || t instanceof SSLHandshakeException)) {
      return Optional.of(Reason.TlsFailed);
    }
    if (chain.stream().anyMatch(SSLException.class::isInstance)) {
      boolean network =
          chain.stream().anyMatch(t -> t instanceof IOException && !(t instanceof SSLException));
      return Optional.of(network ? Reason.ConnectionFailed : Reason.TlsFailed);
    }
    // Both of these come without a cause. The driver translates its texts, but "SSL" and the class
    // name stand in every language.
    String text = e.getMessage() == null ? "" : e.getMessage();
    boolean noTls =
        state(e).equals("08004") && text.contains("SSL") && !new ServerError(e).fromServer();
    boolean otherName = text.contains("PgjdbcHostnameVerifier");
    return noTls || otherName ? Optional.of(Reason.TlsFailed) : Optional.empty();
  }

  private static Optional<Reason> none() {
    return Optional.empty();
  }

  /** The exception and its causes, outermost first. */
  static List<Throwable> chain(Throwable e) {
    return ServerError.chain(e);
  }
}
