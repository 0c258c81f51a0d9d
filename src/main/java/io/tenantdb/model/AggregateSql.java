package io.tenantdb.model;

import java.util.List;
import java.util.stream.Stream;

/** SQL that changes of aggregates share. */
final class AggregateSql {

  /** The rest of the transaction finds nothing of a tenant by name. */
  static final Statement PG_CATALOG = Statement.of("SET LOCAL search_path = pg_catalog");

  private AggregateSql() {}

  static Statement path(List<String> searchPath) {
    return Statement.of("SET LOCAL search_path = " + Identifiers.list(searchPath));
  }

  static List<String> anyPath(List<String> searchPath) {
    return Stream.concat(Stream.of("<schema>"), searchPath.stream().skip(1)).toList();
  }

  static String keyword(ObservedAggregate.Kind kind) {
    // TimescaleDB presents a continuous aggregate as a view: COMMENT ON MATERIALIZED VIEW is 42809.
    return kind == ObservedAggregate.Kind.CONTINUOUS ? "VIEW" : "MATERIALIZED VIEW";
  }

  static Statement comment(String keyword, Target target, String text) {
    return Statement.of(
        "COMMENT ON " + keyword + " " + target.relation() + " IS " + Identifiers.literal(text));
  }
}
