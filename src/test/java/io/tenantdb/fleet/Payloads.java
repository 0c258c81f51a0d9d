package io.tenantdb.fleet;

import java.util.List;
import java.util.stream.Stream;

/**
 * What somebody might write into a field in the hope that it ends up as SQL, or as anything else.
 */
final class Payloads {

  /** Texts that PostgreSQL allows as names, whatever they look like. */
  static final List<String> NAMES =
      List.of(
          "x\"; DROP TABLE canary; --",
          "we\"ird; DROP TABLE canary; --",
          "x'; DROP TABLE canary; --",
          "a) ; DROP TABLE canary; --",
          "a, (b",
          "a) ) INCLUDE (b) --",
          "a /* ",
          "*/ DROP TABLE canary",
          "$$",
          "$1",
          "E'\\''",
          "\\",
          "'\"",
          "\"\"",
          "\"public\".\"canary\"",
          "public.canary",
          "{fn now()}",
          "{a,\"b\"}",
          "?",
          "a ?? b",
          "%s %I %1$s",
          "${jndi:ldap://x}",
          "a\u201c; DROP TABLE canary; --\u201d",
          "a\u2019; DROP TABLE canary; --",
          "\u00e9".repeat(31) + "x",
          "\u7530".repeat(21),
          "\ud83c\udf4e\" USING gin (b); --",
          "t USING btree (a) WHERE (true)",
          "<schema>",
          "tenant_b.t",
          "TENANT_A",
          "select",
          " leading and trailing ",
          "a b%20c+d",
          "t made tenantdb:v1 owner=x name=y",
          "$user",
          "$tdb$",
          ":DBNAME",
          "a=b&user=postgres&password=x",
          "a?user=postgres",
          "../../postgres",
          "u&\"d\\0061t\"",
          "a\u0085b",
          "a\u2028b");

  /**
   * Texts that are meant for places where the author writes SQL. Fragments are tried as the table's
   * owner in a transaction: those that get out of it take the session's own role back first, and
   * commit before what stands behind them can fail.
   */
  static final List<String> FRAGMENTS =
      List.of(
          "lower(a)) WHERE (true",
          "lower(a)), (lower(a)",
          "a), (b",
          "lower(a)) COLLATE \"C\" DESC, (b",
          "lower(a)) ) INCLUDE (b) --",
          "lower(a) -- ) INCLUDE (b",
          "lower(a) /* a /* b */",
          "lower(a) */",
          "lower(a); DROP TABLE public.canary",
          "lower(a)\n); COMMIT; RESET ROLE; BEGIN; DROP TABLE public.canary; COMMIT; --",
          "lower(a)\r\n--\r); COMMIT; RESET ROLE; BEGIN; DROP TABLE public.canary; COMMIT; --",
          "); COMMIT; RESET ROLE; BEGIN; DROP TABLE public.canary; COMMIT; --",
          ")); COMMIT; RESET ROLE; BEGIN; DROP TABLE public.canary; COMMIT; --",
          "\n); COMMIT; RESET ROLE; BEGIN; DROP TABLE public.canary; COMMIT; --",
          "\n)); COMMIT; RESET ROLE; BEGIN; DROP TABLE public.canary; COMMIT; --",
          "lower(a))) WHERE (true); COMMIT; RESET ROLE; BEGIN; DELETE FROM public.canary; COMMIT; --",
          "'\\'; COMMIT; RESET ROLE; BEGIN; DROP TABLE public.canary; COMMIT; --'",
          "E'\\'; COMMIT; RESET ROLE; BEGIN; DROP TABLE public.canary; COMMIT; --'",
          "e'\\\\')); COMMIT; RESET ROLE; BEGIN; DROP TABLE public.canary; COMMIT; --'",
          "'a'\n'b\\')); COMMIT; RESET ROLE; BEGIN; DROP TABLE public.canary; COMMIT; --'",
          "E'a'\n'b\\')); COMMIT; RESET ROLE; BEGIN; DROP TABLE public.canary; COMMIT; --'",
          "E'a' -- c\n '\\')); COMMIT; RESET ROLE; BEGIN; DROP TABLE public.canary; COMMIT; --'",
          "U&'\\0027); COMMIT; RESET ROLE; BEGIN; DROP TABLE public.canary; COMMIT; --'",
          "$a$ ) $b$ ; $a$; COMMIT; RESET ROLE; BEGIN; DROP TABLE public.canary; COMMIT; --$a$",
          "a$$ || $$); COMMIT; RESET ROLE; BEGIN; DROP TABLE public.canary; COMMIT; --$$",
          "1$$); COMMIT; RESET ROLE; BEGIN; DROP TABLE public.canary; COMMIT; --$$",
          "pg_sleep(3600)::text",
          "set_config('role', 'postgres', false)",
          "set_config('is_superuser', 'on', true)",
          "dblink_exec('dbname=postgres', 'DROP TABLE canary')",
          "public.bang()",
          "tenant_b.steal(a)",
          "tenant_b.steal('constant')",
          "steal(a)",
          "pg_temp.steal(a)",
          "(SELECT lower(a))",
          "(SELECT count(*) FROM public.canary)::text",
          "(DELETE FROM public.canary)",
          "(WITH gone AS (DELETE FROM public.canary RETURNING 1) SELECT 1)",
          "pg_read_file('/etc/passwd')",
          "query_to_xml('DELETE FROM public.canary', true, true, '')::text",
          "lo_import('/etc/passwd')::text",
          "nextval('public.counter')::text",
          "current_setting('is_superuser')",
          "lower(a) OR true",
          "count(a)",
          "row_number() OVER ()",
          "t.*",
          "a, a",
          "'not a number'::int",
          "'two\nlines'::int",
          "1/0",
          "repeat('x', 2000000000)",
          "b > 0 ? true : false",
          "a ? 'b'",
          "a::json::jsonb ?? 'b'",
          "{fn lower(a)}",
          "{d '2020-01-01'}",
          "?::text",
          ":name",
          "\\gexec",
          "\\copy canary to program 'id'");

