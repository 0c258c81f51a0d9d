package io.tenantdb.database;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.tenantdb.database.ConnectionSettings.Tls.Mode;
import io.tenantdb.model.Reason;
import io.tenantdb.testing.PostgresServer;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.Optional;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** Each way not to get in has its own reason, says what to do, and keeps the password. */
class ConnectingIT {
  private static final String SECRET = "n0t-the-p4ssword";

  private static PostgresServer withTls;
  private static PostgresServer withoutTls;

  @BeforeAll
  static void start() {
    withTls = PostgresServer.start(PostgresServer.Options.of(PostgresServer.NEWEST).withTls());
    withoutTls = PostgresServer.start(PostgresServer.VERSIONS.get(0));
    withTls.createDatabase("fruitpak");
    withTls.execute(
        "postgres",
        "CREATE ROLE outsider LOGIN PASSWORD '" + SECRET + "'",
        "CREATE ROLE nologin PASSWORD '" + SECRET + "'",
        "REVOKE CONNECT ON DATABASE fruitpak FROM PUBLIC");
  }

  @AfterAll
  static void stop() {
    if (withTls != null) {
      withTls.close();
    }
    if (withoutTls != null) {
      withoutTls.close();
    }
  }

  @Test
  void theRightWayInIsEncrypted() throws SQLException {
    for (Mode mode : new Mode[] {Mode.REQUIRE, Mode.VERIFY_CA, Mode.VERIFY_FULL}) {
      Connections way = fruitpak().tls(mode, withTls.caPem());
      try (Database database = way.open();
          Connection connection = database.borrow()) {
        assertThat(
                Connections.ask(
                    connection, "SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()"))
            .as("%s", mode)
            .isEqualTo("t");
      }
    }
  }

  @Test
  void aWrongPassword() {
    refused(
        fruitpak().user(withTls.user(), SECRET),
        Reason.AuthenticationFailed,
        "28P01",
        "check the user name and the password");
  }

  /** A pool that tries again by itself would lock accounts where failures are counted. */
  @Test
  void aWrongPasswordIsSentOnce() {
    try (Database database = fruitpak().user("only_once", SECRET).open()) {
      assertThat(catchThrowableOfType(DatabaseException.class, database::borrow).reason())
          .isEqualTo(Reason.AuthenticationFailed);
    }
    assertThat(withTls.logTail())
        .containsOnlyOnce("FATAL:  password authentication failed for user \"only_once\"");
  }

  @Test
  void aServerThatNeverAnswers() throws IOException {
    try (ServerSocket silent = new ServerSocket(0, 5, InetAddress.getLoopbackAddress())) {
      for (Mode mode : new Mode[] {Mode.DISABLE, Mode.VERIFY_FULL}) {
        Connections way =
            fruitpak().at("127.0.0.1", silent.getLocalPort()).tls(mode, withTls.caPem());
        try (Database database = way.open()) {
          check(
              catchThrowableOfType(DatabaseException.class, database::borrow),
              way,
              Reason.ConnectionFailed,
              "08001",
              "check database.host");
        }
      }
    }
  }

  @Test
  void aRoleThatMayNotLogIn() {
    refused(
        fruitpak().user("nologin", SECRET),
        Reason.AuthenticationFailed,
        "28000",
        "not permitted to log in");
  }

  @Test
  void aRoleWithoutThePrivilegeToConnect() {
    refused(
        fruitpak().user("outsider", SECRET),
        Reason.InsufficientPrivilege,
        "42501",
        "GRANT CONNECT ON DATABASE \"fruitpak\" TO \"outsider\"");
  }

  @Test
  void aDatabaseThatIsNotThere() {
    refused(
        Connections.to(withTls, "no?such/database&sslmode=disable"),
        Reason.DatabaseNotFound,
        "3D000",
        "database \"no?such/database&sslmode=disable\" does not exist");
  }

  @Test
  void aHostThatDoesNotResolve() {
    refused(
        fruitpak().host("no-such-host.invalid"),
        Reason.ConnectionFailed,
        "08001",
        "the host name does not resolve");
  }

  @Test
  void aHostNameCannotBringParametersOfItsOwn() {
    refused(
        fruitpak().host("127.0.0.1:" + withTls.port() + "/fruitpak?sslmode=disable&x="),
        Reason.ConnectionFailed,
        "08001",
        "the host name does not resolve");
  }

