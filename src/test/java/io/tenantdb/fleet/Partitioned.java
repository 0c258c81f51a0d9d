package io.tenantdb.fleet;

import static org.awaitility.Awaitility.await;

import io.tenantdb.database.Database;
import io.tenantdb.database.DatabaseException;
import io.tenantdb.model.Desired;
import io.tenantdb.testing.PostgresServer;
import java.time.Duration;
import java.util.List;

/**
 * A tenant whose table {@code batches} is partitioned by day, one partition by region once more,
 * and one partition in another schema and of another owner; and the operator's role, which is no
 * superuser.
 */
final class Partitioned {

  static final int LEAVES = 4;

  final Fruit fruit;

  Partitioned(PostgresServer server, String name) {
    this.fruit = new Fruit(server, "parts_" + name);
    for (String role : List.of("tenant_a_owner", "keeper", "parts_operator")) {
      fruit.execute(
          "DO $$ BEGIN CREATE ROLE %s LOGIN PASSWORD 'pw'; EXCEPTION WHEN duplicate_object THEN NULL; END $$"
              .formatted(role));
    }
    fruit.execute(
        "GRANT tenant_a_owner, keeper TO parts_operator",
        "CREATE SCHEMA tenant_a AUTHORIZATION tenant_a_owner",
        "CREATE SCHEMA archive AUTHORIZATION keeper",
        "GRANT USAGE ON SCHEMA archive TO tenant_a_owner",
        "SET ROLE tenant_a_owner",
        "CREATE TABLE tenant_a.batches (id bigint, gone int, day date NOT NULL, region text NOT NULL, grower text) PARTITION BY RANGE (day)",
        "ALTER TABLE tenant_a.batches DROP COLUMN gone",
        "CREATE TABLE tenant_a.b2024 PARTITION OF tenant_a.batches FOR VALUES FROM ('2024-01-01') TO ('2025-01-01')",
        "CREATE TABLE tenant_a.b2025 PARTITION OF tenant_a.batches FOR VALUES FROM ('2025-01-01') TO ('2026-01-01') PARTITION BY LIST (region)",
        "CREATE TABLE tenant_a.b2025_n PARTITION OF tenant_a.b2025 FOR VALUES IN ('n')",
        "CREATE TABLE tenant_a.b2025_s PARTITION OF tenant_a.b2025 FOR VALUES IN ('s')",
        "RESET ROLE",
        "CREATE TABLE archive.b2023 (grower text, region text NOT NULL, day date NOT NULL, id bigint)",
        "ALTER TABLE archive.b2023 OWNER TO keeper",
        "ALTER TABLE tenant_a.batches ATTACH PARTITION archive.b2023 FOR VALUES FROM ('2023-01-01') TO ('2024-01-01')",
        "INSERT INTO tenant_a.batches SELECT i, date '2023-01-01' + i, CASE i % 2 WHEN 0 THEN 'n' ELSE 's' END, 'g' || i FROM generate_series(0, 999) i");
  }

  static Desired desired(String... indexes) {
    return Fruit.desired("indexes:\n- " + String.join("\n- ", indexes) + "\n");
  }

  Database open() {
    return fruit.open("parts_operator", "pw");
  }

  /** One pass of an operator that knows nothing yet. */
  Outcome pass(Desired desired) {
    try (Database database = open()) {
      return new Engine().pass(database, desired, Gate.OPEN, PassListener.NONE);
    }
  }

  /** A pass in which the connection may break. */
  void tryPass(Desired desired) {
    try {
      pass(desired);
    } catch (DatabaseException broken) {
      // What it leaves is what the test looks at.
      return;
    }
  }

  /** Valid parts of the index on leaves, sorted by table. */
  List<String> parts(String index) {
    return fruit.query(
        """
        WITH RECURSIVE ix AS (
          SELECT c.oid FROM pg_class c WHERE c.relname = '%s' AND c.relkind = 'I'
          UNION ALL SELECT i.inhrelid FROM ix JOIN pg_inherits i ON i.inhparent = ix.oid)
        SELECT x.indrelid::regclass::text FROM ix JOIN pg_index x ON x.indexrelid = ix.oid
        JOIN pg_class t ON t.oid = x.indrelid AND t.relkind = 'r'
        WHERE x.indisvalid ORDER BY 1"""
            .formatted(index));
  }

  /** Whether it is valid; empty where it is not there. */
  List<String> valid(String index) {
    return fruit.query(
        "SELECT indisvalid FROM pg_index x JOIN pg_class c ON c.oid = x.indexrelid WHERE c.relname = '%s'"
            .formatted(index));
  }

  /** Ends the operator's session at its n-th step from now on, before or after a statement. */
  void killAt(int step) {
    fruit.execute(
        "DROP EVENT TRIGGER IF EXISTS kill_start",
        "DROP EVENT TRIGGER IF EXISTS kill_end",
        "DROP SEQUENCE IF EXISTS public.steps",
        "CREATE SEQUENCE public.steps",
        """
        CREATE OR REPLACE FUNCTION public.kill() RETURNS event_trigger SECURITY DEFINER
        LANGUAGE plpgsql AS $$ BEGIN
          IF current_query() ~ '_tdb_[bo]_|ATTACH PARTITION|COMMENT ON INDEX' THEN
            IF nextval('public.steps') = %d THEN
              PERFORM pg_terminate_backend(pg_backend_pid());
            END IF;
          END IF;
        END $$"""
            .formatted(step),
        "CREATE EVENT TRIGGER kill_start ON ddl_command_start EXECUTE FUNCTION public.kill()",
        "CREATE EVENT TRIGGER kill_end ON ddl_command_end EXECUTE FUNCTION public.kill()");
  }

  /** How many steps there were since then. */
  int steps() {
    return Integer.parseInt(
        fruit
            .query("SELECT CASE WHEN is_called THEN last_value ELSE 0 END FROM public.steps")
            .get(0));
  }

  /** And waits until the server has noticed whom it lost: such a session may still build. */
  void killNoMore() {
    fruit.execute("DROP EVENT TRIGGER kill_start", "DROP EVENT TRIGGER kill_end");
    await()
        .atMost(Duration.ofSeconds(60))
        .until(
            () ->
                fruit
                    .query(
                        "SELECT 1 FROM pg_stat_activity WHERE datname = current_database()"
                            + " AND pid <> pg_backend_pid() AND backend_type = 'client backend'")
                    .isEmpty());
  }
}
