package io.tenantdb.apply;

import static io.tenantdb.apply.Batches.FEW;
import static io.tenantdb.apply.Batches.MANY;
import static io.tenantdb.apply.Batches.TABLE;
import static io.tenantdb.apply.Indexes.NAME;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.tenantdb.apply.Indexes.Old;
import io.tenantdb.model.ChangeResult;
import io.tenantdb.model.ChangeResult.Status;
import io.tenantdb.model.DesiredIndex;
import io.tenantdb.model.IndexBody;
import io.tenantdb.model.IndexChange.Build;
import io.tenantdb.model.IndexChange.CreateIndex;
import io.tenantdb.model.IndexChange.DropLeftover;
import io.tenantdb.model.IndexReplacement;
import io.tenantdb.model.IndexReplacement.ReplaceIndex;
import io.tenantdb.model.Mark;
import io.tenantdb.model.Reason;
import io.tenantdb.model.Target;
import io.tenantdb.testing.PostgresServer;
import io.tenantdb.testing.RealParts;
import java.sql.Connection;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** An index gives its place to another, on whatever version. */
@RealParts
abstract class ReplacementTests {

  private static final String OLD = "USING btree (grower)";
  private static final String NEW = "USING btree (grower, intake)";
  private static final DesiredIndex WANTED = Indexes.on("batches", false, "grower", "intake");
  private static final CreateIndex BUILD = Indexes.create(TABLE, WANTED, Build.CONCURRENTLY, NEW);
  private static final String MARK =
      Indexes.on("batches", false, "grower").mark(Indexes.OWNER, Mark.Origin.MADE).text();
  private static final ReplaceIndex REPLACE = Indexes.replace(BUILD, Old.of(OLD, MARK));

  private final PostgresServer server;

  ReplacementTests(PostgresServer server) {
    this.server = server;
  }

  @ParameterizedTest
  @ValueSource(ints = {FEW, MANY})
  void an_owner_who_may_only_read_his_archive_gets_his_indexes_all_the_same(int rows) {
    Batches batches = replaceable("archive_" + rows, rows);
    batches.execute("REVOKE ALL ON tenant_a.batches FROM fruit_owner");

    done(batches.run(REPLACE));
    batches.execute("DROP INDEX tenant_a.ix_batches");
    done(batches.run(BUILD));

    assertThat(batches.indexes()).containsExactly("ix_batches (grower, intake)");
  }

  @ParameterizedTest
  @ValueSource(ints = {FEW, MANY})
  void the_new_one_stands_in_the_old_one_s_place_with_its_mark(int rows) {
    Batches batches = replaceable("replaced_" + rows, rows);

    done(batches.run(REPLACE));

    assertThat(batches.indexes()).containsExactly("ix_batches (grower, intake)");
    assertThat(batches.comment(NAME)).isEqualTo(BUILD.mark().text());
    assertThat(
            batches.query(
                "SELECT relowner::regrole FROM pg_class WHERE oid = 'tenant_a.ix_batches'::regclass"))
        .containsExactly("fruit_owner");
  }

  @ParameterizedTest
  @ValueSource(ints = {FEW, MANY})
  void comment_statistics_and_clustering_go_over_as_they_are_at_the_swap(int rows) {
    Batches batches = new Batches(server, "carried_" + rows, rows);
    DesiredIndex wanted = Indexes.over("batches", "upper(grower)");
    batches.execute(
        "SET ROLE fruit_owner",
        "CREATE INDEX ix_batches ON tenant_a.batches (lower(grower))",
        "COMMENT ON INDEX tenant_a.ix_batches IS '" + MARK + "\nwritten since'",
        "ALTER TABLE tenant_a.batches CLUSTER ON ix_batches");
    IndexReplacement change =
        Indexes.replace(
            Indexes.create(TABLE, wanted, Build.CONCURRENTLY, "USING btree (upper(grower))"),
            new Old(new IndexBody(false, "USING btree (lower(grower))"), MARK, Map.of(1, 300)));

    done(batches.run(change));

    assertThat(batches.indexes()).containsExactly("ix_batches (upper(grower))");
    assertThat(batches.comment(NAME)).isEqualTo(change.build().mark().text() + "\nwritten since");
    assertThat(
            batches.query(
                """
                SELECT a.attstattarget || ' ' || x.indisclustered
                FROM pg_attribute a JOIN pg_index x ON x.indexrelid = a.attrelid
                WHERE a.attrelid = 'tenant_a.ix_batches'::regclass"""))
        .containsExactly("300 true");
  }

