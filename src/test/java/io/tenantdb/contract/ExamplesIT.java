package io.tenantdb.contract;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.ObjectMapper;
import io.tenantdb.api.v1alpha1.TenantDatabaseSpec;
import io.tenantdb.desired.Resolution;
import io.tenantdb.model.Desired;
import io.tenantdb.model.DesiredAggregate;
import io.tenantdb.model.DesiredIndex;
import io.tenantdb.model.Identifiers;
import io.tenantdb.testing.PostgresServer;
import io.tenantdb.testing.RealParts;
import io.tenantdb.testing.TimescaleServer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import org.junit.jupiter.api.Test;

@RealParts
class ExamplesIT {

  /** Hours around two changes of the clock, and around the years' ends. */
  private static final String BATCHES =
      """
      INSERT INTO batches (grower_id, packhouse_id, fruit_type, net_weight_kg, status, harvest_date, intake_date, is_deleted)
      SELECT i % 2, i % 3, 'f' || i % 2, i, CASE i % 7 WHEN 0 THEN 'rejected' ELSE 'received' END, '2026-01-01', start + i * interval '37 minutes', i % 11 = 0
      FROM generate_series(1, 200) i, unnest('{2025-12-30 00:00+00, 2026-03-27 00:00+00, 1999-12-30 00:00+00}'::timestamptz[]) start""";

  @Test
  void theIndexesOfTheExampleFitItsTables(PostgresServer server) throws SQLException, IOException {
    Desired desired = example();
    assertThat(desired.indexes()).hasSize(7);

    try (Connection connection = server.connect(server.createDatabase("examples"));
        Statement statement = connection.createStatement()) {
      tenant(statement);
      for (DesiredIndex index : desired.indexes()) {
        statement.execute(
            index.createSql(
                index.name(), Identifiers.qualified("tenant_acme", index.table()), true));
      }
    }
  }

  @Test
  void theFallbackOfTheAggregateRefreshesConcurrently(PostgresServer server)
      throws SQLException, IOException {
    DesiredAggregate aggregate = example().aggregates().get(0);
    DesiredIndex unique = aggregate.uniqueIndex().orElseThrow();
    String view = Identifiers.qualified("tenant_acme", aggregate.name());

    try (Connection connection = server.connect(server.createDatabase("examples_fallback"));
        Statement statement = connection.createStatement()) {
      tenant(statement);
      statement.execute("CREATE MATERIALIZED VIEW " + view + " AS\n" + aggregate.viewQuery());
      statement.execute(unique.createSql(unique.name(), view, false));
      statement.execute(BATCHES);
      statement.execute("REFRESH MATERIALIZED VIEW CONCURRENTLY " + view);
      assertThat(count(statement, "SELECT count(*) FROM " + view)).isGreaterThan(20);
    }
  }

  @Test
  void theFallbackOfTheAggregateHasTheSameRows(TimescaleServer server)
      throws SQLException, IOException {
    DesiredAggregate aggregate = example().aggregates().get(0);
    server.reset();

    try (Connection connection = server.connect();
        Statement statement = connection.createStatement()) {
      tenant(statement);
      statement.execute("SET search_path = tenant_acme, public; SET timezone = 'Europe/Paris'");
      statement.execute(BATCHES);
      String one = "(" + aggregate.query() + "\n)";
      String other = "(" + aggregate.viewQuery() + "\n)";
      assertThat(other).isNotEqualTo(one);
      assertThat(count(statement, "SELECT count(*) FROM " + one + " q")).isGreaterThan(20);
      assertThat(
              count(
                  statement,
                  "SELECT count(*) FROM ((%1$s EXCEPT %2$s) UNION ALL (%2$s EXCEPT %1$s)) q"
                      .formatted(one, other)))
          .isZero();
    }
  }

  private static Desired example() throws IOException {
    return Resolution.template(
        "platform",
        "fruitpak",
        new ObjectMapper()
            .convertValue(
                Corpus.parse(Files.readString(Path.of("examples", "fruitpak.yaml"))).get("spec"),
                TenantDatabaseSpec.class));
  }

  private static void tenant(Statement statement) throws SQLException, IOException {
    statement.execute("CREATE SCHEMA tenant_acme; SET search_path = tenant_acme");
    statement.execute(Files.readString(Path.of("examples", "fruitpak.sql")));
  }

  private static long count(Statement statement, String sql) throws SQLException {
    try (ResultSet rows = statement.executeQuery(sql)) {
      rows.next();
      return rows.getLong(1);
    }
  }
}
