package io.tenantdb.operator;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.tuple;
import static org.awaitility.Awaitility.await;

import io.fabric8.kubernetes.api.model.Condition;
import io.fabric8.kubernetes.api.model.SecretBuilder;
import io.tenantdb.api.v1alpha1.TenantDatabaseStatus.IndexStatus;
import io.tenantdb.api.v1alpha1.TenantDatabaseStatus.TenantsStatus;
import io.tenantdb.testing.RealParts;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.time.Instant;
import java.util.Map;
import java.util.concurrent.atomic.AtomicReference;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

/** The operator on a Kubernetes API and a native PostgreSQL. */
@RealParts
abstract class OperatorTests {
  static final String INDEX =
      """
      interval: 30s
      indexes:
      - {name: ix_batches_intake, table: batches, columns: [intake]}
      """;
  private static final String RARELY = INDEX.replace("30s", "6h");
  private static final String TAKE_BACK = "safety: {deletionPolicy: Delete}\n";

  /** A stage of one test's own on the API in question. */
  abstract Stage stage(String name);

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
      assertThat(stage.resource().getStatus().indexes())
          .extracting(IndexStatus::name, IndexStatus::tenants, IndexStatus::unscannedTenants)
          .containsExactly(tuple("ix_batches_intake", 2, 2));
      Stage.patiently().untilAsserted(() -> assertThat(stage.eventReasons()).contains("Converged"));

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
          .contains("tenantdb_changes_total{kind=\"CreateIndex\"")
          .contains("tenantdb_index_bytes{index=\"ix_batches_intake\",name=\"fruit\"")
          .contains("tenantdb_index_unscanned_tenants{index=\"ix_batches_intake\",name=\"fruit\"");
    }
  }

  @Test
  void a_changed_secret_is_used_at_once() {
    try (Stage stage = stage("rotation").tenants("tenant_a")) {
      stage.sql(
          "DROP ROLE IF EXISTS rotating", "CREATE ROLE rotating LOGIN SUPERUSER PASSWORD 'first'");
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
  void a_secret_that_was_made_for_something_else_is_refused_until_one_of_a_database_is_there() {
    try (Stage stage = stage("refused").tenants("tenant_a")) {
      stage
          .client()
          .resource(
              new SecretBuilder()
                  .withNewMetadata()
                  .withNamespace(stage.namespace())
                  .withName("fruit-db")
                  .endMetadata()
                  .withType("kubernetes.io/tls")
                  .withStringData(
                      Map.of("username", "u", "password", "p", "tls.crt", "", "tls.key", ""))
                  .build())
          .create();
      stage.operator();
      stage.apply(RARELY);
      stage.awaitCondition("Stalled", "True", "SecretRefused");

      stage.client().secrets().inNamespace(stage.namespace()).withName("fruit-db").delete();
      stage.awaitCondition("Stalled", "True", "SecretNotFound");
      stage.secret();
      stage.awaitCondition("Ready", "True", "Converged");
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
  void whom_a_build_waits_for_is_named_and_it_goes_on_when_that_ends() throws Exception {
    try (Stage stage = stage("blocked").tenants("tenant_a", "tenant_b").secret()) {
      stage.sql(
          "DO $$ BEGIN CREATE ROLE blocked_app; EXCEPTION WHEN duplicate_object THEN NULL; END $$",
          "ALTER SCHEMA tenant_a OWNER TO blocked_app",
          "ALTER SCHEMA tenant_b OWNER TO blocked_app",
          "ALTER TABLE tenant_a.batches OWNER TO blocked_app",
          "ALTER TABLE tenant_b.batches OWNER TO blocked_app");
      OperatorProcess operator = stage.operator();
      try (Connection reader = stage.connect();
          Statement statement = reader.createStatement()) {
        statement.execute("SET application_name = 'a report'");
        reader.setAutoCommit(false);
        statement.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ");
        statement.execute("SELECT * FROM tenant_b.batches");
        stage.apply(
            """
            interval: 6h
            indexes:
            - {name: ix_lower, table: batches, keys: [{expression: lower(grower)}]}
            """);

        Stage.patiently()
            .ignoreExceptions()
            .untilAsserted(
                () ->
                    assertThat(stage.resource().getStatus().progress())
                        .anySatisfy(
                            build -> assertThat(build.blocker()).contains("(a report of ")));
        Stage.patiently()
            .untilAsserted(
                () ->
                    assertThat(stage.events())
                        .anySatisfy(
                            event -> {
                              assertThat(event.getReason()).isEqualTo("WaitingForSnapshot");
                              assertThat(event.getNote())
                                  .contains("batches.ix_lower waits for", "(a report of ");
                            }));
        assertThat(get(operator, "/metrics").body())
            .containsPattern("tenantdb_builds_blocked\\{[^}]*} [1-9]")
            .contains("tenantdb_build_blocker_age_seconds{");
        reader.rollback();
      }
      stage.awaitCondition("Ready", "True", "Converged");
      assertThat(stage.validIndexes()).hasSize(2);
      assertThat(stage.leftovers()).isEmpty();
    }
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
  void what_was_dropped_while_no_operator_ran_is_reported_where_drift_is_not_to_be_corrected()
      throws Exception {
    String two =
        RARELY
            + "- {name: ix_grower, table: batches, columns: [grower]}\n"
            + "aggregates:\n"
            + "- {name: by_grower, query: 'SELECT grower, count(*) AS n FROM batches GROUP BY grower',"
            + " fallback: MaterializedView, uniqueColumns: [grower], refresh: {every: 6 hours, endOffset: 1 hour}}\n";
    String report = two + "safety: {onDrift: Report}\n";
    try (Stage stage = stage("restarted").tenants("tenant_a", "tenant_b").secret()) {
      stage.sql(
          "DO $$ BEGIN CREATE ROLE fruit_app; EXCEPTION WHEN duplicate_object THEN NULL; END $$");
      give(stage, "tenant_a", "tenant_b");
      OperatorProcess first = stage.operator();
      stage.apply(report);
      stage.awaitCondition("Ready", "True", "Converged");
      first.close();
      stage.sql("DROP INDEX tenant_a.ix_grower", "DROP MATERIALIZED VIEW tenant_b.by_grower");

      OperatorProcess second = stage.operator();
      stage.awaitCondition("Ready", "False", "DriftReported");
      second.close();
      stage.tenants("tenant_new");
      give(stage, "tenant_new");
      OperatorProcess third = stage.operator();
      Stage.patiently()
          .until(() -> passes(third) >= 1 && stage.validIndexes().contains("tenant_new.ix_grower"));
      stage.awaitCondition("Ready", "False", "DriftReported");
      assertThat(stage.validIndexes())
          .contains("tenant_a.ix_batches_intake", "tenant_b.ix_grower")
          .doesNotContain("tenant_a.ix_grower");
      assertThat(stage.query("SELECT schemaname FROM pg_matviews WHERE matviewname = 'by_grower'"))
          .contains("tenant_a", "tenant_new")
          .doesNotContain("tenant_b");

      // What the spec says anew is made; what was reported stays so.
      stage.apply(
          report.replace(
              "indexes:",
              "indexes:\n- {name: ix_third, table: batches, columns: [grower, intake]}"));
      Stage.patiently().until(() -> stage.validIndexes().contains("tenant_a.ix_third"));
      stage.awaitCondition("Ready", "False", "DriftReported");
      assertThat(stage.validIndexes()).doesNotContain("tenant_a.ix_grower");

      stage.apply(two);
      stage.awaitCondition("Ready", "True", "Converged");
      assertThat(stage.validIndexes()).contains("tenant_a.ix_grower");
    }
  }

  /** A view is made with the rights of who owns its table, which must be no superuser. */
  private static void give(Stage stage, String... schemas) {
    for (String schema : schemas) {
      stage.sql(
          "ALTER SCHEMA " + schema + " OWNER TO fruit_app",
          "ALTER TABLE " + schema + ".batches OWNER TO fruit_app");
    }
  }

  @Test
  void what_was_never_made_is_made_after_a_restart_though_drift_is_only_reported()
      throws Exception {
    String report = RARELY + "safety: {onDrift: Report, lockTimeout: 1s}\n";
    try (Stage stage = stage("never-made").tenants("tenant_a", "tenant_b").secret();
        Connection reader = stage.connect()) {
      reader.setAutoCommit(false);
      try (Statement statement = reader.createStatement()) {
        statement.execute("LOCK TABLE tenant_b.batches IN ACCESS EXCLUSIVE MODE");
      }
      OperatorProcess first = stage.operator();
      stage.apply(report);
      Stage.patiently().until(() -> stage.validIndexes().contains("tenant_a.ix_batches_intake"));
      first.close();
      reader.rollback();

      stage.operator();
      stage.awaitCondition("Ready", "True", "Converged");
      assertThat(stage.validIndexes())
          .containsExactly("tenant_a.ix_batches_intake", "tenant_b.ix_batches_intake");
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
  void the_finalizer_is_on_while_the_policy_is_delete() {
    try (Stage stage = stage("finalizer").tenants("tenant_a").secret()) {
      stage.operator();
      stage.apply(RARELY + TAKE_BACK);
      stage.awaitCondition("Ready", "True", "Converged");
      assertThat(stage.resource().getMetadata().getFinalizers()).containsExactly(Finalizer.NAME);

      stage.apply(RARELY);
      Stage.patiently()
          .untilAsserted(
              () -> assertThat(stage.resource().getMetadata().getFinalizers()).isEmpty());
      stage.awaitCondition("Ready", "True", "Converged");
      stage.delete();
      stage.awaitGone();
      assertThat(stage.validIndexes()).containsExactly("tenant_a.ix_batches_intake");
    }
  }

  @Test
  void deleted_with_delete_it_takes_back_what_it_made_and_no_more() {
    try (Stage stage = stage("takeback").tenants("tenant_a", "tenant_b").secret()) {
      stage.sql(
          "CREATE INDEX ix_batches_intake ON tenant_b.batches (intake)",
          "CREATE INDEX mine ON tenant_a.batches (grower)");
      stage.operator();
      stage.apply(RARELY + TAKE_BACK);
      stage.awaitCondition("Ready", "True", "Converged");

      stage.delete();
      stage.awaitGone();
      assertThat(stage.validIndexes())
          .containsExactly("tenant_a.mine", "tenant_b.ix_batches_intake");
      assertThat(
              stage.query(
                  "SELECT description FROM pg_description WHERE description LIKE 'tenantdb%'"))
          .isEmpty();
      Stage.patiently().untilAsserted(() -> assertThat(stage.eventReasons()).contains("TakenBack"));
    }
  }

  @Test
  void what_cannot_be_taken_back_is_said_and_retain_lets_go_at_once() {
    try (Stage stage = stage("retained").tenants("tenant_a").secret()) {
      stage.operator();
      stage.apply(RARELY + TAKE_BACK);
      stage.awaitCondition("Ready", "True", "Converged");
      stage.apply(RARELY + TAKE_BACK + "suspend: true\n");
      stage.awaitCondition("Ready", "True", "Converged");

      stage.delete();
      stage.awaitCondition("Ready", "False", "Suspended");
      assertThat(stage.validIndexes()).hasSize(1);

      stage.apply(RARELY + TAKE_BACK.replace("Delete", "Retain") + "suspend: true\n");
      stage.awaitGone();
      assertThat(stage.validIndexes()).hasSize(1);
      Stage.patiently()
          .untilAsserted(() -> assertThat(stage.eventReasons()).contains("NotTakenBack"));
    }
  }

  @Test
  void a_database_or_a_secret_that_is_gone_holds_nobody_up() {
    try (Stage stage = stage("vanished").tenants("tenant_a").secret()) {
      stage.operator();
      stage.apply(RARELY + TAKE_BACK);
      stage.awaitCondition("Ready", "True", "Converged");
      stage.dropDatabase();
      stage.delete();
      stage.awaitGone();
    }
    try (Stage stage = stage("keyless").tenants("tenant_a").secret()) {
      stage.operator();
      stage.apply(RARELY + TAKE_BACK);
      stage.awaitCondition("Ready", "True", "Converged");
      stage.client().secrets().inNamespace(stage.namespace()).withName("fruit-db").delete();
      stage.delete();
      stage.awaitGone();
      assertThat(stage.validIndexes()).hasSize(1);
      Stage.patiently()
          .untilAsserted(
              () ->
                  assertThat(stage.events())
                      .anySatisfy(
                          event -> {
                            assertThat(event.getReason()).isEqualTo("NotTakenBack");
                            assertThat(event.getType()).isEqualTo("Warning");
                            assertThat(event.getNote()).contains("SecretNotFound", "stays");
                          }));
    }
  }

  @Test
  void after_the_deadline_the_resource_goes_and_the_event_says_what_stays() {
    AtomicReference<Duration> ahead = new AtomicReference<>(Duration.ZERO);
    try (Stage stage = stage("deadline").tenants("tenant_a").secret()) {
      stage.operator(() -> Instant.now().plus(ahead.get()));
      stage.apply(RARELY + TAKE_BACK);
      stage.awaitCondition("Ready", "True", "Converged");
      stage.apply(RARELY + TAKE_BACK + "suspend: true\n");
      stage.delete();
      stage.awaitCondition("Ready", "False", "Suspended");

      ahead.set(Deletions.DEADLINE);
      // Whatever brings the resource to the operator's mind: it looks by itself in half a minute.
      stage.apply(RARELY.replace("6h", "5h") + TAKE_BACK + "suspend: true\n");
      stage.awaitGone();
      assertThat(stage.validIndexes()).hasSize(1);
      Stage.patiently()
          .untilAsserted(
              () ->
                  assertThat(stage.events())
                      .anySatisfy(
                          event -> {
                            assertThat(event.getReason()).isEqualTo("NotTakenBack");
                            assertThat(event.getNote())
                                .contains(
                                    "30 minutes",
                                    "Suspended",
                                    "batches.ix_batches_intake in 1 tenant");
                          }));
    }
  }

  @Test
  void a_twin_with_the_same_owner_keeps_what_is_its_own_too() {
    String owned = RARELY + TAKE_BACK + "ownerId: twins\n";
    try (Stage stage = stage("twins").tenants("tenant_a").secret()) {
      stage.operator();
      stage.apply(owned);
      stage.awaitCondition("Ready", "True", "Converged");
      stage.apply("twin", owned);
      stage.delete();
      stage.awaitGone();
      assertThat(stage.validIndexes()).hasSize(1);
    }
  }

  /** A transaction that a concurrent build has to wait for. */
  static void hold(Connection writer) throws SQLException {
    writer.setAutoCommit(false);
    try (Statement statement = writer.createStatement()) {
      statement.execute("INSERT INTO tenant_a.batches SELECT 0, 'w', current_date");
    }
  }

  static void awaitBuild(Stage stage) {
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
