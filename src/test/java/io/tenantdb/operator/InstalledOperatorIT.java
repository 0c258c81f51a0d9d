package io.tenantdb.operator;

import static org.assertj.core.api.Assertions.assertThat;

import io.fabric8.kubernetes.api.model.ConfigMapBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.tenantdb.chart.ChartAccount;
import io.tenantdb.testing.Helm;
import io.tenantdb.testing.KubernetesApi;
import io.tenantdb.testing.PostgresServer;
import io.tenantdb.testing.RealParts;
import java.util.HashMap;
import java.util.Map;
import org.junit.jupiter.api.Test;

/**
 * The operator in a namespace of its own, as the chart installs it: with the environment of the
 * chart's pod, and the rights of the chart's account.
 */
@RealParts
class InstalledOperatorIT {
  private static final String SPEC =
      """
      interval: 6h
      indexes:
      - {name: ix_batches_intake, table: batches, columns: [intake]}
      """;

  private final KubernetesApi api;
  private final Helm helm;
  private final PostgresServer server;

  InstalledOperatorIT(KubernetesApi api, Helm helm, @RealParts.Tls PostgresServer server) {
    this.api = api;
    this.helm = helm;
    this.server = server;
  }

  /** The operator of a release. */
  private record Installed(KubernetesClient client, OperatorProcess process)
      implements AutoCloseable {

    @Override
    public void close() {
      process.close();
      client.close();
    }
  }

  private Installed install(String namespace, String... values) {
    ChartAccount account =
        new ChartAccount(api, helm, api.createNamespace(namespace)).install(values);
    Map<String, String> environment = new HashMap<>(account.environment("operator-0"));
    environment.put("TENANTDB_LISTEN", "127.0.0.1:0");
    KubernetesClient client = KubernetesClients.of(account.config());
    return new Installed(client, OperatorProcess.start(OperatorConfig.from(environment), client));
  }

  @Test
  void watching_all_namespaces_it_reads_authorities_and_notices_them() {
    try (Stage stage = new Stage(api, helm, server, "everywhere").tenants("tenant_a").secret();
        Installed operator = install("everywhere-system", "watch=all")) {
      assertThat(operator.process().port()).isPositive();
      encrypted(stage);
      stage.awaitCondition("Stalled", "True", "CertificateAuthorityNotFound");

      authority(stage);
      stage.awaitCondition("Ready", "True", "Converged");
      assertThat(stage.validIndexes()).containsExactly("tenant_a.ix_batches_intake");
    }
  }

  @Test
  void with_replicas_in_a_list_of_namespaces_and_nothing_watched_but_its_resources_it_converges() {
    try (Stage stage = new Stage(api, helm, server, "listed").tenants("tenant_a").secret();
        Installed operator =
            install("listed-system", "watch={listed}", "watchReferences=false", "replicas=2")) {
      assertThat(operator.process().port()).isPositive();
      authority(stage);
      encrypted(stage);
      stage.awaitCondition("Ready", "True", "Converged");
      Stage.patiently().untilAsserted(() -> assertThat(stage.eventReasons()).contains("Converged"));
    }
  }

  /** The resource, to connect with TLS: the stage's own has none. */
  private void encrypted(Stage stage) {
    stage.apply(SPEC + "suspend: true\n");
    api.kubectl(
            "patch",
            "tdb",
            Stage.NAME,
            "--namespace",
            stage.namespace(),
            "--type=merge",
            "--patch",
            """
            {"spec": {"suspend": false, "database": {"tls":
              {"mode": "VerifyFull", "caConfigMapRef": {"name": "fruit-ca"}}}}}""")
        .orThrow();
  }

  private void authority(Stage stage) {
    stage
        .client()
        .resource(
            new ConfigMapBuilder()
                .withNewMetadata()
                .withNamespace(stage.namespace())
                .withName("fruit-ca")
                .endMetadata()
                .addToData("ca.crt", server.caPem().orElseThrow())
                .build())
        .serverSideApply();
  }
}
