package io.tenantdb.database;

import static org.assertj.core.api.Assertions.assertThat;

import io.tenantdb.model.ServerInfo;
import io.tenantdb.model.ServerInfo.Edition;
import io.tenantdb.testing.PostgresServer;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class ProbeIT {

  @Test
  void theOldestServer() throws SQLException {
    try (PostgresServer server = PostgresServer.start(PostgresServer.VERSIONS.get(0))) {
      superuserAndGuest(server);
    }
  }

  @Test
  void theNewestServer() throws SQLException {
    try (PostgresServer server = PostgresServer.start(PostgresServer.NEWEST)) {
      superuserAndGuest(server);
    }
  }

  private static void superuserAndGuest(PostgresServer server) throws SQLException {
    server.createDatabase("app");
    server.execute(
        "app",
        "CREATE ROLE guest LOGIN PASSWORD 'guest'",
        "CREATE ROLE watcher LOGIN PASSWORD 'watcher' IN ROLE pg_monitor",
        "REVOKE TEMP ON DATABASE app FROM PUBLIC",
        "REVOKE EXECUTE ON FUNCTION pg_control_system() FROM PUBLIC");
    try (Database database = Connections.to(server, "app").open();
        Connection connection = server.connect("app")) {
      ServerInfo info = database.probe();
      assertThat(info.version()).startsWith(Integer.toString(server.majorVersion()));
      assertThat(info.versionNum())
          .isBetween(server.majorVersion() * 10000, server.majorVersion() * 10000 + 9999);
      assertThat(info.timescale())
          .isEqualTo(new ServerInfo.Timescale(Edition.NONE, Optional.empty(), Optional.empty()));
      assertThat(info.systemIdentifier())
          .contains(
              Connections.ask(connection, "SELECT system_identifier FROM pg_control_system()"));
      assertThat(info.databaseOid())
          .isEqualTo(
              Long.parseLong(
                  Connections.ask(
                      connection, "SELECT oid FROM pg_database WHERE datname = 'app'")));
      assertThat(info.user()).isEqualTo(server.user());
      assertThat(info.primary()).isTrue();
      assertThat(info.superuser()).isTrue();
      assertThat(info.temporaryTables()).isTrue();
      assertThat(info.statistics()).isTrue();
    }
    try (Database database = Connections.to(server, "app").user("guest", "guest").open()) {
      ServerInfo info = database.probe();
      assertThat(info.user()).isEqualTo("guest");
      assertThat(info.superuser()).isFalse();
      assertThat(info.temporaryTables()).isFalse();
      assertThat(info.statistics()).isFalse();
      assertThat(info.systemIdentifier()).isEmpty();
    }
    server.execute("app", "ALTER ROLE watcher SET default_transaction_read_only = on");
    try (Database database = Connections.to(server, "app").user("watcher", "watcher").open()) {
      ServerInfo info = database.probe();
      assertThat(info.statistics()).isTrue();
      assertThat(info.primary()).isFalse();
    }
  }

  /** Made up from catalog rows: a TimescaleDB whose library is gone is hard to come by. */
  @Test
  void theExtensionIsJudgedBeforeTheLicence() {
    try (PostgresServer server = PostgresServer.start(PostgresServer.NEWEST)) {
      server.createDatabase("app");
      server.execute("app", "ALTER DATABASE app SET timescaledb.license = 'timescale'");
      assertThat(edition(server)).isEqualTo(Edition.NONE);
      server.execute(
          "app",
          "CREATE SCHEMA tsx",
          "INSERT INTO pg_extension SELECT 4242, 'timescaledb', 10, oid, true, '2.10.0', NULL, NULL"
              + " FROM pg_namespace WHERE nspname = 'tsx'");
      assertThat(edition(server)).isEqualTo(Edition.COMMUNITY);
      server.execute("app", "ALTER DATABASE app SET timescaledb.license = 'apache'");
      assertThat(edition(server)).isEqualTo(Edition.APACHE);
      server.execute("app", "ALTER DATABASE app RESET timescaledb.license");
      assertThat(edition(server)).isEqualTo(Edition.BROKEN);
      try (Database database = Connections.to(server, "app").open()) {
        assertThat(database.probe().timescale())
            .isEqualTo(
                new ServerInfo.Timescale(
                    Edition.BROKEN, Optional.of("2.10.0"), Optional.of("tsx")));
      }
    }
  }

  private static Edition edition(PostgresServer server) {
    try (Database database = Connections.to(server, "app").open()) {
      return database.probe().timescale().edition();
    }
  }
}
