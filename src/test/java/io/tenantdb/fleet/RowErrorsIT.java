package io.tenantdb.fleet;

import static org.assertj.core.api.Assertions.assertThat;

import io.tenantdb.database.Database;
import io.tenantdb.model.Desired;
import io.tenantdb.model.Reason;
import io.tenantdb.model.TenantState;
import io.tenantdb.testing.PostgresServer;
import io.tenantdb.testing.RealParts;
import org.junit.jupiter.api.Test;

/** Rows that a declared index cannot be built over. */
@RealParts
class RowErrorsIT {
  private final PostgresServer server;
  private final Engine engine = new Engine();

  RowErrorsIT(PostgresServer server) {
    this.server = server;
  }

  @Test
  void a_value_that_an_expression_cannot_read_waits_for_a_person_and_is_not_told() {
    Fruit fruit = new Fruit(server, "badvalue").tenants("tenant_a", "tenant_b");
    fruit.execute(
        "INSERT INTO tenant_a.grower_payments VALUES (1, 'secret-grower', now())",
        "INSERT INTO tenant_b.grower_payments VALUES (1, '17', now())");
    refused(
        fruit,
        """
        indexes:
        - {name: ix_number, table: grower_payments, keys: [{expression: "grower_id::int"}]}
        """,
        "22P02");
    assertThat(fruit.validIndexes()).containsExactly("tenant_b.ix_number");
  }

  @Test
  void a_row_too_big_for_an_index_waits_for_a_person() {
    Fruit fruit = new Fruit(server, "bigrow").tenants("tenant_a", "tenant_b");
    fruit.execute(
        """
        INSERT INTO tenant_a.grower_payments
        SELECT 1, string_agg(md5(i::text), ''), now() FROM generate_series(1, 1000) i""");
    refused(
        fruit,
        """
        indexes:
        - {name: ix_grower, table: grower_payments, columns: [grower_id]}
        """,
        "54000");
  }

  private void refused(Fruit fruit, String indexes, String sqlState) {
    Desired desired = Fruit.desired(indexes);
    try (Database database = fruit.open()) {
      Outcome outcome = engine.pass(database, desired, Gate.OPEN, PassListener.NONE);

      assertThat(outcome.states())
          .containsEntry("tenant_a", TenantState.FAILED)
          .containsEntry("tenant_b", TenantState.SYNCED);
      assertThat(outcome.failures())
          .singleElement()
          .satisfies(
              f -> {
                assertThat(f.reason()).isEqualTo(Reason.DefinitionRefused);
                assertThat(f.sqlState()).isEqualTo(sqlState);
                assertThat(f.message())
                    .startsWith("tenant_a: ")
                    .contains("rows of grower_payments break the definition: SQLSTATE " + sqlState)
                    .doesNotContain("secret-grower")
                    .doesNotContain("_tdb_");
              });
      assertThat(fruit.leftovers()).isEmpty();
    }
  }
}
