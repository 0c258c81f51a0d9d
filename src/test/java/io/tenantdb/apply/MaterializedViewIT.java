package io.tenantdb.apply;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.tenantdb.database.ConnectionSettings;
import io.tenantdb.database.ConnectionSettings.Tls;
import io.tenantdb.database.Database;
import io.tenantdb.database.Password;
import io.tenantdb.model.BuildProgress;
import io.tenantdb.model.Change;
import io.tenantdb.model.ChangeResult;
import io.tenantdb.model.ChangeResult.Status;
import io.tenantdb.model.Desired.OnDestructive;
import io.tenantdb.model.Desired.Safety;
import io.tenantdb.model.Mark;
import io.tenantdb.model.Reason;
import io.tenantdb.model.Target;
import io.tenantdb.testing.PostgresServer;
import io.tenantdb.testing.RealParts;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

/** Materialized views that stand in for continuous aggregates. */
@RealParts
class MaterializedViewIT {

  private static final Target VIEW = new Target("tenant_a", "daily", "fruit_owner");
  private static final String QUERY =
      "SELECT intake AS day, grower, count(*) AS n FROM batches GROUP BY 1, 2";
  private static final Instant SLOT = Instant.parse("2026-01-01T10:05:00Z");

  private final PostgresServer server;
  private final List<BuildProgress> told = new CopyOnWriteArrayList<>();
  private String name = "";

  MaterializedViewIT(PostgresServer server) {
    this.server = server;
  }

  @Test
  void one_is_made_with_its_rows_its_unique_index_and_its_marks_and_belongs_to_the_owner() {
    tenant("matview_made");

    ChangeResult result = run(created());

    assertThat(result.status()).as(result.message()).isEqualTo(Status.DONE);
    assertThat(query("TABLE tenant_a.daily EXCEPT (SELECT * FROM (%s) q)".formatted(QUERY)))
        .isEmpty();
    assertThat(query("SELECT count(*) FROM tenant_a.daily")).containsExactly("1000");
    assertThat(
            query(
                """
                SELECT i.relname || ' ' || x.indisunique || ' ' || i.relowner::regrole || ' ' || m.relowner::regrole
                FROM pg_index x JOIN pg_class i ON i.oid = x.indexrelid JOIN pg_class m ON m.oid = x.indrelid
                WHERE m.relname = 'daily'"""))
        .containsExactly("daily_unique true fruit_owner fruit_owner");
    assertThat(mark("daily")).isPresent();
    assertThat(mark("daily_unique")).isPresent();
  }

  @Test
  void a_refresh_writes_down_which_slot_it_was_for() {
    tenant("matview_slot");
    run(created());
    execute("INSERT INTO tenant_a.batches VALUES ('2026-02-01', 'new')");

    ChangeResult result = run(Aggregates.refresh(VIEW, SLOT));

    assertThat(result.status()).as(result.message()).isEqualTo(Status.DONE);
    assertThat(query("SELECT n FROM tenant_a.daily WHERE grower = 'new'")).containsExactly("1");
    assertThat(mark("daily").flatMap(Mark::refreshed)).contains(SLOT);
  }

  @Test
  void rows_that_are_not_unique_leave_nothing_behind_and_are_not_told() {
    tenant("matview_twice");

    ChangeResult result =
        run(
            Aggregates.createView(
                VIEW, "SELECT intake AS day, grower FROM batches", List.of("day", "grower")));

    assertThat(result.status()).isEqualTo(Status.FAILED);
    assertThat(result.reason()).isEqualTo(Reason.DuplicateRows);
    assertThat(result.sqlState()).isEqualTo("23505");
    assertThat(result.message())
        .isEqualTo(
            "tenant_a: daily: rows of the result are not unique by (day, grower): correct"
                + " uniqueColumns.");
    assertThat(query("SELECT 1 FROM pg_class WHERE relname LIKE 'daily%'")).isEmpty();
  }

