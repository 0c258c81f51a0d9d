package io.tenantdb.model;

import java.util.List;
import java.util.regex.Pattern;

/**
 * An index's definition as {@code pg_get_indexdef} prints it with {@code search_path = pg_catalog},
 * without its name and table, and with the tenant's schema replaced by a placeholder: equal for
 * equal indexes of all tenants.
 *
 * @param unique the UNIQUE of the printed head
 * @param text from {@code USING} on
 */
public record IndexBody(boolean unique, String text) {

  private static final Pattern PARAMETERS =
      Pattern.compile("(?: WITH)? \\((?:[\\w.]+=(?:'[^']*'|\\w+)(?:, )?)+\\)");

  /**
   * Cuts the head off by its length, not by a pattern: names may contain {@code " USING "}.
   *
   * @param definition what {@code pg_get_indexdef} printed
   * @param unique {@code indisunique}
   * @param quotedIndex the index's name as {@code quote_ident} prints it
   * @param quotedTable the qualified table as the definition prints it, with {@code ONLY} if need
   *     be
   * @param quotedSchema the tenant's schema as {@code quote_ident} prints it
   */
  public static IndexBody of(
      String definition,
      boolean unique,
      String quotedIndex,
      String quotedTable,
      String quotedSchema) {
    return ofTail(unique, tail(definition, unique, quotedIndex, quotedTable), quotedSchema);
  }

  /** What follows the head in the printed definition, from {@code USING} on, as it was printed. */
  public static String tail(
      String definition, boolean unique, String quotedIndex, String quotedTable) {
    String head =
        "CREATE " + (unique ? "UNIQUE " : "") + "INDEX " + quotedIndex + " ON " + quotedTable + " ";
    if (!definition.startsWith(head)) {
      throw new IllegalArgumentException(
          "not the definition of " + quotedIndex + ": " + definition);
    }
    return definition.substring(head.length());
  }

  /**
   * The body from a {@link #tail} that was printed for the tenant itself.
   *
   * @param quotedSchema the tenant's schema as {@code quote_ident} prints it
   */
  public static IndexBody ofTail(boolean unique, String tail, String quotedSchema) {
    return new IndexBody(unique, TenantFree.text(tail, quotedSchema));
  }

  /** Its keys in order, each as it is printed: with collation, operator class and order. */
  public List<String> keys() {
    return IndexKeys.of(text);
  }

  /**
   * True when the two differ at most by storage parameters and parameters of operator classes:
   * indexes of one table that PostgreSQL itself takes for equal when it looks for a partition's.
   */
  public boolean sameStructure(IndexBody other) {
    return unique == other.unique && structure().equals(other.structure());
  }

  private String structure() {
    return PARAMETERS.matcher(text).replaceAll("");
  }

  /** For people: {@code UNIQUE btree (…)}, all of it on one line. */
  public String summary() {
    return OneLine.ofSql((unique ? "UNIQUE " : "") + text.replaceFirst("^USING ", "")).text();
  }
}
