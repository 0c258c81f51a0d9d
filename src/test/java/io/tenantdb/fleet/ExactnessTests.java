package io.tenantdb.fleet;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.tuple;

import io.tenantdb.database.Database;
import io.tenantdb.database.DatabaseException;
import io.tenantdb.fleet.Outcome.Failure;
import io.tenantdb.model.Desired;
import io.tenantdb.model.Reason;
import io.tenantdb.model.TenantState;
import io.tenantdb.testing.PostgresServer;
import io.tenantdb.testing.RealParts;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * What happens to a database without anybody touching an index's meaning is no drift, and what
 * touches it is. Every look is an engine's first, which remembers nothing.
 */
@RealParts
abstract class ExactnessTests {

  private static final String INDEXES =
      """
      indexes:
      - {name: ix_plain, table: items, columns: [id, name]}
      - {name: ix_sorted, table: items, keys: [{column: name, order: Desc, nulls: Last, collation: '"C"'}]}
      - {name: ix_in, table: items, columns: [id], where: "status IN ('a', 'b')"}
      - {name: ix_not_in, table: items, columns: [id], where: "status NOT IN ('a', 'b')"}
      - {name: ix_in_int, table: items, columns: [name], where: "id IN (1, 2)"}
      - {name: ix_both, table: items, columns: [name], where: "id IN (1, 2) AND status IN ('a', 'b')"}
      - {name: ix_coalesce, table: items, keys: [{expression: "coalesce(status, '')"}]}
      - {name: ix_case, table: items, keys: [{expression: "CASE WHEN id > 5 THEN status ELSE 'x' END"}]}
      - {name: ix_lower, table: items, keys: [{expression: lower(status)}], where: "status = 'a'"}
      - {name: ix_zone, table: items, columns: [id], where: "at > '2024-01-02 01:00:00+01'"}
      - {name: ix_day, table: items, keys: [{expression: "day + interval '3 days 36 hours'"}], where: "day > '2024-01-02'"}
      - {name: ix_float, table: items, columns: [id], where: "price > 0.30000000000000004"}
      - {name: ix_bytes, table: items, columns: [id], where: "bytes > '\\\\x6869'"}
      - {name: ix_money, table: items, columns: [id], where: "cost > '10.5'::money"}
      - {name: ix_escape, table: items, columns: [id], where: "name <> 'a\\\\b'"}
      - {name: ix_mood, table: items, columns: [id], where: "mood = 'ok'"}
      - {name: ix_norm, table: items, keys: [{expression: norm(name)}]}
      - {name: ix_odd, table: items, columns: ["Odd Name"], include: [id]}
      """;

  private final PostgresServer server;

  ExactnessTests(PostgresServer server) {
    this.server = server;
  }

  /** Two tenants that are as the spec says. */
  private Fruit converged(String name, String indexes) {
    Fruit fruit = new Fruit(server, "exact_" + name).tenants("tenant_a", "tenant_b");
    for (String schema : List.of("tenant_a", "tenant_b")) {
      fruit.execute(
          "SET ROLE %s_owner; SET search_path = %s".formatted(schema, schema)
              + """
              ;
              CREATE TYPE mood AS ENUM ('ok', 'sad');
              CREATE FUNCTION norm(text) RETURNS text LANGUAGE sql IMMUTABLE AS 'SELECT lower($1)';
              CREATE TABLE items (id int, status varchar(20), name text, at timestamptz, day date,
                price float8, bytes bytea, cost money, mood mood, "Odd Name" int);
              """);
    }
    try (Database database = fruit.open()) {
      Outcome outcome =
          new Engine().pass(database, Fruit.desired(indexes), Gate.OPEN, PassListener.NONE);
      assertThat(outcome.failures()).isEmpty();
      assertThat(outcome.converged()).isTrue();
    }
    return fruit;
  }

  private static Outcome look(Fruit fruit, Desired desired) {
    try (Database database = fruit.open()) {
      return new Engine().pass(database, desired, Gate.OBSERVE, PassListener.NONE);
    }
  }

