package io.tenantdb.model;

import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** SQL that changes of aggregates share. */
final class AggregateSql {

  /** The rest of the transaction finds nothing of a tenant by name. */
  static final Statement PG_CATALOG = Statement.of("SET LOCAL search_path = pg_catalog");

  private AggregateSql() {}

  static Statement path(List<String> searchPath) {
    return Statement.of("SET LOCAL search_path = " + Identifiers.list(searchPath));
  }

  /**
   * Makes a continuous aggregate whose width TimescaleDB computes, and so calls what its query
   * names. The names are looked up first, in a view, which calls nothing; what the query has become
   * then names nothing of a tenant's, who may have put an operator of his own where the path leads.
   */
  static Statement resolved(String create, String query) {
    return Statement.of(
        """
        DO $tdb$
        DECLARE query text;
        BEGIN
          EXECUTE %s;
          PERFORM pg_catalog.set_config('search_path', 'pg_catalog', true);
          IF EXISTS (
            SELECT FROM pg_rewrite r
            JOIN pg_depend d ON d.classid = 'pg_rewrite'::regclass AND d.objid = r.oid
            LEFT JOIN pg_operator op ON d.refclassid = 'pg_operator'::regclass AND op.oid = d.refobjid
            JOIN pg_proc p ON p.oid = op.oprcode OR (d.refclassid = 'pg_proc'::regclass AND p.oid = d.refobjid)
            JOIN pg_roles o ON o.oid = p.proowner
            WHERE r.ev_class = 'pg_temp._tdb_c_view'::regclass AND NOT o.rolsuper) THEN
            RAISE EXCEPTION 'it calls a function that is no superuser''s; write the width of its buckets out';
          END IF;
          query := rtrim(pg_get_viewdef('pg_temp._tdb_c_view'::regclass), '; ');
          DROP VIEW pg_temp._tdb_c_view;
          EXECUTE %s || query || %s;
        END $tdb$"""
            .formatted(
                Identifiers.literal("CREATE TEMP VIEW pg_temp._tdb_c_view AS\n" + query),
                Identifiers.literal(create),
                Identifiers.literal("\nWITH NO DATA")));
  }

  static List<String> anyPath(List<String> searchPath) {
    return Stream.concat(Stream.of("<schema>"), searchPath.stream().skip(1)).toList();
  }

  static String keyword(ObservedAggregate.Kind kind) {
    // TimescaleDB presents a continuous aggregate as a view: COMMENT ON MATERIALIZED VIEW is 42809.
    return kind == ObservedAggregate.Kind.CONTINUOUS ? "VIEW" : "MATERIALIZED VIEW";
  }

  /**
   * Finds a row where the aggregate bears none of the comments: it is another one, or another's.
   */
  static Statement hasAnotherComment(Target target, String... comments) {
    return Statement.of(
        "SELECT 1 WHERE (pg_catalog.to_regclass("
            + relation(target)
            + ") IS NOT NULL AND coalesce(pg_catalog.obj_description(pg_catalog.to_regclass("
            + relation(target)
            + "), 'pg_class'), '') IN ("
            + Stream.of(comments)
                .map(Identifiers::literal)
                .distinct()
                .collect(Collectors.joining(", "))
            + ")) IS NOT TRUE");
  }

  /**
   * The same where what bears the name may be another relation of the same comment: the query of a
   * view is for ever, but for one that is dropped and made anew.
   *
   * @param oid of the one that was judged; 0 where it is of no tenant
   */
  static Statement isAnother(Target target, long oid, String comment) {
    Statement commented = hasAnotherComment(target, comment);
    return oid == 0
        ? commented
        : Statement.of(
            commented.sql()
                + " OR pg_catalog.to_regclass("
                + relation(target)
                + ")::pg_catalog.oid IS DISTINCT FROM '"
                + oid
                + "'::pg_catalog.oid");
  }

  private static String relation(Target target) {
    return Identifiers.literal(target.relation());
  }

  static Statement comment(String keyword, Target target, String text) {
    return Statement.of(
        "COMMENT ON " + keyword + " " + target.relation() + " IS " + Identifiers.literal(text));
  }
}
