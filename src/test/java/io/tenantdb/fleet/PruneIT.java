package io.tenantdb.fleet;

import static org.assertj.core.api.Assertions.assertThat;

import io.tenantdb.database.Database;
import io.tenantdb.model.Desired;
import io.tenantdb.model.Finding;
import io.tenantdb.model.IndexChange.CreateIndex;
import io.tenantdb.model.IndexSetting.DropIndex;
import io.tenantdb.model.Reason;
import io.tenantdb.model.ReservedName;
import io.tenantdb.model.TenantState;
import io.tenantdb.testing.PostgresServer;
import io.tenantdb.testing.RealParts;
import java.util.List;
import org.junit.jupiter.api.Test;

/** What left the spec, and what is left of a resource that is deleted, on PostgreSQL. */
@RealParts
class PruneIT {

  private static final String PRUNE = "safety: {onDestructive: Allow, prune: OwnedOnly}\n";
  private static final String ONE =
      """
      indexes:
      - {name: ix_batches_grower, table: batches, columns: [grower_id, status]}
      """;
  private static final String VIEW =
      """
      aggregates:
      - name: daily_intake
        query: SELECT grower_id, count(*) AS n FROM batches GROUP BY 1
        fallback: MaterializedView
        uniqueColumns: [grower_id]
        refresh: {every: 1 hour, startOffset: 7 days, endOffset: 1 hour}
      """;

  private final PostgresServer server;
  private final Engine engine = new Engine();

  PruneIT(PostgresServer server) {
    this.server = server;
  }

  @Test
  void what_left_the_spec_stays_until_prune_says_otherwise() {
    Fruit fruit = new Fruit(server, "prune").tenants("tenant_a", "tenant_b");
    fruit.execute("CREATE INDEX mine ON tenant_a.batches (status)");
    try (Database database = fruit.open()) {
      assertThat(pass(database, Fruit.INDEXES + PRUNE).converged()).isTrue();

      Outcome disabled = pass(database, ONE);
      assertThat(disabled.converged()).isTrue();
      assertThat(fruit.validIndexes()).hasSize(7);
      assertThat(disabled.plan().tenants())
          .allSatisfy(
              tenant ->
                  assertThat(tenant.findings())
                      .filteredOn(finding -> finding.reason() == Reason.LeftSpec)
                      .extracting(Finding::object)
                      .containsExactly(
                          "batches.ix_batches_intake_date", "grower_payments.ix_payments_created"));

      Outcome denied = pass(database, ONE + "safety: {onDestructive: Deny, prune: OwnedOnly}\n");
      assertThat(denied.failures())
          .extracting(Outcome.Failure::reason)
          .containsOnly(Reason.DestructiveDenied)
          .hasSize(4);
      assertThat(fruit.validIndexes()).hasSize(7);

      Outcome pruned = pass(database, ONE + PRUNE);
      assertThat(pruned.failures()).isEmpty();
      assertThat(pruned.converged()).isTrue();
      assertThat(fruit.validIndexes())
          .containsExactly(
              "tenant_a.ix_batches_grower", "tenant_a.mine", "tenant_b.ix_batches_grower");
      assertThat(pass(database, ONE + PRUNE).initial().empty()).isTrue();
    }
  }

  @Test
  void an_index_that_moves_is_made_before_the_old_one_goes() {
    Fruit fruit = new Fruit(server, "moves").tenants("tenant_a");
    try (Database database = fruit.open()) {
      pass(database, ONE + PRUNE);
      Outcome outcome = pass(database, ONE.replace("ix_batches_grower", "ix_grower") + PRUNE);

      assertThat(outcome.converged()).isTrue();
      assertThat(outcome.results())
          .<Class<?>>extracting(result -> result.change().getClass())
          .containsExactly(CreateIndex.class, DropIndex.class);
      assertThat(fruit.validIndexes()).containsExactly("tenant_a.ix_grower");
    }
  }

