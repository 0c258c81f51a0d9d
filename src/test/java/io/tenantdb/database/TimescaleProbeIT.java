package io.tenantdb.database;

import static org.assertj.core.api.Assertions.assertThat;

import io.tenantdb.database.ConnectionSettings.Tls;
import io.tenantdb.model.ServerInfo;
import io.tenantdb.model.ServerInfo.Edition;
import io.tenantdb.testing.TimescaleServer;
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

  @Test
  void theApacheLicence() {
    try (TimescaleServer server = TimescaleServer.start(TimescaleServer.License.APACHE)) {
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
