package io.tenantdb.fleet;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.tenantdb.database.Database;
import io.tenantdb.model.Desired;
import io.tenantdb.model.IndexSetting.SetIndexStatistics;
import io.tenantdb.model.Reason;
import io.tenantdb.model.TenantState;
import io.tenantdb.testing.PostgresServer;
import io.tenantdb.testing.RealParts;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

/** Indexes on partitioned tables, from the spec to the catalogs. */
@RealParts
abstract class PartitionedTests {

  private static final Desired GROWER =
      Partitioned.desired("{name: ix_grower, table: batches, columns: [grower]}");

  private final PostgresServer server;

  PartitionedTests(PostgresServer server) {
    this.server = server;
  }

  @Test
  void every_leaf_gets_a_part_and_a_second_pass_changes_no_row_of_the_catalogs() {
    Partitioned table = new Partitioned(server, "build");

    Outcome outcome = table.pass(GROWER);

    assertThat(outcome.failures()).isEmpty();
    assertThat(outcome.converged()).isTrue();
    assertThat(table.valid("ix_grower")).containsExactly("t");
    assertThat(table.parts("ix_grower"))
        .containsExactly("archive.b2023", "tenant_a.b2024", "tenant_a.b2025_n", "tenant_a.b2025_s");
    assertThat(table.fruit.leftovers()).isEmpty();
    assertThat(
            table.fruit.query(
                "SELECT relowner::regrole FROM pg_class WHERE relname LIKE 'b2023\\_%'"))
        .containsExactly("keeper");
    List<String> before = table.fruit.catalogVersions();
    Outcome second = table.pass(GROWER);
    assertThat(second.initial().empty()).isTrue();
    assertThat(second.failures()).isEmpty();
    assertThat(table.fruit.catalogVersions()).isEqualTo(before);
  }

  @Test
  void it_ends_the_same_whichever_statement_the_connection_broke_at() {
    Partitioned table = new Partitioned(server, "kills");
    int step = 0;
    boolean broke = true;
    while (broke) {
      step++;
      table.killAt(step);
      table.tryPass(GROWER);
      broke = table.steps() >= step;
      table.killNoMore();

      Outcome last = table.pass(GROWER);
      assertThat(last.failures()).as("broken at %d", step).isEmpty();
      assertThat(table.valid("ix_grower")).as("broken at %d", step).containsExactly("t");
      assertThat(table.parts("ix_grower")).hasSize(Partitioned.LEAVES);
      assertThat(table.fruit.leftovers()).as("broken at %d", step).isEmpty();
      table.fruit.execute("DROP INDEX tenant_a.ix_grower");
    }
    assertThat(step).isGreaterThan(20);
  }

  @Test
  void a_build_of_a_leaf_that_was_killed_is_built_anew_and_the_others_are_kept() throws Exception {
    Partitioned table = new Partitioned(server, "killed");
    List<String> kept;
    try (Connection reader = table.fruit.connect();
        Statement statement = reader.createStatement()) {
      reader.setAutoCommit(false);
      statement.execute("LOCK TABLE tenant_a.b2025_s IN ROW EXCLUSIVE MODE");
      CompletableFuture<Void> pass = CompletableFuture.runAsync(() -> table.tryPass(GROWER));
      String waiting =
          "SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
              + " AND query LIKE '%CONCURRENTLY%b2025_s%'";
      await().atMost(Duration.ofSeconds(60)).until(() -> !table.fruit.query(waiting).isEmpty());
      kept = builtParts(table);
      table.fruit.query("SELECT pg_terminate_backend((" + waiting + "))");
      pass.get(60, TimeUnit.SECONDS);
      reader.rollback();
    }
    assertThat(kept).hasSize(3);
    // The index, that of the branch, and the leaf's.
    assertThat(table.fruit.leftovers()).hasSize(3);

    Outcome outcome = table.pass(GROWER);

    assertThat(outcome.converged()).isTrue();
    assertThat(builtParts(table)).containsAll(kept).hasSize(4);
    assertThat(table.fruit.leftovers()).isEmpty();
  }

  private static List<String> builtParts(Partitioned table) {
    return table.fruit.query(
        "SELECT c.oid::text FROM pg_class c WHERE c.relispartition AND c.relkind = 'i' ORDER BY 1");
  }

