package io.tenantdb.demo;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.fabric8.kubernetes.api.model.Condition;
import io.fabric8.kubernetes.api.model.GenericKubernetesResource;
import io.fabric8.kubernetes.api.model.Secret;
import io.fabric8.kubernetes.api.model.SecretBuilder;
import io.fabric8.kubernetes.client.http.HttpRequest;
import io.fabric8.kubernetes.client.utils.Serialization;
import io.tenantdb.api.v1alpha1.TenantDatabase;
import io.tenantdb.api.v1alpha1.TenantDatabaseStatus;
import io.tenantdb.testing.ApiServer;
import io.tenantdb.testing.Checkout;
import io.tenantdb.testing.TimescaleServer;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;

/** FruitPak's resource in the Kubernetes API: applied, looked at. */
final class Cluster {
  static final String NAMESPACE = "platform";
  static final String NAME = "fruitpak";
  static final String INTERVAL = "30s";
  static final String SETTLE = "5s";

  private final ApiServer api;

  Cluster(ApiServer api) {
    this.api = api;
  }

  /** Installs the CRD, the namespace and the Secret of {@code examples/}. */
  void prepare(String user, String password) throws IOException {
    api.applyCrd(Checkout.root().resolve("crds/tenantdatabases.tenantdb.io.yaml"));
    api.createNamespace(NAMESPACE);
    try (InputStream file = Files.newInputStream(example("fruitpak-secret.yaml"))) {
      api.adminClient().load(file).items().stream()
          .filter(item -> item.getMetadata().getName().equals("fruitpak-db"))
          .map(Secret.class::cast)
          .forEach(secret -> apply(secret, user, password));
    }
  }

  private void apply(Secret secret, String user, String password) {
    api.adminClient()
        .resource(
            new SecretBuilder(secret)
                .editMetadata()
                .withNamespace(NAMESPACE)
                .endMetadata()
                .withStringData(Map.of("username", user, "password", password))
                .build())
        .serverSideApply();
  }

  /** Applies {@code examples/fruitpak.yaml} with the demo's own host, no TLS and short times. */
  @SuppressWarnings("unchecked")
  void apply(TimescaleServer server) throws IOException {
    GenericKubernetesResource resource =
        Serialization.unmarshal(
            Files.readString(example("fruitpak.yaml")), GenericKubernetesResource.class);
    Map<String, Object> spec = (Map<String, Object>) resource.getAdditionalProperties().get("spec");
    spec.put("interval", INTERVAL);
    ((Map<String, Object>) spec.get("tenants")).put("settle", SETTLE);
    Map<String, Object> database = (Map<String, Object>) spec.get("database");
    database.put("host", server.host());
    database.put("port", server.port());
    database.put("name", server.database());
    database.put("tls", Map.of("mode", "Disable"));
    resource.getMetadata().setNamespace(NAMESPACE);
    api.adminClient().resource(resource).serverSideApply();
  }

  Optional<TenantDatabaseStatus> status() {
    return Optional.ofNullable(
            api.adminClient()
                .resources(TenantDatabase.class)
                .inNamespace(NAMESPACE)
                .withName(NAME)
                .get())
        .map(TenantDatabase::getStatus);
  }

  Optional<Condition> condition(String type) {
    return status().map(TenantDatabaseStatus::conditions).stream()
        .flatMap(List::stream)
        .filter(condition -> condition.getType().equals(type))
        .findFirst();
  }

  /** {@code 3 of 14 tenants synced, 11 pending; tenant_acme batches.ix… 40 %}. */
  Optional<String> progress() {
    return status()
        .filter(status -> status.tenants() != null)
        .map(
            status -> {
              TenantDatabaseStatus.TenantsStatus tenants = status.tenants();
              StringBuilder line =
                  new StringBuilder(
                      "%d of %d tenants synced".formatted(tenants.synced(), tenants.total()));
              append(line, tenants.pending(), "pending");
              append(line, tenants.drifted(), "drifted");
              append(line, tenants.waiting(), "waiting");
              append(line, tenants.failed(), "FAILED");
              if (status.failures() != null) {
                status.failures().stream()
                    .limit(1)
                    .forEach(failure -> line.append("; ").append(failure.message()));
              }
              return line.toString();
            });
  }

  private static void append(StringBuilder line, int count, String what) {
    if (count > 0) {
      line.append(", ").append(count).append(' ').append(what);
    }
  }

  /** What {@code kubectl get tdb} prints: the server's own table. */
  List<String> row() throws Exception {
    HttpRequest request =
        api.adminClient()
            .getHttpClient()
            .newHttpRequestBuilder()
            .uri(
                api.url()
                    + "/apis/tenantdb.io/v1alpha1/namespaces/"
                    + NAMESPACE
                    + "/tenantdatabases")
            .header("Accept", "application/json;as=Table;g=meta.k8s.io;v=v1")
            .build();
    JsonNode table =
        new ObjectMapper()
            .readTree(
                api.adminClient()
                    .getHttpClient()
                    .sendAsync(request, String.class)
                    .get(30, TimeUnit.SECONDS)
                    .body());
    List<String> header = new ArrayList<>();
    List<Integer> shown = new ArrayList<>();
    for (int i = 0; i < table.path("columnDefinitions").size(); i++) {
      JsonNode column = table.path("columnDefinitions").get(i);
      if (column.path("priority").asInt() == 0) {
        shown.add(i);
        header.add(column.path("name").asText().toUpperCase(java.util.Locale.ROOT));
      }
    }
    List<List<String>> rows = new ArrayList<>(List.of(header));
    for (JsonNode row : table.path("rows")) {
      rows.add(shown.stream().map(i -> row.path("cells").get(i)).map(JsonNode::asText).toList());
    }
    return Columns.lines(rows);
  }

  /** One line a condition. */
  List<String> conditions() {
    List<List<String>> rows = new ArrayList<>();
    rows.add(List.of("CONDITION", "STATUS", "REASON", "MESSAGE"));
    status().map(TenantDatabaseStatus::conditions).stream()
        .flatMap(List::stream)
        .forEach(c -> rows.add(List.of(c.getType(), c.getStatus(), c.getReason(), c.getMessage())));
    return Columns.lines(rows);
  }

  private static Path example(String name) {
    return Checkout.root().resolve("examples").resolve(name);
  }
}
