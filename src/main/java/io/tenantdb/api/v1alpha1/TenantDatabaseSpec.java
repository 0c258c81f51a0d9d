package io.tenantdb.api.v1alpha1;

import java.util.List;

public record TenantDatabaseSpec(
    String ownerId,
    Boolean suspend,
    String interval,
    DatabaseSpec database,
    TenantsSpec tenants,
    List<IndexSpec> indexes,
    List<HypertableSpec> hypertables,
    TimescaleSpec timescale,
    SafetySpec safety) {}
