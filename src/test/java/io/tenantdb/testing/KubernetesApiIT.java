package io.tenantdb.testing;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.fabric8.kubernetes.api.model.ConfigMap;
import io.fabric8.kubernetes.api.model.ConfigMapBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

@RealParts
class KubernetesApiIT {

  private static final String CRD =
      """
      apiVersion: apiextensions.k8s.io/v1
      kind: CustomResourceDefinition
      metadata: {name: apples.testing.tenantdb.io}
      spec:
        group: testing.tenantdb.io
        scope: Namespaced
        names: {kind: Apple, plural: apples, singular: apple}
        versions:
        - name: v1
          served: true
          storage: true
          schema:
            openAPIV3Schema:
              type: object
              properties:
                spec:
                  type: object
                  properties:
                    weight: {type: integer}
                  x-kubernetes-validations:
                  - {rule: "self.weight > 0", message: "an apple weighs something"}
      """;

  private static final String APPLE =
      """
      apiVersion: testing.tenantdb.io/v1
      kind: Apple
      metadata: {name: elstar}
      spec: {weight: %d}
      """;

  private final KubernetesApi api;

  @TempDir Path directory;

  KubernetesApiIT(KubernetesApi api) {
    this.api = api;
  }

  @Test
  void a_custom_resource_is_validated_by_its_rules() throws IOException {
    String namespace = api.createNamespace("orchard");
    api.applyCrd(Files.writeString(directory.resolve("crd.yaml"), CRD));
    assertThat(apply(namespace, APPLE.formatted(150)).status()).isZero();
    Command.Result refused = apply(namespace, APPLE.formatted(0));
    assertThat(refused.status()).isNotZero();
    assertThat(refused.error()).contains("an apple weighs something");
  }

  @Test
  void a_definition_with_a_field_that_the_server_does_not_know_is_refused() throws IOException {
    Path file =
        Files.writeString(
            directory.resolve("pears.yaml"),
            CRD.replace("Apple", "Pear")
                .replace("apple", "pear")
                .replace("singular:", "singular_:"));
    assertThatThrownBy(() -> api.applyCrd(file))
        .isInstanceOf(KubernetesClientException.class)
        .hasMessageContaining("singular_");
  }

  @Test
  void rbac_refuses_whom_nothing_was_granted() {
    String namespace = api.createNamespace("fenced");
    ConfigMap map = new ConfigMapBuilder().withNewMetadata().withName("map").endMetadata().build();
    KubernetesClient nobody = api.clientAs("nobody");
    assertThatThrownBy(() -> nobody.configMaps().inNamespace(namespace).resource(map).create())
        .isInstanceOfSatisfying(
            KubernetesClientException.class, e -> assertThat(e.getCode()).isEqualTo(403));
    assertThat(
            api.kubectl(api.kubeconfigAs("nobody"), "get", "configmaps", "-n", namespace).error())
        .contains("Forbidden");

    KubernetesClient gardener = api.clientAs("gardener");
    assertThatThrownBy(() -> api.grant("edit", "gardener"))
        .isInstanceOf(IllegalArgumentException.class);
    api.kubectl("create", "clusterrole", "gardening", "--verb=create", "--resource=configmaps")
        .orThrow();
    api.grant("gardening", "gardener");
    assertThat(gardener.configMaps().inNamespace(namespace).resource(map).create()).isNotNull();
  }

  @Test
  void a_service_account_is_known_by_its_token() {
    String namespace = api.createNamespace("accounts");
    KubernetesClient account = api.clientWithToken(api.serviceAccountToken(namespace, "operator"));
    assertThatThrownBy(() -> account.secrets().inNamespace(namespace).list())
        .hasMessageContaining("system:serviceaccount:accounts:operator");
  }

  @Test
  void what_was_written_survives_an_outage_of_the_server() {
    try (KubernetesApi own = KubernetesApi.start()) {
      own.createNamespace("kept");
      own.stopApiServer();
      own.startApiServer();
      assertThat(own.adminClient().namespaces().withName("kept").get()).isNotNull();
    }
  }

  private Command.Result apply(String namespace, String yaml) throws IOException {
    Path file = Files.writeString(directory.resolve("object.yaml"), yaml);
    return api.kubectl("apply", "-n", namespace, "-f", file.toString());
  }
}