  @ParameterizedTest
  @ValueSource(ints = {FEW, MANY})
  void an_invalid_one_is_repaired(int rows) {
    Batches batches = replaceable("repaired_" + rows, rows);
    batches.invalidate(NAME);
    CreateIndex same =
        Indexes.create(TABLE, Indexes.on("batches", false, "grower"), Build.CONCURRENTLY, OLD);

    done(batches.run(Indexes.repair(same, Old.of(OLD, MARK))));

    assertThat(batches.indexes()).containsExactly("ix_batches (grower)");
  }

  @Test
  void one_that_became_valid_meanwhile_is_left_alone() {
    Batches batches = replaceable("valid_again", FEW);
    String oid = batches.oid(NAME);
    CreateIndex same =
        Indexes.create(TABLE, Indexes.on("batches", false, "grower"), Build.CONCURRENTLY, OLD);

    postponed(batches.run(Indexes.repair(same, Old.of(OLD, MARK))), Reason.Progressing);

    assertThat(batches.oid(NAME)).isEqualTo(oid);
  }

  @Test
  void what_an_earlier_run_built_is_not_built_again() {
    Batches batches = replaceable("resumed", MANY);
    batches.execute(
        "SET ROLE fruit_owner",
        "CREATE INDEX %s ON tenant_a.batches (grower, intake)".formatted(BUILD.reservedName()));
    String built = batches.oid(BUILD.reservedName());

    done(batches.run(REPLACE));

    assertThat(batches.oid(NAME)).isEqualTo(built);
    assertThat(batches.indexes()).containsExactly("ix_batches (grower, intake)");
  }

  @ParameterizedTest
  @ValueSource(ints = {FEW, MANY})
  void what_an_earlier_run_left_half_built_is_built_again(int rows) {
    Batches batches = replaceable("half_built_" + rows, rows);
    batches.execute(
        "SET ROLE fruit_owner",
        "CREATE INDEX %s ON tenant_a.batches (grower, intake)".formatted(BUILD.reservedName()));
    batches.invalidate(BUILD.reservedName());

    done(batches.run(REPLACE));

    assertThat(batches.indexes()).containsExactly("ix_batches (grower, intake)");
  }

  @Test
  void an_old_one_that_came_back_takes_the_place_of_the_one_that_was_not_dropped_yet() {
    Batches batches = replaceable("twice", MANY);
    batches.execute(
        "SET ROLE fruit_owner",
        "CREATE INDEX %s ON tenant_a.batches (grower)".formatted(REPLACE.old().retiredName()));

    done(batches.run(REPLACE));

    assertThat(batches.indexes()).containsExactly("ix_batches (grower, intake)");
  }