  @Test
  void names_that_change_tables_are_free_when_they_are_needed() {
    Fruit fruit = new Fruit(server, "names").tenants("tenant_a");
    String before =
        """
        indexes:
        - {name: ix_a, table: batches, columns: [grower_id]}
        - {name: ix_b, table: grower_payments, columns: [grower_id]}
        """;
    String after =
        before
            .replace("ix_a, table: batches", "ix_a, table: swapped")
            .replace("grower_payments", "batches")
            .replace("swapped", "grower_payments");
    try (Database database = fruit.open()) {
      assertThat(pass(database, before + PRUNE).converged()).isTrue();
      Outcome disabled = pass(database, after);
      assertThat(disabled.failures())
          .extracting(Outcome.Failure::reason)
          .containsOnly(Reason.NameTaken)
          .hasSize(2);
      Outcome outcome = pass(database, after + PRUNE);

      assertThat(outcome.failures()).isEmpty();
      assertThat(outcome.converged()).isTrue();
      assertThat(
              fruit.query(
                  "SELECT tablename || '.' || indexname FROM pg_indexes WHERE schemaname = 'tenant_a' AND indexname LIKE 'ix%' ORDER BY 1"))
          .containsExactly("batches.ix_b", "grower_payments.ix_a");
      assertThat(fruit.leftovers()).isEmpty();
      assertThat(pass(database, after + PRUNE).initial().empty()).isTrue();
    }
  }

  @Test
  void names_that_somebody_swapped_are_swapped_back() {
    Fruit fruit = new Fruit(server, "swapped").tenants("tenant_a");
    try (Database database = fruit.open()) {
      pass(database, Fruit.INDEXES);
      List<String> oids = oids(fruit);
      fruit.execute(
          "ALTER INDEX tenant_a.ix_batches_grower RENAME TO x",
          "ALTER INDEX tenant_a.ix_payments_created RENAME TO ix_batches_grower",
          "ALTER INDEX tenant_a.ix_batches_intake_date RENAME TO ix_payments_created",
          "ALTER INDEX tenant_a.x RENAME TO ix_batches_intake_date");
      Outcome outcome = pass(database, Fruit.INDEXES);

      assertThat(outcome.failures()).isEmpty();
      assertThat(outcome.converged()).isTrue();
      assertThat(oids(fruit)).as("renamed, not built").isEqualTo(oids);
      assertThat(fruit.leftovers()).isEmpty();
    }
  }

  private static List<String> oids(Fruit fruit) {
    return fruit.query(
        "SELECT indexrelid || ' ' || indexrelid::regclass FROM pg_index WHERE indexrelid::regclass::text LIKE 'tenant_a.ix%' ORDER BY 1");
  }

  @Test
  void a_tenant_whose_new_index_cannot_be_built_keeps_the_old_one() {
    Fruit fruit = new Fruit(server, "unready").tenants("tenant_a", "tenant_b");
    fruit.execute("INSERT INTO tenant_a.grower_payments VALUES (1, 'g', now()), (2, 'g', now())");
    String unique =
        """
        indexes:
        - {name: ux_grower, table: grower_payments, columns: [grower_id], unique: true}
        """;
    try (Database database = fruit.open()) {
      pass(database, ONE + PRUNE);
      Outcome outcome = pass(database, unique + PRUNE);

      assertThat(outcome.states())
          .containsEntry("tenant_a", TenantState.FAILED)
          .containsEntry("tenant_b", TenantState.SYNCED);
      assertThat(fruit.validIndexes())
          .containsExactly("tenant_a.ix_batches_grower", "tenant_b.ux_grower");
    }
  }

  @Test
  void another_owners_indexes_and_ties_stay() {
    Fruit fruit = new Fruit(server, "ties").tenants("tenant_a");
    String three =
        """
        indexes:
        - {name: ux_one, table: grower_payments, columns: [id, grower_id], unique: true}
        - {name: ux_two, table: grower_payments, columns: [grower_id, id], unique: true}
        - {name: ux_three, table: batches, columns: [intake_date], unique: false}
        """;
    fruit.execute("ALTER TABLE tenant_a.grower_payments ALTER grower_id SET NOT NULL");
    try (Database database = fruit.open()) {
      pass(database, three + ONE.replace("indexes:\n", "") + PRUNE);
      fruit.execute(
          "ALTER TABLE tenant_a.grower_payments ADD CONSTRAINT uq UNIQUE USING INDEX ux_one",
          "ALTER TABLE tenant_a.grower_payments REPLICA IDENTITY USING INDEX ux_two",
          "COMMENT ON INDEX tenant_a.ux_three IS "
              + "'tenantdb:v1 owner=other/one name=ux_three table=batches spec=0123456789abcdef made'");
      Outcome outcome = pass(database, ONE + PRUNE);

      assertThat(outcome.converged()).isTrue();
      assertThat(outcome.plan().tenants().get(0).findings())
          .extracting(Finding::message)
          .anySatisfy(said -> assertThat(said).contains("the constraint uq rests on it"));
      assertThat(fruit.validIndexes())
          .containsExactly(
              "tenant_a.ix_batches_grower", "tenant_a.uq", "tenant_a.ux_three", "tenant_a.ux_two");
    }
  }

