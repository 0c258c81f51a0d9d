package io.tenantdb.operator;

import io.javaoperatorsdk.operator.processing.event.source.ResourceEventAware;
import io.javaoperatorsdk.operator.processing.event.source.inbound.SimpleInboundEventSource;
import io.tenantdb.api.v1alpha1.TenantDatabase;
import java.util.Objects;
import java.util.Optional;

/**
 * Brings the workers' news back to the reconciler, and tells when a resource is gone: without a
 * finalizer the framework has no other word for it.
 */
final class WorkerEvents extends SimpleInboundEventSource<TenantDatabase>
    implements ResourceEventAware<TenantDatabase> {
  private volatile Optional<Listener> listener = Optional.empty();

  /** Hears of resources. */
  interface Listener {
    /** It is gone. */
    void gone(TenantDatabase resource);

    /** Its spec is another one: those who share its database may be concerned. */
    void changed(TenantDatabase resource);
  }

  WorkerEvents() {
    super("workers");
  }

  /** Says who hears of resources. */
  void tell(Listener hears) {
    listener = Optional.of(hears);
  }

  @Override
  public void onResourceUpdated(TenantDatabase resource, TenantDatabase old) {
    if (!ResourceKey.of(old).equals(ResourceKey.of(resource))) {
      listener.ifPresent(hears -> hears.gone(old));
    }
    if (!Objects.equals(
        old.getMetadata().getGeneration(), resource.getMetadata().getGeneration())) {
      listener.ifPresent(hears -> hears.changed(old));
      listener.ifPresent(hears -> hears.changed(resource));
    }
  }

  @Override
  public void onResourceDeleted(TenantDatabase resource) {
    listener.ifPresent(hears -> hears.gone(resource));
    listener.ifPresent(hears -> hears.changed(resource));
  }
}
