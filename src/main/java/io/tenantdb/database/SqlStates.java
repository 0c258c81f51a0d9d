package io.tenantdb.database;

import io.tenantdb.model.Reason;
import java.io.IOException;
import java.security.cert.CertPathValidatorException;
import java.security.cert.CertificateException;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import javax.net.ssl.SSLException;
import javax.net.ssl.SSLHandshakeException;
import org.postgresql.util.PSQLException;
import org.postgresql.util.ServerErrorMessage;

/**
 * The one place where an {@link SQLException} becomes a {@link Reason}. Sources: PostgreSQL's
 * appendix "PostgreSQL Error Codes", TimescaleDB's {@code errors.h} (class TS), pgjdbc's {@code
 * PSQLState}.
 */
public final class SqlStates {

  private static final Map<String, Reason> STATES =
      Map.ofEntries(
          Map.entry("0A000", Reason.NotSupported),
          Map.entry("23505", Reason.DuplicateRows),
          Map.entry("23P01", Reason.DuplicateRows),
          Map.entry("25006", Reason.NotPrimary),
          Map.entry("2BP01", Reason.HasDependents),
          Map.entry("28P01", Reason.AuthenticationFailed),
          Map.entry("3D000", Reason.DatabaseNotFound),
          Map.entry("3F000", Reason.Gone),
          Map.entry("40001", Reason.Interrupted),
          Map.entry("40P01", Reason.Interrupted),
          Map.entry("42501", Reason.InsufficientPrivilege),
          Map.entry("42704", Reason.Gone),
          Map.entry("42710", Reason.NameTaken),
          Map.entry("42P01", Reason.Gone),
          Map.entry("42P07", Reason.NameTaken),
          Map.entry("55P03", Reason.LockTimeout),
          Map.entry("57014", Reason.Interrupted),
          Map.entry("TS001", Reason.NotHypertable),
          Map.entry("TS103", Reason.ConversionBlocked));

  // Shutdown, crash, start; disk full, too many connections, I/O error: whatever the severity.
  private static final Set<String> WHOLE_SERVER =
      Set.of("57P01", "57P02", "57P03", "53100", "53300", "58030");

  // Classes of errors that expressions, predicates and the rows under them raise: cardinality,
  // data,
  // constraints, external routines, names and types, program limits, PL/pgSQL.
  private static final Set<String> REFUSING =
      Set.of("21", "22", "23", "38", "39", "42", "54", "P0");

  // Where PL/pgSQL, PL/Python, PL/Perl and PL/Tcl pass on what a function raises: with whatever
  // SQLSTATE it likes, and with whatever it has read.
  private static final Set<String> RAISED_IN =
      Set.of("pl_exec.c", "plpy_elog.c", "plperl.c", "pltcl.c");

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

  /** Why a statement of an open session failed. */
  public static Reason whileRunning(SQLException e) {
    String state = state(e);
    if (serverStops(e, state)) {
      return Reason.ServerUnavailable;
    }
    if (state.startsWith("08") || chain(e).stream().anyMatch(IOException.class::isInstance)) {
      return Reason.ConnectionFailed;
    }
    if (state.equals("28000")) {
      // An open session is never refused its login: this is TimescaleDB's "permission denied to
      // start background process as role", because the hypertable's owner has no LOGIN.
      return Reason.OwnerCannotLogin;
    }
    if (fatal(e) && (state.equals("0A000") || state.equals("42710"))) {
      // TimescaleDB was updated under the session: "already loaded with a different version".
      return Reason.ConnectionFailed;
    }
    if (state.equals("0A000") && primaryMessage(e).contains("license")) {
      return Reason.TimescaleLicense;
    }
    return STATES.getOrDefault(state, Reason.DatabaseError);
  }

  /**
   * Why a change failed: what PostgreSQL says about values, rows and definitions does not pass by
   * itself, unlike the same words about a query of the catalogs. What a function raises is about
   * its rows, whatever SQLSTATE it gives: a tenant's own code neither halts a database nor has its
   * words repeated.
   */
  public static Reason whileChanging(SQLException e) {
    if (raisedByFunction(e)) {
      return Reason.DefinitionRefused;
    }
    Reason reason = whileRunning(e);
    String state = state(e);
    return reason == Reason.DatabaseError && REFUSING.stream().anyMatch(state::startsWith)
        ? Reason.DefinitionRefused
        : reason;
  }

