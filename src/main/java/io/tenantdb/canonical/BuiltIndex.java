package io.tenantdb.canonical;

import io.tenantdb.database.Sql;
import io.tenantdb.model.CanonicalIndex.Refused;
import io.tenantdb.model.DesiredIndex;
import io.tenantdb.model.Identifiers;
import io.tenantdb.model.IndexBody;
import io.tenantdb.model.Reason;
import io.tenantdb.model.Statement;
import io.tenantdb.model.TableLayout;
import java.sql.Array;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/**
 * The one index that stands on a clone.
 *
 * @param tables the table as the definition may print it: {@code pg_temp.t} since PostgreSQL 15,
 *     {@code pg_temp_3.t} before
 * @param attributes {@code attnum} of keys and INCLUDE columns; 0 for expressions
 * @param options {@code indoption} of the keys: 1 DESC, 2 NULLS FIRST
 * @param parameters number of storage parameters
 * @param opclassParameters number of all keys' operator class parameters
 * @param quotedTenant the tenant's schema as {@code quote_ident} prints it
 */
record BuiltIndex(
    String definition,
    String name,
    List<String> tables,
    boolean unique,
    int keys,
    List<Integer> attributes,
    List<Integer> options,
    boolean predicate,
    boolean nullsNotDistinct,
    String method,
    int parameters,
    int opclassParameters,
    String quotedTenant) {

  private static final String READ =
      """
      SELECT pg_get_indexdef(i.oid), quote_ident(i.relname),
             ARRAY['pg_temp.' || quote_ident(t.relname),
                   quote_ident(n.nspname) || '.' || quote_ident(t.relname)],
             x.indisunique, x.indnkeyatts, x.indkey::int2[]::int4[], x.indoption::int2[]::int4[],
             x.indpred IS NOT NULL, %s, am.amname, coalesce(cardinality(i.reloptions), 0),
             (SELECT coalesce(sum(cardinality(a.attoptions)), 0)::int4
              FROM pg_attribute a WHERE a.attrelid = i.oid),
             quote_ident(%s)
      FROM pg_index x
      JOIN pg_class i ON i.oid = x.indexrelid
      JOIN pg_class t ON t.oid = x.indrelid
      JOIN pg_namespace n ON n.oid = t.relnamespace
      JOIN pg_am am ON am.oid = i.relam
      WHERE x.indrelid = %d
      """;

  /**
   * Reads it.
   *
   * @param table oid of the clone
   * @param tenant schema of the tenant
   */
  static BuiltIndex read(Connection connection, long table, String tenant, int versionNum)
      throws SQLException {
    String nullsNotDistinct = versionNum >= 150000 ? "x.indnullsnotdistinct" : "false";
    return Sql.query(
            connection,
            Statement.of(READ.formatted(nullsNotDistinct, Identifiers.literal(tenant), table)),
            row ->
                new BuiltIndex(
                    row.getString(1),
                    row.getString(2),
                    Arrays.asList((String[]) row.getArray(3).getArray()),
                    row.getBoolean(4),
                    row.getInt(5),
                    integers(row.getArray(6)),
                    integers(row.getArray(7)),
                    row.getBoolean(8),
                    row.getBoolean(9),
                    row.getString(10),
                    row.getInt(11),
                    row.getInt(12),
                    row.getString(13)))
        .get(0);
  }

  /** The definition from {@code USING} on, as printed. */
  String tail() {
    String head = "CREATE " + (unique ? "UNIQUE " : "") + "INDEX " + name + " ON ";
    String table =
        tables.stream()
            .filter(t -> definition.startsWith(head + t + " "))
            .findFirst()
            .orElse(tables.get(0));
    return IndexBody.tail(definition, unique, name, table);
  }

  /** The body. */
  IndexBody body() {
    return IndexBody.ofTail(unique, tail(), quotedTenant);
  }

  /**
   * Holds the built index to what was declared: fragments that add a key or swallow a predicate are
   * caught here even if they got past {@link Fragments}.
   */
  Optional<Refused> differsFrom(DesiredIndex declared, TableLayout layout) {
    boolean same =
        unique == declared.unique()
            && keys == declared.keys().size()
            && attributes.size() == declared.keys().size() + declared.include().size()
            && predicate == declared.where().isPresent()
            && nullsNotDistinct == declared.nullsNotDistinct()
            && method.equals(declared.method())
            && parameters == declared.with().size()
            && opclassParameters
                == declared.keys().stream().mapToInt(key -> key.opclassParameters().size()).sum()
            && sameKeys(declared, layout)
            && sameInclude(declared, layout);
    return same
        ? Optional.empty()
        : Optional.of(
            new Refused(
                Reason.SpecInvalid,
                "",
                Fragments.fields(declared)
                    + " changes more than its own place: PostgreSQL would build \""
                    + body().summary()
                    + "\"; write one expression per key, and the predicate in where."));
  }

  private boolean sameKeys(DesiredIndex declared, TableLayout layout) {
    for (int i = 0; i < keys; i++) {
      DesiredIndex.Key key = declared.keys().get(i);
      int position = i;
      boolean descending = (options.get(i) & 1) != 0;
      boolean nullsFirst = (options.get(i) & 2) != 0;
      if (descending != key.descending()
          || nullsFirst != key.nullsFirst().orElse(key.descending())
          || !key.column().map(column -> isColumn(position, column, layout)).orElse(true)) {
        return false;
      }
    }
    return true;
  }

  private boolean sameInclude(DesiredIndex declared, TableLayout layout) {
    for (int i = 0; i < declared.include().size(); i++) {
      if (!isColumn(keys + i, declared.include().get(i), layout)) {
        return false;
      }
    }
    return true;
  }

  private boolean isColumn(int position, String column, TableLayout layout) {
    int attribute = attributes.get(position);
    return attribute > 0 && layout.columns().get(attribute - 1).name().equals(column);
  }

  private static List<Integer> integers(Array array) throws SQLException {
    return Arrays.asList((Integer[]) array.getArray());
  }
}