  @Test
  void aPortWhereNothingListens() throws IOException {
    int closed;
    try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      closed = socket.getLocalPort();
    }
    refused(
        fruitpak().at("127.0.0.1", closed),
        Reason.ConnectionFailed,
        "08001",
        "check database.host and database.port");
  }

  @Test
  void anAuthorityThatDidNotIssueTheCertificate() {
    for (Mode mode : new Mode[] {Mode.VERIFY_CA, Mode.VERIFY_FULL}) {
      refused(
          fruitpak().tls(mode, Optional.of(withTls.wrongCaPem())),
          Reason.TlsFailed,
          "08006",
          "was not issued by the given certificate authority");
    }
  }

  @Test
  void anAuthorityThatTheJvmDoesNotKnow() {
    refused(
        fruitpak().tls(Mode.VERIFY_FULL, Optional.empty()),
        Reason.TlsFailed,
        "08006",
        "the JVM's trust store does not have it");
  }

  @Test
  void anAuthorityThatIsNoCertificate() {
    refused(
        fruitpak().tls(Mode.VERIFY_FULL, Optional.of("not a certificate")),
        Reason.CertificateAuthorityNotFound,
        "",
        "holds no certificate in PEM form");
    refused(
        fruitpak().tls(Mode.VERIFY_FULL, Optional.of("")),
        Reason.CertificateAuthorityNotFound,
        "",
        "holds no certificate in PEM form");
  }

  @Test
  void aHostNameThatIsNotInTheCertificateMattersToVerifyFullOnly() throws SQLException {
    // Java reads it as 127.0.0.1; the certificate does not have it.
    Connections byOtherName = fruitpak().host("127.1");
    refused(
        byOtherName,
        Reason.TlsFailed,
        "08006",
        "connect by a host name that is in its certificate");
    for (Mode mode : new Mode[] {Mode.REQUIRE, Mode.VERIFY_CA}) {
      try (Database database = byOtherName.tls(mode, withTls.caPem()).open();
          Connection connection = database.dedicated()) {
        assertThat(connection.isValid(5)).as("%s", mode).isTrue();
      }
    }
  }

  @Test
  void requireVerifiesNothing() throws SQLException {
    Connections way = fruitpak().tls(Mode.REQUIRE, Optional.of(withTls.wrongCaPem()));
    try (Database database = way.open();
        Connection connection = database.borrow()) {
      assertThat(connection.isValid(5)).isTrue();
    }
  }

  @Test
  void aServerWithoutTls() {
    for (Mode mode : new Mode[] {Mode.REQUIRE, Mode.VERIFY_CA, Mode.VERIFY_FULL}) {
      refused(
          Connections.to(withoutTls, "postgres").tls(mode, withTls.caPem()),
          Reason.TlsFailed,
          "08004",
          "set database.tls.mode to Disable");
    }
  }

  @Test
  void aServerThatDemandsTls() {
    refused(
        fruitpak().tls(Mode.DISABLE, Optional.empty()),
        Reason.AuthenticationFailed,
        "28000",
        "no encryption");
  }

  private static Connections fruitpak() {
    return Connections.to(withTls, "fruitpak");
  }

  private static void refused(Connections way, Reason reason, String state, String says) {
    try (Database database = way.open()) {
      check(
          catchThrowableOfType(DatabaseException.class, database::borrow),
          way,
          reason,
          state,
          says);
      check(
          catchThrowableOfType(DatabaseException.class, database::dedicated),
          way,
          reason,
          state,
          says);
    }
  }

  private static void check(
      DatabaseException e, Connections way, Reason reason, String state, String says) {
    assertThat((Throwable) e).isNotNull().hasMessageContaining(says).hasMessageEndingWith(".");
    assertThat(e.reason()).isEqualTo(reason);
    assertThat(e.sqlState()).isEqualTo(state);
    if (reason != Reason.CertificateAuthorityNotFound) {
      ConnectionSettings settings = way.settings();
      assertThat(e)
          .hasMessageContaining(
              settings.host() + ":" + settings.port() + "/" + settings.database() + " as ");
    }
    StringWriter printed = new StringWriter();
    e.printStackTrace(new PrintWriter(printed, true));
    assertThat(printed.toString()).doesNotContain(SECRET);
  }
}
