package io.tenantdb.operator;

import com.fasterxml.jackson.databind.ObjectMapper;
import io.fabric8.kubernetes.client.Config;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientBuilder;
import io.fabric8.kubernetes.client.utils.KubernetesSerialization;

/** Makes the client that the operator needs. */
public final class KubernetesClients {

  private KubernetesClients() {}

  /**
   * A client whose informers survive a resource that this version cannot read: its spec is then
   * absent, and the resource is stalled instead of the operator.
   */
  public static KubernetesClient of(Config config) {
    ObjectMapper mapper = new ObjectMapper();
    KubernetesSerialization serialization = new KubernetesSerialization(mapper, true);
    mapper.registerModule(new UnreadableSpecs());
    return new KubernetesClientBuilder()
        .withConfig(config)
        .withKubernetesSerialization(serialization)
        .build();
  }
}
