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
 * @param owners rights of the roles that own declared tables, and of those that policies run as, by
 *     role name
 * @param graph who reads whom, in the whole database
 */
public record Observed(
    ServerInfo server,
    Instant now,
    SortedMap<String, ObservedTenant> tenants,
    Set<String> missingSchemas,
    Map<String, TableLayout> layouts,
    Map<String, OwnerRights> owners,
    SourceGraph graph) {

  /** No continuous aggregate is there or declared. */
  public Observed(
      ServerInfo server,
      Instant now,
      SortedMap<String, ObservedTenant> tenants,
      Set<String> missingSchemas,
      Map<String, TableLayout> layouts,
      Map<String, OwnerRights> owners) {
    this(server, now, tenants, missingSchemas, layouts, owners, SourceGraph.EMPTY);
  }

  /**
   * Rights of a role that owns tables, or that policies run as.
   *
   * @param login LOGIN: TimescaleDB runs jobs only for such roles
   * @param superuser whether the role is one: then only plain columns are built on its tables
   * @param settable whether our session may {@code SET ROLE} to it
   * @param connect CONNECT on the database, which a job needs as any session does
   * @param callsPolicies USAGE on the schema of TimescaleDB's policy procedures and EXECUTE on them
   * @param actsFor other owners whose rights it has, among those that it has jobs of
   */
  public record OwnerRights(
      boolean login,
      boolean superuser,
      boolean settable,
      boolean connect,
      boolean callsPolicies,
      Set<String> actsFor) {

    public OwnerRights {
      actsFor = Set.copyOf(actsFor);
    }

    /** Of a role that may run policies, if it has LOGIN. */
    public OwnerRights(boolean login, boolean superuser, boolean settable) {
      this(login, superuser, settable, true, true, Set.of());
    }

    /** The same role, with the rights of others. */
    public OwnerRights actingFor(Set<String> others) {
      return new OwnerRights(login, superuser, settable, connect, callsPolicies, others);
    }
  }
}