  private static Outcome look(Fruit fruit) {
    return look(fruit, Fruit.desired(INDEXES));
  }

  /**
   * What a look finds wrong with any tenant: changes that it would make, or drift that it names.
   */
  private static List<String> differences(Outcome outcome) {
    List<String> differences = new ArrayList<>();
    outcome.plan().tenants().stream()
        .filter(tenant -> outcome.states().get(tenant.schema()) != TenantState.SYNCED)
        .forEach(
            tenant -> {
              tenant.changes().forEach(c -> differences.add(tenant.schema() + "." + c.object()));
              tenant.findings().forEach(f -> differences.add(tenant.schema() + "." + f.object()));
            });
    return differences;
  }

  /** Each index is dropped and made from what a session with these settings prints of it. */
  private static void restore(Fruit fruit, String settings) {
    List<String> statements = new ArrayList<>(List.of(settings));
    try (Connection connection = fruit.connect();
        Statement statement = connection.createStatement()) {
      statement.execute(settings);
      try (ResultSet rows =
          statement.executeQuery(
              """
              SELECT i.oid::regclass, pg_get_indexdef(i.oid),
                     quote_literal(obj_description(i.oid, 'pg_class'))
              FROM pg_class i JOIN pg_namespace n ON n.oid = i.relnamespace
              WHERE i.relkind = 'i' AND n.nspname LIKE 'tenant%' AND i.relname LIKE 'ix%'""")) {
        while (rows.next()) {
          statements.add("DROP INDEX " + rows.getString(1));
          statements.add(rows.getString(2));
          statements.add("COMMENT ON INDEX " + rows.getString(1) + " IS " + rows.getString(3));
        }
      }
    } catch (SQLException e) {
      throw new IllegalStateException(e.getMessage(), e);
    }
    assertThat(statements).hasSize(1 + 3 * 2 * 18);
    fruit.execute(statements.toArray(String[]::new));
  }

  @Test
  void an_alias_that_is_called_as_a_tenant_makes_no_drift() {
    String aggregate =
        """
        aggregates:
        - name: by_grower
          query: SELECT tenant_a.grower_id, count(*) AS n FROM batches AS tenant_a GROUP BY 1
          fallback: MaterializedView
          uniqueColumns: [grower_id]
          refresh: {every: 1 hour, startOffset: 7 days, endOffset: 1 hour}
        """;
    Fruit fruit = converged("alias", aggregate);

    Outcome outcome = look(fruit, Fruit.desired(aggregate));

    assertThat(differences(outcome)).isEmpty();
    assertThat(outcome.count(TenantState.SYNCED)).isEqualTo(2);
  }

  @Test
  void a_dump_and_restore_is_no_drift_however_often() {
    Fruit fruit = converged("restore", INDEXES);
    assertThat(differences(look(fruit))).isEmpty();

    restore(
        fruit,
        "SET search_path = ''; SET TimeZone = 'Asia/Tokyo'; SET quote_all_identifiers = on;"
            + " SET extra_float_digits = 3");
    assertThat(differences(look(fruit))).isEmpty();

    restore(fruit, "SET search_path = ''; SET TimeZone = 'UTC'; SET extra_float_digits = 3");
    assertThat(differences(look(fruit))).isEmpty();
  }

  @Test
  void another_type_of_a_column_is_no_drift() {
    Fruit fruit = converged("types", INDEXES);

    fruit.execute("ALTER TABLE tenant_a.items ALTER id TYPE bigint");
    assertThat(differences(look(fruit))).isEmpty();

    fruit.execute("ALTER TABLE tenant_a.items ALTER status TYPE text");
    assertThat(differences(look(fruit))).isEmpty();

    restore(fruit, "SET search_path = ''");
    assertThat(differences(look(fruit))).isEmpty();

    fruit.execute(
        "ALTER TABLE tenant_b.items ALTER status TYPE varchar(50)",
        "ALTER TABLE tenant_b.items ALTER name TYPE varchar(50), ALTER day TYPE timestamp");
    // norm(text) takes the varchar through a cast, in the spec's words as in the index.
    assertThat(differences(look(fruit))).isEmpty();
  }

