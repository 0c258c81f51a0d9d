package io.tenantdb.model;

import java.util.Collection;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * Conditions about one index, in SQL that a {@link Block} asks. By name, at the moment: what a
 * script was printed for may be hours old.
 *
 * @param index qualified and quoted
 * @param relation what it is on, qualified and quoted
 * @param tenantsTable a relation of the tenant's own schema, qualified and quoted: what the
 *     placeholder in a body stands for
 */
record IndexCheck(String index, String relation, String tenantsTable) {

  static IndexCheck of(Target target, String index) {
    return new IndexCheck(target.sibling(index), target.relation(), target.relation());
  }

  /** Of an index on a continuous aggregate. */
  static IndexCheck of(
      Target aggregate, ObservedAggregate.Materialization materialization, String index) {
    return new IndexCheck(
        Identifiers.qualified(materialization.schema(), index),
        Identifiers.qualified(materialization.schema(), materialization.table()),
        aggregate.relation());
  }

  static IndexCheck of(Target tenant, Partition partition, String index) {
    return new IndexCheck(partition.sibling(index), partition.relation(), tenant.relation());
  }

  /**
   * Finds a row unless it is valid, has the body and bears the comment that the plan saw: a mark is
   * of what was judged, and takes nobody's words away.
   */
  Statement isAnother(IndexBody body, String comment) {
    return unless(valid(List.of(body)) + " AND " + commentIs(comment));
  }

  /** Finds a row unless it bears the comment that the plan saw. */
  Statement hasAnotherComment(String comment) {
    return unless(commentIs(comment));
  }

  private static Statement unless(String condition) {
    return Statement.of("SELECT 1 WHERE (" + condition + ") IS NOT TRUE");
  }

  /** Something bears the name. */
  String exists() {
    return oid() + " IS NOT NULL";
  }

  /** It is valid and one of the bodies. */
  String valid(Collection<IndexBody> accepted) {
    return is(true, accepted);
  }

  String is(boolean valid, Collection<IndexBody> accepted) {
    return "EXISTS (SELECT FROM pg_index x JOIN pg_class i ON i.oid = x.indexrelid"
        + " JOIN pg_class t ON t.oid = x.indrelid JOIN pg_namespace n ON n.oid = t.relnamespace"
        + " WHERE x.indexrelid = "
        + oid()
        + " AND x.indrelid = to_regclass("
        + Identifiers.literal(relation)
        + ") AND "
        + (valid ? "x.indisvalid AND x.indisready" : "NOT x.indisvalid")
        + " AND pg_get_indexdef(x.indexrelid) IN ("
        + accepted.stream().map(this::printed).sorted().collect(Collectors.joining(", "))
        + "))";
  }

  /** The definition that {@link IndexBody#tail} takes apart. */
  private String printed(IndexBody body) {
    String text = Identifiers.literal(body.text());
    return "'CREATE "
        + (body.unique() ? "UNIQUE " : "")
        + "INDEX ' || quote_ident(i.relname) || ' ON ' || CASE i.relkind WHEN 'I' THEN 'ONLY ' ELSE ''"
        + " END || quote_ident(n.nspname) || '.' || quote_ident(t.relname) || ' ' || "
        + (body.text().contains(TenantFree.TENANT)
            ? "replace("
                + text
                + ", "
                + Identifiers.literal(TenantFree.TENANT)
                + ", quote_ident((parse_ident("
                + Identifiers.literal(tenantsTable)
                + "))[1]) || '.')"
            : text);
  }

  /** Its comment is as the plan saw it. */
  String commentIs(String comment) {
    return "coalesce(obj_description("
        + oid()
        + ", 'pg_class'), '') = "
        + Identifiers.literal(comment);
  }

  /** It bears the mark. */
  String bears(Mark mark) {
    return "split_part(coalesce(obj_description("
        + oid()
        + ", 'pg_class'), ''), chr(10), 1) = "
        + Identifiers.literal(mark.text());
  }

  String isInvalid() {
    return "EXISTS (SELECT FROM pg_index WHERE indexrelid = " + oid() + " AND NOT indisvalid)";
  }

  /** A bare CLUSTER goes by it. */
  String clustered() {
    return "EXISTS (SELECT FROM pg_index WHERE indexrelid = " + oid() + " AND indisclustered)";
  }

  /** Nothing rests on it that one of the kinds is about. */
  String free(Set<IndexTie.Kind> kinds) {
    return IndexTieSql.none(oid(), kinds);
  }

  /** The same of what TimescaleDB knows, where that is installed. */
  String freeOfTimescale(Set<IndexTie.Kind> kinds) {
    return IndexTieSql.noneOfTimescale(oid(), kinds);
  }

  /**
   * No other session builds on the table, or drops there concurrently: one that does goes on with
   * its index under any name, and makes it valid.
   */
  String nobodyAtWork() {
    return "NOT EXISTS (SELECT FROM pg_locks l JOIN pg_database d ON d.oid = l.database WHERE"
        + " d.datname = current_database() AND l.locktype = 'relation' AND l.relation = to_regclass("
        + Identifiers.literal(relation)
        + ") AND l.mode = 'ShareUpdateExclusiveLock' AND l.granted AND l.pid IS DISTINCT FROM"
        + " pg_backend_pid())";
  }

  private String oid() {
    return "to_regclass(" + Identifiers.literal(index) + ")";
  }
}
