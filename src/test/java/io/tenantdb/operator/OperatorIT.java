package io.tenantdb.operator;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.fabric8.kubernetes.api.model.Condition;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.javaoperatorsdk.operator.OperatorException;
import io.tenantdb.Main;
import io.tenantdb.api.v1alpha1.TenantDatabaseStatus.TenantsStatus;
import io.tenantdb.testing.Helm;
import io.tenantdb.testing.KubernetesApi;
import io.tenantdb.testing.PostgresServer;
import io.tenantdb.testing.RealParts;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The operator on a real API server, as the chart's service account, and a native PostgreSQL. */
@RealParts
class OperatorIT {
  private static final String INDEX =
      """
      interval: 30s
      indexes:
      - {name: ix_batches_intake, table: batches, columns: [intake]}
      """;
  private static final String RARELY = INDEX.replace("30s", "6h");

  private final KubernetesApi api;
  private final Helm helm;
  private final PostgresServer server;

  OperatorIT(KubernetesApi api, Helm helm, PostgresServer server) {
    this.api = api;
    this.helm = helm;
    this.server = server;
  }

  @Test
  void it_converges_stays_quiet_heals_drift_and_takes_up_a_new_tenant() throws Exception {
    try (Stage stage = stage("converge").tenants("tenant_a", "tenant_b").secret()) {
      OperatorProcess operator = stage.operator();
      stage.apply(INDEX);

      stage.awaitCondition("Ready", "True", "Converged");
      assertThat(stage.validIndexes())
          .containsExactly("tenant_a.ix_batches_intake", "tenant_b.ix_batches_intake");
      assertThat(stage.resource().getStatus().tenants())
          .isEqualTo(new TenantsStatus(2, 2, 0, 0, 0, 0, 0));
      assertThat(stage.resource().getStatus().conditions().stream().map(Condition::getType))
          .containsExactly("Connected", "DriftDetected", "Ready", "TimescaleAvailable");
      assertThat(stage.resource().getMetadata().getFinalizers()).isEmpty();
      Stage.patiently().untilAsserted(() -> assertThat(stage.eventReasons()).contains("Converged"));
      assertThat(
              api.kubectl("wait", "-n", stage.namespace(), "--for=condition=Ready", "tdb/fruit")
                  .status())
          .isZero();

      double passes = passes(operator);
      String version = stage.resource().getMetadata().getResourceVersion();
      Stage.patiently().until(() -> passes(operator) >= passes + 2);
      assertThat(stage.resource().getMetadata().getResourceVersion()).isEqualTo(version);

      stage.sql("DROP INDEX tenant_a.ix_batches_intake");
      stage.tenants("tenant_c");
      Stage.patiently()
          .untilAsserted(
              () ->
                  assertThat(stage.validIndexes())
                      .containsExactly(
                          "tenant_a.ix_batches_intake",
                          "tenant_b.ix_batches_intake",
                          "tenant_c.ix_batches_intake"));
      Stage.patiently()
          .untilAsserted(
              () ->
                  assertThat(stage.eventReasons())
                      .contains("DriftCorrected", "TenantFound")
                      .doesNotHaveDuplicates());
      stage.awaitCondition("Ready", "True", "Converged");
      assertThat(get(operator, "/readyz").statusCode()).isEqualTo(200);
      assertThat(get(operator, "/livez").statusCode()).isEqualTo(200);
      assertThat(get(operator, "/metrics").body())
          .contains("tenantdb_tenants{name=\"fruit\",namespace=\"converge\",state=\"synced\"} 3")
          .contains("tenantdb_changes_total{kind=\"CreateIndex\"");
    }
  }

  @Test
  void a_changed_secret_is_used_at_once() {
    try (Stage stage = stage("rotation").tenants("tenant_a")) {
      stage.sql("CREATE ROLE rotating LOGIN SUPERUSER PASSWORD 'first'");
      stage.operator();
      stage.apply(RARELY);
      stage.awaitCondition("Stalled", "True", "SecretNotFound");

      stage.secret("rotating", "wrong");
      stage.awaitCondition("Stalled", "True", "AuthenticationFailed");
      assertThat(stage.resource().toString()).doesNotContain("wrong");

      stage.secret("rotating", "first");
      stage.awaitCondition("Ready", "True", "Converged");
      assertThat(stage.condition("Stalled")).isEmpty();

      stage.sql("ALTER ROLE rotating PASSWORD 'second'");
      stage.secret("rotating", "second");
      Stage.patiently()
          .untilAsserted(() -> assertThat(stage.eventReasons()).contains("Reconnected"));
      stage.awaitCondition("Ready", "True", "Converged");
      assertThat(stage.events()).noneMatch(event -> event.getNote().contains("second"));
    }
  }

  @Test
  void suspended_it_reports_and_changes_nothing() {
    try (Stage stage = stage("suspended").tenants("tenant_a").secret()) {
      stage.operator();
      stage.apply(RARELY + "suspend: true\n");

      stage.awaitCondition("Ready", "False", "Suspended");
      assertThat(stage.resource().getStatus().plan().creates()).isEqualTo(1);
      assertThat(stage.validIndexes()).isEmpty();

      stage.apply(RARELY + "suspend: false\n");
      stage.awaitCondition("Ready", "True", "Converged");
      assertThat(stage.validIndexes()).hasSize(1);
    }
  }

