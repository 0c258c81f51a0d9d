package io.tenantdb.model;

import java.util.Set;

/**
 * What earlier passes saw of the tenants. Kept in memory and may be lost: then tenants settle
 * again, and what is missing reads as not made yet rather than as drift.
 *
 * @param settling tenants that have not looked the same long enough to be touched
 * @param converged tenants that were as declared by the present spec: what is missing there was
 *     taken away
 */
public record TenantHistory(Set<String> settling, Set<String> converged) {

  /** Nothing was seen, and everything has settled. */
  public static final TenantHistory NONE = new TenantHistory(Set.of(), Set.of());

  public TenantHistory {
    settling = Set.copyOf(settling);
    converged = Set.copyOf(converged);
  }
}