  @Test
  void other_values_under_another_type_are_drift() {
    Fruit fruit = converged("values", INDEXES);
    fruit.execute(
        "DROP INDEX tenant_a.ix_in_int, tenant_b.ix_in",
        "CREATE INDEX ix_in_int ON tenant_a.items (name) WHERE id IN (1, 3)",
        "CREATE INDEX ix_in ON tenant_b.items (id) WHERE status IN ('a', 'B')",
        "ALTER TABLE tenant_a.items ALTER id TYPE bigint",
        "ALTER TABLE tenant_b.items ALTER status TYPE text");

    assertThat(differences(look(fruit)))
        .containsOnly("tenant_a.items.ix_in_int", "tenant_b.items.ix_in");
  }

  @Test
  void a_renamed_column_is_refused_in_postgresqls_words_until_the_spec_follows() {
    Fruit fruit =
        converged(
            "rename",
            """
            indexes:
            - {name: ix_key, table: items, columns: [id]}
            - {name: ix_where, table: items, columns: [name], where: "status = 'a'"}
            - {name: ix_other, table: items, columns: [day]}
            """);
    fruit.execute(
        "ALTER TABLE tenant_a.items RENAME id TO number",
        "ALTER TABLE tenant_b.items RENAME status TO state");
    Outcome outcome =
        look(
            fruit,
            Fruit.desired(
                """
                indexes:
                - {name: ix_key, table: items, columns: [id]}
                - {name: ix_where, table: items, columns: [name], where: "status = 'a'"}
                - {name: ix_other, table: items, columns: [day]}
                """));

    assertThat(outcome.plan().changes()).isEmpty();
    assertThat(outcome.failures())
        .extracting(Failure::schema, Failure::object, Failure::reason)
        .containsExactlyInAnyOrder(
            tuple("tenant_a", "items.ix_key", Reason.DefinitionRefused),
            tuple("tenant_b", "items.ix_where", Reason.DefinitionRefused));
    assertThat(outcome.failures())
        .extracting(Failure::message)
        .anyMatch(message -> message.contains("column \"id\" does not exist"))
        .anyMatch(message -> message.contains("column \"status\" does not exist"));

    // The index went along with the column: once the spec does too, nothing is left to be done but
    // to note in the mark what it was declared as.
    fruit.execute(
        "ALTER TABLE tenant_b.items RENAME id TO number",
        "ALTER TABLE tenant_a.items RENAME status TO state");
    Desired followed =
        Fruit.desired(
            """
            indexes:
            - {name: ix_key, table: items, columns: [number]}
            - {name: ix_where, table: items, columns: [name], where: "state = 'a'"}
            - {name: ix_other, table: items, columns: [day]}
            """);
    List<String> indexes = fruit.query("SELECT indexrelid FROM pg_index ORDER BY 1");
    try (Database database = fruit.open()) {
      assertThat(new Engine().pass(database, followed, Gate.OPEN, PassListener.NONE).converged())
          .isTrue();
    }
    assertThat(fruit.query("SELECT indexrelid FROM pg_index ORDER BY 1")).isEqualTo(indexes);
  }

  @Test
  void two_columns_that_changed_names_are_drift() {
    Fruit fruit = converged("swap", INDEXES);
    fruit.execute(
        "ALTER TABLE tenant_a.items RENAME id TO x",
        "ALTER TABLE tenant_a.items RENAME \"Odd Name\" TO id",
        "ALTER TABLE tenant_a.items RENAME x TO \"Odd Name\"");

    assertThat(differences(look(fruit)))
        .contains("tenant_a.items.ix_plain", "tenant_a.items.ix_in_int", "tenant_a.items.ix_odd")
        .doesNotContain("tenant_a.items.ix_sorted", "tenant_a.items.ix_norm")
        .allMatch(object -> object.startsWith("tenant_a."));
  }

