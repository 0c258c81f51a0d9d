package io.tenantdb.operator;

import io.fabric8.kubernetes.api.model.coordination.v1.Lease;
import io.fabric8.kubernetes.api.model.coordination.v1.LeaseBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientException;
import io.fabric8.kubernetes.client.dsl.Resource;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Gives the lease back on a clean stop. The framework leaves it to expire, and the next leader
 * would wait for that.
 */
final class LeaseRelease {
  private static final Logger LOG = LoggerFactory.getLogger(LeaseRelease.class);

  private LeaseRelease() {}

  static void release(KubernetesClient client, OperatorConfig config) {
    try {
      Resource<Lease> resource =
          client
              .leases()
              .inNamespace(config.namespace().orElseThrow())
              .withName(config.leaseName());
      if (resource.get() == null) {
        return;
      }
      resource.edit(
          lease ->
              config.identity().equals(lease.getSpec().getHolderIdentity())
                  ? new LeaseBuilder(lease).editSpec().withHolderIdentity("").endSpec().build()
                  : lease);
    } catch (KubernetesClientException e) {
      LOG.warn("The lease could not be released, it will expire: {}", e.getMessage());
    }
  }
}
