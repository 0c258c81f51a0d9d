package io.tenantdb.model;

import java.util.Set;
import java.util.function.BiPredicate;

/**
 * What earlier looks saw of the tenants. May be lost: then tenants settle again, and what is
 * missing reads as not made yet rather than as drift.
 *
 * @param settling tenants that have not looked the same long enough to be touched
 * @param asDeclared whether a tenant, by its schema, had this as declared once: what differs now
 *     was changed or taken away
 */
public record TenantHistory(Set<String> settling, BiPredicate<String, Declaration> asDeclared) {

  /** Nothing was seen, and everything has settled. */
  public static final TenantHistory NONE =
      new TenantHistory(Set.of(), (schema, declaration) -> false);

  public TenantHistory {
    settling = Set.copyOf(settling);
  }
}
