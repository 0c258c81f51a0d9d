package io.tenantdb.fleet;

import static org.assertj.core.api.Assertions.assertThat;

import io.tenantdb.database.Database;
import io.tenantdb.model.Desired;
import io.tenantdb.testing.PostgresServer;
import io.tenantdb.testing.RealParts;
import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * A materialized view runs the code that its query needs, inside PostgreSQL's security-restricted
 * operation: as the owner, and nobody else can be become there.
 */
@RealParts
class TenantCodeIT {

  private final PostgresServer server;
  private final Engine engine = new Engine();

  TenantCodeIT(PostgresServer server) {
    this.server = server;
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      textBlock =
          """
          operator | SELECT grower_id AS g, count(*) AS n FROM batches WHERE status::varchar <> 'x'::varchar GROUP BY 1 | SELECT 1
          aggregate | SELECT grower_id AS g, sum(status) AS n FROM batches GROUP BY 1 | SELECT 1
          view | SELECT grower_id AS g, n FROM seen | CREATE VIEW tenant_a.seen AS SELECT grower_id, count(tenant_a.one()) AS n FROM tenant_a.batches GROUP BY 1
          policy | SELECT grower_id AS g, count(*) AS n FROM batches GROUP BY 1 | ALTER TABLE tenant_a.batches ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY
          constraint | SELECT grower_id AS g, count(*) AS n FROM parted WHERE id > 0 GROUP BY 1 | ALTER TABLE tenant_a.parted ADD CONSTRAINT folded CHECK (tenant_a.one() = 1)
          statistics | SELECT grower_id AS g, count(*) AS n FROM batches GROUP BY 1 | CREATE STATISTICS tenant_a.folded ON (tenant_a.one()), id FROM tenant_a.batches
          index | SELECT grower_id AS g, count(*) AS n FROM batches GROUP BY 1 | CREATE INDEX folded ON tenant_a.batches ((tenant_a.one()))
          """)
  void it_runs_as_the_owner_and_becomes_nobody_else(String code, String query, String trap) {
    Fruit fruit = new Fruit(server, "tenantcode_" + code).tenants("tenant_a", "tenant_b");
    fruit.execute(
        "CREATE TABLE tenant_b.secret (x text)",
        "ALTER TABLE tenant_b.secret OWNER TO tenant_b_owner",
        "INSERT INTO tenant_b.secret VALUES ('secret of b')",
        "DO $$ BEGIN CREATE ROLE two_hats LOGIN NOINHERIT PASSWORD 'pw'; EXCEPTION WHEN duplicate_object THEN NULL; END $$",
        "GRANT tenant_a_owner, tenant_b_owner TO two_hats",
        "SET ROLE tenant_a_owner",
        "CREATE TABLE tenant_a.loot (what text)",
        "CREATE TABLE tenant_a.parted (id bigint, grower_id text) PARTITION BY LIST (grower_id)",
        "CREATE TABLE tenant_a.leaf PARTITION OF tenant_a.parted DEFAULT",
        "INSERT INTO tenant_a.parted SELECT id, grower_id FROM tenant_a.batches",
        """
        CREATE FUNCTION tenant_a.take() RETURNS void LANGUAGE plpgsql AS $f$
        DECLARE taken text := 'ran as ' || current_user;
        BEGIN
          BEGIN
            PERFORM set_config('role', 'tenant_b_owner', false);
            SELECT x INTO taken FROM tenant_b.secret;
            PERFORM set_config('role', 'tenant_a_owner', false);
          EXCEPTION WHEN OTHERS THEN taken := taken || ': ' || sqlerrm;
          END;
          INSERT INTO tenant_a.loot VALUES (taken);
        END $f$""",
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
        "CREATE POLICY p ON tenant_a.batches USING (tenant_a.one() = 1)",
        trap,
        "DELETE FROM tenant_a.loot");
    Desired desired =
        Attempt.desired(
            InjectionIT.yaml(
                """
                database: {host: localhost, name: fruit, credentialsSecretRef: {name: x}}
                tenants: {schemas: [tenant_a], settle: 0s}
                aggregates:
                - name: by_g
                  query: %s
                  fallback: MaterializedView
                  uniqueColumns: [g]
                  refresh: {every: 1 hour, startOffset: 7 days, endOffset: 1 hour}
                """
                    .formatted(query)));
    try (Database database = fruit.open("two_hats", "pw")) {
      Outcome made = engine.pass(database, desired, Gate.OPEN, PassListener.NONE);

      assertThat(made.failures()).isEmpty();
      assertThat(made.converged()).isTrue();
      assertRestricted(fruit);
      fruit.execute(
          """
          DO $$ BEGIN EXECUTE format('COMMENT ON MATERIALIZED VIEW tenant_a.by_g IS %L',
            regexp_replace(obj_description('tenant_a.by_g'::regclass, 'pg_class'), ' refreshed=\\S+', '')
              || ' refreshed=2020-01-01T00:00:00Z'); END $$""",
          "DELETE FROM tenant_a.loot");

      Outcome refreshed = engine.pass(database, desired, Gate.OPEN, PassListener.NONE);

      assertThat(refreshed.results()).as("refreshed").hasSize(1);
      assertThat(refreshed.failures()).isEmpty();
      assertRestricted(fruit);
    }
  }

  /** Whatever ran found its way barred. */
  private static void assertRestricted(Fruit fruit) {
    List<String> loot = fruit.query("SELECT DISTINCT what FROM tenant_a.loot");
    assertThat(loot)
        .containsExactly(
            "ran as tenant_a_owner: cannot set parameter \"role\" within security-restricted operation");
  }
}