  @Test
  void a_storage_parameter_that_somebody_set_is_drift_and_taken_back_it_is_none() {
    Fruit fruit = converged("set", INDEXES);
    fruit.execute("ALTER INDEX tenant_b.ix_plain SET (fillfactor = 70)");
    assertThat(differences(look(fruit))).containsOnly("tenant_b.items.ix_plain");

    fruit.execute("ALTER INDEX tenant_b.ix_plain RESET (fillfactor)");
    assertThat(differences(look(fruit))).isEmpty();
  }

  @Test
  void what_an_expression_means_by_a_renamed_object_is_read_anew_each_time() {
    Fruit fruit = converged("renamed", INDEXES);
    Engine engine = new Engine();
    Desired desired = Fruit.desired(INDEXES);
    try (Database database = fruit.open()) {
      assertThat(differences(engine.pass(database, desired, Gate.OBSERVE, PassListener.NONE)))
          .isEmpty();

      fruit.execute("ALTER SCHEMA tenant_a RENAME TO tenant_c");
      assertThat(differences(engine.pass(database, desired, Gate.OBSERVE, PassListener.NONE)))
          .isEmpty();

      fruit.execute(
          "CREATE SCHEMA shared",
          "GRANT USAGE ON SCHEMA shared TO public",
          "ALTER TYPE tenant_b.mood RENAME VALUE 'ok' TO 'fine'",
          "ALTER TYPE tenant_b.mood RENAME VALUE 'sad' TO 'ok'");
      assertThat(differences(engine.pass(database, desired, Gate.OBSERVE, PassListener.NONE)))
          .containsOnly("tenant_b.items.ix_mood");
    }
  }

  private static final String SETTINGS =
      """
      TimeZone = 'America/New_York'
      DateStyle = 'SQL, DMY'
      IntervalStyle = 'iso_8601'
      quote_all_identifiers = on
      standard_conforming_strings = off
      search_path = tenant_b, public
      extra_float_digits = -3
      bytea_output = 'escape'
      transform_null_equals = on
      default_tablespace = exact_elsewhere
      default_transaction_isolation = 'repeatable read'
      """;

  /** Set last: a test's own statements would not live long under them. */
  private static final String TIMEOUTS =
      """
      lock_timeout = '100ms'
      idle_in_transaction_session_timeout = '100ms'
      statement_timeout = '100ms'
      """;

  @ParameterizedTest
  @ValueSource(strings = {"DATABASE %1$s", "ROLE %2$s", "ROLE %2$s IN DATABASE %1$s"})
  void what_is_set_for_the_role_or_the_database_changes_nothing(String whose) {
    String name = "settings_" + whose.length();
    String target = whose.formatted("engine_exact_" + name, "exact_operator");
    Fruit fruit = converged(name, INDEXES);
    fruit.execute(
        "DROP ROLE IF EXISTS exact_operator",
        "CREATE ROLE exact_operator LOGIN SUPERUSER PASSWORD 'pw'",
        "SET allow_in_place_tablespaces = on",
        "CREATE TABLESPACE exact_elsewhere LOCATION ''",
        "GRANT CREATE ON TABLESPACE exact_elsewhere TO public");
    Desired desired = Fruit.desired(INDEXES);
    try (Database database = fruit.open("exact_operator", "pw")) {
      set(target, SETTINGS);
      assertThat(differences(new Engine().pass(database, desired, Gate.OBSERVE, PassListener.NONE)))
          .isEmpty();
      fruit.execute(
          "DROP INDEX tenant_a.ix_zone, tenant_a.ix_float, tenant_b.ix_escape",
          "SET standard_conforming_strings = on",
          "CREATE INDEX ix_zone ON tenant_a.items (id) WHERE at > '2024-01-02 01:00:00+02'",
          "CREATE INDEX ix_float ON tenant_a.items (id) WHERE price > 0.3");
      assertThat(differences(new Engine().pass(database, desired, Gate.OBSERVE, PassListener.NONE)))
          .containsOnly(
              "tenant_a.items.ix_zone", "tenant_a.items.ix_float", "tenant_b.items.ix_escape");

      fruit.execute("DROP INDEX tenant_a.ix_zone, tenant_a.ix_float");
      set(target, TIMEOUTS);
      if (server.majorVersion() >= 17) {
        set(target, "transaction_timeout = '100ms'");
      }
    }
    // What is built under them, in sessions that have them all, is what is built without them.
    try (Database database = fruit.open("exact_operator", "pw")) {
      Outcome built = new Engine().pass(database, desired, Gate.OPEN, PassListener.NONE);
      assertThat(built.failures()).isEmpty();
      assertThat(built.held()).isEmpty();
      assertThat(differences(built)).isEmpty();
      assertThat(built.converged()).isTrue();
      assertThat(built.applied()).isEqualTo(3);
    } finally {
      server.execute("postgres", "ALTER " + target + " RESET ALL");
    }
    assertThat(differences(look(fruit))).isEmpty();
    server.execute(
        "postgres", "DROP DATABASE engine_exact_" + name, "DROP TABLESPACE exact_elsewhere");
  }