  /**
   * True where nothing more can be asked on the connection: it broke, or the server ended the
   * session.
   */
  public static boolean endsSession(SQLException e) {
    return fatal(e)
        || chain(e).stream().anyMatch(IOException.class::isInstance)
        || (state(e).startsWith("08") && server(e).isEmpty());
  }

  /**
   * What the server says is about all of it. Of classes 53 and 58 most errors are about one
   * statement: a build that needs more memory or locks than there are is no reason to leave the
   * other tenants alone.
   */
  private static boolean serverStops(SQLException e, String state) {
    boolean resources = state.startsWith("53") || state.startsWith("57P") || state.startsWith("58");
    return WHOLE_SERVER.contains(state) || (resources && fatal(e));
  }

  /**
   * The SQLSTATE of the exception, or else of the first one below it that has one; empty text where
   * there is none.
   */
  public static String state(SQLException e) {
    return chain(e).stream()
        .filter(SQLException.class::isInstance)
        .map(t -> ((SQLException) t).getSQLState())
        .filter(state -> state != null && !state.isEmpty())
        .findFirst()
        .orElse("");
  }

  /**
   * The server's primary message, else the driver's, one line without control characters: it quotes
   * what the author of a spec wrote. Never the detail: that of a unique violation holds the row's
   * values.
   */
  public static String primaryMessage(SQLException e) {
    String message =
        server(e)
            .map(ServerErrorMessage::getMessage)
            .or(() -> innermost(e))
            .orElse("the driver gave no message");
    return line(message);
  }

  private static String line(String text) {
    return text.lines().findFirst().orElse("").strip().replaceAll("\\p{Cntrl}", "\uFFFD");
  }

  /**
   * The primary message with the server's detail and hint behind it. For statements that read no
   * row: a detail may hold values.
   */
  public static String messageAndDetail(SQLException e) {
    // Details and hints are sentences, and one sentence is made of all.
    return Stream.concat(
            Stream.of(primaryMessage(e)),
            server(e).stream()
                .flatMap(m -> Stream.of(m.getDetail(), m.getHint()))
                .filter(text -> text != null && !text.isBlank())
                .map(SqlStates::line))
        .map(text -> text.replaceFirst("\\.$", ""))
        .collect(Collectors.joining(": "));
  }

  /**
   * What depends on an object that cannot be dropped, in the server's words, a few of them at most:
   * its details name objects and hold no values.
   */
  public static String dependents(SQLException e) {
    return server(e)
        .map(ServerErrorMessage::getDetail)
        .map(
            detail ->
                detail
                    .lines()
                    .limit(DEPENDENTS)
                    .map(SqlStates::line)
                    .collect(Collectors.joining("; ")))
        .filter(words -> !words.isEmpty())
        .orElseGet(() -> primaryMessage(e));
  }

  private static Optional<String> innermost(SQLException e) {
    List<Throwable> chain = chain(e);
    // What the pool wraps around the driver's message says nothing.
    return chain.stream()
        .filter(PSQLException.class::isInstance)
        .findFirst()
        .or(() -> Optional.of(e))
        .map(Throwable::getMessage);
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
    boolean noTls = state(e).equals("08004") && text.contains("SSL") && server(e).isEmpty();
    boolean otherName = text.contains("PgjdbcHostnameVerifier");
    return noTls || otherName ? Optional.of(Reason.TlsFailed) : Optional.empty();
  }

  private static Optional<Reason> none() {
    return Optional.empty();
  }

  private static boolean raisedByFunction(SQLException e) {
    return !fatal(e)
        && server(e).map(ServerErrorMessage::getFile).filter(RAISED_IN::contains).isPresent();
  }

  private static boolean fatal(SQLException e) {
    return server(e)
        .map(ServerErrorMessage::getSeverity)
        .filter(severity -> severity.equals("FATAL") || severity.equals("PANIC"))
        .isPresent();
  }

  private static Optional<ServerErrorMessage> server(SQLException e) {
    return chain(e).stream()
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
}
