package io.tenantdb.operator;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.fabric8.kubernetes.api.model.Condition;
import io.fabric8.kubernetes.api.model.Secret;
import io.fabric8.kubernetes.api.model.SecretBuilder;
import io.fabric8.kubernetes.api.model.events.v1.Event;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.dsl.base.PatchContext;
import io.fabric8.kubernetes.client.dsl.base.PatchType;
import io.tenantdb.api.v1alpha1.TenantDatabase;
import io.tenantdb.chart.ChartAccount;
import io.tenantdb.testing.ApiServer;
import io.tenantdb.testing.Checkout;
import io.tenantdb.testing.Helm;
import io.tenantdb.testing.InProcessApi;
import io.tenantdb.testing.KubernetesApi;
import io.tenantdb.testing.PostgresServer;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.awaitility.core.ConditionFactory;

/**
 * A namespace and a database of one test, and the operator; where the API knows rights, with those
 * that the chart gives it there.
 */
final class Stage implements AutoCloseable {
  static final String NAME = "fruit";
  private static final String ANYBODY = "tenantdb-operator";

  private final ApiServer api;
  private final PostgresServer server;
  private final Optional<ChartAccount> account;
  private final String namespace;
  private final String database;
  private final KubernetesClient operatorClient;
  private final KubernetesClient client;
  private final List<OperatorProcess> processes = new ArrayList<>();

  /** With the account of a release of the chart. */
  Stage(KubernetesApi api, Helm helm, PostgresServer server, String name) {
    this(api, Optional.of(new ChartAccount(api, helm, name)), server, name);
  }

  /** As anybody: there are no rights to give. */
  Stage(InProcessApi api, PostgresServer server, String name) {
    this(api, Optional.empty(), server, name);
  }

  private Stage(ApiServer api, Optional<ChartAccount> account, PostgresServer server, String name) {
    this.api = api;
    this.server = server;
    this.account = account;
    this.client = api.adminClient();
    api.applyCrd(Checkout.root().resolve("crds/tenantdatabases.tenantdb.io.yaml"));
    this.namespace = api.createNamespace(name);
    this.database = server.createDatabase(name.replace('-', '_'));
    this.operatorClient =
        KubernetesClients.of(
            account
                .map(it -> it.install("watch=own").config())
                .orElseGet(() -> api.configAs(ANYBODY)));
  }

  String namespace() {
    return namespace;
  }

  KubernetesClient client() {
    return client;
  }

  OperatorProcess operator() {
    return start(config("test-" + processes.size()));
  }

  OperatorProcess operator(InstantSource clock) {
    return started(
        OperatorProcess.start(config("test-" + processes.size()), operatorClient, clock));
  }

  /** One of several replicas. */
  OperatorProcess replica() {
    account.ifPresent(it -> it.install("watch=own", "replicas=2"));
    OperatorConfig alone = config("test-" + processes.size());
    return start(
        new OperatorConfig(
            alone.namespaces(),
            alone.namespace(),
            alone.selector(),
            alone.watchReferences(),
            alone.requireSecretLabel(),
            alone.listen(),
            true,
            alone.leaseName(),
            alone.identity(),
            alone.shutdownGrace(),
            alone.livenessGrace()));
  }

  private OperatorProcess start(OperatorConfig config) {
    return started(OperatorProcess.start(config, operatorClient));
  }

  private OperatorProcess started(OperatorProcess process) {
    processes.add(process);
    return process;
  }

  OperatorConfig config(String identity) {
    return OperatorConfig.from(
        Map.of(
            "TENANTDB_WATCH_NAMESPACES",
            namespace,
            "TENANTDB_NAMESPACE",
            namespace,
            "TENANTDB_LISTEN",
            "127.0.0.1:0",
            "TENANTDB_IDENTITY",
            identity,
            "TENANTDB_SHUTDOWN_GRACE",
            "4s"));
  }

  /** Environment of an operator in a process of its own. */
  Map<String, String> environment() {
    return Map.of(
        "KUBECONFIG",
        account.map(ChartAccount::kubeconfig).orElseGet(() -> api.kubeconfigAs(ANYBODY)).toString(),
        "TENANTDB_WATCH_NAMESPACES",
        namespace,
        "TENANTDB_LISTEN",
        "127.0.0.1:0",
        "TENANTDB_SHUTDOWN_GRACE",
        "6s",
        "TENANTDB_IDENTITY",
        "child");
  }

  Stage tenants(String... schemas) {
    for (String schema : schemas) {
      sql(
          "CREATE SCHEMA " + schema,
          "CREATE TABLE " + schema + ".batches (id bigint, grower text, intake date)",
          "INSERT INTO "
              + schema
              + ".batches SELECT i, 'g' || i % 10, current_date FROM generate_series(1, 500) i");
    }
    return this;
  }

