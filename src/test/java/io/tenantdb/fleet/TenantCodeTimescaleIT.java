package io.tenantdb.fleet;

import static org.assertj.core.api.Assertions.assertThat;

import io.tenantdb.database.ConnectionSettings;
import io.tenantdb.database.ConnectionSettings.Tls;
import io.tenantdb.database.Database;
import io.tenantdb.database.Password;
import io.tenantdb.model.AggregateChange.FillAggregate;
import io.tenantdb.model.Finding;
import io.tenantdb.model.Reason;
import io.tenantdb.testing.RealParts;
import io.tenantdb.testing.RealParts.SinceTimescale;
import io.tenantdb.testing.TimescaleServer;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * A tenant that puts code where a fill would run it: it takes the operator's session for its own,
 * becomes another tenant there and reads that one's rows.
 */
@RealParts
class TenantCodeTimescaleIT {

  private static final String SPEC =
      """
      tenants: {schemas: [tenant_a], settle: 0s}
      hypertables:
      - {table: batches, timeColumn: intake_date}
      aggregates:
      - name: daily_intake
        query: %s
        materializedOnly: true
        refresh: {every: 1 hour, startOffset: 7 days, endOffset: 1 hour}
      """;

  private static final String QUERY =
      "SELECT time_bucket('1 day', intake_date) AS day, count(*) AS n FROM batches GROUP BY 1";

  private final TimescaleServer server;
  private final Engine engine = new Engine();

  TenantCodeTimescaleIT(TimescaleServer server) {
    this.server = server;
  }

  @BeforeEach
  void tenants() {
    server.reset();
    for (String tenant : List.of("tenant_a", "tenant_b")) {
      server.execute(
          "DO $$ BEGIN CREATE ROLE %s_owner LOGIN; EXCEPTION WHEN duplicate_object THEN NULL; END $$"
              .formatted(tenant),
          "CREATE SCHEMA %1$s AUTHORIZATION %1$s_owner".formatted(tenant));
    }
    server.execute(
        "SET ROLE tenant_b_owner",
        "CREATE TABLE tenant_b.secret (x text)",
        "INSERT INTO tenant_b.secret VALUES ('secret of b')");
    server.execute(
        "SET ROLE tenant_a_owner",
        "CREATE TABLE tenant_a.loot (what text)",
        "CREATE TABLE tenant_a.batches (intake_date timestamptz NOT NULL, grower varchar, kg text)",
        "SELECT create_hypertable('tenant_a.batches', 'intake_date')",
        """
        CREATE FUNCTION tenant_a.take() RETURNS void LANGUAGE plpgsql AS $f$
        DECLARE taken text := 'ran';
        BEGIN
          BEGIN
            PERFORM set_config('role', 'tenant_b_owner', false);
            SELECT x INTO taken FROM tenant_b.secret;
            PERFORM set_config('role', 'tenant_a_owner', false);
          EXCEPTION WHEN OTHERS THEN NULL;
          END;
          INSERT INTO tenant_a.loot VALUES (taken);
        END $f$""",
        // What is called immutable may not write, but it may call what does.
        """
        CREATE FUNCTION tenant_a.one() RETURNS int LANGUAGE plpgsql IMMUTABLE AS
        $f$ BEGIN PERFORM tenant_a.take(); RETURN 1; END $f$""",
        """
        CREATE FUNCTION tenant_a.differ(varchar, varchar) RETURNS boolean LANGUAGE plpgsql IMMUTABLE AS
        $f$ BEGIN PERFORM tenant_a.take(); RETURN true; END $f$""",
        "CREATE OPERATOR tenant_a.<> (FUNCTION = tenant_a.differ, LEFTARG = varchar, RIGHTARG = varchar)",
        """
        CREATE FUNCTION tenant_a.add(bigint, text) RETURNS bigint LANGUAGE plpgsql IMMUTABLE AS
        $f$ BEGIN PERFORM tenant_a.take(); RETURN $1 + 1; END $f$""",
        "CREATE AGGREGATE tenant_a.sum (text) (SFUNC = tenant_a.add, STYPE = bigint, INITCOND = '0')",
        """
        CREATE FUNCTION tenant_a.pull() RETURNS trigger LANGUAGE plpgsql AS
        $f$ BEGIN PERFORM tenant_a.take(); RETURN NEW; END $f$""");
  }

