package io.tenantdb.contract;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.ObjectMapper;
import io.tenantdb.api.v1alpha1.TenantDatabaseSpec;
import io.tenantdb.desired.Resolution;
import io.tenantdb.model.Desired;
import io.tenantdb.model.DesiredIndex;
import io.tenantdb.model.Identifiers;
import io.tenantdb.testing.PostgresServer;
import io.tenantdb.testing.RealParts;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import org.junit.jupiter.api.Test;

@RealParts
class ExamplesIT {

  @Test
  void theIndexesOfTheExampleFitItsTables(PostgresServer server) throws SQLException, IOException {
    Desired desired =
        Resolution.template(
            "platform",
            "fruitpak",
            new ObjectMapper()
                .convertValue(
                    Corpus.parse(Files.readString(Path.of("examples", "fruitpak.yaml")))
                        .get("spec"),
                    TenantDatabaseSpec.class));
    assertThat(desired.indexes()).hasSize(7);

    try (Connection connection = server.connect(server.createDatabase("examples"));
        Statement statement = connection.createStatement()) {
      statement.execute("CREATE SCHEMA tenant_acme; SET search_path = tenant_acme");
      statement.execute(Files.readString(Path.of("examples", "fruitpak.sql")));
      for (DesiredIndex index : desired.indexes()) {
        statement.execute(
            index.createSql(
                index.name(), Identifiers.qualified("tenant_acme", index.table()), true));
      }
    }
  }
}
