package io.tenantdb.api.v1alpha1;

public record SafetySpec(String onDestructive, String lockTimeout, String buildTimeout) {}
