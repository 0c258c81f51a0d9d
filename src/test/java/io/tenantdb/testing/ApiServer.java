package io.tenantdb.testing;

import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.NamespaceBuilder;
import io.fabric8.kubernetes.api.model.apiextensions.v1.CustomResourceDefinition;
import io.fabric8.kubernetes.client.Config;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientException;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;

/** A Kubernetes API on 127.0.0.1: the real one, or one in this process where that cannot be had. */
public sealed interface ApiServer extends AutoCloseable permits KubernetesApi, InProcessApi {

  /**
   * Starts the real one if the system property {@code tenantdb.kube} allows what it takes, else the
   * one in this process.
   */
  static ApiServer start() {
    try {
      return KubernetesApi.start();
    } catch (PartUnavailableException e) {
      Parts.say(e.getMessage());
      return InProcessApi.start();
    }
  }

  /** What it is, for people. */
  String description();

  String url();

  /** Whether users need rights; where not, everybody may do everything. */
  boolean authorizes();

  /** A client that may do everything; it is closed with the server. */
  KubernetesClient adminClient();

  /** How {@code user}, a member of {@code groups}, connects. */
  Config configAs(String user, String... groups);

  /** The administrator's kubeconfig file. */
  Path kubeconfig();

  /** Writes a kubeconfig file of {@code user}, a member of {@code groups}. */
  Path kubeconfigAs(String user, String... groups);

  /** Creates a namespace and returns its name. */
  default String createNamespace(String name) {
    adminClient()
        .namespaces()
        .resource(new NamespaceBuilder().withNewMetadata().withName(name).endMetadata().build())
        .create();
    return name;
  }

  /**
   * Applies a file of CustomResourceDefinitions and waits until the server serves them. Without
   * kubectl, so that the demo runs where there is none.
   *
   * @throws KubernetesClientException if the server refuses one, as the real one does for a field
   *     that it does not know
   */
  default void applyCrd(Path file) {
    try (InputStream definitions = Files.newInputStream(file)) {
      adminClient()
          .load(definitions)
          .items()
          .forEach(
              definition -> {
                var resource = adminClient().resource(definition);
                resource.forceConflicts().serverSideApply();
                resource.waitUntilCondition(ApiServer::established, 1, TimeUnit.MINUTES);
              });
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static boolean established(HasMetadata definition) {
    return definition instanceof CustomResourceDefinition crd
        && crd.getStatus() != null
        // A server that has only just taken it in has a status without conditions.
        && crd.getStatus().getConditions() != null
        && crd.getStatus().getConditions().stream()
            .anyMatch(it -> it.getType().equals("Established") && it.getStatus().equals("True"));
  }

  @Override
  void close();
}
