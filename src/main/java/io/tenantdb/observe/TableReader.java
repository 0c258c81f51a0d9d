package io.tenantdb.observe;

import io.tenantdb.model.ObservedTable.Kind;
import io.tenantdb.model.TableLayout;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Collectors;

/** Reads the declared and mentioned relations and their columns. */
final class TableReader {

  /**
   * One relation that bears a declared or mentioned name.
   *
   * @param oid of a continuous aggregate: of the hypertable that keeps its rows, as are the pages
   *     and the signatures; the rest is the view's
   */
  record Table(
      long oid,
      long schema,
      String name,
      Kind kind,
      long owner,
      long pages,
      String columnSignature,
      String constraintSignature) {}

  /**
   * The columns behind a column signature.
   *
   * @param names by {@code attnum}
   */
  record Columns(TableLayout layout, Map<Integer, String> names) {}

  private record Attribute(long table, String signature, int number, TableLayout.Column column) {}

  private static final String COLUMN_SIGNATURE =
      """
      SELECT a.attrelid AS oid,
             md5(string_agg(concat_ws(' ', a.attnum, quote_ident(a.attname), a.atttypid,
               a.atttypmod, a.attcollation, a.attnotnull), ',' ORDER BY a.attnum)) AS signature
      FROM pg_attribute a JOIN tb ON tb.oid = a.attrelid
      WHERE a.attnum > 0 AND NOT a.attisdropped
      GROUP BY a.attrelid
      """;

  // pg_class has an index on (relname, relnamespace) and none on relnamespace alone.
  private static final String BY_NAME =
      """
      WITH ns AS MATERIALIZED (SELECT unnest(?::oid[]) AS oid),
      tb AS MATERIALIZED (
        SELECT t.oid, t.relnamespace, t.relname, t.relkind, t.relowner, t.relpages
        FROM pg_class t JOIN ns ON ns.oid = t.relnamespace
        WHERE t.relname = ANY (?::name[])
      ),
      """;

  private static final String BY_OID =
      """
      WITH tb AS MATERIALIZED (
        SELECT t.oid, t.relnamespace, t.relname, t.relkind, t.relowner, t.relpages
        FROM pg_class t JOIN unnest(?::oid[]) AS wanted(oid) ON wanted.oid = t.oid
      ),
      """;

  private static final String TABLES =
      """
      cols AS (
      """
          + COLUMN_SIGNATURE
          + """
      ),
      cons AS (
        SELECT c.conrelid AS oid,
               md5(string_agg(concat_ws(' ', c.contype, quote_ident(c.conname),
                 coalesce(c.conkey::text, '-'), c.confrelid, coalesce(c.confkey::text, '-'),
                 c.convalidated, c.condeferrable,
                 coalesce(regexp_replace(c.conbin::text, ':location -?\\d+', '', 'g'), '-')),
                 ',' ORDER BY c.conname, c.oid)) AS signature
        FROM pg_constraint c JOIN tb ON tb.oid = c.conrelid
        GROUP BY c.conrelid
      )
      SELECT tb.oid, tb.relnamespace, tb.relname, tb.relkind, tb.relowner, tb.relpages,
             coalesce(cols.signature, ''), coalesce(cons.signature, '')
      FROM tb LEFT JOIN cols ON cols.oid = tb.oid LEFT JOIN cons ON cons.oid = tb.oid
      """;

  private static final String COLUMNS =
      """
      WITH tb AS MATERIALIZED (SELECT unnest(?::oid[]) AS oid),
      cols AS MATERIALIZED (
      """
          + COLUMN_SIGNATURE
          + """
      )
      SELECT a.attrelid, cols.signature, a.attnum, a.attname,
             format_type(a.atttypid, a.atttypmod),
             CASE WHEN a.attcollation <> t.typcollation
                  THEN quote_ident(n.nspname) || '.' || quote_ident(c.collname) END,
             a.attnotnull
      FROM cols
      JOIN pg_attribute a ON a.attrelid = cols.oid AND a.attnum > 0 AND NOT a.attisdropped
      JOIN pg_type t ON t.oid = a.atttypid
      LEFT JOIN pg_collation c ON c.oid = a.attcollation
      LEFT JOIN pg_namespace n ON n.oid = c.collnamespace
      ORDER BY a.attrelid, a.attnum
      """;

  private final Catalog catalog;

  TableReader(Catalog catalog) {
    this.catalog = catalog;
  }

  /** Relations of any kind in these schemas that bear one of the names. */
  List<Table> tables(Collection<Long> schemas, Collection<String> names) throws SQLException {
    return catalog.rows(BY_NAME + TABLES, this::table, Catalog.oids(schemas), Catalog.names(names));
  }

  /** The relations with these oids, where they still exist. */
  List<Table> tables(Collection<Long> oids) throws SQLException {
    return oids.isEmpty()
        ? List.of()
        : catalog.rows(BY_OID + TABLES, this::table, Catalog.oids(oids));
  }

  private Table table(ResultSet row) throws SQLException {
    return new Table(
        row.getLong(1),
        row.getLong(2),
        catalog.intern(row.getString(3)),
        kind(row.getString(4)),
        row.getLong(5),
        row.getLong(6),
        catalog.intern(row.getString(7)),
        catalog.intern(row.getString(8)));
  }

  /**
   * The columns of each signature, read from one table that has it. A signature is absent where
   * every table asked had changed its columns meanwhile.
   */
  Map<String, Columns> columns(Collection<Table> tables) throws SQLException {
    Map<String, List<Table>> bySignature =
        tables.stream()
            .filter(table -> !table.columnSignature().isEmpty())
            .collect(Collectors.groupingBy(Table::columnSignature));
    Map<String, Columns> columns = new HashMap<>();
    for (int attempt = 0; attempt < 3 && columns.size() < bySignature.size(); attempt++) {
      int nth = attempt;
      Set<Long> exemplars =
          bySignature.entrySet().stream()
              .filter(e -> !columns.containsKey(e.getKey()) && e.getValue().size() > nth)
              .map(e -> e.getValue().get(nth).oid())
              .collect(Collectors.toSet());
      if (!exemplars.isEmpty()) {
        columns.putAll(read(exemplars));
      }
    }
    return columns;
  }

  private Map<String, Columns> read(Set<Long> tables) throws SQLException {
    Map<Long, List<Attribute>> byTable = new LinkedHashMap<>();
    catalog
        .rows(
            COLUMNS,
            row ->
                new Attribute(
                    row.getLong(1),
                    row.getString(2),
                    row.getInt(3),
                    new TableLayout.Column(
                        row.getString(4),
                        row.getString(5),
                        row.getString(6) == null ? "" : row.getString(6),
                        row.getBoolean(7))),
            Catalog.oids(tables))
        .forEach(a -> byTable.computeIfAbsent(a.table(), table -> new ArrayList<>()).add(a));
    Map<String, Columns> columns = new HashMap<>();
    for (List<Attribute> attributes : byTable.values()) {
      Map<Integer, String> names = new TreeMap<>();
      attributes.forEach(a -> names.put(a.number(), a.column().name()));
      TableLayout layout = new TableLayout(attributes.stream().map(Attribute::column).toList());
      columns.put(attributes.get(0).signature(), new Columns(layout, names));
    }
    return columns;
  }

  private static Kind kind(String relkind) {
    return switch (relkind) {
      case "r" -> Kind.ORDINARY;
      case "p" -> Kind.PARTITIONED;
      case "m" -> Kind.MATERIALIZED_VIEW;
      default -> Kind.OTHER;
    };
  }
}
