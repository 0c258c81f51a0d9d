package io.tenantdb.apply;

import static io.tenantdb.apply.Batches.FEW;
import static io.tenantdb.apply.Batches.MANY;
import static io.tenantdb.apply.Batches.TABLE;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.tenantdb.apply.Indexes.Old;
import io.tenantdb.database.AdvisoryLock;
import io.tenantdb.database.Database;
import io.tenantdb.model.ChangeResult;
import io.tenantdb.model.ChangeResult.Status;
import io.tenantdb.model.IndexChange.Build;
import io.tenantdb.model.IndexChange.CreateIndex;
import io.tenantdb.testing.PostgresServer;
import io.tenantdb.testing.RealParts;
import java.sql.Connection;
import java.sql.Statement;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Indexes of small tables are built in one transaction, of others concurrently. */
@RealParts
abstract class SmallBuildTests {

  /** What a concurrent build waits for as long as it is open; a plain one does not. */
  private static final String SNAPSHOT = "SELECT count(*) FROM tenant_a.batches";

  private static final Duration SHORT = Duration.ofSeconds(1);
  private static final CreateIndex PLAIN = plain(false);
  private static final CreateIndex EXPRESSION =
      Indexes.create(
          TABLE,
          Indexes.over("batches", "upper(grower)"),
          Build.CONCURRENTLY,
          "USING btree (upper(grower))");

  private final PostgresServer server;

  SmallBuildTests(PostgresServer server) {
    this.server = server;
  }

  private static CreateIndex plain(boolean unique) {
    return Indexes.create(
        TABLE, Indexes.on("batches", unique, "id"), Build.CONCURRENTLY, "USING btree (id)");
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void an_old_snapshot_does_not_stop_a_small_one(boolean unique) throws Exception {
    Batches batches = new Batches(server, "small_" + unique, FEW);
    try (Connection dump = batches.open("REPEATABLE READ", SNAPSHOT)) {
      done(batches.run(plain(unique), SHORT, SHORT));
      dump.rollback();
    }
    assertThat(batches.indexes()).containsExactly("ix_batches (id)");
    assertThat(batches.comment(Indexes.NAME)).isEqualTo(plain(unique).mark().text());
  }

  @Test
  void nor_a_replacement_of_a_small_one_whose_old_one_goes_later() throws Exception {
    Batches batches = new Batches(server, "small_replaced", FEW);
    batches.execute("SET ROLE fruit_owner", "CREATE INDEX ix_batches ON tenant_a.batches (grower)");
    try (Connection dump = batches.open("REPEATABLE READ", SNAPSHOT)) {
      done(batches.run(Indexes.replace(PLAIN, Old.of("USING btree (grower)", "")), SHORT, SHORT));
      dump.rollback();
    }
    assertThat(batches.indexes()).hasSize(2).contains("ix_batches (id)");
  }

  @Test
  void nor_expressions_over_no_rows_at_all() throws Exception {
    Batches batches = new Batches(server, "small_empty", 0);
    try (Connection dump = batches.open("REPEATABLE READ", SNAPSHOT)) {
      done(batches.run(EXPRESSION, SHORT, SHORT));
      dump.rollback();
    }
    assertThat(batches.indexes()).containsExactly("ix_batches (upper(grower))");
  }

  @Test
  void expressions_over_rows_and_big_tables_are_built_concurrently() throws Exception {
    Batches few = new Batches(server, "small_expression", FEW);
    try (Connection dump = few.open("REPEATABLE READ", SNAPSHOT)) {
      assertThat(few.run(EXPRESSION, SHORT, SHORT).status()).isEqualTo(Status.POSTPONED);
      dump.rollback();
    }
    Batches many = new Batches(server, "not_small", MANY);
    try (Connection dump = many.open("REPEATABLE READ", SNAPSHOT)) {
      assertThat(many.run(PLAIN, SHORT, SHORT).status()).isEqualTo(Status.POSTPONED);
      dump.rollback();
    }
  }

  @Test
  void a_parent_s_own_file_says_nothing_about_its_children() throws Exception {
    Batches batches = new Batches(server, "small_parent", FEW);
    batches.execute("CREATE TABLE tenant_a.more () INHERITS (tenant_a.batches)");
    try (Connection dump = batches.open("REPEATABLE READ", SNAPSHOT)) {
      assertThat(batches.run(PLAIN, SHORT, SHORT).status()).isEqualTo(Status.POSTPONED);
      dump.rollback();
    }
  }

  @Test
  void a_table_that_is_written_to_is_built_concurrently() throws Exception {
    Batches batches = new Batches(server, "small_busy", FEW);
    try (Connection writer =
        batches.open("READ COMMITTED", "INSERT INTO tenant_a.batches VALUES (0, 'x', now())")) {
      CompletableFuture<ChangeResult> running =
          CompletableFuture.supplyAsync(() -> batches.run(PLAIN));
      await()
          .atMost(Duration.ofSeconds(60))
          .until(() -> !batches.query("SELECT 1 FROM pg_stat_progress_create_index").isEmpty());
      try (Connection second = batches.connect();
          Statement insert = second.createStatement()) {
        insert.execute("SET lock_timeout = '10s'");
        insert.execute("INSERT INTO tenant_a.batches VALUES (0, 'y', now())");
      }
      writer.rollback();
      done(running.get(1, TimeUnit.MINUTES));
    }
    assertThat(batches.indexes()).containsExactly("ix_batches (id)");
  }

  @Test
  void where_a_build_with_expressions_runs_in_the_database_it_does_not_wait_for_that()
      throws Exception {
    Batches batches = new Batches(server, "small_beside", FEW);
    try (Database database = batches.open();
        Connection other = database.dedicated()) {
      assertThat(new AdvisoryLock(other, AdvisoryLock.Key.database()).tryLock()).isTrue();

      done(batches.run(PLAIN, SHORT, Duration.ofMinutes(1)));
    }
    assertThat(batches.indexes()).containsExactly("ix_batches (id)");
  }

  @Test
  void an_index_that_appeared_since_is_not_built_again() {
    Batches batches = new Batches(server, "small_there", FEW);
    batches.execute("CREATE INDEX ix_batches ON tenant_a.batches (intake)");

    assertThat(batches.run(PLAIN).status()).isEqualTo(Status.POSTPONED);
    assertThat(batches.indexes()).containsExactly("ix_batches (intake)");
  }

  private static void done(ChangeResult result) {
    assertThat(result.status()).as(result.message()).isEqualTo(Status.DONE);
  }
}