  @Test
  void leaves_that_come_while_it_is_built_and_afterwards_get_their_parts() throws Exception {
    Partitioned table = new Partitioned(server, "leaves");
    try (Connection reader = table.fruit.connect();
        Statement statement = reader.createStatement()) {
      reader.setAutoCommit(false);
      statement.execute("LOCK TABLE tenant_a.b2025_s IN ROW EXCLUSIVE MODE");
      CompletableFuture<Outcome> pass = CompletableFuture.supplyAsync(() -> table.pass(GROWER));
      await()
          .atMost(Duration.ofSeconds(60))
          .until(
              () ->
                  !table
                      .fruit
                      .query(
                          "SELECT 1 FROM pg_stat_activity WHERE datname = current_database()"
                              + " AND wait_event_type = 'Lock' AND query LIKE '%CONCURRENTLY%b2025_s%'")
                      .isEmpty());
      table.fruit.execute(
          "SET ROLE tenant_a_owner",
          "CREATE TABLE tenant_a.b2026 PARTITION OF tenant_a.batches FOR VALUES FROM ('2026-01-01') TO ('2027-01-01')",
          "CREATE TABLE tenant_a.b2027 (LIKE tenant_a.batches)",
          "ALTER TABLE tenant_a.batches ATTACH PARTITION tenant_a.b2027 FOR VALUES FROM ('2027-01-01') TO ('2028-01-01')",
          "RESET ROLE");
      reader.rollback();
      assertThat(pass.get(60, TimeUnit.SECONDS).converged()).isTrue();
    }
    assertThat(table.parts("ix_grower")).hasSize(6);
    table.fruit.execute(
        "SET ROLE tenant_a_owner",
        "CREATE TABLE tenant_a.b2028 PARTITION OF tenant_a.batches FOR VALUES FROM ('2028-01-01') TO ('2029-01-01')",
        "CREATE TABLE tenant_a.b2029 (LIKE tenant_a.batches)",
        "ALTER TABLE tenant_a.batches ATTACH PARTITION tenant_a.b2029 FOR VALUES FROM ('2029-01-01') TO ('2030-01-01')",
        "RESET ROLE");

    Outcome after = table.pass(GROWER);

    assertThat(after.initial().empty()).isTrue();
    assertThat(table.parts("ix_grower")).hasSize(8);
    assertThat(table.fruit.leftovers()).isEmpty();
  }

  @Test
  void a_leaf_that_goes_while_it_is_built_keeps_nobody_waiting() throws Exception {
    Partitioned table = new Partitioned(server, "goes");
    // All leaves but one have their part, and that one is taken away.
    try (Connection reader = table.fruit.connect();
        Statement statement = reader.createStatement()) {
      reader.setAutoCommit(false);
      statement.execute("LOCK TABLE tenant_a.b2025_s IN ROW EXCLUSIVE MODE");
      CompletableFuture<Void> pass = CompletableFuture.runAsync(() -> table.tryPass(GROWER));
      String waiting =
          "SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
              + " AND query LIKE '%CONCURRENTLY%b2025_s%'";
      await().atMost(Duration.ofSeconds(60)).until(() -> !table.fruit.query(waiting).isEmpty());
      table.fruit.query("SELECT pg_terminate_backend((" + waiting + "))");
      pass.get(60, TimeUnit.SECONDS);
      reader.rollback();
    }
    table.fruit.execute("DROP TABLE tenant_a.b2025_s");

    assertThat(table.pass(GROWER).converged()).isTrue();
    assertThat(table.valid("ix_grower")).containsExactly("t");
    assertThat(table.parts("ix_grower")).hasSize(3);
    assertThat(table.fruit.leftovers()).isEmpty();
  }

  @Test
  void expressions_predicates_and_long_names_are_read_back_as_they_were_declared() {
    Partitioned table = new Partitioned(server, "bodies");
    String name = "Ix é " + "x".repeat(57);
    Desired desired =
        Partitioned.desired(
            "{name: \"" + name + "\", table: batches, keys: [{expression: \"lower(grower)\"}]}",
            "{name: ix_part, table: batches, columns: [grower, day], where: \"region = 'n'\"}",
            "{name: ix_include, table: batches, columns: [day], include: [grower]}",
            "{name: ix_hash, table: batches, columns: [grower], method: hash}");

    Outcome outcome = table.pass(desired);

    assertThat(outcome.failures()).isEmpty();
    assertThat(outcome.converged()).isTrue();
    assertThat(table.parts(name)).hasSize(Partitioned.LEAVES);
    assertThat(table.pass(desired).initial().empty()).isTrue();
    assertThat(table.fruit.leftovers()).isEmpty();
  }

