package io.tenantdb.operator;

import io.javaoperatorsdk.operator.api.reconciler.Context;
import io.javaoperatorsdk.operator.api.reconciler.ControllerConfiguration;
import io.javaoperatorsdk.operator.api.reconciler.EventSourceContext;
import io.javaoperatorsdk.operator.api.reconciler.IndexedResourceCache;
import io.javaoperatorsdk.operator.api.reconciler.Reconciler;
import io.javaoperatorsdk.operator.api.reconciler.UpdateControl;
import io.javaoperatorsdk.operator.processing.event.source.EventSource;
import io.tenantdb.api.v1alpha1.TenantDatabase;
import io.tenantdb.api.v1alpha1.TenantDatabaseStatus;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;

/**
 * Tells the worker what to do and writes down how far it is. Touches no database itself, so it is
 * done within moments. The drift loop is the next call, scheduled for when the worker's next look
 * is due.
 */
@ControllerConfiguration(name = TenantDatabaseReconciler.NAME)
final class TenantDatabaseReconciler implements Reconciler<TenantDatabase> {

  /** Also the field manager of the status. */
  static final String NAME = "tenantdb-operator";

  private static final String BY_DATABASE = "database";
  private static final Duration SOONEST = Duration.ofMillis(200);

  /** While a pass runs its end calls; this is for an end that nobody heard. */
  private static final Duration WHILE_RUNNING = Duration.ofMinutes(1);

  private final Assignments assignments;
  private final Workers workers;
  private final WorkerEvents events;
  private final boolean watchReferences;
  private final InstantSource clock;
  private volatile Optional<IndexedResourceCache<TenantDatabase>> resources = Optional.empty();

  /** The cache may lag behind our own writes, and times must not be taken from an older status. */
  private final Map<ResourceKey, TenantDatabaseStatus> written = new ConcurrentHashMap<>();

  TenantDatabaseReconciler(
      Assignments assignments,
      Workers workers,
      WorkerEvents events,
      boolean watchReferences,
      InstantSource clock) {
    this.assignments = assignments;
    this.workers = workers;
    this.events = events;
    this.watchReferences = watchReferences;
    this.clock = clock;
  }

  @Override
  public List<EventSource<?, TenantDatabase>> prepareEventSources(
      EventSourceContext<TenantDatabase> context) {
    context
        .getPrimaryCache()
        .addIndexer(BY_DATABASE, resource -> Assignments.databaseKey(resource).stream().toList());
    resources = Optional.of(context.getPrimaryCache());
    List<EventSource<?, TenantDatabase>> sources = new ArrayList<>();
    sources.add(events);
    if (watchReferences) {
      sources.addAll(ReferenceSources.of(context));
    }
    return sources;
  }

  @Override
  public UpdateControl<TenantDatabase> reconcile(
      TenantDatabase resource, Context<TenantDatabase> context) {
    ResourceKey key = ResourceKey.of(resource);
    Optional<TenantDatabaseStatus> live = Optional.ofNullable(resource.getStatus());
    Optional<Worker> worker = workers.of(key, () -> Memories.of(live, clock.instant()));
    if (worker.isEmpty()) {
      return UpdateControl.noUpdate();
    }
    worker.get().submit(assignments.of(resource, neighbours(resource)));
    Optional<TenantDatabaseStatus> before = Optional.ofNullable(written.get(key)).or(() -> live);
    TenantDatabaseStatus status =
        StatusWriter.status(resource, worker.get().snapshot(), before, clock.instant());
    UpdateControl<TenantDatabase> control =
        live.equals(Optional.of(status))
            ? UpdateControl.noUpdate()
            : UpdateControl.patchStatus(fresh(key, status));
    written.put(key, status);
    return control.rescheduleAfter(next(worker.get()));
  }

  /** Forgets a resource that is gone. */
  void forget(ResourceKey resource) {
    written.remove(resource);
  }

  /** The resources of the same database; the resource itself may be among them. */
  Collection<TenantDatabase> neighbours(TenantDatabase resource) {
    return Assignments.databaseKey(resource).stream()
        .flatMap(key -> resources.stream().flatMap(all -> all.byIndex(BY_DATABASE, key).stream()))
        .toList();
  }

  private static Duration next(Worker worker) {
    return worker
        .untilDue()
        .map(left -> left.compareTo(SOONEST) < 0 ? SOONEST : left)
        .orElse(WHILE_RUNNING);
  }

  /** Server-side apply owns what it sends: name and status, nothing else. */
  private static TenantDatabase fresh(ResourceKey key, TenantDatabaseStatus status) {
    TenantDatabase resource = new TenantDatabase();
    resource.getMetadata().setName(key.name());
    resource.getMetadata().setNamespace(key.namespace());
    resource.setStatus(status);
    return resource;
  }
}
