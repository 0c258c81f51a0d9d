package io.tenantdb.canonical;

import io.tenantdb.database.EventTriggers;
import io.tenantdb.database.Sql;
import io.tenantdb.database.SqlStates;
import io.tenantdb.database.TenantCode;
import io.tenantdb.model.BucketWidths;
import io.tenantdb.model.CanonicalAggregate;
import io.tenantdb.model.CanonicalAggregate.Buildable;
import io.tenantdb.model.CanonicalAggregate.Refused;
import io.tenantdb.model.CanonicalAggregate.Source;
import io.tenantdb.model.CanonicalAggregate.Unknown;
import io.tenantdb.model.Identifiers;
import io.tenantdb.model.Reason;
import io.tenantdb.model.Statement;
import io.tenantdb.model.ViewText;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;

/**
 * A query made a view in a transaction that is rolled back, and read back as PostgreSQL prints it.
 * Making a view takes ACCESS SHARE on what it reads, for a moment, and runs nobody's code: a query
 * is analysed, not planned. Where TEMP is lacking, it is an ordinary view of the tenant's schema,
 * which nobody ever sees.
 */
final class TempView implements AutoCloseable {
  private static final String NAME = "_tdb_c_view";

  private static final String OF_VIEW =
      """
      FROM pg_rewrite r
      JOIN pg_depend d ON d.classid = 'pg_rewrite'::regclass AND d.objid = r.oid
      """;

  private static final String SOURCES =
      """
      SELECT DISTINCT n.nspname, c.relname, c.relkind, c.relforcerowsecurity, c.oid
      """
          + OF_VIEW
          + """
      JOIN pg_class c ON d.refclassid = 'pg_class'::regclass AND c.oid = d.refobjid
      JOIN pg_namespace n ON n.oid = c.relnamespace
      WHERE r.ev_class = ?::regclass AND c.oid <> r.ev_class
      ORDER BY 1, 2
      """;

  // An enumeration has no code, nor has an array of one.
  private static final String CODE =
      """
      WITH used AS (
        SELECT d.refclassid, d.refobjid
      """
          + OF_VIEW
          + """
        WHERE r.ev_class = ?::regclass AND\s"""
          + TenantCode.IS_OWN
          + """
      )
      SELECT 'function ' || p.proname FROM used u
      JOIN pg_proc p ON u.refclassid = 'pg_proc'::regclass AND p.oid = u.refobjid
      UNION ALL
      SELECT 'operator ' || o.oprname FROM used u
      JOIN pg_operator o ON u.refclassid = 'pg_operator'::regclass AND o.oid = u.refobjid
      UNION ALL
      SELECT 'type ' || t.typname FROM used u
      JOIN pg_type t ON u.refclassid = 'pg_type'::regclass AND t.oid = u.refobjid
      LEFT JOIN pg_type item ON item.oid = t.typelem
      WHERE coalesce(item.typtype, t.typtype) <> 'e'
      ORDER BY 1
      LIMIT 1
      """;

  /** No such table, column or function. */
  private static final Set<String> NOT_FOUND = Set.of("42P01", "42703", "42883", "42704");

  private record Relation(String schema, String name, String kind, boolean rowSecurity, long oid) {}

  private final Connection connection;
  private final ViewSite site;

  TempView(Connection connection, ViewSite site) throws SQLException {
    this.connection = connection;
    this.site = site;
    connection.setAutoCommit(false);
  }

  /** What PostgreSQL makes of the query. */
  CanonicalAggregate form(QueryTask task) throws SQLException {
    try {
      return made(task);
    } catch (SQLException e) {
      CanonicalAggregate verdict = Verdicts.ofQuery(e, task);
      connection.rollback();
      Optional<Unknown> refused =
          EventTriggers.refusal(connection, e)
              .map(said -> new Unknown(Reason.EventTriggerRefused, said));
      return (refused.isPresent() ? refused : missingUsage(e))
          .<CanonicalAggregate>map(unknown -> unknown)
          .orElse(verdict);
    }
  }

  /**
   * PostgreSQL passes over a schema of the path that the role may not use, and then says that what
   * is in it does not exist.
   */
  private Optional<Unknown> missingUsage(SQLException e) throws SQLException {
    if (!NOT_FOUND.contains(SqlStates.state(e))) {
      return Optional.empty();
    }
    List<String> path =
        Stream.concat(Stream.of(site.schema()), site.searchPath().stream()).distinct().toList();
    String role = site.owner().map(Identifiers::literal).orElse("current_user");
    for (String schema : path) {
      boolean lacking =
          !Sql.query(
                  connection,
                  Statement.of(
                      "SELECT 1 FROM pg_namespace WHERE nspname = ?"
                          + " AND NOT has_schema_privilege("
                          + role
                          + ", oid, 'USAGE')",
                      schema),
                  row -> row.getInt(1))
              .isEmpty();
      if (lacking) {
        return Optional.of(
            new Unknown(
                Reason.InsufficientPrivilege,
                "%s lacks USAGE on schema %s, along which names are looked up; GRANT USAGE ON SCHEMA %s TO it"
                    .formatted(
                        site.owner().orElse("the role of the connection"),
                        schema,
                        Identifiers.quote(schema))));
      }
    }
    return Optional.empty();
  }