  @Test
  void a_partition_that_comes_later_gets_the_target_of_the_statistics_too() {
    Partitioned table = new Partitioned(server, "targets");
    Outcome made = table.pass(lower(100));
    assertThat(made.failures()).isEmpty();
    assertThat(made.converged()).isTrue();
    assertThat(targets(table)).hasSize(1 + Partitioned.LEAVES).containsOnly("100");
    table.fruit.execute(
        "SET ROLE tenant_a_owner",
        "CREATE TABLE tenant_a.b2026 PARTITION OF tenant_a.batches FOR VALUES FROM ('2026-01-01') TO ('2027-01-01')",
        "RESET ROLE");

    Outcome outcome = table.pass(lower(100));

    assertThat(outcome.failures()).isEmpty();
    assertThat(outcome.initial().changes()).singleElement().isInstanceOf(SetIndexStatistics.class);
    assertThat(targets(table)).hasSize(2 + Partitioned.LEAVES).containsOnly("100");

    assertThat(table.pass(lower(50)).failures()).isEmpty();
    assertThat(targets(table)).containsOnly("50");
    assertThat(table.pass(lower(50)).initial().empty()).isTrue();
  }

  @Test
  void a_part_that_is_otherwise_is_drift_of_the_whole() {
    Partitioned table = new Partitioned(server, "drift");
    Desired desired =
        Partitioned.desired(
            "{name: ix_grower, table: batches, columns: [grower], with: {fillfactor: \"80\"}}");
    assertThat(table.pass(desired).converged()).isTrue();
    table.fruit.execute(
        "DO $$ BEGIN EXECUTE format('ALTER INDEX %s RESET (fillfactor)',"
            + " (SELECT indexrelid::regclass FROM pg_index WHERE indrelid = 'tenant_a.b2025_n'::regclass)); END $$",
        "SET ROLE tenant_a_owner",
        "CREATE TABLE tenant_a.b2026 (LIKE tenant_a.batches)",
        "CREATE INDEX own ON tenant_a.b2026 (grower)",
        "ALTER TABLE tenant_a.batches ATTACH PARTITION tenant_a.b2026 FOR VALUES FROM ('2026-01-01') TO ('2027-01-01')",
        "RESET ROLE");

    Outcome outcome = table.pass(desired);

    assertThat(outcome.failures()).isEmpty();
    assertThat(outcome.initial().changes())
        .singleElement()
        .satisfies(
            change ->
                assertThat(change.before()).startsWith("parts with other storage parameters"));
    assertThat(table.parts("ix_grower")).hasSize(Partitioned.LEAVES + 1);
    assertThat(
            table.fruit.query(
                "SELECT DISTINCT c.reloptions::text FROM pg_class c JOIN pg_index x ON x.indexrelid = c.oid"
                    + " WHERE c.relnamespace::regnamespace::text IN ('tenant_a', 'archive')"))
        .containsExactly("{fillfactor=80}");
    assertThat(table.fruit.leftovers()).isEmpty();
    assertThat(table.pass(desired).initial().empty()).isTrue();
  }

  private static Desired lower(int statistics) {
    return Partitioned.desired(
        "{name: ix_lower, table: batches, keys: [{expression: lower(grower), statistics: %d}]}"
            .formatted(statistics));
  }

  /** Of the root and of the leaves. */
  private static List<String> targets(Partitioned table) {
    return table.fruit.query(
        "SELECT coalesce(a.attstattarget, -1)::text FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid"
            + " JOIN pg_index x ON x.indexrelid = c.oid JOIN pg_class t ON t.oid = x.indrelid"
            + " WHERE x.indexprs IS NOT NULL AND (t.relkind = 'r' OR t.relname = 'batches')"
            + " AND t.relnamespace::regnamespace::text IN ('tenant_a', 'archive')");
  }