  private void set(String target, String settings) {
    settings
        .lines()
        .forEach(setting -> server.execute("postgres", "ALTER " + target + " SET " + setting));
  }

  @Test
  void a_database_that_is_read_only_by_default_is_left_alone_and_is_no_drift() {
    Fruit fruit = converged("readonly", INDEXES);
    String database = "DATABASE engine_exact_readonly";
    fruit.execute("ALTER " + database + " SET default_transaction_read_only = on");
    assertThatThrownBy(() -> look(fruit))
        .isInstanceOfSatisfying(
            DatabaseException.class, e -> assertThat(e.reason()).isEqualTo(Reason.NotPrimary));

    fruit.execute(
        "SET default_transaction_read_only = off",
        "ALTER " + database + " RESET default_transaction_read_only");
    assertThat(differences(look(fruit))).isEmpty();
  }

  @Test
  void no_transaction_of_ours_keeps_a_snapshot_because_the_database_says_so() throws SQLException {
    Fruit fruit = new Fruit(server, "exact_isolation");
    fruit.execute(
        "ALTER DATABASE engine_exact_isolation SET default_transaction_isolation = 'serializable'");
    try (Database database = fruit.open();
        Connection pooled = database.borrow();
        Connection dedicated = database.dedicated()) {
      for (Connection connection : List.of(pooled, dedicated)) {
        connection.setAutoCommit(false);
        try (Statement statement = connection.createStatement();
            ResultSet rows = statement.executeQuery("SHOW transaction_isolation")) {
          rows.next();
          assertThat(rows.getString(1)).isEqualTo("read committed");
        }
        connection.rollback();
        connection.setAutoCommit(true);
      }
    }
  }

  @Test
  void a_role_that_is_another_one_from_its_login_on_acts_as_itself() {
    Fruit fruit = converged("login", INDEXES);
    fruit.execute(
        "DO $$ BEGIN CREATE ROLE exact_bystander; EXCEPTION WHEN duplicate_object THEN NULL; END $$",
        "DO $$ BEGIN CREATE ROLE exact_login LOGIN PASSWORD 'pw'; EXCEPTION WHEN duplicate_object THEN NULL; END $$",
        "GRANT exact_bystander, tenant_a_owner, tenant_b_owner TO exact_login",
        "ALTER ROLE exact_login SET role = 'exact_bystander'",
        "DROP INDEX tenant_a.ix_norm, tenant_a.ix_plain");
    try (Database database = fruit.open("exact_login", "pw")) {
      Outcome outcome =
          new Engine().pass(database, Fruit.desired(INDEXES), Gate.OPEN, PassListener.NONE);
      assertThat(outcome.failures()).isEmpty();
      assertThat(outcome.converged()).isTrue();
      assertThat(outcome.applied()).isEqualTo(2);
    }
  }
}
