package io.tenantdb.database;

import io.tenantdb.model.Statement;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;

/**
 * Finds code of a tenant that PostgreSQL would run. Reading a table is enough for some: the planner
 * folds what is constant in check constraints, statistics and indexes of the table and of all that
 * inherit from it, and calls the functions that stand there. Needs {@code search_path = pg_catalog}
 * or one on which nobody else's names stand before PostgreSQL's.
 */
public final class TenantCode {

  /**
   * A condition on a row {@code d} of {@code pg_depend}: what it refers to is neither PostgreSQL's
   * nor an extension's. PostgreSQL keeps no dependencies on its own objects. Who owns an extension
   * can add functions of their own to it, so that the superuser must own them too.
   */
  public static final String IS_OWN =
      """
      d.refobjid >= 16384
      AND NOT EXISTS (
        SELECT FROM pg_depend e
        WHERE e.classid = d.refclassid AND e.objid = d.refobjid AND e.deptype = 'e'
          AND EXISTS (
            SELECT FROM pg_roles o
            WHERE o.rolsuper AND o.oid = coalesce(
              (SELECT p.proowner FROM pg_proc p
               WHERE e.classid = 'pg_proc'::regclass AND p.oid = e.objid),
              (SELECT p.oprowner FROM pg_operator p
               WHERE e.classid = 'pg_operator'::regclass AND p.oid = e.objid),
              (SELECT p.typowner FROM pg_type p
               WHERE e.classid = 'pg_type'::regclass AND p.oid = e.objid))))
      """;

  private static final String ATTACHED =
      """
      WITH RECURSIVE rel (oid) AS (
        SELECT unnest(?::oid[])
        UNION
        SELECT i.inhrelid FROM pg_inherits i JOIN rel ON i.inhparent = rel.oid
      ), attached (classid, objid, relid, what) AS (
        SELECT 'pg_constraint'::regclass::oid, c.oid, rel.oid, 'constraint ' || c.conname
        FROM rel JOIN pg_constraint c ON c.conrelid = rel.oid WHERE c.contype = 'c'
        UNION ALL
        SELECT 'pg_class'::regclass, x.indexrelid, rel.oid, 'index ' || i.relname
        FROM rel JOIN pg_index x ON x.indrelid = rel.oid JOIN pg_class i ON i.oid = x.indexrelid
        UNION ALL
        SELECT 'pg_statistic_ext'::regclass, s.oid, rel.oid, 'statistics ' || s.stxname
        FROM rel JOIN pg_statistic_ext s ON s.stxrelid = rel.oid
        UNION ALL
        SELECT 'pg_rewrite'::regclass, r.oid, rel.oid, 'the query'
        FROM rel JOIN pg_rewrite r ON r.ev_class = rel.oid
        UNION ALL
        SELECT 'pg_trigger'::regclass, t.oid, rel.oid, 'trigger ' || t.tgname
        FROM rel JOIN pg_trigger t ON t.tgrelid = rel.oid WHERE ?::boolean
      ), code (relid, what) AS (
        SELECT a.relid, a.what FROM attached a
        WHERE EXISTS (
          SELECT FROM pg_depend d
          WHERE d.classid = a.classid AND d.objid = a.objid
            AND d.refclassid IN ('pg_proc'::regclass, 'pg_operator'::regclass, 'pg_type'::regclass)
            AND NOT EXISTS (
              SELECT FROM pg_type y LEFT JOIN pg_type item ON item.oid = y.typelem
              WHERE d.refclassid = 'pg_type'::regclass AND y.oid = d.refobjid
                AND coalesce(item.typtype, y.typtype) = 'e')
            AND\s"""
          + IS_OWN
          + """
        )
        UNION ALL
        SELECT c.oid, 'row security' FROM rel JOIN pg_class c ON c.oid = rel.oid
        WHERE c.relforcerowsecurity
      )
      SELECT code.what || ' of ' || c.relname
      FROM code JOIN pg_class c ON c.oid = code.relid
      ORDER BY EXISTS (SELECT FROM pg_inherits i WHERE i.inhrelid = c.oid), 1
      LIMIT 1
      """;

