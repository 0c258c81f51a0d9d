package io.tenantdb.database;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.tenantdb.database.ConnectionSettings.Authentication;
import io.tenantdb.database.ConnectionSettings.Tls.Mode;
import io.tenantdb.model.Reason;
import io.tenantdb.testing.PostgresServer;
import java.io.IOException;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** A password is proved, and shown only to whom the settings say. */
class PasswordIT {
  private static final String SECRET = "n0t-the-p4ssword";

  private static PostgresServer server;

  @BeforeAll
  static void start() {
    server = PostgresServer.start(PostgresServer.NEWEST);
    server.execute(
        "postgres",
        "SET password_encryption = 'md5'",
        "CREATE ROLE old_fashioned LOGIN PASSWORD '" + SECRET + "'",
        "RESET password_encryption",
        "CREATE ROLE of_ldap LOGIN PASSWORD '" + SECRET + "'",
        "CREATE ROLE trusted LOGIN",
        "COPY (VALUES ('local all all trust'), ('host all old_fashioned all md5'),"
            + " ('host all of_ldap all password'), ('host all trusted all trust'),"
            + " ('host all all all scram-sha-256')) TO '"
            + server.query("postgres", "SHOW hba_file").get(0)
            + "'",
        "SELECT pg_reload_conf()");
  }

  @AfterAll
  static void stop() {
    if (server != null) {
      server.close();
    }
  }

  private static Connections as(String host, int port, Authentication authentication) {
    return Connections.to(server, "postgres")
        .at(host, port)
        .user("old_fashioned", SECRET)
        .tls(Mode.DISABLE, Optional.empty())
        .authentication(authentication);
  }

  private static void refused(Connections way) {
    try (Database database = way.open()) {
      DatabaseException e = catchThrowableOfType(DatabaseException.class, database::borrow);
      assertThat(e.reason()).isEqualTo(Reason.AuthenticationFailed);
      assertThat(e)
          .hasMessageContaining("in a way that database.authentication does not allow")
          .hasMessageContaining("or, where it is the right server and cannot,");
    }
  }

  @Test
  void aServerThatAsksForMoreThanAProofHearsNothing() throws IOException {
    try (FalseServer clear = FalseServer.askingForClearText();
        FalseServer md5 = FalseServer.askingForMd5()) {
      for (FalseServer asking : List.of(clear, md5)) {
        refused(as("127.0.0.1", asking.port(), Authentication.SCRAM_SHA_256));
        assertThat(asking.heard()).matches("\\|*");
      }
      refused(as("127.0.0.1", clear.port(), Authentication.MD5));
      assertThat(clear.heard()).matches("\\|*");
    }
  }

  /** So that the silence above is the setting's work. */
  @Test
  void oneThatMayBeShownItHearsIt() throws IOException {
    try (FalseServer clear = FalseServer.askingForClearText();
        FalseServer md5 = FalseServer.askingForMd5()) {
      for (FalseServer asking : List.of(clear, md5)) {
        try (Database database = as("127.0.0.1", asking.port(), Authentication.PASSWORD).open()) {
          assertThat(catchThrowableOfType(DatabaseException.class, database::borrow)).isNotNull();
        }
      }
      assertThat(clear.heard()).contains(SECRET);
      assertThat(md5.heard()).contains("md5").doesNotContain(SECRET);
    }
  }

  @Test
  void aSiteWithAnotherMethodSaysSo() throws SQLException {
    Connections md5 = as(server.host(), server.port(), Authentication.MD5);
    Connections clear = md5.user("of_ldap", SECRET).authentication(Authentication.PASSWORD);
    for (Connections way : List.of(md5, md5.authentication(Authentication.PASSWORD), clear)) {
      try (Database database = way.open();
          Connection connection = database.borrow()) {
        assertThat(Connections.ask(connection, "SELECT session_user"))
            .isEqualTo(way.settings().user());
      }
    }
    refused(md5.authentication(Authentication.SCRAM_SHA_256));
    refused(clear.authentication(Authentication.SCRAM_SHA_256));
    refused(clear.authentication(Authentication.MD5));
  }

  @Test
  void aServerThatAsksForNothingGetsNothing() throws SQLException {
    Connections way =
        as(server.host(), server.port(), Authentication.SCRAM_SHA_256).user("trusted", SECRET);
    try (Database database = way.open();
        Connection connection = database.borrow()) {
      assertThat(Connections.ask(connection, "SELECT session_user")).isEqualTo("trusted");
    }
  }
}
