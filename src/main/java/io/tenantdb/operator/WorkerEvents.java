package io.tenantdb.operator;

import io.javaoperatorsdk.operator.processing.event.source.ResourceEventAware;
import io.javaoperatorsdk.operator.processing.event.source.inbound.SimpleInboundEventSource;
import io.tenantdb.api.v1alpha1.TenantDatabase;
import java.util.function.Consumer;

/**
 * Brings the workers' news back to the reconciler, and tells when a resource is gone: without a
 * finalizer the framework has no other word for it.
 */
final class WorkerEvents extends SimpleInboundEventSource<TenantDatabase>
    implements ResourceEventAware<TenantDatabase> {
  private final Consumer<ResourceKey> gone;

  WorkerEvents(Consumer<ResourceKey> gone) {
    super("workers");
    this.gone = gone;
  }

  @Override
  public void onResourceUpdated(TenantDatabase resource, TenantDatabase old) {
    ResourceKey before = ResourceKey.of(old);
    if (!before.equals(ResourceKey.of(resource))) {
      gone.accept(before);
    }
  }

  @Override
  public void onResourceDeleted(TenantDatabase resource) {
    gone.accept(ResourceKey.of(resource));
  }
}