  @ParameterizedTest
  @ValueSource(ints = {FEW, MANY})
  void the_old_one_stays_for_a_while_where_a_reader_keeps_it(int rows) throws Exception {
    Batches batches = replaceable("kept_" + rows, rows);
    DropLeftover leftover = new DropLeftover(TABLE, REPLACE.old().retiredName(), false);
    try (Connection reader =
        batches.open("READ COMMITTED", "LOCK TABLE tenant_a.batches IN ACCESS SHARE MODE")) {
      done(batches.run(REPLACE, Duration.ofMillis(300), Duration.ofMinutes(1)));

      assertThat(batches.indexes())
          .hasSize(2)
          .contains("ix_batches (grower, intake)")
          .anyMatch(index -> index.startsWith(REPLACE.old().retiredName()));
      ChangeResult result = batches.run(leftover, Duration.ofMillis(300), Duration.ofMillis(500));
      postponed(result, Reason.LeftoverPending);
      assertThat(result.message()).contains("other sessions use the table");
      reader.rollback();
    }
    done(batches.run(leftover));
    assertThat(batches.indexes()).containsExactly("ix_batches (grower, intake)");
    done(batches.run(leftover));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          definition | DROP INDEX tenant_a.ix_batches; CREATE INDEX ix_batches ON tenant_a.batches (intake)
          mark | COMMENT ON INDEX tenant_a.ix_batches IS 'tenantdb:v1 owner=other name=ix_batches table=batches spec=0123456789abcdef made'
          constraint | DROP INDEX tenant_a.ix_batches; ALTER TABLE tenant_a.batches ADD CONSTRAINT ix_batches UNIQUE (id)
          """)
  void what_is_not_as_the_plan_saw_it_is_left_alone(String what, String statements) {
    for (int rows : List.of(FEW, MANY)) {
      Batches batches = replaceable("left_" + what + rows, rows);
      batches.execute(statements);
      String oid = batches.oid(NAME);

      postponed(batches.run(REPLACE), Reason.Progressing);

      assertThat(batches.oid(NAME)).isEqualTo(oid);
      assertThat(batches.indexes()).hasSize(1);
    }
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          identity | ALTER TABLE tenant_a.batches REPLICA IDENTITY USING INDEX ix_batches
          key | CREATE TABLE tenant_a.notes (batch int REFERENCES tenant_a.batches (id))
          constraint | ALTER TABLE tenant_a.batches ADD CONSTRAINT ix_batches UNIQUE USING INDEX ix_batches
          view | CREATE VIEW tenant_a.size AS SELECT pg_relation_size('tenant_a.ix_batches'::regclass)
          default | ALTER TABLE tenant_a.batches ADD ix regclass DEFAULT 'tenant_a.ix_batches'::regclass
          extension | ALTER INDEX tenant_a.ix_batches DEPENDS ON EXTENSION plpgsql
          """)
  void what_something_rests_on_since_is_left_alone(String what, String statement) {
    Batches batches = new Batches(server, "tied_" + what, MANY);
    batches.execute(
        "ALTER TABLE tenant_a.batches ALTER id SET NOT NULL",
        "CREATE UNIQUE INDEX ix_batches ON tenant_a.batches (id)",
        "COMMENT ON INDEX tenant_a.ix_batches IS '" + MARK + "'",
        statement);
    String oid = batches.oid(NAME);
    IndexReplacement change =
        Indexes.replace(BUILD, new Old(new IndexBody(true, "USING btree (id)"), MARK, Map.of()));

    ChangeResult result = batches.run(change);

    postponed(result, Reason.Progressing);
    assertThat(result.message())
        .startsWith("tenant_a: batches.ix_batches: the index stands behind ");
    assertThat(batches.oid(NAME)).isEqualTo(oid);
    assertThat(batches.indexes()).hasSize(1);
  }

  @Test
  void what_changed_while_the_new_one_was_built_is_left_alone() throws Exception {
    Batches batches = replaceable("left_meanwhile", MANY);
    String oid = batches.oid(NAME);
    try (Connection writer =
        batches.open("READ COMMITTED", "INSERT INTO tenant_a.batches VALUES (0, 'x', now())")) {
      CompletableFuture<ChangeResult> running =
          CompletableFuture.supplyAsync(() -> batches.run(REPLACE));
      await()
          .atMost(Duration.ofSeconds(60))
          .until(() -> !batches.query("SELECT 1 FROM pg_stat_progress_create_index").isEmpty());
      batches.execute(
          "COMMENT ON INDEX tenant_a.ix_batches IS"
              + " 'tenantdb:v1 owner=other name=ix_batches table=batches spec=0123456789abcdef made'");
      writer.rollback();

      postponed(running.get(1, TimeUnit.MINUTES), Reason.Progressing);
    }
    assertThat(batches.oid(NAME)).isEqualTo(oid);
    assertThat(batches.indexes()).containsExactly("ix_batches (grower)");
  }

