package io.tenantdb.bench;

import io.fabric8.kubernetes.api.model.GenericKubernetesResource;
import io.fabric8.kubernetes.api.model.ObjectMetaBuilder;
import io.fabric8.kubernetes.api.model.SecretBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.tenantdb.api.v1alpha1.TenantDatabase;
import io.tenantdb.api.v1alpha1.TenantDatabaseStatus;
import io.tenantdb.testing.Checkout;
import io.tenantdb.testing.KubernetesApi;
import io.tenantdb.testing.PostgresServer;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;

/** The resources that the measured operator looks after. */
final class Resources {
  private static final String SECRET = "bench-db";

  private final KubernetesApi api;
  private final KubernetesClient client;
  private final PostgresServer server;

  Resources(KubernetesApi api, PostgresServer server) {
    this.api = api;
    this.client = api.adminClient();
    this.server = server;
  }

  void installDefinition() {
    api.applyCrd(Checkout.root().resolve("crds/tenantdatabases.tenantdb.io.yaml"));
  }

  /** A namespace with the Secret of the server's superuser. */
  void prepare(String namespace) {
    api.createNamespace(namespace);
    client
        .resource(
            new SecretBuilder()
                .withNewMetadata()
                .withName(SECRET)
                .withNamespace(namespace)
                .endMetadata()
                .withStringData(Map.of("username", server.user(), "password", server.password()))
                .build())
        .create();
  }

  /** A resource for a database; it is named like it. */
  void apply(String namespace, String database, Fleet fleet, String interval) {
    GenericKubernetesResource resource = new GenericKubernetesResource();
    resource.setApiVersion("tenantdb.io/v1alpha1");
    resource.setKind("TenantDatabase");
    resource.setMetadata(
        new ObjectMetaBuilder().withNamespace(namespace).withName(database).build());
    resource.setAdditionalProperty(
        "spec",
        Map.of(
            "interval",
            interval,
            "database",
            Map.of(
                "host", server.host(),
                "port", server.port(),
                "name", database,
                "credentialsSecretRef", Map.of("name", SECRET),
                "tls", Map.of("mode", "Disable")),
            "tenants",
            Map.of("patterns", fleet.patterns(), "settle", "1s"),
            "indexes",
            fleet.declared()));
    client.resource(resource).forceConflicts().serverSideApply();
  }

  /** Waits until all resources of a namespace are as declared, at their latest generation. */
  void awaitReady(String namespace, int tenants) throws InterruptedException {
    long end = System.nanoTime() + Duration.ofMinutes(10).toNanos();
    while (!client.resources(TenantDatabase.class).inNamespace(namespace).list().getItems().stream()
        .allMatch(resource -> ready(resource, tenants))) {
      if (System.nanoTime() > end) {
        throw new IllegalStateException("the resources of " + namespace + " are not ready");
      }
      Thread.sleep(250);
    }
  }

  private static boolean ready(TenantDatabase resource, int tenants) {
    Optional<TenantDatabaseStatus> status = Optional.ofNullable(resource.getStatus());
    return status.filter(it -> it.tenants() != null && it.tenants().synced() == tenants).stream()
        .flatMap(it -> it.conditions().stream())
        .anyMatch(
            it ->
                it.getType().equals("Ready")
                    && it.getStatus().equals("True")
                    && resource.getMetadata().getGeneration().equals(it.getObservedGeneration()));
  }
}
