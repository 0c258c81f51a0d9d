package io.tenantdb.fleet;

import static org.assertj.core.api.Assertions.assertThat;

import io.tenantdb.database.Database;
import io.tenantdb.model.ChangeResult;
import io.tenantdb.model.Desired;
import io.tenantdb.model.Reason;
import io.tenantdb.model.TenantState;
import io.tenantdb.testing.PostgresServer;
import io.tenantdb.testing.RealParts;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Rows that a declared index cannot be built over, or an aggregate not be made of. */
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

  @ParameterizedTest
  @ValueSource(strings = {"P0001", "0A000", "42501", "53100", "57P01", "40001", "XX000", "ABCDE"})
  void whatever_a_function_raises_is_about_its_rows_and_is_not_told(String sqlState) {
    Fruit fruit =
        new Fruit(server, "raises_" + sqlState.toLowerCase(Locale.ROOT))
            .tenants("tenant_a", "tenant_b");
    for (String tenant : List.of("tenant_a", "tenant_b")) {
      fruit.execute(
          """
          CREATE FUNCTION %s.checked(text) RETURNS text IMMUTABLE LANGUAGE plpgsql AS $f$
          BEGIN
            IF $1 LIKE 'secret%%' THEN
              RAISE EXCEPTION '%% is no grower', $1 USING ERRCODE = '%s', DETAIL = $1, HINT = $1;
            END IF;
            RETURN $1;
          END $f$"""
              .formatted(tenant, sqlState));
    }
    fruit.execute("INSERT INTO tenant_a.grower_payments VALUES (1, 'secret-grower', now())");
    refused(
        fruit,
        """
        indexes:
        - {name: ix_checked, table: grower_payments, keys: [{expression: checked(grower_id)}]}
        """,
        sqlState);
    fruit.execute("DROP INDEX tenant_b.ix_checked");
    heardOf(
        fruit,
        view("SELECT checked(grower_id) AS value, count(*) AS n FROM grower_payments GROUP BY 1"),
        Reason.DefinitionRefused,
        sqlState);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          1 / (id - 1) | 22012 | DefinitionRefused
          regexp_replace(grower_id, 's.*t', '')::date::text | 22007 | DefinitionRefused
          lower(substr(grower_id, 1, 6)) | 23505 | DuplicateRows
          repeat(string_agg(md5(concat(grower_id, i)), ''), 1) | 54000 | DefinitionRefused
          """)
  void what_stops_a_materialized_view_holds_no_row(
      String expression, String sqlState, Reason reason) {
    Fruit fruit = new Fruit(server, "viewvalue_" + sqlState).tenants("tenant_a", "tenant_b");
    String query =
        "SELECT %s AS value FROM grower_payments, generate_series(1, 1000) i GROUP BY id, grower_id"
            .formatted(expression);
    fruit.execute(
        "INSERT INTO tenant_a.grower_payments VALUES (1, 'secret-grower', now()), (2, 'secret-other', now())");
    heardOf(fruit, view(query), reason, sqlState);
    assertThat(fruit.query("SELECT schemaname FROM pg_matviews")).containsExactly("tenant_b");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          grower_id::int | 22P02 | DefinitionRefused | secret-grower
          substr(grower_id, 1, 1) | 21000 | DefinitionRefused | 1-secret-grower
          """)
  void what_stops_a_refresh_holds_no_row_and_leaves_the_view_as_it_was(
      String expression, String sqlState, Reason reason, String added) {
    Fruit fruit = new Fruit(server, "refreshvalue_" + sqlState).tenants("tenant_a", "tenant_b");
    for (String tenant : List.of("tenant_a", "tenant_b")) {
      fruit.execute("INSERT INTO " + tenant + ".grower_payments VALUES (1, '17', now())");
    }
    Desired desired =
        Fruit.desired(
            view(
                "SELECT %s AS value FROM grower_payments GROUP BY id, grower_id"
                    .formatted(expression)));
    try (Database database = fruit.open()) {
      assertThat(engine.pass(database, desired, Gate.OPEN, PassListener.NONE).converged()).isTrue();
      fruit.execute(
          "INSERT INTO tenant_a.grower_payments VALUES (2, '%s', now())".formatted(added));
      for (String tenant : List.of("tenant_a", "tenant_b")) {
        fruit.execute(
            """
            DO $$ BEGIN EXECUTE format('COMMENT ON MATERIALIZED VIEW %1$s.seen IS %%L',
              regexp_replace(obj_description('%1$s.seen'::regclass, 'pg_class'), ' refreshed=\\S+', '')
                || ' refreshed=2020-01-01T00:00:00Z'); END $$"""
                .formatted(tenant));
      }
      Outcome outcome = engine.pass(database, desired, Gate.OPEN, PassListener.NONE);

      assertThat(outcome.results()).hasSize(2);
      assertThat(outcome.results())
          .filteredOn(r -> r.change().target().schema().equals("tenant_a"))
          .singleElement()
          .satisfies(
              r -> {
                assertThat(r.reason()).isEqualTo(reason);
                assertThat(r.sqlState()).isEqualTo(sqlState);
                assertThat(r.toString()).doesNotContain("secret");
              });
      assertThat(outcome.toString()).doesNotContain("secret");
      assertThat(fruit.query("SELECT count(*)::text FROM tenant_a.seen")).containsExactly("1");
    }
  }

  private static String view(String query) {
    return """
        aggregates:
        - name: seen
          query: %1$s
          fallback: MaterializedView
          uniqueColumns: [value]
          refresh: {every: 1 hour, startOffset: 7 days, endOffset: 1 hour}
        """
        .formatted(query);
  }

  /** Nothing that comes out of the pass holds a row of tenant_a, and tenant_b does not mind. */
  private void heardOf(Fruit fruit, String rest, Reason reason, String sqlState) {
    List<String> heard = new ArrayList<>();
    PassListener listener =
        new PassListener() {
          @Override
          public void finished(ChangeResult result) {
            heard.add(result.toString());
          }
        };
    try (Database database = fruit.open()) {
      Outcome outcome = engine.pass(database, Fruit.desired(rest), Gate.OPEN, listener);

      assertThat(outcome.states())
          .containsEntry("tenant_a", TenantState.FAILED)
          .containsEntry("tenant_b", TenantState.SYNCED);
      assertThat(outcome.failures())
          .singleElement()
          .satisfies(
              f -> {
                assertThat(f.reason()).isEqualTo(reason);
                assertThat(f.sqlState()).isEqualTo(sqlState);
                assertThat(f.message()).startsWith("tenant_a: seen");
              });
      assertThat(outcome.toString()).doesNotContain("secret");
      assertThat(heard).isNotEmpty().noneMatch(said -> said.contains("secret"));
    }
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