  @AfterEach
  void asNobodyElse() {
    server.execute("RESET ROLE");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      textBlock =
          """
          operator <> | WHERE grower <> 'x'::varchar |
          function sum | HAVING sum(kg) > 0 |
          constraint folded of batches | | ALTER TABLE tenant_a.batches ADD CONSTRAINT folded CHECK (tenant_a.one() = 1)
          statistics folded of batches | | CREATE STATISTICS tenant_a.folded ON (tenant_a.one()), kg FROM tenant_a.batches
          index folded of batches | | CREATE INDEX folded ON tenant_a.batches ((tenant_a.one()))
          """)
  void a_fill_that_would_run_it_is_left_to_the_owner(String code, String clause, String before) {
    if (before != null) {
      server.execute("SET ROLE tenant_a_owner", before);
    }
    rows();
    try (Database database = open()) {
      Outcome outcome = pass(engine, database, queryWith(clause), Gate.OPEN);

      assertThat(outcome.failures()).isEmpty();
      assertThat(outcome.plan().tenants())
          .flatExtracting(t -> t.findings())
          .filteredOn(f -> f.reason() == Reason.FillLeftToOwner)
          .singleElement()
          .satisfies(
              f -> {
                assertThat(f.verdict()).isEqualTo(Finding.Verdict.NOTE);
                assertThat(f.message()).contains("would run " + code + ", ");
              });
      assertThat(query("SELECT view_name FROM timescaledb_information.continuous_aggregates"))
          .containsExactly("daily_intake");
      assertThat(loot()).isEmpty();
      pass(new Engine(), database, queryWith(clause), Gate.OPEN);
      assertThat(loot()).isEmpty();
    }
    if (before == null || !before.startsWith("CREATE INDEX")) {
      // What an index holds has been folded by the insert already, where there is but one backend.
      fillCarelessly();
      assertThat(loot()).as("what a careless fill would have done").contains("secret of b");
    }
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      textBlock =
          """
          trigger pull of | CREATE TRIGGER pull BEFORE INSERT ON %s FOR EACH ROW EXECUTE FUNCTION tenant_a.pull()
          statistics folded of | CREATE STATISTICS tenant_a.folded ON (tenant_a.one()), n FROM %s
          """)
  void what_is_put_on_the_rows_of_the_aggregate_before_the_fill_is_not_run(
      String code, String trap) {
    rows();
    Gate notYet =
        change ->
            change instanceof FillAggregate ? Optional.of(Reason.Progressing) : Optional.empty();
    try (Database database = open()) {
      pass(engine, database, QUERY, notYet);
      String kept =
          query(
                  "SELECT format('%I.%I', materialization_hypertable_schema, materialization_hypertable_name) FROM timescaledb_information.continuous_aggregates")
              .get(0);
      server.execute("SET ROLE tenant_a_owner", trap.formatted(kept), "DELETE FROM tenant_a.loot");

      Outcome outcome = pass(engine, database, QUERY, Gate.OPEN);

      assertThat(outcome.results())
          .filteredOn(r -> r.change() instanceof FillAggregate)
          .singleElement()
          .satisfies(
              r -> {
                assertThat(r.reason()).isEqualTo(Reason.FillLeftToOwner);
                assertThat(r.message()).startsWith("tenant_a: ").contains("would run " + code);
              });
      assertThat(loot()).isEmpty();
    }
    fillCarelessly();
    assertThat(loot()).as("what a careless fill would have done").isNotEmpty();
  }

  @Test
  void a_constraint_that_is_added_between_plan_and_fill_is_not_run() {
    rows();
    Gate late =
        change -> {
          if (change instanceof FillAggregate) {
            server.execute(
                "SET ROLE tenant_a_owner",
                "ALTER TABLE tenant_a.batches ADD CONSTRAINT folded CHECK (tenant_a.one() = 1)",
                "DELETE FROM tenant_a.loot",
                "RESET ROLE");
          }
          return Optional.empty();
        };
    try (Database database = open()) {
      Outcome outcome = pass(engine, database, QUERY, late);

      assertThat(outcome.results()).extracting(r -> r.reason()).contains(Reason.FillLeftToOwner);
      assertThat(loot()).isEmpty();
    }
  }

