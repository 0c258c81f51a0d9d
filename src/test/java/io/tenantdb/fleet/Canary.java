package io.tenantdb.fleet;

import com.fasterxml.jackson.databind.JsonNode;
import io.tenantdb.model.Identifiers;
import io.tenantdb.testing.PostgresServer;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.StreamSupport;

/** A database in which whatever an injected statement could do is seen. */
final class Canary {

  /** Everything that no spec of ours may change, a row each. */
  private static final String EVERYTHING =
      """
      WITH foreign_class AS (
        SELECT c.*, n.nspname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
        WHERE n.nspname NOT IN ('pg_catalog', 'information_schema', 'pg_toast') AND c.relkind NOT IN ('i', 'I')),
      lines (line) AS (
        SELECT 'relation ' || concat_ws(' ', nspname, relname, relkind, relowner, relacl, reloptions, relrowsecurity) FROM foreign_class
        UNION ALL SELECT 'column ' || concat_ws(' ', nspname, relname, attname, atttypid, attnotnull, attstattarget, attisdropped)
          FROM foreign_class c JOIN pg_attribute a ON a.attrelid = c.oid
        UNION ALL SELECT 'role ' || to_jsonb(r)::text FROM pg_authid r
        UNION ALL SELECT 'member ' || concat_ws(' ', roleid, member) FROM pg_auth_members
        UNION ALL SELECT 'schema ' || concat_ws(' ', nspname, nspowner, nspacl) FROM pg_namespace
          WHERE nspname !~ '^pg_(toast_)?temp_'
        UNION ALL SELECT 'function ' || concat_ws(' ', oid, proname, proowner, proacl, proconfig, md5(prosrc)) FROM pg_proc
        UNION ALL SELECT 'type ' || concat_ws(' ', oid, typname, typowner) FROM pg_type WHERE typrelid = 0 AND typelem = 0
        UNION ALL SELECT 'operator ' || oid FROM pg_operator
        UNION ALL SELECT 'opclass ' || oid FROM pg_opclass
        UNION ALL SELECT 'collation ' || oid FROM pg_collation
        UNION ALL SELECT 'cast ' || oid FROM pg_cast
        UNION ALL SELECT 'constraint ' || concat_ws(' ', oid, conname) FROM pg_constraint
        UNION ALL SELECT 'trigger ' || concat_ws(' ', oid, tgname, tgenabled) FROM pg_trigger
        UNION ALL SELECT 'event trigger ' || evtname FROM pg_event_trigger
        UNION ALL SELECT 'rule ' || oid FROM pg_rewrite
        UNION ALL SELECT 'policy ' || oid FROM pg_policy
        UNION ALL SELECT 'extension ' || extname FROM pg_extension
        UNION ALL SELECT 'language ' || lanname FROM pg_language
        UNION ALL SELECT 'database ' || concat_ws(' ', oid, datname, datdba, datacl) FROM pg_database
        UNION ALL SELECT 'setting ' || concat_ws(' ', setdatabase, setrole, setconfig) FROM pg_db_role_setting
        UNION ALL SELECT 'default acl ' || oid FROM pg_default_acl
        UNION ALL SELECT 'large object ' || oid FROM pg_largeobject_metadata
        UNION ALL SELECT 'comment ' || concat_ws(' ', d.classoid, d.objoid, d.objsubid, d.description) FROM pg_description d
          WHERE NOT EXISTS (SELECT FROM pg_index x WHERE x.indexrelid = d.objoid)
        UNION ALL SELECT 'canary ' || song FROM public.canary
        UNION ALL SELECT 'counter ' || last_value || is_called::text FROM public.counter
        UNION ALL SELECT 'row a ' || t::text FROM tenant_a.t
        UNION ALL SELECT 'row b ' || t::text FROM tenant_b.t
        UNION ALL SELECT 'row outside ' || t::text FROM outside.t)
      SELECT line FROM lines ORDER BY line""";

