package io.tenantdb.operator;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.fabric8.kubernetes.client.KubernetesClient;
import io.javaoperatorsdk.operator.OperatorException;
import io.tenantdb.Main;
import io.tenantdb.testing.Helm;
import io.tenantdb.testing.KubernetesApi;
import io.tenantdb.testing.PostgresServer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * On a real API server, as the chart's service account; and what needs rights, kubectl or a process
 * of its own.
 */
class OperatorIT extends OperatorTests {
  private final KubernetesApi api;
  private final Helm helm;
  private final PostgresServer server;

  OperatorIT(KubernetesApi api, Helm helm, PostgresServer server) {
    this.api = api;
    this.helm = helm;
    this.server = server;
  }

  @Test
  void kubectl_waits_until_it_is_ready() {
    try (Stage stage = stage("kubectl").tenants("tenant_a").secret()) {
      stage.operator();
      stage.apply(INDEX);
      assertThat(
              api.kubectl(
                      "wait",
                      "-n",
                      stage.namespace(),
                      "--for=condition=Ready",
                      "--timeout=90s",
                      "tdb/fruit")
                  .status())
          .isZero();
    }
  }

  @Test
  void told_to_stop_with_a_build_running_it_ends_in_time_and_loses_nothing(@TempDir Path directory)
      throws Exception {
    try (Stage stage = stage("sigterm").tenants("tenant_a").secret()) {
      Path log = directory.resolve("operator.log");
      Process process = child(stage, log);
      try (Connection writer = stage.connect()) {
        hold(writer);
        stage.apply(INDEX);
        awaitBuild(stage);
        process.destroy();

        assertThat(process.waitFor(20, TimeUnit.SECONDS)).as(Files.readString(log)).isTrue();
        assertThat(process.exitValue()).isEqualTo(143);
        assertThat(Files.readString(log))
            .contains("Stopped")
            .contains("[sigterm/fruit]")
            .doesNotContain(server.password());
        writer.rollback();
      } finally {
        process.destroyForcibly();
      }
      convergesAgain(stage);
    }
  }

  @Test
  void killed_with_a_build_running_the_next_process_finishes_it(@TempDir Path directory)
      throws Exception {
    try (Stage stage = stage("sigkill").tenants("tenant_a").secret()) {
      Process process = child(stage, directory.resolve("operator.log"));
      try (Connection writer = stage.connect()) {
        hold(writer);
        stage.apply(INDEX);
        awaitBuild(stage);
        process.destroyForcibly();
        assertThat(process.waitFor(20, TimeUnit.SECONDS)).isTrue();
        writer.rollback();
      }
      convergesAgain(stage);
    }
  }

  private static Process child(Stage stage, Path log) throws IOException {
    ProcessBuilder builder =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-Dlogback.configurationFile=logback.xml",
                "-cp",
                System.getProperty("java.class.path"),
                Main.class.getName(),
                "operator")
            .redirectErrorStream(true)
            .redirectOutput(log.toFile());
    builder.environment().putAll(stage.environment());
    return builder.start();
  }

  private static void convergesAgain(Stage stage) {
    stage.operator();
    stage.awaitCondition("Ready", "True", "Converged");
    assertThat(stage.validIndexes()).containsExactly("tenant_a.ix_batches_intake");
    assertThat(stage.leftovers()).isEmpty();
  }

  @Test
  void without_rights_it_does_not_start_and_says_which_are_missing() {
    try (Stage stage = stage("powerless");
        KubernetesClient powerless = KubernetesClients.of(api.configAs("nobody"))) {
      assertThatThrownBy(() -> OperatorProcess.start(stage.config("nobody"), powerless))
          .isInstanceOf(OperatorException.class)
          .hasMessageContaining("tenantdatabases")
          .hasMessageContaining("forbidden");
    }
  }

  @Override
  Stage stage(String name) {
    return new Stage(api, helm, server, name);
  }
}
