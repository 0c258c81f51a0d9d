package io.tenantdb.observe;

import io.tenantdb.model.Observed.OwnerRights;
import io.tenantdb.model.ObservedAggregate;
import io.tenantdb.model.ObservedTable;
import io.tenantdb.model.ObservedTenant;
import java.sql.SQLException;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * Adds the roles that policies run as to those that own what the policies are about. They are the
 * same, until somebody gives a relation to another role: TimescaleDB before 2.25.2 leaves its jobs
 * to the old owner. Asks nothing where they are.
 */
final class JobOwners {

  private final OwnerReader reader;

  JobOwners(OwnerReader reader) {
    this.reader = reader;
  }

  /** The rights of all owners, those of the policies' jobs among them. */
  Map<String, OwnerRights> with(Map<String, OwnerRights> owners, Collection<ObservedTenant> tenants)
      throws SQLException {
    Set<Map.Entry<String, String>> others =
        tenants.stream()
            .flatMap(JobOwners::ofTenant)
            .filter(pair -> !pair.getKey().equals(pair.getValue()))
            .collect(Collectors.toSet());
    if (others.isEmpty()) {
      return owners;
    }
    Map<String, OwnerRights> all = new HashMap<>(owners);
    Set<String> unknown = new HashSet<>();
    others.forEach(pair -> unknown.add(pair.getKey()));
    unknown.removeAll(owners.keySet());
    reader.named(unknown).forEach(owner -> all.put(owner.name(), owner.rights()));
    reader
        .actsFor(others)
        .forEach(
            (role, owned) -> all.computeIfPresent(role, (r, rights) -> rights.actingFor(owned)));
    return all;
  }

  /** Who a job runs as, and who owns what it is about. */
  private static Stream<Map.Entry<String, String>> ofTenant(ObservedTenant tenant) {
    return Stream.concat(
        Stream.concat(tenant.tables().values().stream(), tenant.undeclared().stream())
            .flatMap(JobOwners::ofTable),
        tenant.aggregates().values().stream().flatMap(JobOwners::ofAggregate));
  }

  private static Stream<Map.Entry<String, String>> ofTable(ObservedTable table) {
    return table.hypertable().stream()
        .flatMap(hypertable -> hypertable.jobs().stream())
        .map(job -> Map.entry(job.owner(), table.owner()));
  }

  private static Stream<Map.Entry<String, String>> ofAggregate(ObservedAggregate aggregate) {
    return aggregate.jobs().stream().map(job -> Map.entry(job.owner(), aggregate.owner()));
  }
}