  private static final String INDEXES =
      """
      SELECT concat_ws('|', n.nspname, i.relname, t.relname, m.amname, x.indisunique, x.indisvalid,
        (SELECT string_agg(coalesce(a.attname, '(expression)'), ',' ORDER BY k.n)
         FROM unnest(x.indkey::int2[]) WITH ORDINALITY k (attnum, n)
         LEFT JOIN pg_attribute a ON a.attrelid = t.oid AND a.attnum = k.attnum AND k.attnum > 0),
        x.indnkeyatts, x.indpred IS NOT NULL, array_to_string(i.reloptions, ','))
      FROM pg_index x JOIN pg_class i ON i.oid = x.indexrelid JOIN pg_class t ON t.oid = x.indrelid
      JOIN pg_namespace n ON n.oid = t.relnamespace JOIN pg_am m ON m.oid = i.relam
      WHERE n.nspname NOT IN ('pg_catalog', 'information_schema', 'pg_toast') AND NOT x.indisprimary
      ORDER BY 1""";

  private static final String STEAL =
      """
      CREATE FUNCTION tenant_b.steal(text) RETURNS text LANGUAGE plpgsql IMMUTABLE AS $f$
      BEGIN
        BEGIN DELETE FROM public.canary; EXCEPTION WHEN OTHERS THEN NULL; END;
        BEGIN DROP TABLE public.canary; EXCEPTION WHEN OTHERS THEN NULL; END;
        BEGIN EXECUTE 'RESET ROLE'; DELETE FROM public.canary; EXCEPTION WHEN OTHERS THEN NULL; END;
        BEGIN PERFORM set_config('role', 'postgres', false); DELETE FROM public.canary; EXCEPTION WHEN OTHERS THEN NULL; END;
        BEGIN EXECUTE 'SET SESSION AUTHORIZATION postgres'; DELETE FROM public.canary; EXCEPTION WHEN OTHERS THEN NULL; END;
        BEGIN EXECUTE 'CREATE TABLE tenant_a.stolen ()'; EXCEPTION WHEN OTHERS THEN NULL; END;
        RETURN lower($1);
      END $f$""";

  static final String OPERATOR = "canary_operator";
  static final String PASSWORD = "hunter2-never-shown";

  private final Fruit fruit;

  /** Creates it. */
  Canary(PostgresServer server, String database) {
    fruit = new Fruit(server, database);
    fruit.execute(
        // The worst case: whatever gets through runs with every right.
        role(OPERATOR),
        "ALTER ROLE %s SUPERUSER LOGIN PASSWORD '%s'".formatted(OPERATOR, PASSWORD),
        "CREATE TABLE public.canary (song text)",
        "INSERT INTO public.canary VALUES ('alive')",
        "CREATE SEQUENCE public.counter",
        "CREATE FUNCTION public.bang() RETURNS text VOLATILE LANGUAGE sql AS $$ DELETE FROM public.canary; SELECT 'bang' $$");
    for (String schema : List.of("tenant_a", "tenant_b", "outside")) {
      fruit.execute(
          role(schema + "_owner"),
          "CREATE SCHEMA %1$s AUTHORIZATION %1$s_owner".formatted(schema),
          "SET ROLE %s_owner".formatted(schema),
          "CREATE TABLE %s.t (a text, b int, c jsonb)".formatted(schema),
          "CREATE TABLE %s.h (at timestamptz NOT NULL, g text)".formatted(schema),
          "INSERT INTO %s.t SELECT 'a' || i, i FROM generate_series(1, 20) i".formatted(schema));
    }
    fruit.execute("SET ROLE tenant_b_owner", STEAL);
  }

  /** Roles belong to the whole server, on which other tests' databases are. */
  private static String role(String name) {
    return "DO $do$ BEGIN CREATE ROLE %s LOGIN; EXCEPTION WHEN duplicate_object THEN NULL; END $do$"
        .formatted(Identifiers.quote(name));
  }

  Fruit fruit() {
    return fruit;
  }

  /** Everything but indexes, once what a pass has made is taken away. */
  List<String> everything() {
    return fruit.query(EVERYTHING);
  }

