package io.tenantdb.operator;

import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.MultiGauge;
import io.micrometer.core.instrument.Tags;
import io.micrometer.core.instrument.Timer;
import io.tenantdb.fleet.AggregateStanding;
import io.tenantdb.model.Blocker;
import io.tenantdb.model.ChangeResult;
import io.tenantdb.model.IndexReport;
import io.tenantdb.model.IndexReport.Index;
import io.tenantdb.model.IndexUsage;
import io.tenantdb.model.Reason;
import io.tenantdb.model.TenantState;
import java.time.Duration;
import java.time.InstantSource;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.OptionalLong;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Function;
import java.util.function.ToLongFunction;
import java.util.stream.Stream;

/**
 * The meters {@code tenantdb_*}. Labels are the resource, states, kinds and reasons: never a
 * tenant.
 */
final class OperatorMetrics {
  private final MeterRegistry registry;
  private final InstantSource clock;
  private final MultiGauge tenants;
  private final MultiGauge ready;
  private final MultiGauge lastPass;
  private final MultiGauge oldestRefresh;
  private final MultiGauge overdue;
  private final MultiGauge blocked;
  private final MultiGauge blockerAge;
  private final MultiGauge indexBytes;
  private final MultiGauge unscanned;
  private final Map<ResourceKey, State> states = new ConcurrentHashMap<>();

  private record State(
      Map<TenantState, Integer> counts,
      List<AggregateStanding> aggregates,
      List<Blocker> blockers,
      List<Index> indexes,
      boolean ready,
      double lastPass) {}

  OperatorMetrics(MeterRegistry registry, InstantSource clock) {
    this.registry = registry;
    this.clock = clock;
    this.tenants =
        MultiGauge.builder("tenantdb.tenants").description("Tenants by state").register(registry);
    this.ready =
        MultiGauge.builder("tenantdb.ready")
            .description("1 where everything is as declared")
            .register(registry);
    this.lastPass =
        MultiGauge.builder("tenantdb.last.pass.timestamp")
            .description("When the last pass that reached the database ended, in Unix time")
            .baseUnit("seconds")
            .register(registry);
    this.oldestRefresh =
        MultiGauge.builder("tenantdb.aggregate.oldest.refresh.timestamp")
            .description(
                "Scheduled time of the materialized view's refresh that is the longest ago")
            .baseUnit("seconds")
            .register(registry);
    this.overdue =
        MultiGauge.builder("tenantdb.aggregate.refresh.overdue")
            .description("Materialized views whose scheduled refresh has not been made yet")
            .register(registry);
    this.blocked =
        MultiGauge.builder("tenantdb.builds.blocked")
            .description("Builds that wait for another session now")
            .register(registry);
    this.blockerAge =
        MultiGauge.builder("tenantdb.build.blocker.age")
            .description("Age of the oldest transaction that a build waits for now")
            .baseUnit("seconds")
            .register(registry);
    this.indexBytes =
        MultiGauge.builder("tenantdb.index")
            .description("Size of a declared index over all tenants, read once an hour at most")
            .baseUnit("bytes")
            .register(registry);
    this.unscanned =
        MultiGauge.builder("tenantdb.index.unscanned.tenants")
            .description("Tenants whose index was never scanned since the statistics were reset")
            .register(registry);
  }

  /** Shows a new snapshot. */
  void changed(ResourceKey resource, Snapshot snapshot) {
    states.compute(
        resource,
        (key, before) ->
            new State(
                snapshot.look().map(Look::counts).orElseGet(Map::of),
                // While a pass runs nothing new is known of them.
                snapshot.running() && before != null
                    ? before.aggregates()
                    : snapshot.look().map(Look::aggregates).orElseGet(List::of),
                snapshot.progress().stream().flatMap(b -> b.blocker().stream()).toList(),
                snapshot.indexes().map(IndexReport::declared).orElseGet(List::of),
                Verdict.of(snapshot).ready(),
                before == null ? Double.NaN : before.lastPass()));
    show();
  }

  /** Counts a build that was given up for somebody. */
  void putOff(ResourceKey resource, ChangeResult result) {
    if (result.reason() == Reason.YieldedTo) {
      Counter.builder("tenantdb.build.yields")
          .description("Builds that gave way to a session that waited for their locks")
          .tags(tags(resource))
          .register(registry)
          .increment();
    }
  }

  /** Counts a change that ended. */
  void ended(ResourceKey resource, ChangeResult result) {
    Counter.builder("tenantdb.changes")
        .description("Changes by kind, result and reason")
        .tags(tags(resource))
        .tag("kind", result.change().kind())
        .tag("result", result.status().name().toLowerCase(Locale.ROOT))
        .tag("reason", result.reason().name())
        .register(registry)
        .increment();
  }

