package io.tenantdb.model;

/**
 * An index's definition as {@code pg_get_indexdef} prints it with {@code search_path = pg_catalog},
 * without its name and table, and with the tenant's schema replaced by a placeholder: equal for
 * equal indexes of all tenants.
 *
 * @param unique the UNIQUE of the printed head
 * @param text from {@code USING} on
 */
public record IndexBody(boolean unique, String text) {

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

  /** What stands for it in the name of an index that is on its way out. */
  public String hash() {
    return Hashes.hex16((unique ? "UNIQUE " : "") + text);
  }

  /** For people: {@code UNIQUE btree (…)}, cut to {@code limit} characters. */
  public String summary(int limit) {
    String all =
        (unique ? "UNIQUE " : "") + text.replaceFirst("^USING ", "").replaceAll("\\s+", " ");
    return all.length() <= limit ? all : all.substring(0, limit - 1) + "…";
  }
}