  @Test
  void a_unique_index_has_the_keys_of_all_partitions_or_is_refused() {
    Partitioned table = new Partitioned(server, "unique");
    Outcome without =
        table.pass(
            Partitioned.desired("{name: ux, table: batches, columns: [id, day], unique: true}"));
    assertThat(without.failures())
        .singleElement()
        .satisfies(
            f -> {
              assertThat(f.reason()).isEqualTo(Reason.NotSupported);
              assertThat(f.message()).contains("ux").contains("add \"region\"");
            });
    Outcome with =
        table.pass(
            Partitioned.desired(
                "{name: ux, table: batches, columns: [id, day, region], unique: true}"));
    assertThat(with.failures()).isEmpty();
    assertThat(with.converged()).isTrue();
  }

  @Test
  void rows_that_are_there_twice_fail_the_tenant_and_nothing_is_left() {
    Partitioned table = new Partitioned(server, "twice");
    table.fruit.execute(
        "INSERT INTO tenant_a.batches VALUES (1, '2025-03-01', 's', 'secret'), (1, '2025-03-01', 's', 'secret')");
    Outcome outcome =
        table.pass(
            Partitioned.desired(
                "{name: ux, table: batches, columns: [id, day, region], unique: true}"));
    assertThat(outcome.failures())
        .singleElement()
        .satisfies(f -> assertThat(f.reason()).isEqualTo(Reason.DuplicateRows));
    assertThat(outcome.failures().get(0).message()).doesNotContain("secret");
    assertThat(
            table.fruit.query(
                "SELECT relname FROM pg_class WHERE relname LIKE '\\_tdb\\_%' OR relkind = 'I'"))
        .isEmpty();
  }

  @Test
  void a_build_of_an_older_spec_is_dropped_from_the_leaves_too() {
    Partitioned table = new Partitioned(server, "older");
    // Parent, branch and its attachment, then the first leaf: built, and not attached.
    for (int step = 6; leftOnLeaf(table).isEmpty(); step++) {
      table.killAt(step);
      table.tryPass(GROWER);
      table.killNoMore();
    }
    assertThat(leftOnLeaf(table)).hasSize(1);

    Outcome outcome =
        table.pass(
            Partitioned.desired("{name: ix_grower, table: batches, columns: [grower, day]}"));

    assertThat(outcome.failures()).isEmpty();
    assertThat(outcome.converged()).isTrue();
    assertThat(table.fruit.leftovers()).isEmpty();
    assertThat(table.parts("ix_grower")).hasSize(Partitioned.LEAVES);
  }

  private static List<String> leftOnLeaf(Partitioned table) {
    return table.fruit.query(
        "SELECT relname FROM pg_class WHERE relname LIKE '\\_tdb\\_b\\_%' AND relkind = 'i' AND NOT relispartition");
  }

  @Test
  void what_it_is_not_let_to_is_named_before_anything_is_built() {
    Partitioned table = new Partitioned(server, "rights");
    table.fruit.execute("REVOKE USAGE ON SCHEMA archive FROM tenant_a_owner");

    Outcome outcome = table.pass(GROWER);

    assertThat(outcome.states()).containsEntry("tenant_a", TenantState.FAILED);
    assertThat(outcome.failures())
        .singleElement()
        .satisfies(
            f -> {
              assertThat(f.reason()).isEqualTo(Reason.InsufficientPrivilege);
              assertThat(f.message())
                  .contains("b2023")
                  .contains("GRANT USAGE ON SCHEMA \"archive\" TO \"tenant_a_owner\"");
            });
    assertThat(table.fruit.query("SELECT 1 FROM pg_class WHERE relkind = 'I'")).isEmpty();
  }

  @Test
  void a_table_with_a_foreign_partition_is_refused_and_an_index_made_by_hand_is_adopted() {
    Partitioned table = new Partitioned(server, "foreign");
    table.fruit.execute(
        "CREATE FOREIGN DATA WRAPPER none",
        "CREATE SERVER far FOREIGN DATA WRAPPER none",
        "CREATE FOREIGN TABLE tenant_a.cold PARTITION OF tenant_a.batches FOR VALUES FROM ('2020-01-01') TO ('2021-01-01') SERVER far",
        "ALTER FOREIGN TABLE tenant_a.cold OWNER TO tenant_a_owner");
    assertThat(table.pass(GROWER).failures())
        .singleElement()
        .satisfies(
            f -> {
              assertThat(f.reason()).isEqualTo(Reason.NotSupported);
              assertThat(f.message()).contains("cold").contains("foreign table");
            });
    table.fruit.execute("CREATE INDEX ix_grower ON tenant_a.batches (grower)");

    Outcome outcome = table.pass(GROWER);

    assertThat(outcome.failures()).isEmpty();
    assertThat(outcome.converged()).isTrue();
  }

