package io.tenantdb.fleet;

import io.tenantdb.model.Desired;
import io.tenantdb.model.Observed;
import io.tenantdb.model.ObservedTable;
import io.tenantdb.model.ObservedTenant;
import io.tenantdb.model.ServerInfo;
import io.tenantdb.model.TenantHistory;
import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.HashSet;
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

  private final Set<String> converged = new HashSet<>();
  private Optional<Basis> basis = Optional.empty();

  /** What a tenant's being as declared depends on. */
  private record Basis(Desired desired, ServerInfo.Timescale timescale) {}

  /** What the tenants are known to be, after one more look at them. */
  TenantHistory look(Desired desired, Observed observed) {
    Optional<Basis> now = Optional.of(new Basis(desired, observed.server().timescale()));
    if (!basis.equals(now)) {
      converged.clear();
      basis = now;
    }
    settled.keySet().retainAll(observed.tenants().keySet());
    converged.retainAll(observed.tenants().keySet());
    unsettled.keySet().retainAll(observed.tenants().keySet());
    observed.tenants().values().forEach(tenant -> see(desired, tenant, observed.now()));
    return new TenantHistory(unsettled.keySet(), converged);
  }

  /** Remembers that the tenant is as declared. */
  void converged(String schema) {
    converged.add(schema);
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
    boolean marked = tenant.hasMarkOf(desired.ownerId());
    if (settled.containsKey(schema) && !marked && !settled.get(schema).equals(tables)) {
      settled.remove(schema);
      converged.remove(schema);
    }
    if (desired.tenants().settle().isZero() || marked || settled.containsKey(schema)) {
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