  Stage secret(String user, String password) {
    Secret secret =
        new SecretBuilder()
            .withNewMetadata()
            .withNamespace(namespace)
            .withName("fruit-db")
            .endMetadata()
            .withStringData(Map.of("username", user, "password", password))
            .build();
    client.resource(secret).forceConflicts().serverSideApply();
    return this;
  }

  Stage secret() {
    return secret(server.user(), server.password());
  }

  /** Applies the resource with the rest of its spec, as kubectl would. */
  TenantDatabase apply(String rest) {
    return apply(NAME, rest);
  }

  TenantDatabase apply(String name, String rest) {
    String yaml =
        """
        apiVersion: tenantdb.io/v1alpha1
        kind: TenantDatabase
        metadata: {namespace: %s, name: %s}
        spec:
          database:
            host: %s
            port: %d
            name: %s
            credentialsSecretRef: {name: fruit-db}
            tls: {mode: Disable}
          tenants: {patterns: ["tenant_*"], settle: 0s}
        """
            .formatted(namespace, name, server.host(), server.port(), database);
    return client
        .resource(
            client
                .getKubernetesSerialization()
                .unmarshal(yaml + rest.indent(2), TenantDatabase.class))
        .forceConflicts()
        .serverSideApply();
  }

  TenantDatabase resource() {
    return resource(NAME);
  }

  TenantDatabase resource(String name) {
    return client.resources(TenantDatabase.class).inNamespace(namespace).withName(name).get();
  }

  Optional<Condition> condition(String type) {
    return Optional.ofNullable(resource().getStatus()).stream()
        .flatMap(status -> status.conditions().stream())
        .filter(condition -> condition.getType().equals(type))
        .findFirst();
  }

  void awaitCondition(String type, String status, String reason) {
    patiently()
        .untilAsserted(
            () ->
                assertThat(condition(type))
                    .as("%s", resource().getStatus())
                    .hasValueSatisfying(
                        condition ->
                            assertThat(
                                    List.of(
                                        condition.getStatus(),
                                        condition.getReason(),
                                        String.valueOf(condition.getObservedGeneration())))
                                .isEqualTo(
                                    List.of(
                                        status,
                                        reason,
                                        String.valueOf(
                                            resource().getMetadata().getGeneration())))));
  }

  static ConditionFactory patiently() {
    return await().atMost(Duration.ofSeconds(90)).pollInterval(Duration.ofMillis(250));
  }

  List<Event> events() {
    return client.events().v1().events().inNamespace(namespace).list().getItems();
  }

  List<String> eventReasons() {
    return events().stream().map(Event::getReason).toList();
  }

  void delete() {
    client.resources(TenantDatabase.class).inNamespace(namespace).withName(NAME).delete();
  }

  void awaitGone() {
    patiently().untilAsserted(() -> assertThat(resource()).isNull());
  }

  void dropDatabase() {
    server.execute("postgres", "DROP DATABASE " + database + " WITH (FORCE)");
  }

  void sql(String... statements) {
    server.execute(database, statements);
  }

  Connection connect() throws SQLException {
    return server.connect(database);
  }

  /** First column of all rows. */
  List<String> query(String sql) {
    try (Connection connection = connect();
        Statement statement = connection.createStatement();
        ResultSet rows = statement.executeQuery(sql)) {
      List<String> values = new ArrayList<>();
      while (rows.next()) {
        values.add(rows.getString(1));
      }
      return values;
    } catch (SQLException e) {
      throw new IllegalStateException(e);
    }
  }

  /** Valid indexes of the tenants, schema and name. */
  List<String> validIndexes() {
    return query(
        """
        SELECT n.nspname || '.' || c.relname FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid
        JOIN pg_namespace n ON n.oid = c.relnamespace
        WHERE n.nspname LIKE 'tenant%' AND i.indisvalid ORDER BY 1""");
  }

  /** Indexes that are invalid or bear a reserved name: leftovers. */
  List<String> leftovers() {
    return query(
        """
        SELECT c.relname FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid
        WHERE NOT i.indisvalid OR c.relname LIKE '\\_tdb\\_%'""");
  }

  /** No operator is left that would take its finalizer off. */
  private void forget(TenantDatabase resource) {
    if (!resource.getMetadata().getFinalizers().isEmpty()) {
      client
          .resource(resource)
          .patch(PatchContext.of(PatchType.JSON_MERGE), "{\"metadata\":{\"finalizers\":[]}}");
    }
    client.resource(resource).delete();
  }

  @Override
  public void close() {
    processes.forEach(OperatorProcess::close);
    client
        .resources(TenantDatabase.class)
        .inNamespace(namespace)
        .list()
        .getItems()
        .forEach(this::forget);
    operatorClient.close();
    server.execute("postgres", "DROP DATABASE IF EXISTS " + database + " WITH (FORCE)");
  }
}
