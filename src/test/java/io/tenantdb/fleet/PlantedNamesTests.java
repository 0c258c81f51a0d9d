package io.tenantdb.fleet;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.tenantdb.database.Database;
import io.tenantdb.testing.PostgresServer;
import io.tenantdb.testing.RealParts;
import java.sql.Connection;
import java.sql.Statement;
import org.junit.jupiter.api.Test;

/** A session is ours from its first byte: no name of ours is looked up where a setting leads. */
@RealParts
abstract class PlantedNamesTests {

  private static final String SPEC =
      """
      indexes:
      - {name: ix_batches_intake_date, table: batches, columns: [intake_date]}
      - {name: ix_batches_lower, table: batches, keys: [{expression: lower(status)}], where: status <> 'new'}
      - {name: ux_payments, table: grower_payments, columns: [id], unique: true, include: [grower_id]}
      aggregates:
      - name: daily_intake
        query: SELECT status, count(*) AS batches FROM batches GROUP BY status
        fallback: MaterializedView
        fallbackQuery: SELECT status, count(*) AS batches FROM batches GROUP BY status
        uniqueColumns: [status]
        refresh: {every: 1 hour, startOffset: 7 days, endOffset: 1 hour}
      """;

  private final PostgresServer server;

  PlantedNamesTests(PostgresServer server) {
    this.server = server;
  }

  @Test
  void a_pass_uses_nothing_that_a_setting_puts_before_the_catalog() throws Exception {
    Fruit fruit = new Fruit(server, "planted").tenants("tenant_a", "tenant_b");
    // Opened before the setting, so that it reads what is there.
    assertThat(fruit.query("SELECT 1")).hasSize(1);
    PlantedNames.plant(fruit, "engine_planted");
    try (Database database = fruit.open()) {
      for (int pass = 0; pass < 2; pass++) {
        Outcome outcome =
            new Engine().pass(database, Fruit.desired(SPEC), Gate.OPEN, PassListener.NONE);
        assertThat(outcome.failures()).isEmpty();
        assertThat(outcome.converged()).isTrue();
      }
    }
    assertThat(PlantedNames.used(fruit)).isFalse();
    try (Connection anybody = fruit.connect();
        Statement statement = anybody.createStatement()) {
      for (String sql :
          new String[] {
            "SELECT pg_backend_pid()",
            "SELECT relname FROM pg_class",
            "SELECT 'pg_proc'::regclass",
            "SELECT oid::int = 1 FROM pg_catalog.pg_class"
          }) {
        assertThatThrownBy(() -> statement.execute(sql), sql).hasMessageContaining("was used");
      }
    }
    assertThat(PlantedNames.used(fruit)).isTrue();
  }
}
