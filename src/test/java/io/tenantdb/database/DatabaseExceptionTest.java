package io.tenantdb.database;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.tenantdb.database.ConnectionSettings.Tls;
import io.tenantdb.model.Reason;
import java.sql.SQLException;
import java.util.Optional;
import org.assertj.core.api.InstanceOfAssertFactories;
import org.junit.jupiter.api.Test;
import org.postgresql.util.PSQLException;
import org.postgresql.util.ServerErrorMessage;

class DatabaseExceptionTest {
  private final ConnectionSettings settings =
      new ConnectionSettings(
          "db.example",
          5432,
          "fruitpak",
          "tuner",
          new Password("hunter2"),
          new Tls(Tls.Mode.VERIFY_FULL, Optional.empty()),
          4,
          "test");

  @Test
  void saysWhatWeDidWhereAndWhatTheServerSaid() {
    DatabaseException e =
        new Failures(settings)
            .running(
                server("42501", "must be owner of table hunter2", "value (1, secret)"),
                "read the catalogs");
    assertThat(e)
        .hasMessage(
            "Could not read the catalogs on db.example:5432/fruitpak as tuner: must be owner of"
                + " table ***.");
    assertThat(e.reason()).isEqualTo(Reason.InsufficientPrivilege);
    assertThat(e.sqlState()).isEqualTo("42501");
  }

  @Test
  void saysWhatToDoWhereTheServerLetsNobodyIn() {
    Failures failures = new Failures(settings);
    assertThat(failures.connecting(server("42501", "permission denied for database", "")))
        .hasMessageEndingWith("; GRANT CONNECT ON DATABASE \"fruitpak\" TO \"tuner\".");
    assertThat(failures.connecting(server("3D000", "database does not exist", "")))
        .hasMessageEndingWith("; create the database, or correct database.name.");
  }

  @Test
  void detailsOfTheServerStayOut() {
    assertThat(DatabaseException.of(server("23505", "not unique", "Key (a)=(1)"), "build"))
        .hasMessage("Could not build: not unique.");
  }

  @Test
  void serversBefore14_4AreRefused() {
    assertThatThrownBy(() -> SupportedVersions.check(14, 3, "db"))
        .asInstanceOf(InstanceOfAssertFactories.type(DatabaseException.class))
        .returns(Reason.UnsupportedServer, DatabaseException::reason)
        .extracting(Throwable::getMessage, InstanceOfAssertFactories.STRING)
        .contains("PostgreSQL 14.3 at db", "14.4", "upgrade");
    assertThatThrownBy(() -> SupportedVersions.check(13, 20, "db"))
        .isInstanceOf(DatabaseException.class);
    assertThatCode(() -> SupportedVersions.check(14, 4, "db")).doesNotThrowAnyException();
    assertThatCode(() -> SupportedVersions.check(18, 0, "db")).doesNotThrowAnyException();
  }

  @Test
  void aPasswordDoesNotPrintItself() {
    assertThat(settings.toString()).contains("tuner").doesNotContain("hunter2");
  }

  private static SQLException server(String state, String message, String detail) {
    return new PSQLException(
        new ServerErrorMessage("SERROR\0C" + state + "\0M" + message + "\0D" + detail + "\0"));
  }
}
