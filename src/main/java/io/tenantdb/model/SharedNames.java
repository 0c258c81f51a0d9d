package io.tenantdb.model;

import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;

/**
 * Which names of a tenant other tenants use, too, because its schema is in their search path:
 * {@code public.gin_trgm_ops} is the same operator class in the tenant {@code public} as in {@code
 * tenant_a}, and a plan prints it alike.
 *
 * @param byQualifier the names as printed, by (schema, the qualifier with its dot)
 */
public record SharedNames(Map<Qualifier, Set<String>> byQualifier) {

  /** No tenant's names are other tenants'. */
  public static final SharedNames NONE = new SharedNames(Map.of());

  /**
   * How a schema is printed before a name.
   *
   * @param text as {@code quote_ident} prints it, with the dot
   */
  public record Qualifier(String schema, String text) {}

  public SharedNames {
    byQualifier = Map.copyOf(byQualifier);
  }

  /**
   * What the tenants use of each other.
   *
   * @param schemas of tenants that are in the search path
   * @param printed bodies and queries of all tenants, each free of its own schema
   */
  public static SharedNames of(Collection<String> schemas, Collection<String> printed) {
    Map<Qualifier, Set<String>> all = new HashMap<>();
    for (String schema : schemas) {
      for (String quoted : List.of(schema, Identifiers.quote(schema))) {
        Qualifier qualifier = new Qualifier(schema, quoted + ".");
        Set<String> names = new HashSet<>();
        printed.forEach(
            text ->
                TenantFree.qualified(
                    text,
                    qualifier.text(),
                    name -> {
                      names.add(name);
                      return qualifier.text();
                    }));
        if (!names.isEmpty()) {
          all.put(qualifier, names);
        }
      }
    }
    return all.isEmpty() ? NONE : new SharedNames(all);
  }

  /** A tenant's text as it is printed for the others. */
  String text(String schema, String text) {
    String shared = text;
    for (Map.Entry<Qualifier, Set<String>> entry : of(schema).toList()) {
      shared =
          TenantFree.qualified(
              shared,
              TenantFree.TENANT,
              name -> entry.getValue().contains(name) ? entry.getKey().text() : TenantFree.TENANT);
    }
    return shared;
  }

  private Stream<Map.Entry<Qualifier, Set<String>>> of(String schema) {
    return byQualifier.entrySet().stream().filter(e -> e.getKey().schema().equals(schema));
  }
}
