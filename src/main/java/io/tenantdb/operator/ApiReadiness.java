package io.tenantdb.operator;

import io.fabric8.kubernetes.api.model.ListOptions;
import io.fabric8.kubernetes.api.model.ListOptionsBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientException;
import io.javaoperatorsdk.operator.OperatorException;
import io.tenantdb.api.v1alpha1.TenantDatabase;
import java.net.HttpURLConnection;
import java.time.Duration;
import java.util.Set;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Waits until the API server serves the custom resource. The framework's informers give up at the
 * first refusal, and right after a definition was installed or changed the server answers 404 or
 * 429 for a moment.
 */
final class ApiReadiness {
  private static final Logger LOG = LoggerFactory.getLogger(ApiReadiness.class);
  private static final Duration PATIENCE = Duration.ofSeconds(60);
  private static final Duration PAUSE = Duration.ofMillis(500);

  /** From the watch cache, as informers list. */
  private static final ListOptions CACHED =
      new ListOptionsBuilder().withResourceVersion("0").withLimit(1L).build();

  private ApiReadiness() {}

  /**
   * Returns when the resources can be listed.
   *
   * @param namespaces where; empty: everywhere
   * @throws OperatorException when they may not be, or cannot be after a minute
   */
  static void await(KubernetesClient client, Set<String> namespaces) {
    long end = System.nanoTime() + PATIENCE.toNanos();
    while (true) {
      try {
        list(client, namespaces);
        return;
      } catch (KubernetesClientException e) {
        if (refused(e) || System.nanoTime() > end) {
          throw new OperatorException(
              "TenantDatabase resources cannot be listed: "
                  + sentence(e)
                  + " The definition must be installed, and the service account must be allowed to"
                  + " list and watch them.");
        }
        LOG.debug("Not yet: {}", e.getMessage());
        pause();
      }
    }
  }

  private static void list(KubernetesClient client, Set<String> namespaces) {
    if (namespaces.isEmpty()) {
      client.resources(TenantDatabase.class).inAnyNamespace().list(CACHED);
    }
    namespaces.forEach(
        namespace -> client.resources(TenantDatabase.class).inNamespace(namespace).list(CACHED));
  }

  private static boolean refused(KubernetesClientException e) {
    return e.getCode() == HttpURLConnection.HTTP_UNAUTHORIZED
        || e.getCode() == HttpURLConnection.HTTP_FORBIDDEN;
  }

  private static String sentence(KubernetesClientException e) {
    return e.getStatus() != null && e.getStatus().getMessage() != null
        ? e.getStatus().getMessage() + "."
        : e.getMessage() + ".";
  }

  private static void pause() {
    try {
      Thread.sleep(PAUSE.toMillis());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new OperatorException("interrupted while starting", e);
    }
  }
}