  @Test
  void an_ordinary_table_with_checks_indexes_and_triggers_of_its_own_is_filled() {
    server.execute(
        "SET ROLE tenant_a_owner",
        "ALTER TABLE tenant_a.batches ADD CONSTRAINT plain CHECK (kg <> '' AND lower(kg) = kg)",
        "CREATE INDEX plain_ix ON tenant_a.batches (lower(kg)) WHERE kg IS NOT NULL",
        "CREATE TRIGGER pull AFTER UPDATE ON tenant_a.batches FOR EACH ROW EXECUTE FUNCTION tenant_a.pull()");
    rows();
    try (Database database = open()) {
      Outcome outcome = pass(engine, database, QUERY, Gate.OPEN);

      assertThat(outcome.failures()).isEmpty();
      assertThat(outcome.converged()).isTrue();
      assertThat(query("SELECT (count(*) > 30)::text FROM tenant_a.daily_intake"))
          .containsExactly("true");
      assertThat(loot()).isEmpty();
    }
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          min(kg::int) | 22P02
          min(1 / (length(kg) - 9)) | 22012
          min(make_date(1, length(kg) + 4, 1)) | 22008
          """)
  void what_stops_a_fill_holds_no_row(String column, String sqlState) {
    assertStoppedWithoutARow(column, sqlState);
  }

  @Test
  @SinceTimescale(value = "2.20", lacks = "functions that are not immutable in an aggregate")
  void nor_does_what_a_stable_function_says() {
    assertStoppedWithoutARow("min(to_timestamp(kg, 'YYYY'))", "22007");
  }

  private void assertStoppedWithoutARow(String column, String sqlState) {
    rows();
    server.execute(
        "SET ROLE tenant_a_owner",
        "INSERT INTO tenant_a.batches VALUES (now() - interval '2 days', 'grower', 'secret-kg')",
        "RESET ROLE");
    try (Database database = open()) {
      Outcome outcome =
          pass(engine, database, QUERY.replace("count(*) AS n", column + " AS n"), Gate.OPEN);

      assertThat(outcome.failures())
          .singleElement()
          .satisfies(
              f -> {
                assertThat(f.reason()).isEqualTo(Reason.DefinitionRefused);
                assertThat(f.sqlState()).isEqualTo(sqlState);
                assertThat(f.message()).startsWith("tenant_a: daily_intake rows: ");
              });
      assertThat(outcome.toString()).doesNotContain("secret");
    }
  }

  private void rows() {
    server.execute(
        "SET ROLE tenant_a_owner",
        "INSERT INTO tenant_a.batches SELECT g, 'grower', '1' FROM generate_series(now() - interval '40 days', now(), interval '6 hours') g",
        "DELETE FROM tenant_a.loot",
        "RESET ROLE");
  }

  /** The fill as it would be in a session that may become anybody. */
  private void fillCarelessly() {
    server.execute(
        "SET ROLE tenant_a_owner",
        "CALL public.refresh_continuous_aggregate('tenant_a.daily_intake', NULL, NULL)",
        "RESET ROLE");
  }

  private static String queryWith(String clause) {
    if (clause == null) {
      return QUERY;
    }
    return clause.startsWith("WHERE")
        ? QUERY.replace("GROUP BY", clause + " GROUP BY")
        : QUERY + " " + clause;
  }

  private static Outcome pass(Engine engine, Database database, String query, Gate gate) {
    return engine.pass(
        database,
        Attempt.desired(
            InjectionIT.yaml(
                "database: {host: localhost, name: fruit, credentialsSecretRef: {name: x}}\n"
                    + SPEC.formatted(query))),
        gate,
        PassListener.NONE);
  }

  private List<String> loot() {
    return query("SELECT what FROM tenant_a.loot");
  }

  private List<String> query(String sql) {
    try (Connection connection = server.connect();
        Statement statement = connection.createStatement()) {
      statement.execute("RESET ROLE");
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

  private Database open() {
    return Database.of(
        new ConnectionSettings(
            server.host(),
            server.port(),
            server.database(),
            server.user(),
            new Password(server.password()),
            new Tls(Tls.Mode.DISABLE, Optional.empty()),
            4,
            "tenantdb test"));
  }
}
