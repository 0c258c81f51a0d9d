package io.tenantdb.api.v1alpha1;

import java.util.List;

public record TenantsSpec(
    List<String> schemas,
    List<String> patterns,
    List<String> exclude,
    List<String> searchPath,
    String settle,
    String onMissingTable,
    List<OverrideSpec> overrides) {}
