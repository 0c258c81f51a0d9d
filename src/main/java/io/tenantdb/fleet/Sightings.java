package io.tenantdb.fleet;

import io.tenantdb.model.Desired;
import io.tenantdb.model.Observed;
import io.tenantdb.model.ObservedTable;
import io.tenantdb.model.ObservedTenant;
import io.tenantdb.model.Plan;
import io.tenantdb.model.TenantHistory;
import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Collectors;

/**
 * Remembers how new tenants looked, so that one whose tables are still being made is left alone: an
 * application that is half-way through its own CREATE TABLE and ADD PRIMARY KEY must not find our
 * objects in its way. Goes by the server's clock.
 */
final class Sightings {

  private static final Duration SHORTEST_LOOK = Duration.ofSeconds(5);

  private record Sighting(String looks, Instant since) {}

  private final Map<String, Sighting> unsettled = new HashMap<>();

  /** By schema: which tables it had. Others under the same names are a new tenant. */
  private final Map<String, Set<Long>> settled = new HashMap<>();

  private final Converged converged = new Converged();

  /** What the tenants are known to be, after one more look at them. */
  TenantHistory look(Desired desired, Observed observed) {
    converged.look(desired, observed);
    settled.keySet().retainAll(observed.tenants().keySet());
    unsettled.keySet().retainAll(observed.tenants().keySet());
    observed.tenants().values().forEach(tenant -> see(desired, tenant, observed.now()));
    return new TenantHistory(
        unsettled.keySet(),
        (schema, declaration) -> converged.had(observed.tenants().get(schema), declaration));
  }

  /** Remembers what is as declared, after a look was planned. */
  void planned(Observed observed, Plan plan) {
    converged.planned(observed, plan);
  }

  /** Before the first look: what an earlier process left word of. */
  void recall(Convergence convergence) {
    converged.recall(convergence);
  }

  /** What outlives the process. */
  Optional<Convergence> convergence(Desired desired, Observed observed) {
    return converged.convergence(desired, observed);
  }

  /** How long until the first of the unsettled tenants can have settled; empty without such. */
  Optional<Duration> untilSettled(Desired desired, Instant now) {
    Duration settle = desired.tenants().settle();
    return unsettled.values().stream()
        .filter(sighting -> !sighting.looks().isEmpty())
        .map(sighting -> Duration.between(now, sighting.since().plus(settle)))
        .map(left -> left.isNegative() || left.isZero() ? whenLocked(settle) : left)
        .min(Duration::compareTo);
  }

  /**
   * A tenant whose time is up and that another session still has locked is not looked at all the
   * time.
   */
  private static Duration whenLocked(Duration settle) {
    return settle.compareTo(SHORTEST_LOOK) > 0 ? settle : SHORTEST_LOOK;
  }

  private void see(Desired desired, ObservedTenant tenant, Instant now) {
    String schema = tenant.schema();
    Set<Long> tables =
        tenant.tables().values().stream().map(ObservedTable::oid).collect(Collectors.toSet());
    boolean known = tenant.hasMarkOf(desired.ownerId()) || converged.recalls(tenant);
    if (settled.containsKey(schema) && !known && !settled.get(schema).equals(tables)) {
      settled.remove(schema);
    }
    if (desired.tenants().settle().isZero() || known || settled.containsKey(schema)) {
      unsettled.remove(schema);
      settled.put(schema, tables);
      return;
    }
    String looks = looks(tenant);
    Sighting before = unsettled.get(schema);
    boolean locked = tenant.tables().values().stream().anyMatch(ObservedTable::foreignLock);
    if (before == null || !before.looks().equals(looks)) {
      unsettled.put(schema, new Sighting(looks, now));
    } else if (!locked && !looks.isEmpty() && isUp(desired, before, now)) {
      unsettled.remove(schema);
      settled.put(schema, tables);
    }
  }

  private static boolean isUp(Desired desired, Sighting before, Instant now) {
    return !Duration.between(before.since(), now).minus(desired.tenants().settle()).isNegative();
  }

  private static String looks(ObservedTenant tenant) {
    return new TreeMap<>(tenant.tables())
        .values().stream()
            .map(t -> t.name() + ":" + t.columnSignature() + ":" + t.constraintSignature())
            .collect(Collectors.joining("\n"));
  }
}