  @Test
  void rows_that_are_not_unique_any_more_leave_the_view_as_it_was() {
    tenant("matview_later");
    run(
        Aggregates.createView(
            VIEW,
            "SELECT grower, min(intake) AS first FROM batches GROUP BY grower, intake > '2026-01-01'",
            List.of("grower")));
    List<String> before = query("SELECT grower || first FROM tenant_a.daily ORDER BY 1");
    execute("INSERT INTO tenant_a.batches VALUES ('2026-02-01', 'g1')");

    ChangeResult result = run(Aggregates.refresh(VIEW, SLOT));

    assertThat(result.status()).isEqualTo(Status.FAILED);
    assertThat(result.reason()).isEqualTo(Reason.DuplicateRows);
    assertThat(result.message()).contains("uniqueColumns").doesNotContain("g1");
    assertThat(query("SELECT grower || first FROM tenant_a.daily ORDER BY 1")).isEqualTo(before);
    assertThat(mark("daily").flatMap(Mark::refreshed)).isEmpty();
  }

  @Test
  void rows_that_the_query_cannot_read_are_not_told() {
    tenant("matview_value");
    execute("INSERT INTO tenant_a.batches VALUES ('2026-02-01', 'secret-grower')");

    ChangeResult result =
        run(
            Aggregates.createView(
                VIEW,
                "SELECT substr(grower, 2)::int AS grower FROM batches GROUP BY 1",
                List.of("grower")));

    assertThat(result.reason()).isEqualTo(Reason.DefinitionRefused);
    assertThat(result.message()).contains("SQLSTATE 22P02").doesNotContain("ecret-grower");
  }

  @Test
  void a_reader_is_never_blocked_by_a_refresh_however_long_it_is_held_open() throws Exception {
    tenant("matview_reader");
    run(created());
    execute(
        "INSERT INTO tenant_a.batches SELECT '2026-03-01', 'x' || i FROM generate_series(1, 50000) i");
    String refresh = Aggregates.refresh(VIEW, SLOT).statements().get(0).sql();
    try (Connection refresher = server.connect(name);
        Statement held = refresher.createStatement();
        Connection reader = server.connect(name);
        Statement select = reader.createStatement()) {
      select.execute("SET lock_timeout = '1s'");
      select.execute("SET statement_timeout = '30s'");
      refresher.setAutoCommit(false);
      CompletableFuture<Boolean> running =
          CompletableFuture.supplyAsync(() -> executes(held, refresh));
      int reads = 0;
      while (!running.isDone() || reads < 10) {
        assertThat(count(select)).as("the rows of before the refresh").isEqualTo(1000);
        reads++;
      }
      running.get(1, TimeUnit.MINUTES);
      // The refresh is over and not committed: its locks are all there are.
      assertThat(count(select)).isEqualTo(1000);
      refresher.commit();
      assertThat(count(select)).isEqualTo(51000);
    }
  }

  @Test
  void a_refresh_gives_way_to_who_holds_the_view_within_the_lock_timeout() throws SQLException {
    tenant("matview_lock");
    run(created());
    try (Connection other = server.connect(name);
        Statement statement = other.createStatement()) {
      other.setAutoCommit(false);
      statement.execute("REFRESH MATERIALIZED VIEW tenant_a.daily");

      ChangeResult result = run(Aggregates.refresh(VIEW, SLOT));

      assertThat(result.status()).isEqualTo(Status.POSTPONED);
      assertThat(result.reason()).isEqualTo(Reason.LockTimeout);
      other.rollback();
    }
    assertThat(run(Aggregates.refresh(VIEW, SLOT)).status()).isEqualTo(Status.DONE);
  }

  @Test
  void one_refresh_in_a_database_at_a_time() throws SQLException {
    tenant("matview_alone");
    run(created());
    try (Database database = open();
        WorkSession other = WorkSession.open(database, safety(Duration.ofMinutes(1)))) {
      new SessionLocks(other)
          .aloneInDatabase(
              "busy",
              () -> {
                ChangeResult result =
                    run(Aggregates.refresh(VIEW, SLOT), safety(Duration.ofMillis(300)));
                assertThat(result.status()).isEqualTo(Status.POSTPONED);
                assertThat(result.reason()).isEqualTo(Reason.Busy);
              });
    }
  }

