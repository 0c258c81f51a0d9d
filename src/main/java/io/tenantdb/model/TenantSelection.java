package io.tenantdb.model;

import java.time.Duration;
import java.util.List;

/**
 * Which schemas are tenants, and how their names are resolved.
 *
 * @param schemas exact names; a missing one is {@link Reason#SchemaMissing}
 * @param patterns globs over schema names: {@code *} any run, {@code ?} one character, all else
 *     literal
 * @param exclude globs that beat {@code schemas} and {@code patterns}
 * @param searchPath schemas after the tenant's own in which names in expressions and predicates are
 *     looked up
 * @param settle how far apart two equal observations of a new tenant must be before it is touched;
 *     zero: at once
 * @param onMissingTable what to do with a tenant that lacks a declared table
 */
public record TenantSelection(
    List<String> schemas,
    List<String> patterns,
    List<String> exclude,
    List<String> searchPath,
    Duration settle,
    OnMissingTable onMissingTable) {

  public TenantSelection {
    schemas = List.copyOf(schemas);
    patterns = List.copyOf(patterns);
    exclude = List.copyOf(exclude);
    searchPath = List.copyOf(searchPath);
  }

  /** The same tenants, touched at once. */
  TenantSelection withoutSettling() {
    return new TenantSelection(
        schemas, patterns, exclude, searchPath, Duration.ZERO, onMissingTable);
  }

  /** {@code spec.tenants.onMissingTable}. */
  public enum OnMissingTable {
    WAIT,
    SKIP,
    FAIL
  }
}
