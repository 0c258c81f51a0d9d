package io.tenantdb.model;

/**
 * What a change is about: a table of a tenant, and the role that owns it, under which the change
 * runs.
 *
 * @param schema the tenant
 * @param table the table
 * @param owner the table's owner
 */
public record Target(String schema, String table, String owner) {

  /** The table, qualified and quoted. */
  public String relation() {
    return Identifiers.qualified(schema, table);
  }

  /** A relation of the same schema, qualified and quoted. */
  public String sibling(String name) {
    return Identifiers.qualified(schema, name);
  }

  /** The same table of no tenant in particular, for the SQL pattern of a template. */
  Target anyTenant() {
    return new Target("<schema>", table, "<owner>");
  }
}
