package io.tenantdb.model;

import java.util.Collection;
import java.util.List;
import java.util.stream.Collectors;

/**
 * One SQL statement and its parameters, in order of the {@code ?} in it. Where a statement has no
 * parameters its text is sent as it stands, without escape processing, because {@code ?} is also an
 * operator of {@code jsonb}.
 *
 * @param marking it only writes the mark of what other statements of its transaction make: where
 *     the server refuses it, that is made all the same
 * @param finds a query that is for nothing where it finds no row
 */
public record Statement(String sql, List<String> parameters, boolean marking, boolean finds) {

  public Statement {
    parameters = List.copyOf(parameters);
  }

  /** A statement that what it belongs to cannot do without. */
  public Statement(String sql, List<String> parameters) {
    this(sql, parameters, false, false);
  }

  /** The same where it has to find a row. */
  public Statement finding() {
    return new Statement(sql, parameters, marking, true);
  }

  /** The same statement, which only writes a mark. */
  public Statement asMarking() {
    return new Statement(sql, parameters, true, finds);
  }

  /** A statement without parameters. */
  public static Statement of(String sql) {
    return new Statement(sql, List.of());
  }

  /** A statement with text parameters; the SQL casts them ({@code ?::interval}). */
  public static Statement of(String sql, String... parameters) {
    return new Statement(sql, List.of(parameters));
  }

  /** The texts as one parameter, which the SQL casts to {@code text[]}. */
  public static String array(Collection<String> texts) {
    return texts.stream()
        .map(text -> '"' + text.replace("\\", "\\\\").replace("\"", "\\\"") + '"')
        .collect(Collectors.joining(",", "{", "}"));
  }

  /** The statement as a person could run it in psql: parameters written in as literals. */
  public String display() {
    if (parameters.isEmpty()) {
      return sql;
    }
    StringBuilder out = new StringBuilder();
    int next = 0;
    for (int i = 0; i < sql.length(); i++) {
      char c = sql.charAt(i);
      out.append(c == '?' ? Identifiers.literal(parameters.get(next++)) : String.valueOf(c));
    }
    return out.toString();
  }
}
