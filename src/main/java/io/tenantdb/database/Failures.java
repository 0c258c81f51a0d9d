package io.tenantdb.database;

import io.tenantdb.database.ConnectionSettings.Tls.Mode;
import io.tenantdb.model.Identifiers;
import io.tenantdb.model.Reason;
import java.net.ConnectException;
import java.net.SocketTimeoutException;
import java.net.UnknownHostException;
import java.security.cert.CertificateException;
import java.security.cert.CertificateExpiredException;
import java.sql.SQLException;

/** Says in one sentence what failed, where, what the server said, and what to do about it. */
final class Failures {
  private final ConnectionSettings settings;
  private final Scrubber scrubber;

  Failures(ConnectionSettings settings) {
    this.settings = settings;
    this.scrubber = new Scrubber(settings.password());
  }

  /** No session could be opened. */
  DatabaseException connecting(SQLException e) {
    Reason reason = SqlStates.whileConnecting(e);
    return new DatabaseException(
        reason,
        SqlStates.state(e),
        "Could not connect to "
            + target()
            + ": "
            + said(e, reason)
            + "; "
            + advice(reason, e)
            + ".",
        scrubber.scrub(e));
  }

  /** A statement of an open session failed. */
  DatabaseException running(SQLException e, String whatWeDid) {
    Reason reason = SqlStates.whileRunning(e);
    return new DatabaseException(
        reason,
        SqlStates.state(e),
        "Could not " + whatWeDid + " on " + target() + ": " + said(e, reason) + ".",
        scrubber.scrub(e));
  }

  /** A pooler in transaction or statement mode is in between. */
  DatabaseException pooler() {
    return new DatabaseException(
        Reason.PoolerUnsupported,
        "",
        "Could not use "
            + target()
            + ": a pooler is there that shares server sessions among its clients (pgbouncer:"
            + " pool_mode transaction or statement), so that session locks and settings do not hold;"
            + " give the server's own address in spec.database, or a pool in session mode.",
        null);
  }

  /** No failure: a session has its settings from its first statement on. */
  String withoutOptions() {
    return "The pooler at "
        + target()
        + " takes no start-up options: the settings of a session are made by its first statement.";
  }

  /** A pooler in session mode let us in and has no server session left. */
  DatabaseException poolTooSmall(SQLException e) {
    return new DatabaseException(
        Reason.PoolerUnsupported,
        SqlStates.state(e),
        "Could not get a session on "
            + target()
            + " within "
            + Sessions.CONNECT_TIMEOUT.toSeconds()
            + " seconds: the pooler that is there has no server session left. Its pool (pgbouncer:"
            + " pool_size) must hold one more than maxConnections = "
            + settings.maxConnections()
            + ", beside what others use of it; enlarge it, or lower database.maxConnections and"
            + " rollout.maxParallel.",
        scrubber.scrub(e));
  }

  /** All connections that the settings allow are in use. */
  DatabaseException exhausted(String kind) {
    return new DatabaseException(
        Reason.Busy,
        "",
        "Could not get a "
            + kind
            + " connection to "
            + target()
            + ": all that maxConnections = "
            + settings.maxConnections()
            + " allows are in use; raise database.maxConnections, or wait.",
        null);
  }

  /** Somebody closed the database under a worker: its credentials changed, or it is let go. */
  DatabaseException closed() {
    return new DatabaseException(
        Reason.Interrupted, "", "The connections to " + target() + " have been closed.", null);
  }

  /** The thread was told to stop while it waited for a connection. */
  DatabaseException interrupted(InterruptedException e) {
    return new DatabaseException(
        Reason.Interrupted, "", "Stopped while waiting for a connection to " + target() + ".", e);
  }

  /** {@code host:port/database as user}. */
  String target() {
    return settings.host()
        + ":"
        + settings.port()
        + "/"
        + settings.database()
        + " as "
        + settings.user();
  }

  private String said(SQLException e, Reason reason) {
    // The driver's own sentence for a refused connection brings its own advice.
    String said =
        has(e, ConnectException.class)
            ? "connection refused"
            : scrubber.scrub(SqlStates.primaryMessage(e));
    String stopped = said.endsWith(".") ? said.substring(0, said.length() - 1) : said;
    return reason == Reason.DatabaseError
        ? SqlStates.withState(stopped, SqlStates.state(e))
        : stopped;
  }

  private String advice(Reason reason, SQLException e) {
    return switch (reason) {
      case AuthenticationFailed ->
          SqlStates.asksForMore(e)
              ? "the server asks for the password in a way that database.authentication does not"
                  + " allow: have it ask for SCRAM (password_encryption, pg_hba.conf), or, where it is"
                  + " the right server and cannot, set database.authentication to what it asks for"
              : "check the user name and the password, and that pg_hba.conf lets this role in";
      case DatabaseNotFound -> "create the database, or correct database.name";
      case InsufficientPrivilege ->
          "GRANT CONNECT ON DATABASE "
              + Identifiers.quote(settings.database())
              + " TO "
              + Identifiers.quote(settings.user());
      case TlsFailed -> tlsAdvice(e);
      case ServerUnavailable -> "it is tried again";
      case ConnectionFailed -> networkAdvice(e);
      default -> "see the server's log";
    };
  }

  private String tlsAdvice(SQLException e) {
    if (SqlStates.state(e).equals("08004")) {
      return "turn on ssl in the server, or set database.tls.mode to Disable";
    }
    if (has(e, CertificateExpiredException.class)) {
      return "renew the server's certificate";
    }
    if (has(e, CertificateException.class)) {
      return settings.tls().caPem().isPresent()
          ? "its certificate was not issued by the given certificate authority"
          : "give the certificate authority that issued its certificate, because the JVM's trust"
              + " store does not have it";
    }
    if (settings.tls().mode() == Mode.VERIFY_FULL) {
      return "connect by a host name that is in its certificate, or set database.tls.mode to"
          + " VerifyCA";
    }
    return "check the server's TLS settings";
  }

  private static String networkAdvice(SQLException e) {
    if (has(e, UnknownHostException.class)) {
      return "the host name does not resolve: check database.host";
    }
    if (has(e, SocketTimeoutException.class)) {
      return "nothing answered: check database.host, database.port and the network between";
    }
    return "check database.host and database.port, and that the server runs";
  }

  private static boolean has(SQLException e, Class<? extends Throwable> type) {
    return SqlStates.chain(e).stream().anyMatch(type::isInstance);
  }
}
