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

  private static final String TENANT = "<tenant>.";

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
    return new IndexBody(unique, withoutTenant(tail, quotedSchema + "."));
  }

  /**
   * Replaces the tenant's schema where it qualifies a name: not inside a literal or a quoted name,
   * not as the end of a longer name, not as the field of another.
   */
  private static String withoutTenant(String text, String prefix) {
    if (!text.contains(prefix)) {
      return text;
    }
    StringBuilder out = new StringBuilder(text.length() + TENANT.length());
    int i = 0;
    while (i < text.length()) {
      char c = text.charAt(i);
      boolean nameGoesOn = i > 0 && (isNamePart(text.charAt(i - 1)) || text.charAt(i - 1) == '.');
      if (!nameGoesOn && text.startsWith(prefix, i)) {
        out.append(TENANT);
        i += prefix.length();
      } else if (c == '\'') {
        boolean escapes = i > 0 && text.charAt(i - 1) == 'E';
        i = copyQuoted(text, i, escapes, out);
      } else if (c == '"') {
        i = copyQuoted(text, i, false, out);
      } else {
        out.append(c);
        i++;
      }
    }
    return out.toString();
  }

  private static int copyQuoted(String text, int start, boolean escapes, StringBuilder out) {
    char quote = text.charAt(start);
    int i = start + 1;
    while (i < text.length() && text.charAt(i) != quote) {
      i += escapes && text.charAt(i) == '\\' ? 2 : 1;
    }
    int end = Math.min(i + 1, text.length());
    out.append(text, start, end);
    return end;
  }

  private static boolean isNamePart(char c) {
    return Character.isLetterOrDigit(c) || c == '_' || c == '$' || c == '"' || c >= 0x80;
  }

  /** For people: {@code UNIQUE btree (…)}, cut to {@code limit} characters. */
  public String summary(int limit) {
    String all =
        (unique ? "UNIQUE " : "") + text.replaceFirst("^USING ", "").replaceAll("\\s+", " ");
    return all.length() <= limit ? all : all.substring(0, limit - 1) + "…";
  }
}
