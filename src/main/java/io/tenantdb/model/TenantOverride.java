package io.tenantdb.model;

import java.util.List;
import java.util.Optional;

/**
 * Values that differ for some tenants. Objects merge field by field, scalars and lists replace.
 *
 * @param name key of the override in the spec
 * @param schemas exact names of the tenants
 * @param hypertables the fields to replace, by table
 */
public record TenantOverride(String name, List<String> schemas, List<Hypertable> hypertables) {

  public TenantOverride {
    schemas = List.copyOf(schemas);
    hypertables = List.copyOf(hypertables);
  }

  /** Fields of one hypertable; an empty one keeps the value of {@code spec.hypertables}. */
  public record Hypertable(
      String table,
      Optional<TimeSpan> chunkInterval,
      Optional<Compression> compression,
      Optional<Retention> retention) {}

  /** Fields of the compression policy; an empty one keeps the template's value. */
  public record Compression(
      Optional<PolicyState> state,
      Optional<TimeSpan> after,
      Optional<List<String>> segmentBy,
      Optional<List<OrderBy>> orderBy,
      Optional<String> every) {}

  /** Fields of the retention policy; an empty one keeps the template's value. */
  public record Retention(
      Optional<PolicyState> state, Optional<TimeSpan> dropAfter, Optional<String> every) {}
}