  private CanonicalAggregate made(QueryTask task) throws SQLException {
    run("SET LOCAL statement_timeout = '10s'");
    run("SET LOCAL lock_timeout = '1s'");
    run("SET LOCAL client_min_messages = error");
    boolean temporary =
        Sql.query(
                connection,
                Statement.of(
                    "SELECT has_database_privilege("
                        + site.owner().map(Identifiers::literal).orElse("current_user")
                        + ", current_database(), 'TEMP')"),
                row -> row.getBoolean(1))
            .get(0);
    if (site.owner().isPresent()) {
      run("SET LOCAL ROLE " + Identifiers.quote(site.owner().get()));
    }
    Optional<String> code =
        TenantCode.ofLiterals(
            connection,
            List.of(),
            Stream.concat(Stream.of(site.schema()), site.searchPath().stream()).toList());
    if (code.isPresent()) {
      return new Refused(
          Reason.TenantCodeRefused,
          "",
          task.field() + " is refused: " + TenantCode.refusal(code.get()));
    }
    String view = Identifiers.qualified(temporary ? "pg_temp" : site.schema(), NAME);
    run("SET LOCAL search_path = " + site.path());
    run("CREATE " + (temporary ? "TEMP " : "") + "VIEW " + view + " AS\n" + task.query());
    run("SET LOCAL search_path = pg_catalog, pg_temp");
    boolean checkOption =
        Sql.query(
                connection,
                Statement.of(
                    "SELECT reloptions IS NOT NULL FROM pg_class WHERE oid = ?::regclass", view),
                row -> row.getBoolean(1))
            .get(0);
    // The one thing that may stand behind the query of a view, and not behind these.
    return checkOption
        ? new Refused(
            Reason.DefinitionRefused, "", task.field() + " ends in WITH CHECK OPTION; leave it out")
        : read(view);
  }

  private Buildable read(String view) throws SQLException {
    ViewText text =
        Sql.query(
                connection,
                Statement.of(
                    "SELECT pg_get_viewdef(?::regclass), quote_ident(?)", view, site.schema()),
                row -> ViewText.of(row.getString(1), row.getString(2)))
            .get(0);
    List<String> columns =
        Sql.query(
            connection,
            Statement.of(
                "SELECT attname FROM pg_attribute WHERE attrelid = ?::regclass AND attnum > 0"
                    + " ORDER BY attnum",
                view),
            row -> row.getString(1));
    List<Relation> relations =
        Sql.query(
            connection,
            Statement.of(SOURCES, view),
            row ->
                new Relation(
                    row.getString(1),
                    row.getString(2),
                    row.getString(3),
                    row.getBoolean(4),
                    row.getLong(5)));
    Optional<String> code = ownCode(connection, view);
    Optional<String> attached =
        TenantCode.ofReading(
            connection,
            relations.stream().filter(r -> !r.kind().equals("v")).map(Relation::oid).toList());
    return new Buildable(
        text,
        columns,
        relations.stream().map(this::source).toList(),
        // Only TimescaleDB knows.
        Optional.empty(),
        code.or(() -> relations.stream().flatMap(r -> code(r).stream()).findFirst())
            .or(() -> attached),
        code.filter(own -> !BucketWidths.areWritten(text)).map(TempView::computedBy));
  }

  private static Refused computedBy(String own) {
    return new Refused(
        Reason.DefinitionRefused,
        "",
        "it calls "
            + own
            + ", which is a tenant's own, and TimescaleDB would have to compute the width of its buckets"
            + " with the rights of the operator; write the width out");
  }

  /** What the view's query calls that is a tenant's own, for people. */
  static Optional<String> ownCode(Connection connection, String view) throws SQLException {
    return Sql.query(connection, Statement.of(CODE, view), row -> row.getString(1)).stream()
        .findFirst();
  }

  private Source source(Relation relation) {
    return new Source(
        relation.schema().equals(site.schema()) ? Optional.empty() : Optional.of(relation.schema()),
        relation.name());
  }

  /** What a relation runs when it is read: a view its query, row security its policies. */
  private Optional<String> code(Relation relation) {
    boolean ours =
        relation.schema().equals(site.schema())
            && site.continuousAggregates().contains(relation.name());
    if (relation.kind().equals("v") && !ours) {
      return Optional.of("view " + relation.name());
    }
    if (relation.kind().equals("f")) {
      return Optional.of("foreign table " + relation.name());
    }
    return relation.rowSecurity()
        ? Optional.of("row security of " + relation.name())
        : Optional.empty();
  }

  private void run(String sql) throws SQLException {
    Sql.execute(connection, Statement.of(sql));
  }

  /** Rolls back. */
  @Override
  public void close() throws SQLException {
    connection.rollback();
    connection.setAutoCommit(true);
  }
}
