package io.tenantdb.operator;

import io.tenantdb.fleet.PassListener;
import io.tenantdb.model.BuildProgress;
import io.tenantdb.model.Change;
import io.tenantdb.model.ChangeResult;
import io.tenantdb.model.Observed;
import io.tenantdb.model.Plan;
import io.tenantdb.model.TenantPlan;
import io.tenantdb.model.TenantState;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Comparator;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Collectors;

/**
 * Follows one pass and tells, now and then, where it stands. A tenant that had failed before stays
 * failed until its changes are made: a status that went to and fro at each retry would be written
 * at each retry.
 */
final class PassTracker implements PassListener {
  private static final Duration APART = Duration.ofSeconds(2);

  private final InstantSource clock;
  private final Listener listener;
  // By place: a fleet in which all tenants fail is asked once for each of its changes.
  private final Map<Looks.Place, Map<Failure.Key, Failure>> failures = new HashMap<>();
  private final Set<String> failedBefore;
  private final SortedMap<Looks.Place, BuildProgress> running =
      new TreeMap<>(Comparator.comparing(Looks.Place::schema).thenComparing(Looks.Place::object));
  private final Map<String, Tenant> tenants = new HashMap<>();
  private final Map<TenantState, Integer> counts = new EnumMap<>(TenantState.class);
  private Optional<Look> first = Optional.empty();
  private int open;
  // Refreshes go one after the other, and no change beside them.
  private boolean upkeep;
  private Instant told = Instant.MIN;

  /** Hears where a pass stands. */
  interface Listener {
    /** The tenants that there are, by name. */
    void tenants(Set<String> schemas);

    /** Where the pass stands; at most every other second. */
    void stands(Look look, List<BuildProgress> progress);

    /** A build was put off. */
    void putOff(ChangeResult result);

    /** A change ended. */
    void ended(ChangeResult result);
  }

  private static final class Tenant {
    private final TenantState afterwards;
    private int remaining;
    private TenantState state;

    Tenant(TenantState afterwards, int remaining, TenantState state) {
      this.afterwards = afterwards;
      this.remaining = remaining;
      this.state = state;
    }
  }

  PassTracker(InstantSource clock, List<Failure> known, Listener listener) {
    this.clock = clock;
    this.listener = listener;
    known.forEach(this::remember);
    this.failedBefore = known.stream().map(Failure::schema).collect(Collectors.toSet());
  }

  @Override
  public synchronized void planned(Observed seen, Plan planned) {
    tenants.clear();
    counts.clear();
    open = 0;
    for (TenantPlan tenant : planned.tenants()) {
      begin(tenant);
    }
    first =
        Optional.of(
            new Look(
                seen.server(),
                counts,
                List.of(),
                List.of(),
                PlanSummary.of(planned),
                open,
                Looks.drift(planned),
                Optional.empty()));
    listener.tenants(new TreeSet<>(seen.tenants().keySet()));
    if (open > 0) {
      tell();
    }
  }

  private void begin(TenantPlan tenant) {
    boolean failed = failedBefore.contains(tenant.schema()) && !tenant.changes().isEmpty();
    TenantState state = failed ? TenantState.FAILED : tenant.state();
    TenantState afterwards = new TenantPlan(tenant.schema(), List.of(), tenant.findings()).state();
    tenants.put(tenant.schema(), new Tenant(afterwards, tenant.changes().size(), state));
    counts.merge(state, 1, Integer::sum);
    open +=
        (int)
            tenant.changes().stream()
                .filter(change -> !failures.containsKey(Looks.Place.of(change)))
                .count();
  }

  @Override
  public synchronized void started(Change change) {
    // One that was put off waits no more.
    running.remove(Looks.Place.of(change));
    // A view that is refreshed on schedule makes nothing unready.
    upkeep = change.upkeep();
    if (!upkeep) {
      tellNowAndThen();
    }
  }

  @Override
  public synchronized void progress(BuildProgress progress) {
    // Nor is a status written for each of thousands; but for one that waits for somebody.
    if (upkeep && progress.blocker().isEmpty()) {
      return;
    }
    running.put(new Looks.Place(progress.schema(), progress.object()), progress);
    tellNowAndThen();
  }

  @Override
  public synchronized void putOff(ChangeResult result) {
    running.remove(Looks.Place.of(result.change()));
    listener.putOff(result);
  }

  @Override
  public synchronized void finished(ChangeResult result) {
    Looks.Place place = Looks.Place.of(result.change());
    running.remove(place);
    if (result.change().upkeep()) {
      listener.ended(result);
      return;
    }
    open = Math.max(0, open - (failures.containsKey(place) ? 0 : 1));
    switch (result.status()) {
      case DONE -> done(place);
      case FAILED -> failed(place, result);
      case POSTPONED -> {}
    }
    listener.ended(result);
    tellNowAndThen();
  }

  private void done(Looks.Place place) {
    failures.remove(place);
    Optional.ofNullable(tenants.get(place.schema()))
        .ifPresent(
            tenant -> {
              tenant.remaining = Math.max(0, tenant.remaining - 1);
              if (tenant.remaining == 0) {
                become(tenant, tenant.afterwards);
              }
            });
  }

  private void failed(Looks.Place place, ChangeResult result) {
    Failure failure =
        new Failure(
            place.schema(),
            place.object(),
            result.reason(),
            result.sqlState(),
            result.message(),
            clock.instant());
    remember(failure);
    Optional.ofNullable(tenants.get(place.schema()))
        .ifPresent(tenant -> become(tenant, TenantState.FAILED));
  }

  private void remember(Failure failure) {
    failures
        .computeIfAbsent(new Looks.Place(failure.schema(), failure.object()), p -> new HashMap<>())
        .putIfAbsent(failure.key(), failure);
  }

  private void become(Tenant tenant, TenantState state) {
    counts.merge(tenant.state, -1, Integer::sum);
    counts.merge(state, 1, Integer::sum);
    tenant.state = state;
  }

  private void tellNowAndThen() {
    if (!clock.instant().isBefore(told.plus(APART))) {
      tell();
    }
  }

  private void tell() {
    first.ifPresent(
        look -> {
          told = clock.instant();
          listener.stands(
              look.now(
                  counts,
                  failures.values().stream()
                      .flatMap(place -> place.values().stream())
                      .sorted(Failure.ORDER)
                      .toList(),
                  open),
              List.copyOf(running.values()));
        });
  }
}
