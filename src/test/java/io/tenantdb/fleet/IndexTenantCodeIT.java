package io.tenantdb.fleet;

import static org.assertj.core.api.Assertions.assertThat;

import io.tenantdb.database.Database;
import io.tenantdb.model.Desired;
import io.tenantdb.model.Reason;
import io.tenantdb.testing.PostgresServer;
import io.tenantdb.testing.RealParts;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * While the parts of an index are built, the queries in between are not on the path on which the
 * names of its definition are looked up: nothing of the tenant's runs in a session that could
 * become another role.
 */
@RealParts
class IndexTenantCodeIT {

  private final PostgresServer server;

  IndexTenantCodeIT(PostgresServer server) {
    this.server = server;
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      textBlock =
          """
          function | CREATE FUNCTION tenant_a.quote_ident(name) RETURNS text LANGUAGE plpgsql AS $f$ BEGIN PERFORM tenant_a.take(); RETURN pg_catalog.quote_ident($1::text); END $f$ | id > 0
          operator | CREATE OPERATOR tenant_a.= (FUNCTION = tenant_a.alike, LEFTARG = name, RIGHTARG = varchar) | id > 0
          none | CREATE FUNCTION tenant_a.ok(bigint) RETURNS boolean LANGUAGE sql IMMUTABLE AS $f$ SELECT $1 > 0 $f$; GRANT USAGE ON SCHEMA tenant_a TO keeper | ok(id)
          """)
  void nobody_else_is_become(String code, String trap, String where) {
    Partitioned table = new Partitioned(server, "code_" + code);
    Fruit fruit = table.fruit;
    fruit.execute(
        "CREATE TABLE archive.secret (x text)",
        "ALTER TABLE archive.secret OWNER TO keeper",
        "INSERT INTO archive.secret VALUES ('secret of the keeper')",
        "SET ROLE tenant_a_owner",
        """
        CREATE FUNCTION tenant_a.take() RETURNS void LANGUAGE plpgsql AS $f$
        DECLARE taken text := 'barred';
        BEGIN
          BEGIN
            PERFORM pg_catalog.set_config('role', 'keeper', false);
            SELECT x INTO taken FROM archive.secret;
            PERFORM pg_catalog.set_config('role', 'tenant_a_owner', false);
          EXCEPTION WHEN OTHERS THEN NULL;
          END;
          IF taken <> 'barred' THEN RAISE EXCEPTION 'became another role'; END IF;
        END $f$""",
        """
        CREATE FUNCTION tenant_a.alike(name, varchar) RETURNS boolean LANGUAGE plpgsql AS
        $f$ BEGIN PERFORM tenant_a.take(); RETURN $1::text OPERATOR(pg_catalog.=) $2::text; END $f$""",
        trap);
    Desired desired =
        Partitioned.desired(
            "{name: ix_grower, table: batches, columns: [grower], where: \"%s\"}".formatted(where));
    try (Database database = table.open()) {
      Outcome outcome = new Engine().pass(database, desired, Gate.OPEN, PassListener.NONE);

      assertThat(outcome.failures()).isEmpty();
      assertThat(outcome.converged()).isTrue();
    }
  }

  @Test
  void a_literal_of_a_domain_that_calls_the_tenant_s_functions_is_refused() {
    Fruit fruit = new Fruit(server, "literal").tenants("tenant_a", "tenant_b");
    fruit.execute(
        "CREATE FUNCTION tenant_a.one() RETURNS integer LANGUAGE plpgsql IMMUTABLE AS"
            + " $f$ BEGIN RAISE EXCEPTION 'it was run'; END $f$",
        "ALTER FUNCTION tenant_a.one() OWNER TO tenant_a_owner",
        "CREATE DOMAIN tenant_a.tag AS text CHECK (tenant_a.one() = 1)",
        "ALTER TABLE tenant_a.batches ADD COLUMN tags tenant_a.tag[]",
        "ALTER TABLE tenant_b.batches ADD COLUMN tags text[]");
    Desired desired =
        Fruit.desired(
            """
            indexes:
            - {name: ix_tagged, table: batches, columns: [grower_id], where: "tags = '{a}'"}
            - {name: ix_plain, table: batches, columns: [intake_date]}
            """);
    try (Database database = fruit.open()) {
      Outcome outcome = new Engine().pass(database, desired, Gate.OPEN, PassListener.NONE);

      assertThat(outcome.failures())
          .singleElement()
          .satisfies(
              failure -> {
                assertThat(failure.reason()).isEqualTo(Reason.TenantCodeRefused);
                assertThat(failure.schema()).isEqualTo("tenant_a");
                assertThat(failure.message()).contains("ix_tagged", "domain tag");
              });
      assertThat(fruit.validIndexes())
          .containsExactly("tenant_a.ix_plain", "tenant_b.ix_plain", "tenant_b.ix_tagged");
    }
  }
}
