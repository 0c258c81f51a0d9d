package io.tenantdb.fleet;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.tenantdb.database.Database;
import io.tenantdb.database.DatabaseException;
import io.tenantdb.model.Blocker;
import io.tenantdb.model.BuildProgress;
import io.tenantdb.model.Reason;
import io.tenantdb.model.TenantState;
import io.tenantdb.testing.PostgresServer;
import io.tenantdb.testing.RealParts;
import java.sql.Connection;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** What docs/how-to/database-role.md grants is enough, and nothing of it can be left out. */
@RealParts
abstract class RoleTests {

  private static final String MEMBERSHIP = "GRANT fruitpak_app TO tenantdb";
  private static final String STATISTICS = "GRANT pg_read_all_stats TO tenantdb";

  private static final String READS_OTHERS =
      """
      aggregates:
      - name: seasons
        query: |
          SELECT season, count(*) AS batches FROM batches JOIN reference.fruit_types USING (fruit_type)
          GROUP BY season
        fallback: MaterializedView
        uniqueColumns: [season]
        refresh: {every: 1 hour, endOffset: 1 hour}
      """;

  final PostgresServer server;
  private Optional<String> used = Optional.empty();

  RoleTests(PostgresServer server) {
    this.server = server;
  }

  @AfterEach
  void cleanUp() {
    used.ifPresent(name -> server.execute(name, sql(RolePage.noRoles(name))));
  }

  @Test
  void what_the_page_grants_is_enough() {
    String database = prepared("enough");
    List<String> grants = grants(database);
    assertThat(grants).hasSize(7);
    server.execute(database, sql(grants));

    Outcome outcome = pass(database);

    assertThat(outcome.failures()).isEmpty();
    assertThat(outcome.converged()).isTrue();
    assertThat(outcome.count(TenantState.SYNCED)).isEqualTo(3);
    assertThat(outcome.observed().server().statistics()).isTrue();
  }

  @Test
  void without_the_way_in_the_missing_grant_is_named() {
    String database = without("connect", "GRANT CONNECT ON DATABASE");

    assertThatThrownBy(() -> pass(database))
        .isInstanceOfSatisfying(
            DatabaseException.class,
            e -> assertThat(e.reason()).isEqualTo(Reason.InsufficientPrivilege))
        .hasMessageContaining(
            "GRANT CONNECT ON DATABASE \"%s\" TO \"tenantdb\"".formatted(database));
  }

  @Test
  void without_the_membership_every_tenant_of_the_owner_fails_and_the_missing_grant_is_named() {
    Outcome outcome = pass(without("membership", MEMBERSHIP));

    assertThat(outcome.count(TenantState.FAILED)).isEqualTo(3);
    assertThat(outcome.failures())
        .allSatisfy(
            f -> {
              assertThat(f.reason()).isEqualTo(Reason.InsufficientPrivilege);
              assertThat(f.message()).contains("GRANT \"fruitpak_app\" TO \"tenantdb\"");
            });
  }

  @Test
  void without_usage_of_the_schema_its_tenant_fails_and_the_missing_grant_is_named() {
    onlyPublicFails(pass(without("usage", "GRANT USAGE ON SCHEMA public")));
  }

  @Test
  void without_the_right_to_create_its_tenant_fails_and_the_missing_grant_is_named() {
    onlyPublicFails(pass(without("create", "GRANT CREATE ON SCHEMA public")));
  }

  @Test
  void what_the_page_grants_is_enough_to_refresh_a_view() {
    String database = prepared("refresh");
    server.execute(database, sql(grants(database)));

    Outcome outcome = refreshing(database);

    assertThat(outcome.failures()).isEmpty();
    assertThat(outcome.plan().upkeep().due()).isEmpty();
    assertThat(outcome.converged()).isTrue();
  }

  @Test
  void without_temporary_all_is_made_and_no_view_is_refreshed() {
    Outcome outcome = refreshing(without("temporary", "GRANT TEMPORARY ON DATABASE"));

    assertThat(outcome.states()).containsEntry("tenant_a", TenantState.FAILED);
    assertThat(outcome.failures())
        .singleElement()
        .satisfies(
            f -> {
              assertThat(f.reason()).isEqualTo(Reason.InsufficientPrivilege);
              assertThat(f.message())
                  .startsWith("tenant_a: daily_grower_intake rows: ")
                  .contains("temporary tables in database");
            });
  }

  @Test
  void what_the_page_grants_is_enough_for_an_aggregate_that_reads_another_role_s_table() {
    Outcome outcome = readingOthers("reads", Optional.empty());

    assertThat(outcome.failures()).isEmpty();
    assertThat(outcome.count(TenantState.SYNCED)).isEqualTo(2);
  }

  @Test
  void without_usage_of_the_schema_that_an_aggregate_reads_it_fails_and_the_schema_is_named() {
    Outcome outcome = readingOthers("reads_schema", Optional.of("GRANT USAGE ON SCHEMA"));

    assertThat(outcome.failures())
        .hasSize(2)
        .allSatisfy(
            f -> {
              assertThat(f.reason()).isEqualTo(Reason.InsufficientPrivilege);
              assertThat(f.message()).contains("schema reference");
            });
  }

  @Test
  void without_select_on_what_an_aggregate_reads_it_fails_and_the_table_is_named() {
    Outcome outcome = readingOthers("reads_table", Optional.of("GRANT SELECT ON"));

    assertThat(outcome.failures())
        .hasSize(2)
        .allSatisfy(
            f -> {
              assertThat(f.reason()).isEqualTo(Reason.InsufficientPrivilege);
              assertThat(f.message()).contains("fruit_types");
            });
  }

