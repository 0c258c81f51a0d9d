package io.tenantdb.apply;

import io.tenantdb.database.Sql;
import io.tenantdb.model.Identifiers;
import io.tenantdb.model.IndexBody;
import io.tenantdb.model.IndexTie;
import io.tenantdb.model.IndexTieSql;
import io.tenantdb.model.Statement;
import io.tenantdb.model.Target;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Reads single indexes of the table that is worked on, by name: what a plan saw may be hours old.
 */
final class IndexCatalog {

  private static final String NAMED =
      """
      SELECT i.oid
      FROM pg_namespace n
      JOIN pg_class i ON i.relnamespace = n.oid
      JOIN pg_index x ON x.indexrelid = i.oid
      JOIN pg_class t ON t.oid = x.indrelid
      WHERE n.nspname = ? AND t.relname = ? AND i.relname IN (%s)""";

  private static final String INDEXES =
      IndexTieSql.with(NAMED)
          + """
      SELECT i.relname, x.indisvalid, x.indisunique, pg_get_indexdef(i.oid), quote_ident(i.relname),
             CASE i.relkind WHEN 'I' THEN 'ONLY ' ELSE '' END
               || quote_ident(n.nspname) || '.' || quote_ident(t.relname),
             quote_ident(n.nspname), d.description, t.relkind <> 'm',
             t.relkind = 'r' AND to_regclass('timescaledb_information.jobs') IS NOT NULL,
             ARRAY(SELECT tie.kind FROM tie WHERE tie.root = i.oid ORDER BY tie.kind, tie.object),
             ARRAY(SELECT tie.object FROM tie WHERE tie.root = i.oid ORDER BY tie.kind, tie.object)
      FROM tie_of f
      JOIN pg_class i ON i.oid = f.oid
      JOIN pg_namespace n ON n.oid = i.relnamespace
      JOIN pg_index x ON x.indexrelid = i.oid
      JOIN pg_class t ON t.oid = x.indrelid
      LEFT JOIN pg_description d
        ON d.objoid = i.oid AND d.classoid = 'pg_class'::regclass AND d.objsubid = 0""";

  private static final String TIES_OF_TIMESCALE =
      IndexTieSql.withTimescale(NAMED)
          + """
      SELECT i.relname, tie.kind, tie.object FROM tie JOIN pg_class i ON i.oid = tie.root
      ORDER BY 1, 2, 3""";

  private final WorkSession session;

  IndexCatalog(WorkSession session) {
    this.session = session;
  }

  /**
   * Those of the names that are indexes of the table, by name. Printing a definition waits for who
   * holds the table in ACCESS EXCLUSIVE, with a snapshot that other builds wait for: {@code
   * lockTimeout} at most.
   */
  Map<String, LiveIndex> read(Target target, String... names) throws SQLException {
    return readAfter(
        List.of(
            Statement.of(
                "SELECT set_config('lock_timeout', ?, true)",
                WorkSession.millis(session.safety().lockTimeout()))),
        target,
        names);
  }

  /** The same after other statements of the transaction, in one round trip. */
  Map<String, LiveIndex> readAfter(List<Statement> before, Target target, String... names)
      throws SQLException {
    List<String> parameters = new ArrayList<>(List.of(target.schema(), target.table()));
    parameters.addAll(List.of(names));
    String places = String.join(", ", Collections.nCopies(names.length, "?"));
    Map<String, LiveIndex> found = new HashMap<>();
    boolean timescale = false;
    for (Row row :
        Sql.queryAfter(
            session.connection(),
            before,
            new Statement(INDEXES.formatted(places), parameters),
            row -> new Row(live(row), row.getBoolean(10)))) {
      found.put(row.index().name(), row.index());
      timescale |= row.timescale();
    }
    if (timescale) {
      Sql.query(
              session.connection(),
              new Statement(TIES_OF_TIMESCALE.formatted(places), parameters),
              row ->
                  Map.entry(row.getString(1), IndexTieSql.tie(row.getString(2), row.getString(3))))
          .forEach(tie -> found.computeIfPresent(tie.getKey(), (name, i) -> i.and(tie.getValue())));
    }
    return found;
  }

  /**
   * @param timescale it may be a hypertable's
   */
  private record Row(LiveIndex index, boolean timescale) {}

  /**
   * Validity, uniqueness, definition and the quoted names that it begins with, of an index that
   * must be there. Without parameters, because it is sent together with statements in which {@code
   * ?} may be an operator.
   */
  static Statement built(Target target, String name) {
    return Statement.of(
        "SELECT x.indisvalid, x.indisunique, pg_get_indexdef(x.indexrelid), quote_ident("
            + Identifiers.literal(name)
            + "), quote_ident("
            + Identifiers.literal(target.schema())
            + "), quote_ident("
            + Identifiers.literal(target.table())
            + "), i.relkind FROM pg_index x JOIN pg_class i ON i.oid = x.indexrelid"
            + " WHERE x.indexrelid = "
            + Identifiers.literal(target.sibling(name))
            + "::regclass AND x.indrelid = "
            + Identifiers.literal(target.relation())
            + "::regclass");
  }

  /** What {@link #built} found. */
  record Built(boolean valid, Optional<IndexBody> body) {
    static Built of(ResultSet row) throws SQLException {
      String schema = row.getString(5);
      String only = row.getString(7).equals("I") ? "ONLY " : "";
      return new Built(
          row.getBoolean(1),
          printed(
              row.getString(3),
              row.getBoolean(2),
              row.getString(4),
              only + schema + "." + row.getString(6),
              schema));
    }
  }

  private static LiveIndex live(ResultSet row) throws SQLException {
    String[] kinds = (String[]) row.getArray(11).getArray();
    String[] objects = (String[]) row.getArray(12).getArray();
    List<IndexTie> ties = new ArrayList<>();
    for (int i = 0; i < kinds.length; i++) {
      ties.add(IndexTieSql.tie(kinds[i], objects[i]));
    }
    String comment = row.getString(8);
    return new LiveIndex(
        row.getString(1),
        row.getBoolean(2),
        printed(
            row.getString(4),
            row.getBoolean(3),
            row.getString(5),
            row.getString(6),
            row.getString(7)),
        comment == null ? "" : comment,
        ties,
        row.getBoolean(9));
  }

  /** Empty where the index was dropped or renamed while it was printed. */
  private static Optional<IndexBody> printed(
      String definition, boolean unique, String index, String table, String schema) {
    if (definition == null) {
      return Optional.empty();
    }
    try {
      return Optional.of(IndexBody.of(definition, unique, index, table, schema));
    } catch (IllegalArgumentException renamedMeanwhile) {
      return Optional.empty();
    }
  }
}
