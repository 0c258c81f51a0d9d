package io.tenantdb.model;

/**
 * A query as {@code pg_get_viewdef} prints it with {@code search_path = pg_catalog}, with the
 * tenant's schema replaced by a placeholder: equal for equal views of all tenants.
 */
public record ViewText(String text) {

  /**
   * The text of a view.
   *
   * @param definition what {@code pg_get_viewdef} printed
   * @param quotedSchema the tenant's schema as {@code quote_ident} prints it
   */
  public static ViewText of(String definition, String quotedSchema) {
    return new ViewText(TenantFree.text(definition, quotedSchema).strip());
  }

  /** For people: all of it on one line, without the semicolon. */
  public String summary() {
    return OneLine.ofSql(text.replaceFirst(";\\s*$", "").strip()).text();
  }
}