  @Test
  void a_blocker_s_state_is_known_with_the_right_to_read_statistics() throws Exception {
    String database = prepared("statistics");
    server.execute(database, sql(grants(database)));

    assertThat(blocker(database)).contains("(a writer of ").contains("idle in transaction");
  }

  @Test
  void without_the_right_to_read_statistics_all_is_made_and_a_blocker_s_state_and_age_are_unknown()
      throws Exception {
    String database = without("no_statistics", STATISTICS);

    assertThat(blocker(database)).matches("pid [0-9]+ \\(a writer of [^)]+\\)");
    Outcome outcome = pass(database);
    assertThat(outcome.converged()).isTrue();
    // What the condition Connected goes by.
    assertThat(outcome.observed().server().statistics()).isFalse();
  }

  /** A database with tenants and without roles. */
  final String prepared(String name) {
    String database = server.createDatabase("role_" + name);
    used = Optional.of(database);
    server.execute(database, sql(RolePage.tenants(database, "public", "tenant_a", "tenant_acme")));
    return database;
  }

  final List<String> grants(String database) {
    return RolePage.statements(
        database, RolePage.EVERY_SERVER, RolePage.SCHEMA, RolePage.REFRESHES);
  }

  /** A database where the one statement of the page that begins so was not run. */
  final String without(String name, String beginning) {
    String database = prepared(name);
    List<String> all = grants(database);
    List<String> rest = new ArrayList<>(all);
    rest.removeIf(sql -> sql.startsWith(beginning));
    assertThat(rest).hasSize(all.size() - 1);
    server.execute(database, sql(rest));
    return database;
  }

  final Outcome pass(String database) {
    try (Database opened = RolePage.open(server.host(), server.port(), database)) {
      return new Engine().pass(opened, Example.desired(), Gate.OPEN, PassListener.NONE);
    }
  }

  /** A pass in which the view of one tenant is due, and nothing else is to be done. */
  private Outcome refreshing(String database) {
    Outcome first = pass(database);
    assertThat(first.failures()).isEmpty();
    assertThat(first.converged()).isTrue();
    server.execute(
        database,
        """
        DO $$ BEGIN EXECUTE format('COMMENT ON MATERIALIZED VIEW tenant_a.daily_grower_intake IS %L',
          regexp_replace(obj_description('tenant_a.daily_grower_intake'::regclass, 'pg_class'), ' refreshed=\\S+', '')); END $$""");
    Outcome second = pass(database);
    assertThat(second.initial().empty()).isTrue();
    assertThat(second.initial().upkeep().due()).hasSize(1);
    return second;
  }

  /** A pass over an aggregate that reads a superuser's table in a schema beside the tenants'. */
  private Outcome readingOthers(String name, Optional<String> without) {
    String database = prepared(name);
    server.execute(database, sql(grants(database)));
    server.execute(
        database,
        "CREATE SCHEMA reference",
        "CREATE TABLE reference.fruit_types (fruit_type text PRIMARY KEY, season text)");
    List<String> all = RolePage.statements(database, RolePage.AGGREGATES);
    List<String> rest = new ArrayList<>(all);
    without.ifPresent(beginning -> rest.removeIf(sql -> sql.startsWith(beginning)));
    assertThat(rest).hasSize(without.isPresent() ? 1 : 2);
    server.execute(database, sql(rest));
    try (Database opened = RolePage.open(server.host(), server.port(), database)) {
      return new Engine().pass(opened, Fruit.desired(READS_OTHERS), Gate.OPEN, PassListener.NONE);
    }
  }

  static String[] sql(List<String> statements) {
    return statements.toArray(String[]::new);
  }

  private static void onlyPublicFails(Outcome outcome) {
    assertThat(outcome.states())
        .containsEntry("public", TenantState.FAILED)
        .containsEntry("tenant_a", TenantState.SYNCED)
        .containsEntry("tenant_acme", TenantState.SYNCED);
    assertThat(outcome.failures())
        .isNotEmpty()
        .allSatisfy(
            f -> {
              assertThat(f.reason()).isEqualTo(Reason.InsufficientPrivilege);
              assertThat(f.message())
                  .contains("GRANT USAGE, CREATE ON SCHEMA \"public\" TO \"fruitpak_app\"");
            });
  }

  /** Whom a build waits for that an open transaction holds up, as the pass tells it. */
  private String blocker(String database) throws Exception {
    CompletableFuture<String> blocker = new CompletableFuture<>();
    PassListener listener =
        new PassListener() {
          @Override
          public void progress(BuildProgress progress) {
            progress.blocker().map(Blocker::text).ifPresent(blocker::complete);
          }
        };
    try (Database opened = RolePage.open(server.host(), server.port(), database);
        Connection writer = server.connect(database);
        Statement statement = writer.createStatement()) {
      writer.setAutoCommit(false);
      statement.execute("SET application_name = 'a writer'");
      statement.execute("LOCK TABLE tenant_a.batches IN ROW EXCLUSIVE MODE");
      CompletableFuture<Outcome> pass =
          CompletableFuture.supplyAsync(
              () -> new Engine().pass(opened, Example.desired(), Gate.OPEN, listener));
      try {
        return blocker.get(60, TimeUnit.SECONDS);
      } finally {
        writer.rollback();
        await().atMost(Duration.ofSeconds(60)).until(pass::isDone);
      }
    }
  }
}
