package io.tenantdb.api.v1alpha1;

public record TimescaleSpec(String whenMissing) {}
