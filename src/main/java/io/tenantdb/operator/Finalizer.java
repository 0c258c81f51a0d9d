package io.tenantdb.operator;

import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientException;
import io.fabric8.kubernetes.client.dsl.base.PatchContext;
import io.fabric8.kubernetes.client.dsl.base.PatchType;
import io.tenantdb.api.v1alpha1.TenantDatabase;
import java.net.HttpURLConnection;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Our finalizer on a resource: it keeps the API server from forgetting a resource before what it
 * made is taken back. Ours to put on and off, because the framework's own is on every resource of a
 * controller or on none.
 */
final class Finalizer {
  static final String NAME = "tenantdb.io/take-back";

  private Finalizer() {}

  static boolean isOn(TenantDatabase resource) {
    return finalizers(resource).contains(NAME);
  }

  /**
   * Puts it on. An applied set is merged: finalizers of others stay, whoever adds one meanwhile.
   */
  static void put(KubernetesClient client, TenantDatabase resource) {
    TenantDatabase ours = new TenantDatabase();
    ours.getMetadata().setNamespace(resource.getMetadata().getNamespace());
    ours.getMetadata().setName(resource.getMetadata().getName());
    ours.getMetadata().setFinalizers(List.of(NAME));
    client
        .resource(ours)
        .patch(
            new PatchContext.Builder()
                .withPatchType(PatchType.SERVER_SIDE_APPLY)
                .withFieldManager(TenantDatabaseReconciler.NAME)
                .withForce(true)
                .build());
  }

  /**
   * Takes it off. Whoever put it on: a backup that was restored owns the finalizers in it, and what
   * others own is not taken off by applying without it.
   */
  static void remove(KubernetesClient client, TenantDatabase resource) {
    String path = "/metadata/finalizers/" + finalizers(resource).indexOf(NAME);
    List<Map<String, String>> patch =
        List.of(
            // Without this another one's could go, had the list changed.
            Map.of("op", "test", "path", path, "value", NAME),
            Map.of("op", "remove", "path", path));
    try {
      // By the resource that we have: by its name it would be read first, which we may not.
      client
          .resource(resource)
          .patch(
              PatchContext.of(PatchType.JSON), client.getKubernetesSerialization().asJson(patch));
    } catch (KubernetesClientException e) {
      if (e.getCode() != HttpURLConnection.HTTP_NOT_FOUND) {
        throw e;
      }
    }
  }

  private static List<String> finalizers(TenantDatabase resource) {
    return Optional.ofNullable(resource.getMetadata().getFinalizers()).orElseGet(List::of);
  }
}
