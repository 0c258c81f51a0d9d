package io.tenantdb.fleet;

import io.tenantdb.model.Declaration;
import io.tenantdb.model.Desired;
import io.tenantdb.model.Observed;
import io.tenantdb.model.ObservedTable;
import io.tenantdb.model.ObservedTenant;
import io.tenantdb.model.Plan;
import io.tenantdb.model.ServerInfo;
import io.tenantdb.model.TenantPlan;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * Remembers what of the spec each tenant has had as declared: what lacks it afterwards has drifted.
 * Each look adds to it; what a spec says anew nobody had. Goes by the tables themselves, so that
 * one that was made anew under the old name has had nothing.
 */
final class Converged {

  private final Map<String, Had> tenants = new HashMap<>();

  /** Nearly all tenants have had the same. */
  private final Map<Set<Declaration>, Set<Declaration>> shared = new HashMap<>();

  private Optional<Convergence> remembered = Optional.empty();
  private Optional<Recalled> recalled = Optional.empty();
  private Optional<Desired> desired = Optional.empty();
  private Optional<ServerInfo.Timescale> timescale = Optional.empty();
  private boolean anotherSpec;

  /**
   * What a tenant has had as declared.
   *
   * @param oids of its relations, by name
   */
  record Had(Map<String, Long> oids, Set<Declaration> declarations) {

    /** Nothing. */
    static final Had NOTHING = new Had(Map.of(), Set.of());

    boolean has(Declaration declaration, ObservedTenant tenant) {
      return declarations.contains(declaration) && isSame(declaration.table(), tenant);
    }

    private boolean isSame(String table, ObservedTenant tenant) {
      Long oid = oids.get(table);
      return oid != null && tenant.table(table).filter(now -> now.oid() == oid).isPresent();
    }
  }

  /**
   * What an earlier process has left word of.
   *
   * @param oids of the relations of those that it vouches for, by schema and name
   */
  private record Recalled(Convergence convergence, Map<String, Map<String, Long>> oids) {
    boolean has(Declaration declaration, ObservedTenant tenant) {
      Map<String, Long> then = oids.get(tenant.schema());
      return then != null
          && new Had(then, Set.of(declaration)).has(declaration, tenant)
          && convergence.vouchesFor(declaration);
    }
  }

  /** Before the first look: what an earlier process left word of. */
  void recall(Convergence convergence) {
    remembered = Optional.of(convergence);
  }

  /** Before a look is planned. */
  void look(Desired wanted, Observed observed) {
    ServerInfo.Timescale live = observed.server().timescale();
    if (timescale.filter(before -> !before.equals(live)).isPresent()) {
      tenants.clear();
      recalled = Optional.empty();
    }
    timescale = Optional.of(live);
    anotherSpec = desired.filter(before -> !before.equals(wanted)).isPresent();
    desired = Optional.of(wanted);
    if (remembered.isPresent()) {
      recalled = remembered.flatMap(convergence -> recalled(convergence, wanted, observed));
      remembered = Optional.empty();
    }
    tenants.keySet().retainAll(observed.tenants().keySet());
  }

  private static Optional<Recalled> recalled(
      Convergence convergence, Desired desired, Observed observed) {
    if (!convergence.database().equals(Convergence.database(observed.server()))) {
      return Optional.empty();
    }
    Map<String, Map<String, Long>> oids =
        convergence.tenants(desired, observed).stream()
            .collect(
                Collectors.toMap(schema -> schema, schema -> oids(observed.tenants().get(schema))));
    return Optional.of(new Recalled(convergence, oids));
  }

  /** True when an earlier process has left word that the tenant was worked on. */
  boolean recalls(ObservedTenant tenant) {
    return recalled.filter(r -> r.oids().containsKey(tenant.schema())).isPresent()
        && recalled.get().oids().get(tenant.schema()).equals(oids(tenant));
  }

  /** True when the tenant had this as declared once. */
  boolean had(ObservedTenant tenant, Declaration declaration) {
    return tenants.getOrDefault(tenant.schema(), Had.NOTHING).has(declaration, tenant)
        || recalled.filter(r -> r.has(declaration, tenant)).isPresent();
  }

  /** After a look was planned, and before anything is changed. */
  void planned(Observed observed, Plan plan) {
    if (anotherSpec) {
      // What it had under another spec it is to have anew: word of that ends here.
      recalled = Optional.empty();
      shared.clear();
    }
    for (TenantPlan planned : plan.tenants()) {
      Optional.ofNullable(observed.tenants().get(planned.schema()))
          .ifPresent(tenant -> note(tenant, planned.asDeclared()));
    }
  }

  private void note(ObservedTenant tenant, Set<Declaration> asDeclared) {
    Had before = tenants.getOrDefault(tenant.schema(), Had.NOTHING);
    Map<String, Long> oids = oids(tenant);
    if (!anotherSpec
        && before.oids().equals(oids)
        && before.declarations().containsAll(asDeclared)) {
      return;
    }
    Set<Declaration> all = new HashSet<>(asDeclared);
    if (!anotherSpec) {
      before.declarations().stream().filter(d -> before.has(d, tenant)).forEach(all::add);
    }
    tenants.put(
        tenant.schema(), new Had(oids, shared.computeIfAbsent(all, same -> Set.copyOf(same))));
  }

  private static Map<String, Long> oids(ObservedTenant tenant) {
    return tenant.tables().values().stream()
        .collect(Collectors.toMap(ObservedTable::name, ObservedTable::oid));
  }

  /** All of it in a form that outlives the process; empty where nothing can be vouched for. */
  Optional<Convergence> convergence(Desired wanted, Observed observed) {
    Map<String, Set<Declaration>> had = new HashMap<>();
    tenants.forEach((schema, of) -> had.put(schema, of.declarations()));
    return Convergence.of(wanted, observed, had);
  }
}
