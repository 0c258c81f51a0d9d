package io.tenantdb.operator;

import io.fabric8.kubernetes.client.KubernetesClient;
import io.javaoperatorsdk.operator.api.reconciler.Context;
import io.javaoperatorsdk.operator.api.reconciler.ControllerConfiguration;
import io.javaoperatorsdk.operator.api.reconciler.EventSourceContext;
import io.javaoperatorsdk.operator.api.reconciler.IndexedResourceCache;
import io.javaoperatorsdk.operator.api.reconciler.Reconciler;
import io.javaoperatorsdk.operator.api.reconciler.UpdateControl;
import io.javaoperatorsdk.operator.processing.event.source.EventSource;
import io.tenantdb.api.v1alpha1.TenantDatabase;
import io.tenantdb.api.v1alpha1.TenantDatabaseStatus;
import io.tenantdb.desired.DeletionPolicy;
import io.tenantdb.desired.Resolution;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.BiConsumer;

/**
 * Tells the worker what to do and writes down how far it is. Touches no database itself, so it is
 * done within moments. The drift loop is the next call, scheduled for when the worker's next look
 * is due.
 */
// Of all events, because a resource without a finalizer of the framework is not shown to us
// otherwise
// when it is being deleted.
@ControllerConfiguration(name = TenantDatabaseReconciler.NAME, triggerReconcilerOnAllEvents = true)
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
  private final BiConsumer<ResourceKey, List<Notice>> notices;
  private final boolean watchReferences;
  private final InstantSource clock;
  private volatile Optional<IndexedResourceCache<TenantDatabase>> resources = Optional.empty();

  /** The cache may lag behind our own writes, and times must not be taken from an older status. */
  private final Map<ResourceKey, TenantDatabaseStatus> written = new ConcurrentHashMap<>();

  TenantDatabaseReconciler(
      Assignments assignments,
      Workers workers,
      WorkerEvents events,
      BiConsumer<ResourceKey, List<Notice>> notices,
      boolean watchReferences,
      InstantSource clock) {
    this.assignments = assignments;
    this.workers = workers;
    this.events = events;
    this.notices = notices;
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
    boolean deleting = resource.isMarkedForDeletion();
    if (context.isPrimaryResourceDeleted() || (deleting && !Finalizer.isOn(resource))) {
      return UpdateControl.noUpdate();
    }
    if (!deleting) {
      keepFinalizer(resource, context.getClient());
    }
    ResourceKey key = ResourceKey.of(resource);
    Optional<TenantDatabaseStatus> live = Optional.ofNullable(resource.getStatus());
    Long generation = resource.getMetadata().getGeneration();
    Optional<Worker> worker = workers.of(key, () -> Memories.of(live, generation, clock.instant()));
    if (worker.isEmpty()) {
      return UpdateControl.noUpdate();
    }
    Assignment assignment = assignments.of(resource, neighbours(resource));
    if (deleting) {
      Optional<Notice> lastWord =
          Deletions.over(resource, assignment, worker.get().snapshot(), clock.instant());
      if (lastWord.isPresent()) {
        Finalizer.remove(context.getClient(), resource);
        notices.accept(key, List.of(lastWord.get()));
        // Others may still keep the resource from going, and what runs must not go on meanwhile.
        workers.remove(key);
        return UpdateControl.noUpdate();
      }
    }
    worker.get().submit(assignment);
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

  /** It is on while the spec asks for a deletion that takes back, and before anything is made. */
  private static void keepFinalizer(TenantDatabase resource, KubernetesClient client) {
    boolean wanted = Resolution.deletionPolicy(resource.getSpec()) == DeletionPolicy.DELETE;
    if (wanted && !Finalizer.isOn(resource)) {
      Finalizer.put(client, resource);
    } else if (!wanted && Finalizer.isOn(resource)) {
      Finalizer.remove(client, resource);
    }
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
