package io.tenantdb.desired;

import io.tenantdb.api.v1alpha1.TenantDatabaseSpec;
import io.tenantdb.model.Desired;
import io.tenantdb.model.DesiredTenant;

/** From a spec to what every tenant must have: defaults, rules, overrides. Pure. */
public final class Resolution {

  private Resolution() {}

  /**
   * The template of a spec.
   *
   * @param namespace and {@code name}: the default {@code ownerId} is {@code <namespace>/<name>}
   * @throws InvalidSpecException with every rule that the spec breaks
   */
  public static Desired template(String namespace, String name, TenantDatabaseSpec spec) {
    throw new UnsupportedOperationException();
  }

  /**
   * What one tenant must have: the template with the tenant's overrides merged in, hashes included.
   */
  public static DesiredTenant forTenant(Desired desired, String schema) {
    throw new UnsupportedOperationException();
  }
}