  @Test
  void a_materialized_view_goes_but_not_over_what_depends_on_it() {
    Fruit fruit = new Fruit(server, "view").tenants("tenant_a");
    try (Database database = fruit.open()) {
      assertThat(pass(database, ONE + VIEW + PRUNE).converged()).isTrue();
      fruit.execute("CREATE VIEW tenant_a.report AS SELECT * FROM tenant_a.daily_intake");

      Outcome refused = pass(database, ONE + PRUNE);
      assertThat(refused.failures())
          .singleElement()
          .satisfies(
              failure -> {
                assertThat(failure.reason()).isEqualTo(Reason.HasDependents);
                assertThat(failure.message())
                    .contains("tenant_a: daily_intake", "view tenant_a.report depends on");
              });

      fruit.execute("DROP VIEW tenant_a.report");
      assertThat(pass(database, ONE + PRUNE).converged()).isTrue();
      assertThat(fruit.query("SELECT matviewname::text FROM pg_matviews")).isEmpty();
      assertThat(fruit.validIndexes()).containsExactly("tenant_a.ix_batches_grower");
    }
  }

  @Test
  void deletion_leaves_the_catalog_as_it_was() {
    Fruit fruit = new Fruit(server, "deletion").tenants("tenant_a", "tenant_b");
    fruit.execute(
        "SET ROLE tenant_a_owner",
        "CREATE INDEX ix_batches_grower ON tenant_a.batches (grower_id, status)",
        "COMMENT ON INDEX tenant_a.ix_batches_grower IS E'found\\nhere'",
        "CREATE INDEX ix_payments_created ON tenant_a.grower_payments (created_at)",
        "CREATE MATERIALIZED VIEW tenant_a.daily_intake AS SELECT grower_id, count(*) AS n FROM tenant_a.batches GROUP BY 1",
        "CREATE UNIQUE INDEX ON tenant_a.daily_intake (grower_id)",
        "COMMENT ON MATERIALIZED VIEW tenant_a.daily_intake IS 'a person''s'");
    List<String> before = catalog(fruit);
    try (Database database = fruit.open()) {
      Desired desired = Fruit.desired(Fruit.INDEXES + VIEW);
      engine.pass(database, desired, Gate.OPEN, PassListener.NONE);
      assertThat(catalog(fruit)).isNotEqualTo(before);
      fruit.execute(
          "CREATE INDEX "
              + ReservedName.building("batches", "gone", "0123456789abcdef").text()
              + " ON tenant_b.batches (id)");

      Outcome outcome =
          new Engine().pass(database, desired.forDeletion(), Gate.OPEN, PassListener.NONE);
      assertThat(outcome.failures()).isEmpty();
      assertThat(outcome.plan().empty()).isTrue();
      assertThat(catalog(fruit)).isEqualTo(before);
    }
  }

  /** Every relation of the tenants, its definition and its comment. */
  private static List<String> catalog(Fruit fruit) {
    return fruit.query(
        """
        SELECT concat_ws(' | ', n.nspname, c.relname, c.relkind,
                 CASE WHEN c.relkind = 'i' THEN pg_get_indexdef(c.oid) END,
                 obj_description(c.oid, 'pg_class'))
        FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
        WHERE n.nspname LIKE 'tenant%' ORDER BY 1""");
  }

  private Outcome pass(Database database, String spec) {
    return engine.pass(database, Fruit.desired(spec), Gate.OPEN, PassListener.NONE);
  }
}
