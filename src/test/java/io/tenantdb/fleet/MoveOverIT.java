package io.tenantdb.fleet;

import static org.assertj.core.api.Assertions.assertThat;

import io.tenantdb.database.Database;
import io.tenantdb.model.IndexChange.MarkIndex;
import io.tenantdb.testing.Markdown;
import io.tenantdb.testing.PostgresServer;
import io.tenantdb.testing.RealParts;
import java.util.List;
import org.junit.jupiter.api.Test;

/** What docs/how-to/move-over.md promises for indexes, with its own statements. */
@RealParts
class MoveOverIT {

  /** As a migration made them, one schema after the other. */
  static final List<String> BY_HAND =
      List.of(
          "CREATE INDEX ix_batches_grower_harvest_status ON batches (grower_id, harvest_date, status)",
          "CREATE INDEX ix_batches_intake_date ON batches (intake_date)",
          "CREATE INDEX ix_batches_fruit_type ON batches (fruit_type)",
          "CREATE INDEX ix_batch_history_batch_recorded ON batch_history (batch_id, recorded_at)",
          "CREATE INDEX ix_grower_payments_grower_date ON grower_payments (grower_id, paid_date)",
          "CREATE INDEX ix_grower_payments_paid_date ON grower_payments (paid_date)",
          "CREATE INDEX ix_grower_payments_created_at ON grower_payments (created_at)");

  static final Markdown PAGE = Markdown.read("docs/how-to/move-over.md");

  private static final String INDEXES =
      """
      SELECT concat_ws(' ', n.nspname, c.relname, c.oid, c.relfilenode)
      FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
      WHERE c.relkind = 'i' AND (n.nspname = 'public' OR n.nspname LIKE 'tenant%') ORDER BY 1""";

  private static final String COMMENTS =
      """
      SELECT n.nspname || '.' || c.relname || ': ' || d.description
      FROM pg_description d JOIN pg_class c ON c.oid = d.objoid AND d.classoid = 'pg_class'::regclass
      JOIN pg_namespace n ON n.oid = c.relnamespace
      WHERE n.nspname = 'public' OR n.nspname LIKE 'tenant%' ORDER BY 1""";

  @Test
  void indexes_made_by_hand_are_adopted_and_nothing_is_rebuilt_and_the_marks_can_be_removed(
      PostgresServer server) {
    Fruit fruit = byHand(server, "adopting");
    List<String> before = fruit.query(INDEXES);
    List<String> comments = fruit.query(COMMENTS);
    assertThat(comments).hasSize(1);
    try (Database database = fruit.open()) {
      Engine engine = new Engine();
      Outcome planned =
          engine.pass(database, Example.withoutAggregates(), Gate.OBSERVE, PassListener.NONE);
      assertThat(planned.plan().changes())
          .hasSize(3 * BY_HAND.size())
          .allSatisfy(
              change -> {
                assertThat(change).isInstanceOf(MarkIndex.class);
                assertThat(change.before()).isEqualTo("unmarked");
                assertThat(change.after()).isEqualTo("adopted");
              });

      Outcome adopted =
          engine.pass(database, Example.withoutAggregates(), Gate.OPEN, PassListener.NONE);

      assertThat(adopted.failures()).isEmpty();
      assertThat(adopted.converged()).isTrue();
      assertThat(fruit.query(INDEXES)).isEqualTo(before);
      assertThat(fruit.query(COMMENTS))
          .hasSize(3 * BY_HAND.size())
          .allMatch(comment -> comment.contains(": tenantdb:v1 owner=platform/fruitpak "))
          .anyMatch(comment -> comment.endsWith(" adopted\nslow without it"));
      assertThat(
              engine
                  .pass(database, Example.withoutAggregates(), Gate.OPEN, PassListener.NONE)
                  .initial())
          .satisfies(plan -> assertThat(plan.empty()).isTrue());
    }

    String unmark = PAGE.blocks("sql").get(2).text().replace("\\gexec", "");
    fruit.execute(fruit.query(unmark).toArray(String[]::new));

    assertThat(fruit.query(COMMENTS)).isEqualTo(comments);
    assertThat(fruit.query(INDEXES)).isEqualTo(before);
  }

  @Test
  void the_inventory_tells_what_differs_between_the_tenants(PostgresServer server) {
    Fruit fruit = byHand(server, "stock");
    fruit.execute(
        "DROP INDEX tenant_b.ix_batches_fruit_type",
        "DROP INDEX tenant_b.ix_batches_intake_date",
        "CREATE INDEX ix_batches_intake_date ON tenant_b.batches (intake_date DESC)");
    String inventory = PAGE.blocks("sql").get(0).statements().get(0);

    assertThat(
            fruit.query(
                "SELECT concat_ws(' ', table_name, index_name, schemas, definitions, invalid) FROM ("
                    + inventory
                    + ") AS stock"))
        .hasSize(BY_HAND.size())
        .contains(
            "batches ix_batches_fruit_type 2 1 0",
            "batches ix_batches_intake_date 3 2 0",
            "grower_payments ix_grower_payments_paid_date 3 1 0");
  }

  private static Fruit byHand(PostgresServer server, String name) {
    Fruit fruit = new Fruit(server, name);
    for (String schema : List.of("public", "tenant_a", "tenant_b")) {
      fruit.execute(
          "CREATE SCHEMA IF NOT EXISTS " + schema,
          "SET search_path = " + schema,
          Example.tables(),
          String.join(";\n", BY_HAND));
    }
    fruit.execute("COMMENT ON INDEX tenant_a.ix_batches_fruit_type IS 'slow without it'");
    return fruit;
  }
}
