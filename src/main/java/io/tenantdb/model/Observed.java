package io.tenantdb.model;

import java.time.Instant;
import java.util.Map;
import java.util.Set;
import java.util.SortedMap;

/**
 * The live state of all tenants, read in a few queries whatever their number.
 *
 * @param server what the server says of itself
 * @param now the server's {@code now()} at the reading
 * @param tenants by schema name
 * @param missingSchemas names of {@code tenants.schemas} that no schema bears
 * @param layouts columns of the declared tables, by column signature
 * @param owners rights of the roles that own declared tables, by role name
 */
public record Observed(
    ServerInfo server,
    Instant now,
    SortedMap<String, ObservedTenant> tenants,
    Set<String> missingSchemas,
    Map<String, TableLayout> layouts,
    Map<String, OwnerRights> owners) {

  /**
   * Rights of a role that owns tables.
   *
   * @param login LOGIN: TimescaleDB runs jobs only for such roles
   * @param superuser whether the role is one: then only plain columns are built on its tables
   * @param settable whether our session may {@code SET ROLE} to it
   */
  public record OwnerRights(boolean login, boolean superuser, boolean settable) {}
}
