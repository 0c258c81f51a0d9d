package io.tenantdb.operator;

import io.javaoperatorsdk.operator.processing.event.ResourceID;
import io.tenantdb.api.v1alpha1.TenantDatabase;

/**
 * Names one resource. A deleted and re-created resource of the same name is another one: its {@code
 * uid} differs.
 */
record ResourceKey(String namespace, String name, String uid) {

  static ResourceKey of(TenantDatabase resource) {
    return new ResourceKey(
        resource.getMetadata().getNamespace(),
        resource.getMetadata().getName(),
        resource.getMetadata().getUid());
  }

  ResourceID id() {
    return new ResourceID(name, namespace);
  }

  @Override
  public String toString() {
    return namespace + "/" + name;
  }
}