  @Test
  void a_tenant_that_fails_stops_nobody_else_and_is_named() {
    try (Stage stage = stage("failing").tenants("tenant_a", "tenant_b", "tenant_c").secret()) {
      stage.sql("INSERT INTO tenant_b.batches SELECT 1, 'g', current_date");
      stage.operator();
      stage.apply(
          """
          interval: 6h
          indexes:
          - {name: ux_batches_id, table: batches, columns: [id], unique: true}
          """);

      stage.awaitCondition("Stalled", "True", "DuplicateRows");
      assertThat(stage.condition("Ready").orElseThrow().getMessage())
          .contains("tenant_b", "ux_batches_id");
      assertThat(stage.validIndexes())
          .containsExactly("tenant_a.ux_batches_id", "tenant_c.ux_batches_id");
      assertThat(stage.resource().getStatus().tenants())
          .isEqualTo(new TenantsStatus(3, 2, 0, 0, 1, 0, 0));
      assertThat(stage.resource().getStatus().failures())
          .singleElement()
          .satisfies(
              failure -> {
                assertThat(failure.schema()).isEqualTo("tenant_b");
                assertThat(failure.sqlState()).isEqualTo("23505");
                assertThat(failure.since()).isNotBlank();
              });
    }
  }

  @Test
  void a_killed_session_is_made_good_for() throws SQLException {
    try (Stage stage = stage("killed").tenants("tenant_a", "tenant_b").secret()) {
      stage.operator();
      try (Connection writer = stage.connect()) {
        hold(writer);
        stage.apply(INDEX);
        awaitBuild(stage);
        stage.query(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query ILIKE"
                + " 'CREATE INDEX CONCURRENTLY%' AND pid <> pg_backend_pid()");
        writer.rollback();
      }

      stage.awaitCondition("Ready", "True", "Converged");
      assertThat(stage.validIndexes()).hasSize(2);
      assertThat(stage.leftovers()).isEmpty();
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
  void the_lease_is_given_back_and_the_next_leader_acts_at_once() {
    try (Stage stage = stage("leader").tenants("tenant_a").secret()) {
      OperatorProcess first = stage.replica();
      stage.apply(RARELY);
      stage.awaitCondition("Ready", "True", "Converged");
      first.close();

      assertThat(
              stage
                  .client()
                  .leases()
                  .inNamespace(stage.namespace())
                  .withName("tenantdb-operator")
                  .get()
                  .getSpec()
                  .getHolderIdentity())
          .isNullOrEmpty();
      stage.replica();
      stage.apply(RARELY.replace("ix_batches_intake", "ix_other"));
      stage.awaitCondition("Ready", "True", "Converged");
      assertThat(stage.validIndexes()).contains("tenant_a.ix_other");
    }
  }

  @Test
  void of_two_resources_with_the_same_hypertable_the_older_keeps_it() {
    String hypertable =
        """
        interval: 6h
        hypertables:
        - {table: batches, timeColumn: intake, chunkInterval: 7 days}
        """;
    try (Stage stage = stage("conflict").tenants("tenant_a").secret()) {
      stage.operator();
      stage.apply(hypertable);
      stage.awaitCondition("Ready", "True", "Converged");
      // Creation timestamps are whole seconds, and the uid decides between equal ones.
      await().pollDelay(Duration.ofMillis(1100)).until(() -> true);
      stage.apply(
          "younger",
          hypertable + "indexes: [{name: ix_younger, table: batches, columns: [grower]}]\n");

      Stage.patiently()
          .untilAsserted(
              () ->
                  assertThat(stage.resource("younger").getStatus().conditions())
                      .anySatisfy(
                          condition -> {
                            assertThat(condition.getType()).isEqualTo("Stalled");
                            assertThat(condition.getReason()).isEqualTo("Conflict");
                            assertThat(condition.getMessage())
                                .contains("tenant_a", "batches", "conflict/fruit");
                          }));
      assertThat(stage.validIndexes()).contains("tenant_a.ix_younger");
      stage.awaitCondition("Ready", "True", "Converged");

      stage.client().resource(stage.resource()).delete();
      Stage.patiently()
          .untilAsserted(
              () ->
                  assertThat(stage.resource("younger").getStatus().conditions())
                      .anySatisfy(
                          condition ->
                              assertThat(condition)
                                  .extracting(Condition::getType, Condition::getStatus)
                                  .containsExactly("Ready", "True")));
    }
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

  private Stage stage(String name) {
    return new Stage(api, helm, server, name);
  }

  /** A transaction that a concurrent build has to wait for. */
  private static void hold(Connection writer) throws SQLException {
    writer.setAutoCommit(false);
    try (Statement statement = writer.createStatement()) {
      statement.execute("INSERT INTO tenant_a.batches SELECT 0, 'w', current_date");
    }
  }

  private static void awaitBuild(Stage stage) {
    Stage.patiently()
        .until(() -> !stage.query("SELECT pid FROM pg_stat_progress_create_index").isEmpty());
  }

  private static double passes(OperatorProcess operator) throws IOException, InterruptedException {
    Matcher count =
        Pattern.compile("tenantdb_pass_duration_seconds_count\\{[^}]*} ([0-9.]+)")
            .matcher(get(operator, "/metrics").body());
    return count.find() ? Double.parseDouble(count.group(1)) : 0;
  }

  private static HttpResponse<String> get(OperatorProcess operator, String path)
      throws IOException, InterruptedException {
    return HttpClient.newHttpClient()
        .send(
            HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + operator.port() + path))
                .timeout(Duration.ofSeconds(10))
                .build(),
            HttpResponse.BodyHandlers.ofString());
  }
}
