package io.tenantdb.database;

import static org.assertj.core.api.Assertions.assertThat;

import io.tenantdb.database.SqlStates.Stage;
import io.tenantdb.model.Reason;
import java.io.EOFException;
import java.io.IOException;
import java.net.ConnectException;
import java.net.SocketException;
import java.net.SocketTimeoutException;
import java.net.UnknownHostException;
import java.security.cert.CertificateException;
import java.sql.SQLException;
import java.sql.SQLTransientConnectionException;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import javax.net.ssl.SSLException;
import javax.net.ssl.SSLHandshakeException;
import org.assertj.core.api.SoftAssertions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.postgresql.util.PSQLException;
import org.postgresql.util.PSQLState;
import org.postgresql.util.ServerErrorMessage;

class SqlStatesTest {

  @Test
  void whatAnOpenSessionIsRefused() {
    Map<SQLException, Reason> table = new LinkedHashMap<>();
    table.put(server("ERROR", "53100", "could not extend file"), Reason.ServerUnavailable);
    table.put(server("ERROR", "53300", "too many connections"), Reason.ServerUnavailable);
    table.put(server("FATAL", "53200", "out of memory"), Reason.ServerUnavailable);
    table.put(server("PANIC", "58P01", "could not open file"), Reason.ServerUnavailable);
    table.put(server("FATAL", "57P05", "idle-session timeout"), Reason.ServerUnavailable);
    // About one statement: one tenant does not stop the others.
    table.put(server("ERROR", "53200", "out of shared memory"), Reason.DatabaseError);
    table.put(server("ERROR", "53400", "temporary file size"), Reason.DatabaseError);
    table.put(server("ERROR", "58P01", "could not access file"), Reason.DatabaseError);
    table.put(server("FATAL", "57P01", "terminating connection"), Reason.ServerUnavailable);
    table.put(server("ERROR", "58030", "could not read block"), Reason.ServerUnavailable);
    table.put(server("FATAL", "08P01", "protocol violation"), Reason.ConnectionFailed);
    table.put(server("ERROR", "25006", "read-only transaction"), Reason.NotPrimary);
    table.put(server("ERROR", "23505", "could not create unique index"), Reason.DuplicateRows);
    table.put(server("ERROR", "23P01", "conflicting key value"), Reason.DuplicateRows);
    table.put(server("ERROR", "55P03", "lock timeout"), Reason.LockTimeout);
    table.put(server("ERROR", "40P01", "deadlock detected"), Reason.Interrupted);
    table.put(server("ERROR", "57014", "canceling statement"), Reason.Interrupted);
    table.put(server("ERROR", "40001", "could not serialize access"), Reason.Interrupted);
    table.put(server("ERROR", "3F000", "schema does not exist"), Reason.Gone);
    table.put(server("ERROR", "42P01", "relation does not exist"), Reason.Gone);
    table.put(server("ERROR", "42704", "index does not exist"), Reason.Gone);
    table.put(server("ERROR", "42P07", "relation already exists"), Reason.NameTaken);
    table.put(server("ERROR", "42710", "object already exists"), Reason.NameTaken);
    table.put(server("ERROR", "42501", "must be owner"), Reason.InsufficientPrivilege);
    table.put(server("ERROR", "TS001", "not a hypertable"), Reason.NotHypertable);
    table.put(server("ERROR", "TS103", "cannot create a unique index"), Reason.ConversionBlocked);
    table.put(server("ERROR", "0A000", "cannot create index on a view"), Reason.NotSupported);
    table.put(
        server("ERROR", "0A000", "not supported under the current \"apache\" license"),
        Reason.TimescaleLicense);
    table.put(
        server("ERROR", "28000", "permission denied to start background process as role \"o\""),
        Reason.OwnerCannotLogin);
    table.put(
        server("FATAL", "42710", "\"timescaledb\" already loaded with a different version"),
        Reason.ConnectionFailed);
    table.put(server("ERROR", "XX000", "cache lookup failed"), Reason.Busy);
    table.put(server("ERROR", "XX000", "unexpected chunk number"), Reason.DatabaseError);
    table.put(
        server("ERROR", "0A000", "cannot do that to \"license\" and license"), Reason.NotSupported);
    table.put(new SQLException("no state"), Reason.DatabaseError);
    table.put(
        driver("An I/O error occurred", PSQLState.CONNECTION_FAILURE, new SocketTimeoutException()),
        Reason.ConnectionFailed);
    check(table, false);
  }

