package io.tenantdb.model;

/**
 * A query as {@code pg_get_viewdef} prints it with {@code search_path = pg_catalog}, with the
 * tenant's schema replaced by a placeholder: equal for equal views of all tenants.
 */
public record ViewText(String text) {
  private static final int CONTEXT = 24;

  /**
   * The text of a view.
   *
   * @param definition what {@code pg_get_viewdef} printed
   * @param quotedSchema the tenant's schema as {@code quote_ident} prints it
   */
  public static ViewText of(String definition, String quotedSchema) {
    return new ViewText(TenantFree.text(definition, quotedSchema).strip());
  }

  /** For people: one line, cut to {@code limit} characters. */
  public String summary(int limit) {
    return cut(line(), limit);
  }

  /**
   * For people: one line, cut to {@code limit} characters; where it is longer, it begins shortly
   * before the first difference.
   */
  public String difference(ViewText other, int limit) {
    String line = line();
    String others = other.line();
    int same = 0;
    while (same < Math.min(line.length(), others.length())
        && line.charAt(same) == others.charAt(same)) {
      same++;
    }
    int from = Math.min(same, line.length()) - CONTEXT;
    if (line.length() <= limit || from <= 0) {
      return cut(line, limit);
    }
    int space = line.indexOf(' ', from);
    return "…" + cut(line.substring(space >= 0 && space < same ? space + 1 : from), limit - 1);
  }

  private String line() {
    return text.replaceAll("\\s+", " ").replaceFirst(";$", "");
  }

  private static String cut(String line, int limit) {
    return line.length() <= limit ? line : line.substring(0, limit - 1) + "…";
  }
}