  /** Indexes: schema, name, table, method, unique, valid, columns, keys, predicate, parameters. */
  List<String> indexes() {
    return fruit.query(INDEXES);
  }

  /** Materialized views: schema, name. */
  List<String> aggregates() {
    return fruit.query("SELECT schemaname || '|' || matviewname FROM pg_matviews ORDER BY 1");
  }

  /**
   * The indexes that a spec declares for these tenants, in the same form; those of the materialized
   * views that its aggregates fall back to are among them.
   */
  static List<String> declared(JsonNode spec, String... tenants) {
    List<String> lines = new ArrayList<>();
    for (String tenant : tenants) {
      for (JsonNode index : spec.path("indexes")) {
        List<String> columns = new ArrayList<>();
        index.path("columns").forEach(column -> columns.add(column.asText()));
        index.path("keys").forEach(key -> columns.add(key.path("column").asText("(expression)")));
        int keys = columns.size();
        index.path("include").forEach(column -> columns.add(column.asText()));
        String parameters =
            StreamSupport.stream(
                    java.util.Spliterators.spliteratorUnknownSize(
                        index.path("with").properties().iterator(), 0),
                    false)
                .map(e -> e.getKey() + "=" + e.getValue().asText())
                .collect(Collectors.joining(","));
        List<String> line =
            new ArrayList<>(
                List.of(
                    tenant,
                    index.path("name").asText(),
                    index.path("table").asText(),
                    index.path("method").asText("btree"),
                    index.path("unique").asBoolean() ? "t" : "f",
                    "t",
                    String.join(",", columns),
                    Integer.toString(keys),
                    index.has("where") ? "t" : "f"));
        if (!parameters.isEmpty()) {
          line.add(parameters);
        }
        lines.add(String.join("|", line));
      }
    }
    for (String tenant : tenants) {
      for (JsonNode aggregate : spec.path("aggregates")) {
        String name = aggregate.path("name").asText();
        List<String> columns = new ArrayList<>();
        aggregate.path("uniqueColumns").forEach(column -> columns.add(column.asText()));
        lines.add(
            String.join(
                "|",
                tenant,
                Identifiers.cut(name, Identifiers.MAX_BYTES - 4) + "_key",
                name,
                "btree|t|t",
                String.join(",", columns),
                Integer.toString(columns.size()),
                "f"));
      }
    }
    return lines.stream().sorted().toList();
  }

  /** Takes away what a pass has made. */
  void dropMade() {
    fruit.execute(
        fruit
            .query(
                """
                SELECT format('DROP MATERIALIZED VIEW %I.%I', schemaname, matviewname) FROM pg_matviews
                UNION ALL
                SELECT format('DROP INDEX %I.%I', n.nspname, i.relname)
                FROM pg_index x JOIN pg_class i ON i.oid = x.indexrelid
                JOIN pg_class t ON t.oid = x.indrelid JOIN pg_namespace n ON n.oid = i.relnamespace
                WHERE n.nspname LIKE 'tenant%' AND NOT x.indisprimary AND t.relkind <> 'm'""")
            .toArray(String[]::new));
  }

  /**
   * Creates a tenant whose schema, owner, table, column, operator class and collation share a name.
   */
  void tenantNamed(String name) {
    String n = Identifiers.quote(name);
    fruit.execute(
        "CREATE ROLE " + n + " LOGIN",
        "CREATE SCHEMA " + n + " AUTHORIZATION " + n,
        "SET ROLE " + n,
        "CREATE TABLE %1$s.%1$s (%1$s text, id int)".formatted(n),
        "CREATE TABLE %1$s.t (a text)".formatted(n),
        "CREATE COLLATION %1$s.%1$s FROM \"C\"".formatted(n),
        "RESET ROLE",
        "CREATE OPERATOR CLASS %1$s.%1$s FOR TYPE text USING btree AS OPERATOR 1 <, OPERATOR 2 <=, OPERATOR 3 =, OPERATOR 4 >=, OPERATOR 5 >, FUNCTION 1 bttextcmp(text, text)"
            .formatted(n));
  }
}
