package io.tenantdb.api.v1alpha1;

public record OrderBySpec(String column, String order, String nulls) {}