  @Test
  void whom_a_refresh_waits_for_is_told() throws Exception {
    tenant("matview_watch");
    run(created());
    Safety patient = new Safety(OnDestructive.DENY, Duration.ofMinutes(1), Duration.ofMinutes(2));
    try (Connection other = server.connect(name);
        Statement statement = other.createStatement();
        Database database = open();
        BuildWatch watch = new BuildWatch(database, safety(Duration.ofMinutes(1)), told::add)) {
      other.setAutoCommit(false);
      statement.execute("REFRESH MATERIALIZED VIEW tenant_a.daily");
      CompletableFuture<ChangeResult> running =
          CompletableFuture.supplyAsync(
              () -> run(Aggregates.refresh(VIEW, SLOT), patient, Optional.of(watch)));

      await()
          .atMost(Duration.ofSeconds(30))
          .untilAsserted(
              () ->
                  assertThat(told)
                      .anySatisfy(
                          progress -> {
                            assertThat(progress.phase()).isEqualTo("refreshing");
                            assertThat(progress.blocker()).isPresent();
                          }));
      other.rollback();
      assertThat(running.get(1, TimeUnit.MINUTES).status()).isEqualTo(Status.DONE);
    }
  }

  private static Change created() {
    return Aggregates.createView(VIEW, QUERY, List.of("day", "grower"));
  }

  private void tenant(String database) {
    name = server.createDatabase(database);
    execute(
        "DO $$ BEGIN CREATE ROLE fruit_owner LOGIN; EXCEPTION WHEN duplicate_object THEN NULL; END $$",
        "CREATE SCHEMA tenant_a AUTHORIZATION fruit_owner",
        "SET ROLE fruit_owner",
        "CREATE TABLE tenant_a.batches (intake date, grower text)",
        "INSERT INTO tenant_a.batches SELECT date '2025-01-01' + i % 100, 'g' || i % 1000 FROM generate_series(1, 20000) i");
  }

  private ChangeResult run(Change change) {
    return run(change, safety(Duration.ofMinutes(1)));
  }

  private ChangeResult run(Change change, Safety safety) {
    return run(change, safety, Optional.empty());
  }

  private ChangeResult run(Change change, Safety safety, Optional<BuildWatch> watch) {
    try (Database database = open();
        WorkSession session = WorkSession.open(database, safety);
        ChangeExecutor executor = new ChangeExecutor(session, told::add, c -> true)) {
      return watch.isPresent()
          ? watch
              .get()
              .during(session, change, safety.buildTimeout(), () -> executor.execute(change))
          : executor.execute(change);
    } catch (SQLException e) {
      throw new IllegalStateException(e.getMessage(), e);
    }
  }

  private static Safety safety(Duration buildTimeout) {
    return new Safety(OnDestructive.DENY, Duration.ofMillis(300), buildTimeout);
  }

  private Database open() {
    return Database.of(
        new ConnectionSettings(
            server.host(),
            server.port(),
            name,
            server.user(),
            new Password(server.password()),
            new Tls(Tls.Mode.DISABLE, Optional.empty()),
            4,
            "tenantdb test"));
  }

  private static boolean executes(Statement statement, String sql) {
    try {
      return statement.execute(sql);
    } catch (SQLException e) {
      throw new IllegalStateException(e.getMessage(), e);
    }
  }

  private static long count(Statement statement) throws SQLException {
    try (ResultSet rows = statement.executeQuery("SELECT count(*) FROM tenant_a.daily")) {
      rows.next();
      return rows.getLong(1);
    }
  }

  private Optional<Mark> mark(String relation) {
    return Mark.parse(
        query("SELECT obj_description('tenant_a." + relation + "'::regclass, 'pg_class')").get(0));
  }

  private void execute(String... statements) {
    server.execute(name, statements);
  }

  private List<String> query(String sql) {
    try (Connection connection = server.connect(name);
        Statement statement = connection.createStatement()) {
      statement.execute("SET search_path = tenant_a");
      try (ResultSet rows = statement.executeQuery(sql)) {
        List<String> out = new ArrayList<>();
        while (rows.next()) {
          out.add(rows.getString(1));
        }
        return out;
      }
    } catch (SQLException e) {
      throw new IllegalStateException(e.getMessage(), e);
    }
  }
}