  /** Counts a pass that ended. */
  void passed(ResourceKey resource, Duration took, boolean reached) {
    Timer.builder("tenantdb.pass.duration")
        .description("Passes: observe, plan, apply")
        .tags(tags(resource))
        .tag("result", reached ? "reached" : "failed")
        .register(registry)
        .record(took);
    if (reached) {
      double now = clock.instant().toEpochMilli() / 1000.0;
      states.compute(
          resource,
          (key, before) ->
              before == null
                  ? new State(Map.of(), List.of(), List.of(), List.of(), false, now)
                  : new State(
                      before.counts(),
                      before.aggregates(),
                      before.blockers(),
                      before.indexes(),
                      before.ready(),
                      now));
      show();
    }
  }

  /** Takes away what is shown of a resource that is gone. */
  void forget(ResourceKey resource) {
    states.remove(resource);
    show();
    registry.getMeters().stream()
        .filter(meter -> meter.getId().getName().startsWith("tenantdb."))
        .filter(meter -> resource.name().equals(meter.getId().getTag("name")))
        .filter(meter -> resource.namespace().equals(meter.getId().getTag("namespace")))
        .forEach(registry::remove);
  }

  private synchronized void show() {
    tenants.register(
        states.entrySet().stream()
            .<MultiGauge.Row<?>>flatMap(
                entry ->
                    Stream.of(TenantState.values())
                        .map(
                            state ->
                                MultiGauge.Row.of(
                                    tags(entry.getKey())
                                        .and("state", state.name().toLowerCase(Locale.ROOT)),
                                    entry.getValue().counts().getOrDefault(state, 0))))
            .toList(),
        true);
    ready.register(
        states.entrySet().stream()
            .<MultiGauge.Row<?>>map(
                entry -> MultiGauge.Row.of(tags(entry.getKey()), entry.getValue().ready() ? 1 : 0))
            .toList(),
        true);
    lastPass.register(
        states.entrySet().stream()
            .filter(entry -> !Double.isNaN(entry.getValue().lastPass()))
            .<MultiGauge.Row<?>>map(
                entry -> MultiGauge.Row.of(tags(entry.getKey()), entry.getValue().lastPass()))
            .toList(),
        true);
    showAggregates();
    showBlockers();
    showIndexes(indexBytes, IndexUsage::bytes);
    showIndexes(unscanned, IndexUsage::unscannedTenants);
  }

  private void showBlockers() {
    blocked.register(rows(state -> OptionalLong.of(state.blockers().size())), true);
    blockerAge.register(
        rows(
            state ->
                state.blockers().stream()
                    .flatMapToLong(by -> by.transactionSeconds().stream())
                    .max()),
        true);
  }

  private List<MultiGauge.Row<?>> rows(Function<State, OptionalLong> value) {
    return states.entrySet().stream()
        .<MultiGauge.Row<?>>flatMap(
            entry ->
                value.apply(entry.getValue()).stream()
                    .<MultiGauge.Row<?>>mapToObj(n -> MultiGauge.Row.of(tags(entry.getKey()), n)))
        .toList();
  }

  private void showIndexes(MultiGauge gauge, ToLongFunction<IndexUsage> number) {
    gauge.register(
        states.entrySet().stream()
            .flatMap(
                entry ->
                    entry.getValue().indexes().stream()
                        .<MultiGauge.Row<?>>map(
                            index ->
                                MultiGauge.Row.of(
                                    tags(entry.getKey()).and("index", index.name()),
                                    number.applyAsLong(index.usage()))))
            .toList(),
        true);
  }

  private void showAggregates() {
    oldestRefresh.register(
        aggregates()
            .flatMap(
                entry ->
                    entry.getValue().oldestRefresh().stream()
                        .<MultiGauge.Row<?>>map(
                            at -> MultiGauge.Row.of(entry.getKey(), at.getEpochSecond())))
            .toList(),
        true);
    overdue.register(
        aggregates()
            .filter(entry -> entry.getValue().materializedViews() > 0)
            .<MultiGauge.Row<?>>map(
                entry -> MultiGauge.Row.of(entry.getKey(), entry.getValue().overdue()))
            .toList(),
        true);
  }

  private Stream<Map.Entry<Tags, AggregateStanding>> aggregates() {
    return states.entrySet().stream()
        .flatMap(
            entry ->
                entry.getValue().aggregates().stream()
                    .map(one -> Map.entry(tags(entry.getKey()).and("aggregate", one.name()), one)));
  }

  private static Tags tags(ResourceKey resource) {
    return Tags.of("namespace", resource.namespace(), "name", resource.name());
  }
}