  @Test
  void the_script_that_a_plan_shows_has_the_same_effect_by_hand() throws SQLException {
    Partitioned table = new Partitioned(server, "script");
    List<String> script;
    try (Database database = table.open()) {
      script =
          new Engine()
              .pass(database, GROWER, Gate.OBSERVE, PassListener.NONE)
              .initial()
              .changes()
              .get(0)
              .steps();
    }
    try (Connection connection = table.fruit.connect();
        Statement statement = connection.createStatement()) {
      for (String step : script) {
        statement.execute(step);
      }
    }
    assertThat(table.parts("ix_grower")).hasSize(Partitioned.LEAVES);
    assertThat(table.fruit.leftovers()).isEmpty();
    List<String> before = table.fruit.catalogVersions();
    assertThat(table.pass(GROWER).initial().empty()).isTrue();
    assertThat(table.fruit.catalogVersions()).isEqualTo(before);
  }

  private static final Desired GROWER_AND_DAY =
      Partitioned.desired("{name: ix_grower, table: batches, columns: [grower, day]}");

  private static final String DEFINITIONS =
      "SELECT DISTINCT regexp_replace(pg_get_indexdef(x.indexrelid), '^.* USING ', '') FROM pg_index x"
          + " JOIN pg_class c ON c.oid = x.indexrelid";

  @Test
  void a_changed_index_is_built_beside_as_a_whole_and_the_old_one_goes_with_all_its_parts() {
    Partitioned table = new Partitioned(server, "replace");
    table.pass(GROWER);

    Outcome outcome = table.pass(GROWER_AND_DAY);

    assertThat(outcome.failures()).isEmpty();
    assertThat(outcome.converged()).isTrue();
    assertThat(table.parts("ix_grower")).hasSize(Partitioned.LEAVES);
    assertThat(table.fruit.leftovers()).isEmpty();
    assertThat(table.fruit.query(DEFINITIONS + " WHERE c.relispartition OR c.relkind = 'I'"))
        .containsExactly("btree (grower, day)");
    assertThat(table.pass(GROWER_AND_DAY).initial().empty()).isTrue();
  }

  @Test
  void a_replacement_ends_the_same_whichever_statement_the_connection_broke_at() {
    Partitioned table = new Partitioned(server, "replace_kills");
    int step = 0;
    boolean broke = true;
    while (broke) {
      step++;
      table.pass(GROWER);
      table.killAt(step);
      table.tryPass(GROWER_AND_DAY);
      broke = table.steps() >= step;
      table.killNoMore();
      assertThat(table.valid("ix_grower")).as("broken at %d", step).containsExactly("t");

      Outcome last = table.pass(GROWER_AND_DAY);
      assertThat(last.failures()).as("broken at %d", step).isEmpty();
      assertThat(table.valid("ix_grower")).as("broken at %d", step).containsExactly("t");
      assertThat(table.parts("ix_grower")).hasSize(Partitioned.LEAVES);
      assertThat(table.fruit.query(DEFINITIONS + " WHERE c.relispartition OR c.relkind = 'I'"))
          .as("broken at %d", step)
          .containsExactly("btree (grower, day)");
      assertThat(table.fruit.leftovers()).as("broken at %d", step).isEmpty();
      table.fruit.execute("DROP INDEX tenant_a.ix_grower");
    }
    assertThat(step).isGreaterThan(20);
  }

  @Test
  void one_of_ours_that_is_invalid_is_built_beside_and_takes_its_place() {
    Partitioned table = new Partitioned(server, "repair");
    table.pass(GROWER);
    table.fruit.execute(
        "UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'tenant_a.ix_grower'::regclass");

    Outcome outcome = table.pass(GROWER);

    assertThat(outcome.failures()).isEmpty();
    assertThat(outcome.converged()).isTrue();
    assertThat(table.valid("ix_grower")).containsExactly("t");
    assertThat(table.parts("ix_grower")).hasSize(Partitioned.LEAVES);
    assertThat(table.fruit.leftovers()).isEmpty();
  }
}
