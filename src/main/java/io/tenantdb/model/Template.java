package io.tenantdb.model;

import java.util.List;

/**
 * One change, of all tenants that need it: a plan for 5,000 tenants reads on one screen.
 *
 * @param id hash over (kind, object, before, after, hazard): no tenants, no sizes
 * @param sqlPattern the SQL, with {@code <schema>} for the tenant; where it is not the same in all
 *     of them, each with a comment above it that says in which
 * @param schemas the tenants, sorted
 */
public record Template(
    String id,
    String kind,
    String object,
    String before,
    String after,
    Hazard hazard,
    String sqlPattern,
    List<String> schemas) {

  public Template {
    schemas = List.copyOf(schemas);
  }
}
