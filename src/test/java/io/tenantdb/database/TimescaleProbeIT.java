package io.tenantdb.database;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

import io.tenantdb.database.ConnectionSettings.Tls;
import io.tenantdb.model.ServerInfo;
import io.tenantdb.model.ServerInfo.Edition;
import io.tenantdb.testing.TimescaleServer;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class TimescaleProbeIT {

  @Test
  void theCommunityLicence() {
    try (TimescaleServer server = TimescaleServer.start(TimescaleServer.License.COMMUNITY)) {
      ServerInfo info = probe(server);
      assertThat(info.timescale().edition()).isEqualTo(Edition.COMMUNITY);
      assertThat(info.community()).isTrue();
    }
  }

  /** {@link ProbeIT} has the rule by itself, for runs where no server says that it is apache. */
  @Test
  void theApacheLicence() throws SQLException {
    try (TimescaleServer server = TimescaleServer.start(TimescaleServer.License.APACHE)) {
      try (Connection connection = server.connect()) {
        assumeThat(Connections.ask(connection, "SHOW timescaledb.license"))
            .as("the WASM build leaves the community module out, but still says timescale")
            .isEqualTo("apache");
      }
      ServerInfo info = probe(server);
      assertThat(info.timescale().edition()).isEqualTo(Edition.APACHE);
      assertThat(info.community()).isFalse();
    }
  }

  private static ServerInfo probe(TimescaleServer server) {
    try (Database database =
        Database.of(
            new ConnectionSettings(
                server.host(),
                server.port(),
                server.database(),
                server.user(),
                new Password(server.password()),
                new Tls(Tls.Mode.DISABLE, Optional.empty()),
                4,
                "tenantdb test"))) {
      ServerInfo info = database.probe();
      assertThat(info.timescale().version())
          .hasValueSatisfying(version -> assertThat(server.version()).startsWith(version + " "));
      assertThat(info.timescale().schema()).contains("public");
      assertThat(info.primary()).isTrue();
      assertThat(info.user()).isEqualTo(server.user());
      return info;
    }
  }
}
