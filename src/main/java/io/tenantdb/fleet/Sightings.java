package io.tenantdb.fleet;

import io.tenantdb.model.Desired;
import io.tenantdb.model.Observed;
import io.tenantdb.model.ObservedTable;
import io.tenantdb.model.ObservedTenant;
import io.tenantdb.model.TenantHistory;
import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Objects;
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

  private record Sighting(String looks, Instant since) {}

  private final Map<String, Sighting> unsettled = new HashMap<>();
  private final Set<String> settled = new HashSet<>();
  private final Set<String> converged = new HashSet<>();
  private Optional<Desired> lastDesired = Optional.empty();

  /** What the tenants are known to be, after one more look at them. */
  TenantHistory look(Desired desired, Observed observed) {
    if (!lastDesired.equals(Optional.of(desired))) {
      converged.clear();
      lastDesired = Optional.of(desired);
    }
    settled.retainAll(observed.tenants().keySet());
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
    return unsettled.values().stream()
        .map(s -> Duration.between(now, s.since().plus(desired.tenants().settle())))
        .min(Duration::compareTo)
        .map(left -> left.isNegative() ? Duration.ZERO : left);
  }

  private void see(Desired desired, ObservedTenant tenant, Instant now) {
    String schema = tenant.schema();
    if (settled.contains(schema)) {
      return;
    }
    if (desired.tenants().settle().isZero() || tenant.hasMarkOf(desired.ownerId())) {
      settle(schema);
      return;
    }
    String looks = looks(tenant);
    Sighting before = unsettled.get(schema);
    boolean locked = tenant.tables().values().stream().anyMatch(ObservedTable::foreignLock);
    if (before == null || !Objects.equals(before.looks(), looks)) {
      unsettled.put(schema, new Sighting(looks, now));
    } else if (!locked
        && !Duration.between(before.since(), now).minus(desired.tenants().settle()).isNegative()) {
      settle(schema);
    }
  }

  private void settle(String schema) {
    unsettled.remove(schema);
    settled.add(schema);
  }

  private static String looks(ObservedTenant tenant) {
    return new TreeMap<>(tenant.tables())
        .values().stream()
            .map(t -> t.name() + ":" + t.columnSignature() + ":" + t.constraintSignature())
            .collect(Collectors.joining("\n"));
  }
}
