package io.tenantdb.testing;

import io.fabric8.kubernetes.api.model.NamespaceBuilder;
import io.fabric8.kubernetes.client.Config;
import io.fabric8.kubernetes.client.KubernetesClient;
import java.nio.file.Path;

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

  /** Applies a file of CustomResourceDefinitions and waits until the server serves them. */
  void applyCrd(Path file);

  @Override
  void close();
}