  @Test
  void whatKeepsASessionFromBeingOpened() {
    Map<SQLException, Reason> table = new LinkedHashMap<>();
    table.put(
        server("FATAL", "28P01", "password authentication failed"), Reason.AuthenticationFailed);
    table.put(server("FATAL", "28000", "no pg_hba.conf entry"), Reason.AuthenticationFailed);
    table.put(server("FATAL", "3D000", "database does not exist"), Reason.DatabaseNotFound);
    table.put(
        server("FATAL", "42501", "permission denied for database"), Reason.InsufficientPrivilege);
    table.put(server("FATAL", "53300", "too many connections"), Reason.ServerUnavailable);
    table.put(server("FATAL", "57P03", "the database is starting up"), Reason.ServerUnavailable);
    table.put(unableToConnect(new UnknownHostException("nowhere")), Reason.ConnectionFailed);
    table.put(unableToConnect(new ConnectException("refused")), Reason.ConnectionFailed);
    table.put(unableToConnect(new SocketTimeoutException()), Reason.ConnectionFailed);
    table.put(
        driver("Connection attempt timed out.", PSQLState.CONNECTION_UNABLE_TO_CONNECT, null),
        Reason.ConnectionFailed);
    table.put(
        driver("The server does not support SSL.", PSQLState.CONNECTION_REJECTED, null),
        Reason.TlsFailed);
    table.put(
        driver("Der Server unterstützt SSL nicht.", PSQLState.CONNECTION_REJECTED, null),
        Reason.TlsFailed);
    table.put(
        driver("The authentication type 7 is not supported.", PSQLState.CONNECTION_REJECTED, null),
        Reason.AuthenticationFailed);
    table.put(
        driver(
            "The hostname db could not be verified by hostnameverifier PgjdbcHostnameVerifier.",
            PSQLState.CONNECTION_FAILURE,
            null),
        Reason.TlsFailed);
    table.put(tls(new SSLHandshakeException("no cipher suites in common")), Reason.TlsFailed);
    table.put(
        tls(new SSLHandshakeException("cut").initCause(new EOFException())), Reason.TlsFailed);
    table.put(
        tls(new SSLException("untrusted", new CertificateException("no path"))), Reason.TlsFailed);
    table.put(
        tls(new SSLException("Connection reset", new SocketException("reset"))),
        Reason.ConnectionFailed);
    check(table, true);
  }

  @Test
  void whatDataAndDefinitionsBreakDoesNotPassByItself() {
    for (String state :
        List.of(
            "22P02", "22003", "22012", "22023", "23514", "42804", "42883", "42703", "42P17",
            "54000", "54011", "P0001")) {
      assertThat(SqlStates.whileChanging(server("ERROR", state, "no")))
          .as(state)
          .isEqualTo(Reason.DefinitionRefused);
      assertThat(SqlStates.whileRunning(server("ERROR", state, "no")))
          .as(state)
          .isEqualTo(Reason.DatabaseError);
    }
    assertThat(SqlStates.whileChanging(server("ERROR", "42P01", "no"))).isEqualTo(Reason.Gone);
    assertThat(SqlStates.whileChanging(server("ERROR", "23505", "no")))
        .isEqualTo(Reason.DuplicateRows);
    assertThat(SqlStates.whileChanging(server("ERROR", "53200", "no")))
        .isEqualTo(Reason.DatabaseError);
    assertThat(SqlStates.whileChanging(server("ERROR", "XX000", "no")))
        .isEqualTo(Reason.DatabaseError);
  }

