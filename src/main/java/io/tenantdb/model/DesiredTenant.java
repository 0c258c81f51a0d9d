package io.tenantdb.model;

import java.util.List;

/**
 * What one tenant must have: the template with the tenant's overrides merged in. Shared by all
 * tenants of equal overrides.
 */
public record DesiredTenant(List<DesiredIndex> indexes, List<DesiredHypertable> hypertables) {

  public DesiredTenant {
    indexes = List.copyOf(indexes);
    hypertables = List.copyOf(hypertables);
  }
}
