package io.tenantdb.testing;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.fabric8.kubernetes.api.model.ConditionBuilder;
import io.fabric8.kubernetes.api.model.ConfigMap;
import io.fabric8.kubernetes.api.model.ConfigMapBuilder;
import io.fabric8.kubernetes.api.model.Secret;
import io.fabric8.kubernetes.api.model.SecretBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientException;
import io.fabric8.kubernetes.client.dsl.base.PatchContext;
import io.fabric8.kubernetes.client.dsl.base.PatchType;
import io.tenantdb.api.v1alpha1.TenantDatabase;
import io.tenantdb.api.v1alpha1.TenantDatabaseStatus;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What the API in this process adds to fabric8's mock: each as a real API server does it. */
@RealParts
class InProcessApiIT {
  private static final String RESOURCE =
      """
      apiVersion: tenantdb.io/v1alpha1
      kind: TenantDatabase
      metadata: {namespace: %s, name: fruit}
      spec:
        interval: %s
        database: {host: db.invalid, name: fruit, credentialsSecretRef: {name: fruit-db}}
        tenants: {schemas: [tenant_a]}
      """;

  private final InProcessApi api;
  private final KubernetesClient client;

  InProcessApiIT(InProcessApi api) {
    this.api = api;
    this.client = api.adminClient();
  }

  @BeforeEach
  void define() {
    api.applyCrd(Checkout.root().resolve("crds/tenantdatabases.tenantdb.io.yaml"));
  }

  @Test
  void what_a_manager_no_longer_applies_goes_and_what_another_applies_stays() {
    String namespace = api.createNamespace("owners");
    apply("first", map(namespace, Map.of("a", "1", "b", "1")));
    apply("second", map(namespace, Map.of("b", "1", "c", "1")));
    apply("first", map(namespace, Map.of("d", "1")));

    assertThat(client.configMaps().inNamespace(namespace).withName("map").get().getData())
        .containsOnlyKeys("b", "c", "d");
  }

  @Test
  void an_applied_condition_exists_only_while_it_is_applied() {
    String namespace = api.createNamespace("conditions");
    apply(namespace, "10m");
    status(namespace, "Ready", "Stalled");
    assertThat(conditions(namespace)).containsExactly("Ready", "Stalled");
    status(namespace, "Ready");
    assertThat(conditions(namespace)).containsExactly("Ready");
    assertThat(apply(namespace, "11m").getStatus()).isNotNull();
  }

  @Test
  void the_generation_counts_changes_of_the_spec_and_no_change_is_no_write() {
    String namespace = api.createNamespace("generation");
    assertThat(apply(namespace, "10m").getMetadata().getGeneration()).isEqualTo(1);
    status(namespace, "Ready");
    TenantDatabase same = apply(namespace, "10m");
    assertThat(same.getMetadata().getGeneration()).isEqualTo(1);
    assertThat(apply(namespace, "10m").getMetadata().getResourceVersion())
        .isEqualTo(same.getMetadata().getResourceVersion());
    assertThat(apply(namespace, "11m").getMetadata().getGeneration()).isEqualTo(2);
  }

  @Test
  void defaults_are_filled_in_and_what_breaks_the_schema_is_refused() {
    String namespace = api.createNamespace("schema");
    assertThat(apply(namespace, "10m").getSpec().database().port()).isEqualTo(5432);
    assertThatThrownBy(() -> apply(namespace, "ten minutes"))
        .isInstanceOf(KubernetesClientException.class)
        .hasMessageContaining("spec.interval");
  }

  @Test
  void a_merge_patch_replaces_lists_and_removes_what_is_null() {
    String namespace = api.createNamespace("merging");
    apply(namespace, "30m");
    client
        .resources(TenantDatabase.class)
        .inNamespace(namespace)
        .withName("fruit")
        .patch(
            PatchContext.of(PatchType.JSON_MERGE),
            "{\"spec\":{\"interval\":null,\"tenants\":{\"schemas\":[\"tenant_b\"]}}}");
    TenantDatabase patched =
        client.resources(TenantDatabase.class).inNamespace(namespace).withName("fruit").get();
    assertThat(patched.getSpec().tenants().schemas()).containsExactly("tenant_b");
    assertThat(patched.getSpec().interval()).isEqualTo("10m");
  }

  @Test
  void texts_of_a_secret_are_stored_encoded() {
    String namespace = api.createNamespace("secrets");
    Secret secret =
        new SecretBuilder()
            .withNewMetadata()
            .withNamespace(namespace)
            .withName("secret")
            .endMetadata()
            .withStringData(Map.of("key", "value"))
            .build();
    client.resource(secret).serverSideApply();
    Secret stored = client.secrets().inNamespace(namespace).withName("secret").get();
    assertThat(stored.getData()).isEqualTo(Map.of("key", "dmFsdWU="));
    assertThat(stored.getStringData()).isNullOrEmpty();
  }

  @Test
  void short_names_and_printed_columns_are_the_definitions() throws Exception {
    String namespace = api.createNamespace("printing");
    apply(namespace, "10m");
    status(namespace, "Ready");
    assertThat(client.raw("/apis/tenantdb.io/v1alpha1")).contains("\"tdb\"");

    JsonNode table = table("/apis/tenantdb.io/v1alpha1/namespaces/printing/tenantdatabases");
    assertThat(table.path("columnDefinitions").findValuesAsText("name"))
        .startsWith("Name", "Ready", "Synced")
        .endsWith("Age");
    assertThat(table.at("/rows/0/cells/0").asText()).isEqualTo("fruit");
    assertThat(table.at("/rows/0/cells/1").asText()).isEqualTo("True");
  }

  private JsonNode table(String path) throws IOException, InterruptedException {
    return new ObjectMapper()
        .readTree(
            HttpClient.newHttpClient()
                .send(
                    HttpRequest.newBuilder(URI.create(api.url() + path))
                        .header("Accept", "application/json;as=Table;g=meta.k8s.io;v=v1")
                        .build(),
                    HttpResponse.BodyHandlers.ofString())
                .body());
  }

  private TenantDatabase apply(String namespace, String interval) {
    return client
        .resource(
            client
                .getKubernetesSerialization()
                .unmarshal(RESOURCE.formatted(namespace, interval), TenantDatabase.class))
        .serverSideApply();
  }

  private void status(String namespace, String... conditions) {
    TenantDatabase resource = new TenantDatabase();
    resource.getMetadata().setNamespace(namespace);
    resource.getMetadata().setName("fruit");
    resource.setStatus(
        new TenantDatabaseStatus(
            1L,
            Stream.of(conditions)
                .map(type -> new ConditionBuilder().withType(type).withStatus("True").build())
                .toList(),
            null,
            null,
            null,
            null,
            null,
            null,
            null,
            null,
            null));
    client
        .resource(resource)
        .subresource("status")
        .patch(PatchContext.of(PatchType.SERVER_SIDE_APPLY));
  }

  private List<String> conditions(String namespace) {
    return client
        .resources(TenantDatabase.class)
        .inNamespace(namespace)
        .withName("fruit")
        .get()
        .getStatus()
        .conditions()
        .stream()
        .map(condition -> condition.getType())
        .toList();
  }

  private void apply(String manager, ConfigMap map) {
    client.resource(map).fieldManager(manager).serverSideApply();
  }

  private static ConfigMap map(String namespace, Map<String, String> data) {
    return new ConfigMapBuilder()
        .withNewMetadata()
        .withNamespace(namespace)
        .withName("map")
        .endMetadata()
        .withData(data)
        .build();
  }
}