  /**
   * Texts that are meant for the query of an aggregate: the author's own SELECT, tried as the
   * table's owner, and never more than one statement.
   */
  static final List<String> QUERIES =
      List.of(
          "SELECT a FROM t; DROP TABLE public.canary",
          "SELECT a FROM t; COMMIT; RESET ROLE; DROP TABLE public.canary",
          "SELECT a FROM t\n; COMMIT; RESET ROLE; BEGIN; DROP TABLE public.canary; COMMIT; --",
          "SELECT a FROM t WITH NO DATA; RESET ROLE; DELETE FROM public.canary; --",
          "SELECT a FROM t -- ",
          "SELECT a FROM t /* ",
          "SELECT a FROM t WITH NO DATA",
          "SELECT a FROM t WITH CHECK OPTION",
          "SELECT a INTO public.loot FROM t",
          "SELECT a FROM t FOR UPDATE",
          "TABLE t",
          "VALUES ('a')",
          "(SELECT a FROM t)",
          "SELECT a FROM t) SELECT (1",
          "SELECT 1 AS a \\gexec",
          "SELECT '\\'; RESET ROLE; DROP TABLE public.canary; --' AS a",
          "SELECT E'\\'; RESET ROLE; DROP TABLE public.canary; --' AS a",
          "SELECT $$ $a$; DROP TABLE public.canary; $a$ $$ AS a",
          "SELECT $1 AS a",
          "SELECT ? AS a",
          "SELECT '{}'::jsonb ? 'a' AS a",
          "SELECT {fn now()} AS a",
          "SELECT a, a FROM t",
          "SELECT FROM t",
          "SELECT * FROM outside.t",
          "SELECT a FROM tenant_b.t",
          "SELECT rolpassword AS a FROM pg_authid",
          "SELECT set_config('role', 'postgres', false) AS a",
          "SELECT set_config('session_authorization', 'postgres', false) AS a",
          "SELECT public.bang() AS a",
          "SELECT tenant_b.steal(a) AS a FROM t",
          "SELECT steal(a) AS a FROM t",
          "SELECT pg_read_file('/etc/passwd') AS a",
          "SELECT lo_import('/etc/passwd')::text AS a",
          "SELECT nextval('public.counter')::text AS a",
          "SELECT query_to_xml('DELETE FROM public.canary', true, true, '')::text AS a",
          "WITH gone AS (DELETE FROM public.canary RETURNING song) SELECT song AS a FROM gone",
          "WITH t AS (SELECT 'a' AS a) SELECT a FROM t",
          "DELETE FROM public.canary RETURNING song AS a",
          "DROP TABLE public.canary",
          "COPY t TO PROGRAM 'id'",
          "DO $do$ BEGIN DELETE FROM public.canary; END $do$",
          "EXPLAIN SELECT a FROM t",
          "EXECUTE nothing",
          "SELECT 1/0 AS a");

  /** Texts that no field takes, and that break whoever believes that. */
  static final List<String> BROKEN =
      List.of(
          "",
          " ",
          "\n",
          "\t",
          "a\u0000b",
          "\u0000",
          "a\nb",
          "a\r\nDROP TABLE canary",
          "a\u001b[2J",
          "a\ud800",
          "\udc00a",
          "\u00e9".repeat(32),
          "x".repeat(64),
          "x".repeat(5000),
          "pg_temp",
          "pg_catalog",
          "information_schema",
          "_timescaledb_internal",
          "_tdb_b_0123456789abcdef_0123456789abcdef",
          "timescaledb.transaction_per_chunk",
          "timescaledb.transaction_per_chunk = true, fillfactor",
          "fillfactor = 10); DROP TABLE canary; --",
          "90); DROP TABLE canary; --",
          "90, fastupdate = off",
          "1 day'; DROP TABLE canary; --",
          "1 day\n",
          "-1 day",
          "infinity",
          "99999 years",
          "null",
          "~");

  private Payloads() {}

  /** All of them. */
  static Stream<String> all() {
    return Stream.of(NAMES, FRAGMENTS, QUERIES, BROKEN).flatMap(List::stream);
  }
}