  @ParameterizedTest
  @ValueSource(ints = {FEW, MANY})
  void what_is_not_what_was_declared_is_never_published(int rows) {
    Batches batches = replaceable("verified_" + rows, rows);
    String oid = batches.oid(NAME);
    CreateIndex build =
        Indexes.create(TABLE, WANTED, Build.CONCURRENTLY, "USING btree (grower, id)");

    ChangeResult result = batches.run(Indexes.replace(build, Old.of(OLD, MARK)));

    assertThat(result.reason()).isEqualTo(Reason.VerificationFailed);
    assertThat(batches.oid(NAME)).isEqualTo(oid);
    assertThat(batches.indexes()).containsExactly("ix_batches (grower)");
    batches.execute("DROP INDEX tenant_a.ix_batches");

    assertThat(batches.run(build).reason()).isEqualTo(Reason.VerificationFailed);
    assertThat(batches.indexes()).isEmpty();
  }

  @ParameterizedTest
  @ValueSource(ints = {FEW, MANY})
  void rows_that_are_not_unique_leave_the_old_one_and_only_the_columns_are_told(int rows) {
    Batches batches = replaceable("duplicates_" + rows, rows);
    batches.execute(
        "INSERT INTO tenant_a.batches VALUES (1, 'secret', '2025-06-06'), (2, 'secret', '2025-06-06')");
    DesiredIndex unique = Indexes.on("batches", true, "grower", "intake");
    CreateIndex build = Indexes.create(TABLE, unique, Build.CONCURRENTLY, NEW);

    ChangeResult result = batches.run(Indexes.replace(build, Old.of(OLD, MARK)));

    assertThat(result.status()).isEqualTo(Status.FAILED);
    assertThat(result.reason()).isEqualTo(Reason.DuplicateRows);
    assertThat(result.message())
        .isEqualTo(
            "tenant_a: batches.ix_batches: rows of batches are not unique by (grower, intake);"
                + " remove the duplicates, and the index will be built.");
    assertThat(batches.indexes()).containsExactly("ix_batches (grower)");
  }

  @ParameterizedTest
  @ValueSource(ints = {FEW, MANY})
  void the_index_of_a_materialized_view_is_replaced_the_same_way(int rows) {
    Batches batches = new Batches(server, "matview_" + rows, rows);
    batches.execute(
        "SET ROLE fruit_owner",
        "CREATE MATERIALIZED VIEW tenant_a.daily AS SELECT * FROM tenant_a.batches",
        "CREATE INDEX ix_batches ON tenant_a.daily (grower)",
        "ALTER MATERIALIZED VIEW tenant_a.daily CLUSTER ON ix_batches");
    CreateIndex build =
        Indexes.create(
            new Target("tenant_a", "daily", "fruit_owner"),
            Indexes.on("daily", false, "grower", "intake"),
            Build.CONCURRENTLY,
            NEW);

    done(batches.run(Indexes.replace(build, Old.of(OLD, ""))));

    assertThat(batches.indexes()).containsExactly("ix_batches (grower, intake)");
    assertThat(
            batches.query(
                "SELECT indisclustered FROM pg_index WHERE indexrelid = 'tenant_a.ix_batches'::regclass"))
        .containsExactly("t");
  }

  private Batches replaceable(String database, int rows) {
    Batches batches = new Batches(server, database, rows);
    batches.execute(
        "SET ROLE fruit_owner",
        "CREATE INDEX ix_batches ON tenant_a.batches (grower)",
        "COMMENT ON INDEX tenant_a.ix_batches IS '" + MARK + "'");
    return batches;
  }

  private static void done(ChangeResult result) {
    assertThat(result.status()).as(result.message()).isEqualTo(Status.DONE);
  }

  private static void postponed(ChangeResult result, Reason reason) {
    assertThat(result.status()).as(result.message()).isEqualTo(Status.POSTPONED);
    assertThat(result.reason()).as(result.message()).isEqualTo(reason);
  }
}