  /** SQLSTATE, where it was raised, what it means while reading, making and building. */
  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          # Rows, and names of two sessions
          23505 | nbtsort.c t1 batches    | DuplicateRows         | DuplicateRows         | DuplicateRows
          23505 | nbtsort.c _timescaledb_internal _hyper_1_1_chunk | DuplicateRows | DuplicateRows | DuplicateRows
          23505 | nbtinsert.c pg_catalog pg_class | Busy          | Busy                  | Busy
          23505 | nbtinsert.c pg_catalog pg_type  | Busy          | Busy                  | Busy
          23505 | nbtinsert.c _timescaledb_catalog hypertable | Busy | Busy               | Busy
          23503 | ri_triggers.c _timescaledb_config bgw_job   | Busy | Busy               | Busy
          23514 | execMain.c t1 batches   | DatabaseError         | DefinitionRefused     | DefinitionRefused
          23514 | execMain.c _timescaledb_catalog continuous_agg | DatabaseError | DefinitionRefused | DefinitionRefused
          # What a function raises itself, whatever SQLSTATE it gives
          P0001 | pl_exec.c               | DatabaseError         | DefinitionRefused     | DefinitionRefused
          57P01 | pl_exec.c               | DatabaseError         | DefinitionRefused     | DefinitionRefused
          53100 | plperl.c                | DatabaseError         | DefinitionRefused     | DefinitionRefused
          55P03 | pl_exec.c               | LockTimeout           | DefinitionRefused     | DefinitionRefused
          23505 | plpy_elog.c             | DuplicateRows         | DefinitionRefused     | DefinitionRefused
          25006 | pl_exec.c               | NotPrimary            | DefinitionRefused     | DefinitionRefused
          # What the server refuses to a function
          42501 | aclchk.c in             | InsufficientPrivilege | InsufficientPrivilege | InsufficientPrivilege
          55P03 | heapam.c in             | LockTimeout           | Busy                  | Busy
          42P01 | parse_relation.c in     | Gone                  | DefinitionRefused     | DefinitionRefused
          42704 | parse_type.c in         | Gone                  | DefinitionRefused     | DefinitionRefused
          3F000 | namespace.c in          | Gone                  | DefinitionRefused     | DefinitionRefused
          42P07 | heap.c in               | NameTaken             | DefinitionRefused     | DefinitionRefused
          2BP01 | dependency.c in         | HasDependents         | DefinitionRefused     | DefinitionRefused
          0A000 | functions.c in          | NotSupported          | DefinitionRefused     | DefinitionRefused
          25006 | utility.c in            | NotPrimary            | DefinitionRefused     | DefinitionRefused
          28000 | acl.c in                | OwnerCannotLogin      | DefinitionRefused     | DefinitionRefused
          23505 | nbtinsert.c in          | DuplicateRows         | DefinitionRefused     | DefinitionRefused
          57014 | postgres.c in           | Interrupted           | Interrupted           | Interrupted
          40P01 | deadlock.c in           | Interrupted           | Interrupted           | Interrupted
          53100 | md.c in                 | ServerUnavailable     | ServerUnavailable     | ServerUnavailable
          # Another server, behind a foreign table
          08001 | connection.c            | DatabaseError         | DatabaseError         | DatabaseError
          53300 | connection.c            | DatabaseError         | DatabaseError         | DatabaseError
          57P01 | connection.c            | DatabaseError         | DatabaseError         | DatabaseError
          42P01 | connection.c            | Gone                  | DefinitionRefused     | DefinitionRefused
          08P01 | -                       | ConnectionFailed      | ConnectionFailed      | ConnectionFailed
          # What is asked for first, and internal errors
          55000 | create.c                | DatabaseError         | DefinitionRefused     | DatabaseError
          55006 | tablecmds.c             | DatabaseError         | Busy                  | Busy
          XX000 | common.c                | DatabaseError         | DefinitionRefused     | DatabaseError
          XX001 | bufpage.c               | DatabaseError         | DatabaseError         | DatabaseError
          # Names
          42710 | policy.c                | NameTaken             | Busy                  | NameTaken
          42P07 | heap.c                  | NameTaken             | NameTaken             | NameTaken
          TS110 | hypertable.c            | DatabaseError         | Busy                  | DatabaseError
          TS101 | process_utility.c       | NotSupported          | NotSupported          | NotSupported
          TS102 | hypertable.c            | ConversionBlocked     | ConversionBlocked     | ConversionBlocked
          TS103 | indexing.c              | ConversionBlocked     | ConversionBlocked     | ConversionBlocked
          TS003 | chunk.c                 | Gone                  | Gone                  | Gone
          # Limits and values
          54000 | indextuple.c            | DatabaseError         | DefinitionRefused     | DefinitionRefused
          22P02 | numutils.c              | DatabaseError         | DefinitionRefused     | DefinitionRefused
          42501 | aclchk.c                | InsufficientPrivilege | InsufficientPrivilege | InsufficientPrivilege
          55P03 | lock.c                  | LockTimeout           | LockTimeout           | LockTimeout
          53200 | mcxt.c                  | DatabaseError         | DatabaseError         | DatabaseError
          """)
  void aSqlStateMeansWhatItSaysOfWhoRaisedItAndWhy(
      String state, String where, Reason reading, Reason making, Reason building) {
    SQLException e = raised(state, where.split(" "));
    assertThat(SqlStates.reason(e, Stage.READING)).as("reading").isEqualTo(reading);
    assertThat(SqlStates.reason(e, Stage.MAKING)).as("making").isEqualTo(making);
    assertThat(SqlStates.reason(e, Stage.BUILDING)).as("building").isEqualTo(building);
  }

  /** File, then nothing, {@code in} a function, or schema and table. */
  private static SQLException raised(String state, String... where) {
    StringBuilder fields = new StringBuilder("SERROR\0C" + state + "\0Mno\0");
    if (!where[0].equals("-")) {
      fields.append("F").append(where[0]).append('\0');
    }
    if (where.length == 2) {
      fields.append(
          "WSQL statement \"SELECT 1\"\nPL/pgSQL function f(text) line 3 at SQL statement\0");
    } else if (where.length == 3) {
      fields.append("s" + where[1] + "\0t" + where[2] + "\0");
    }
    return new PSQLException(new ServerErrorMessage(fields.toString()));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "tuple concurrently updated",
        "tuple already updated by self",
        "cache lookup failed for relation 17",
        "could not open relation with OID 17"
      })
  void whatMeetsAnotherSessionHalfWayPasses(String message) {
    for (Stage stage : Stage.values()) {
      assertThat(SqlStates.reason(server("ERROR", "XX000", message), stage)).isEqualTo(Reason.Busy);
    }
  }

  @Test
  void theHintIsToldUnlessAFunctionGaveIt() {
    String error = "SERROR\0C55000\0Mno clock\0DRow 1.\0HSet one.\0F";
    assertThat(
            SqlStates.messageAndHint(
                new PSQLException(new ServerErrorMessage(error + "create.c\0"))))
        .isEqualTo("no clock: Set one");
    assertThat(
            SqlStates.messageAndHint(
                new PSQLException(new ServerErrorMessage(error + "pl_exec.c\0"))))
        .isEqualTo("no clock");
  }

  /** A function's frame and a statement's, as PostgreSQL 15's own translations print them. */
  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      textBlock =
          """
          SQL function "f" statement 1         | SQL statement "SELECT 1"
          SQL function "f" during inlining     | parallel worker
          SQL-Funktion »f« Anweisung 1         | SQL-Anweisung »SELECT 1«
          SQL-Funktion »f« beim Start          | paralleler Arbeitsprozess
          función SQL «f» en la sentencia 1    | sentencia SQL: «SELECT 1»
          fonction SQL « f », instruction 1    | instruction SQL « SELECT 1 »
          fonction SQL « f » durant « inlining » | lors de la mise à jour de la ligne (0,1) dans la relation « SQL »
          funzione SQL "f" istruzione 1        | istruzione SQL "SELECT 1"
          SQL関数"f"の行番号 1                   | SQL文 "SELECT 1"
          SQL ფუნქცია "f" გამოსახულება 1         | SQL ოპერატორი "SELECT 1"
          SQL 함수 "f"의 문 1                    | SQL 구문: "SELECT 1"
          SQL-функция "f", оператор 1          | SQL-оператор: "SELECT 1"
          SQL-funktion "f" sats 1              | SQL-sats: "SELECT 1"
          SQL функція "f" оператор 1           | SQL-оператор "SELECT 1"
          SQL 函数 "f" 语句 1                    | SQL 语句 "SELECT 1"
          內嵌 SQL 函式 "f" 期間                  | SQL 敘述 "SELECT 1"
          PL/pgSQL-Funktion f() Zeile 3 bei RAISE | PL/pgSQL-Funktion inline_code_block Zeile 1 bei SQL-Anweisung
          функция PL/pgSQL f(), строка 3, оператор RAISE | функция PL/pgSQL inline_code_block, строка 1
          """)
  void aFunctionIsOneInEveryLanguage(String function, String statement) {
    assertThat(SqlStates.reason(within(function), Stage.BUILDING))
        .isEqualTo(Reason.DefinitionRefused);
    assertThat(SqlStates.reason(within(statement), Stage.BUILDING)).isEqualTo(Reason.Gone);
  }

  private static SQLException within(String frame) {
    return new PSQLException(
        new ServerErrorMessage("SFEHLER\0C42P01\0Mnein\0Fparse_relation.c\0W" + frame + "\0"));
  }

  @ParameterizedTest
  @ValueSource(strings = {"FATAL", "FATALE", "ВАЖНО", "ПАНИКА", "致命错误", "치명적오류"})
  void whatIsFatalIsSoInEveryLanguage(String severity) {
    assertThat(SqlStates.endsSession(server(severity, "57P01", "…"))).isTrue();
  }

  @Test
  void anErrorLeavesTheSessionUsableAndWhatIsFatalDoesNot() {
    assertThat(SqlStates.endsSession(server("ERROR", "57P01", "raised by a function"))).isFalse();
    assertThat(SqlStates.endsSession(server("ERROR", "08006", "raised by a function"))).isFalse();
    assertThat(SqlStates.endsSession(server("FATAL", "57P01", "terminating"))).isTrue();
    assertThat(
            SqlStates.endsSession(
                driver("I/O error", PSQLState.CONNECTION_FAILURE, new SocketException())))
        .isTrue();
    assertThat(SqlStates.endsSession(driver("closed", PSQLState.CONNECTION_DOES_NOT_EXIST, null)))
        .isTrue();
  }

  @Test
  void whatThePoolWrapsAroundAnExceptionChangesNothing() {
    SQLException inner = server("FATAL", "28P01", "password authentication failed");
    SQLException outer = new SQLTransientConnectionException("timed out", null, 0, inner);
    assertThat(SqlStates.whileConnecting(outer)).isEqualTo(Reason.AuthenticationFailed);
    assertThat(SqlStates.state(outer)).isEqualTo("28P01");
    assertThat(SqlStates.primaryMessage(outer)).isEqualTo("password authentication failed");
  }

  @Test
  void thePrimaryMessageHasNoDetailAndOneLine() {
    SQLException e =
        new PSQLException(
            new ServerErrorMessage(
                "SERROR\0C23505\0Mcould not create unique index \"ux\"\nmore\0DKey (tax_id)=(123-45)"
                    + " is duplicated.\0"));
    assertThat(SqlStates.primaryMessage(e)).isEqualTo("could not create unique index \"ux\"");
  }

  @Test
  void messageDetailAndHintAreOneSentence() {
    SQLException e =
        new PSQLException(
            new ServerErrorMessage(
                "SERROR\0C0A000\0Minvalid query\0DNo windows are supported.\0HEnable them.\0"));
    assertThat(SqlStates.messageAndDetail(e))
        .isEqualTo("invalid query: No windows are supported: Enable them");
  }

  @Test
  void thePrimaryMessageHasNoControlCharacters() {
    SQLException e =
        new PSQLException(
            new ServerErrorMessage("SERROR\0C22023\0Minvalid value: a\u001b[2Jb\tc\0"));
    assertThat(SqlStates.primaryMessage(e)).isEqualTo("invalid value: a\uFFFD[2Jb\uFFFDc");
  }

  private static void check(Map<SQLException, Reason> table, boolean connecting) {
    SoftAssertions softly = new SoftAssertions();
    table.forEach(
        (e, reason) ->
            softly
                .assertThat(connecting ? SqlStates.whileConnecting(e) : SqlStates.whileRunning(e))
                .as("%s %s", e.getSQLState(), e.getMessage())
                .isEqualTo(reason));
    softly.assertAll();
  }

  private static SQLException server(String severity, String state, String message) {
    return new PSQLException(
        new ServerErrorMessage("S" + severity + "\0C" + state + "\0M" + message + "\0"));
  }

  private static SQLException driver(String message, PSQLState state, IOException cause) {
    return new PSQLException(message, state, cause);
  }

  private static SQLException unableToConnect(IOException cause) {
    return driver("The connection attempt failed.", PSQLState.CONNECTION_UNABLE_TO_CONNECT, cause);
  }

  private static SQLException tls(Throwable cause) {
    return new PSQLException(
        "SSL error: " + cause.getMessage(), PSQLState.CONNECTION_FAILURE, cause);
  }
}
