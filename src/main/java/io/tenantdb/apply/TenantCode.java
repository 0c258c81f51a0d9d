package io.tenantdb.apply;

import io.tenantdb.database.Sql;
import io.tenantdb.model.Statement;
import io.tenantdb.model.Target;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.Optional;

/**
 * Looks for code of a tenant that a refresh of a continuous aggregate would run: {@code SET ROLE}
 * keeps it in no bounds, since it may take any role that our session may.
 *
 * <p>The query alone does not tell. The owner may put an index over a function of his, a trigger or
 * a constraint on what keeps the rows, row security on what is read, and what is read may be a
 * continuous aggregate that computes the newest rows itself. Indexes and constraints of what is
 * read count too: the planner computes their constant parts.
 */
final class TenantCode {
  // An extension's objects are a superuser's: others can be put into an extension by who owns it.
  private static final String FIRST =
      """
      WITH RECURSIVE aggregate AS MATERIALIZED (
        SELECT format('%I.%I', h.schema_name, h.table_name)::regclass::oid AS kept,
               format('%I.%I', c.partial_view_schema, c.partial_view_name)::regclass::oid AS view
        FROM _timescaledb_catalog.continuous_agg c
        JOIN _timescaledb_catalog.hypertable h ON h.id = c.mat_hypertable_id
        WHERE c.user_view_schema = ? AND c.user_view_name = ?
      ),
      written(oid) AS (
        SELECT kept FROM aggregate
        UNION
        SELECT i.inhrelid FROM written w JOIN pg_inherits i ON i.inhparent = w.oid
      ),
      involved(oid) AS (
        SELECT unnest(ARRAY[kept, view]) FROM aggregate
        UNION
        SELECT n.oid
        FROM involved v CROSS JOIN LATERAL (
          SELECT d.refobjid AS oid
          FROM pg_rewrite r
          JOIN pg_depend d ON d.classid = 'pg_rewrite'::regclass AND d.objid = r.oid
          WHERE r.ev_class = v.oid AND d.refclassid = 'pg_class'::regclass
          UNION ALL
          SELECT i.inhrelid FROM pg_inherits i WHERE i.inhparent = v.oid
        ) n
      ),
      part(class, oid) AS (
        SELECT 'pg_rewrite'::regclass, r.oid FROM pg_rewrite r JOIN involved v ON v.oid = r.ev_class
        UNION ALL
        SELECT 'pg_policy'::regclass, p.oid FROM pg_policy p JOIN involved v ON v.oid = p.polrelid
        UNION ALL
        SELECT 'pg_class'::regclass, x.indexrelid FROM pg_index x JOIN involved v ON v.oid = x.indrelid
        UNION ALL
        SELECT 'pg_constraint'::regclass, c.oid
        FROM pg_constraint c JOIN involved v ON v.oid = c.conrelid WHERE c.contype = 'c'
        UNION ALL
        SELECT 'pg_trigger'::regclass, t.oid FROM pg_trigger t JOIN written w ON w.oid = t.tgrelid
        UNION ALL
        SELECT 'pg_attrdef'::regclass, a.oid FROM pg_attrdef a JOIN written w ON w.oid = a.adrelid
      ),
      used AS (
        SELECT DISTINCT d.refclassid, d.refobjid
        FROM part p
        JOIN pg_depend d ON d.classid = p.class AND d.objid = p.oid
        WHERE d.refobjid >= 16384
      ),
      code AS (
        SELECT u.refclassid, u.refobjid, 'function ' || p.proname AS name, p.proowner AS owner
        FROM used u JOIN pg_proc p ON u.refclassid = 'pg_proc'::regclass AND p.oid = u.refobjid
        UNION ALL
        SELECT u.refclassid, u.refobjid, 'operator ' || o.oprname, o.oprowner
        FROM used u JOIN pg_operator o ON u.refclassid = 'pg_operator'::regclass AND o.oid = u.refobjid
        UNION ALL
        SELECT u.refclassid, u.refobjid, 'domain ' || t.typname, t.typowner
        FROM used u JOIN pg_type t ON u.refclassid = 'pg_type'::regclass AND t.oid = u.refobjid
        WHERE t.typtype = 'd'
      )
      SELECT c.name FROM code c JOIN pg_roles r ON r.oid = c.owner
      WHERE NOT (r.rolsuper AND EXISTS (
        SELECT FROM pg_depend e
        WHERE e.classid = c.refclassid AND e.objid = c.refobjid AND e.deptype = 'e'))
      ORDER BY 1
      LIMIT 1
      """;

  private final Connection connection;

  TenantCode(Connection connection) {
    this.connection = connection;
  }

  /** A function, operator or domain that a refresh would run, for people; empty without such. */
  Optional<String> of(Target aggregate) throws SQLException {
    return Sql.query(
            connection,
            Statement.of(FIRST, aggregate.schema(), aggregate.table()),
            row -> row.getString(1))
        .stream()
        .findFirst();
  }
}