  // A domain's type of a column is not looked into by itself: a literal of it is checked when rows
  // are, but within an array, a range or a row it is checked while the statement is parsed.
  private static final String LITERALS =
      """
      WITH RECURSIVE reach (oid, inside) AS (
        SELECT a.atttypid, false FROM unnest(?::oid[]) rel (oid)
        JOIN pg_attribute a ON a.attrelid = rel.oid AND a.attnum > 0 AND NOT a.attisdropped
        UNION
        SELECT part.oid, reach.inside OR part.inside
        FROM reach JOIN pg_type t ON t.oid = reach.oid
        CROSS JOIN LATERAL (
          SELECT t.typbasetype, false
          UNION ALL SELECT t.typelem, true
          UNION ALL SELECT r.rngsubtype, true FROM pg_range r
                    WHERE r.rngtypid = t.oid OR r.rngmultitypid = t.oid
          UNION ALL SELECT a.atttypid, true FROM pg_attribute a
                    WHERE a.attrelid = t.typrelid AND a.attnum > 0 AND NOT a.attisdropped
        ) part (oid, inside)
        WHERE part.oid <> 0
      ), suspect (oid) AS (
        SELECT reach.oid FROM reach WHERE reach.inside
        UNION
        SELECT t.oid FROM pg_constraint c JOIN pg_type t ON t.oid = c.contypid
        JOIN pg_namespace n ON n.oid = t.typnamespace
        WHERE c.contypid > 0 AND n.nspname = ANY (?::text[])
      )
      SELECT 'domain ' || t.typname
      FROM suspect JOIN pg_type t ON t.oid = suspect.oid
      JOIN pg_constraint c ON c.contypid = t.oid AND c.contypid > 0
      WHERE t.typtype = 'd' AND EXISTS (
        SELECT FROM pg_depend d
        WHERE d.classid = 'pg_constraint'::regclass AND d.objid = c.oid
          AND d.refclassid IN ('pg_proc'::regclass, 'pg_operator'::regclass)
          AND\s"""
          + IS_OWN
          + """
        )
      ORDER BY 1
      LIMIT 1
      """;

  private TenantCode() {}

  /**
   * What may be run while a statement is parsed that has literals in it: PostgreSQL checks the
   * domains within arrays, ranges and rows then, before it restricts what the statement may do.
   *
   * @param relations whose columns literals are compared with
   * @param path schemas along which names of types are looked up
   */
  public static Optional<String> ofLiterals(
      Connection connection, List<Long> relations, List<String> path) throws SQLException {
    String oids =
        relations.stream().map(String::valueOf).collect(Collectors.joining(",", "{", "}"));
    return Sql.query(
            connection,
            Statement.of(LITERALS, oids, Statement.array(path)),
            row -> row.getString(1))
        .stream()
        .findFirst();
  }

  /** Why a definition is refused for it, for people. */
  public static String refusal(String code) {
    return code
        + " has a check that calls functions of its schema's owner, which PostgreSQL may run while it"
        + " reads the definition, with the rights of the operator; take that check away, or index"
        + " plain columns only";
  }

  /** What is run when one of these relations, or one that inherits from it, is read; for people. */
  public static Optional<String> ofReading(Connection connection, List<Long> relations)
      throws SQLException {
    return attached(connection, relations, false);
  }

  /** The same where rows are written to it: its triggers are run too. */
  public static Optional<String> ofWriting(Connection connection, List<Long> relations)
      throws SQLException {
    return attached(connection, relations, true);
  }

  private static Optional<String> attached(
      Connection connection, List<Long> relations, boolean written) throws SQLException {
    String oids =
        relations.stream().map(String::valueOf).collect(Collectors.joining(",", "{", "}"));
    return Sql.query(
            connection,
            Statement.of(ATTACHED, oids, Boolean.toString(written)),
            row -> row.getString(1))
        .stream()
        .findFirst();
  }
}
