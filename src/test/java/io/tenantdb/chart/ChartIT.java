package io.tenantdb.chart;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.fabric8.kubernetes.api.model.GenericKubernetesResource;
import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.NamespaceBuilder;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodBuilder;
import io.fabric8.kubernetes.api.model.PodTemplateSpec;
import io.fabric8.kubernetes.api.model.Service;
import io.fabric8.kubernetes.api.model.apiextensions.v1.CustomResourceDefinition;
import io.fabric8.kubernetes.api.model.apps.Deployment;
import io.fabric8.kubernetes.api.model.policy.v1.PodDisruptionBudget;
import io.fabric8.kubernetes.api.model.rbac.ClusterRole;
import io.fabric8.kubernetes.api.model.rbac.PolicyRule;
import io.fabric8.kubernetes.api.model.rbac.Role;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientException;
import io.tenantdb.operator.OperatorCommand;
import io.tenantdb.operator.OperatorConfig;
import io.tenantdb.testing.Checkout;
import io.tenantdb.testing.Command;
import io.tenantdb.testing.Helm;
import io.tenantdb.testing.KubernetesApi;
import io.tenantdb.testing.RealParts;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import picocli.CommandLine;

/** What the chart renders, shown to a real API server. */
@RealParts
class ChartIT {

  private static final String RELEASE = "tenantdb-operator";

  private final KubernetesApi api;
  private final KubernetesClient client;
  private final Helm helm;
  private final Chart chart;

  @TempDir Path directory;

  ChartIT(KubernetesApi api, Helm helm) {
    this.api = api;
    this.client = api.adminClient();
    this.helm = helm;
    this.chart = new Chart(helm);
  }

  /** One of the sets of values that are tried. */
  static String file(String values) {
    return Checkout.root().resolve("src/test/resources/chart/" + values + ".yaml").toString();
  }

  @ParameterizedTest
  @ValueSource(strings = {"default", "ha", "list"})
  void the_api_server_accepts_all_of_it(String values) throws IOException {
    for (String namespace : List.of("chart-" + values, "chart-team-a", "chart-team-b")) {
      client
          .resource(
              new NamespaceBuilder().withNewMetadata().withName(namespace).endMetadata().build())
          .serverSideApply();
    }
    Path rendered =
        Files.writeString(
            directory.resolve("rendered.yaml"),
            chart.template(RELEASE, "chart-" + values, "--values", file(values)).orThrow());
    Command.Result result = api.kubectl("apply", "--dry-run=server", "-f", rendered.toString());
    // Other tests have applied the definition on the server's side: kubectl warns of that, and may.
    assertThat(result.error().lines())
        .filteredOn(line -> !line.contains("last-applied-configuration"))
        .isEmpty();
    assertThat(result.output().lines())
        .allMatch(line -> line.endsWith("(server dry run)"))
        .hasSameSizeAs(render(values).objects());
  }

  @Test
  void one_replica_takes_no_lease() {
    Chart.Rendered rendered = render("default");
    assertThat(rendered.all(Role.class)).isEmpty();
    assertThat(rendered.all(PodDisruptionBudget.class)).isEmpty();
    Deployment deployment = rendered.only(Deployment.class);
    assertThat(deployment.getSpec().getStrategy().getType()).isEqualTo("Recreate");
    assertThat(deployment.getSpec().getTemplate().getSpec().getTopologySpreadConstraints())
        .isEmpty();

    OperatorConfig config = OperatorConfig.from(rendered.environment("pod-1"));
    assertThat(config.namespaces()).isEmpty();
    assertThat(config.namespace()).contains("chart-default");
    assertThat(config.identity()).isEqualTo("pod-1");
    assertThat(config.leaderElection()).isFalse();
    assertThat(config.watchReferences()).isTrue();
    assertThat(config.requireSecretLabel()).isFalse();
    assertThat(config.listen().getPort()).isEqualTo(8080);
    assertThat(config.shutdownGrace()).isEqualTo(Duration.ofSeconds(25));
    assertThat(deployment.getSpec().getTemplate().getSpec().getTerminationGracePeriodSeconds())
        .isEqualTo(40);
  }

  @Test
  void more_replicas_share_a_lease_that_they_may_use() {
    Chart.Rendered rendered = render("ha");
    OperatorConfig config = OperatorConfig.from(rendered.environment("pod-1"));
    assertThat(config.leaderElection()).isTrue();
    assertThat(config.namespaces()).containsExactly("chart-ha");
    assertThat(config.selector()).contains("team in (a, b),!legacy");
    assertThat(config.shutdownGrace()).isEqualTo(Duration.ofMinutes(1));
    assertThat(config.livenessGrace()).isEqualTo(Duration.ofSeconds(90));
    assertThat(rendered.all(Role.class))
        .allSatisfy(role -> assertThat(role.getMetadata().getNamespace()).isEqualTo("chart-ha"))
        .flatExtracting(Role::getRules)
        .filteredOn(rule -> rule.getResources().contains("leases"))
        .flatExtracting(PolicyRule::getResourceNames)
        .containsExactly(config.leaseName());
    assertThat(rendered.only(PodDisruptionBudget.class).getSpec().getMaxUnavailable().getIntVal())
        .isEqualTo(1);
    Deployment deployment = rendered.only(Deployment.class);
    assertThat(deployment.getSpec().getStrategy().getType()).isEqualTo("RollingUpdate");
    assertThat(deployment.getSpec().getTemplate().getSpec().getTerminationGracePeriodSeconds())
        .isEqualTo(75);
    assertThat(
            chart
                .render(client, RELEASE, "chart-ha", "--set", "replicas=2")
                .only(Deployment.class)
                .getSpec()
                .getTemplate()
                .getSpec()
                .getTopologySpreadConstraints())
        .hasSize(1);
  }

  /** A variable with a slip in its name would be ignored, not refused. */
  @Test
  void it_sets_the_variables_that_the_operator_has_and_no_others() {
    String help = new CommandLine(new OperatorCommand()).getUsageMessage();
    assertThat(render("ha").environment("pod-1").keySet())
        .filteredOn(name -> name.startsWith("TENANTDB_"))
        .containsExactlyInAnyOrderElementsOf(
            Pattern.compile("TENANTDB_\\w+")
                .matcher(help)
                .results()
                .map(MatchResult::group)
                .collect(Collectors.toSet()));
  }

  @Test
  void who_may_view_or_edit_a_namespace_may_do_so_with_the_resources_in_it() {
    Chart.Rendered rendered = render("default");
    assertThat(aggregated(rendered, "view"))
        .allSatisfy(rule -> assertThat(rule.getVerbs()).isSubsetOf("get", "list", "watch"))
        .hasSize(2);
    assertThat(aggregated(rendered, "edit"))
        .containsAll(aggregated(rendered, "view"))
        .hasSize(3)
        .filteredOn(rule -> rule.getVerbs().contains("patch"))
        .flatExtracting(PolicyRule::getResources)
        .containsExactly("tenantdatabases");
    assertThat(aggregated(rendered, "admin")).isEqualTo(aggregated(rendered, "edit"));
  }

  private static List<PolicyRule> aggregated(Chart.Rendered rendered, String role) {
    return rendered.all(ClusterRole.class).stream()
        .filter(
            it ->
                "true"
                    .equals(
                        it.getMetadata()
                            .getLabels()
                            .get("rbac.authorization.k8s.io/aggregate-to-" + role)))
        .flatMap(it -> it.getRules().stream())
        .toList();
  }

  @Test
  void a_list_of_namespaces_gives_a_role_in_each_and_none_besides() {
    Chart.Rendered rendered = render("list");
    assertThat(OperatorConfig.from(rendered.environment("pod-1")).namespaces())
        .isEqualTo(Set.of("chart-team-a", "chart-team-b"));
    assertThat(OperatorConfig.from(rendered.environment("pod-1")).watchReferences()).isFalse();
    assertThat(OperatorConfig.from(rendered.environment("pod-1")).requireSecretLabel()).isTrue();
    assertThat(rendered.all(ClusterRole.class)).isEmpty();
    assertThat(rendered.all(CustomResourceDefinition.class)).isEmpty();
    assertThat(rendered.all(Role.class))
        .extracting(role -> role.getMetadata().getNamespace())
        .containsExactlyInAnyOrder("chart-team-a", "chart-team-b");
    assertThat(rules(rendered))
        .filteredOn(rule -> rule.getResources().contains("secrets"))
        .hasSize(2)
        .allSatisfy(rule -> assertThat(rule.getVerbs()).containsExactly("get"));
  }

  @ParameterizedTest
  @ValueSource(strings = {"default", "ha", "list"})
  void no_rule_has_a_wildcard_or_writes_what_is_not_the_operators(String values) {
    assertThat(rules(render(values)))
        .isNotEmpty()
        .allSatisfy(
            rule -> {
              assertThat(
                      Stream.of(rule.getApiGroups(), rule.getResources(), rule.getVerbs())
                          .flatMap(List::stream))
                  .doesNotContain("*");
              assertThat(rule.getResources()).doesNotContain("pods", "namespaces");
            });
  }

  @Test
  void the_definition_is_the_projects_and_outlives_the_release() throws IOException {
    HasMetadata file =
        client
            .load(
                Files.newInputStream(
                    Checkout.root().resolve("crds/tenantdatabases.tenantdb.io.yaml")))
            .items()
            .get(0);
    CustomResourceDefinition rendered = render("default").only(CustomResourceDefinition.class);
    assertThat(rendered.getMetadata().getAnnotations())
        .isEqualTo(Map.of("helm.sh/resource-policy", "keep"));
    rendered.getMetadata().setAnnotations(file.getMetadata().getAnnotations());
    assertThat(rendered).isEqualTo(file);
  }

  @Test
  void a_service_monitor_finds_the_metrics() {
    Chart.Rendered rendered =
        chart.render(
            client,
            RELEASE,
            "chart-default",
            "--set",
            "metrics.serviceMonitor.enabled=true,metrics.serviceMonitor.labels.release=prometheus");
    GenericKubernetesResource monitor = rendered.only(GenericKubernetesResource.class);
    assertThat(monitor.getKind()).isEqualTo("ServiceMonitor");
    assertThat(monitor.getMetadata().getLabels()).containsEntry("release", "prometheus");
    Map<String, String> selected = monitor.get("spec", "selector", "matchLabels");
    assertThat(rendered.only(Service.class).getMetadata().getLabels())
        .containsAllEntriesOf(selected);
    assertThat(render("default").all(GenericKubernetesResource.class)).isEmpty();
  }

  @ParameterizedTest
  @ValueSource(strings = {"default", "ha", "list"})
  void its_pods_may_run_where_the_standard_restricted_is_enforced(String values) {
    String namespace = "restricted-" + values;
    client
        .resource(
            new NamespaceBuilder()
                .withNewMetadata()
                .withName(namespace)
                .addToLabels("pod-security.kubernetes.io/enforce", "restricted")
                .endMetadata()
                .build())
        .create();
    Pod pod = pod(render(values).only(Deployment.class).getSpec().getTemplate(), namespace);
    assertThat(pod.getSpec().getContainers())
        .allSatisfy(
            container ->
                assertThat(container.getSecurityContext().getReadOnlyRootFilesystem()).isTrue());
    assertThatCode(() -> client.resource(pod).dryRun().create()).doesNotThrowAnyException();

    pod.getSpec().getContainers().get(0).getSecurityContext().setAllowPrivilegeEscalation(true);
    assertThatThrownBy(() -> client.resource(pod).dryRun().create())
        .isInstanceOf(KubernetesClientException.class)
        .hasMessageContaining("violates PodSecurity");
  }

  private static Pod pod(PodTemplateSpec template, String namespace) {
    return new PodBuilder()
        .withMetadata(template.getMetadata())
        .editMetadata()
        .withNamespace(namespace)
        .withName("operator")
        .endMetadata()
        .withSpec(template.getSpec())
        .build();
  }

  @Test
  void it_is_installed_upgraded_and_removed_and_the_definition_stays() {
    String namespace = api.createNamespace("chart-life");
    // The definition is here already, from another test.
    String[] common = {
      RELEASE, Chart.DIRECTORY.toString(), "--namespace", namespace, "--take-ownership"
    };
    String notes = helm("install", common, "--set", Chart.IMAGE, "--set", "watch=own");
    assertThat(notes)
        .contains("CREATE ROLE", "pg_read_all_stats", "kubectl get tdb -n chart-life")
        .contains("metadata: {name: fruitpak, namespace: chart-life}");
    assertThat(client.apps().deployments().inNamespace(namespace).withName(RELEASE).get())
        .isNotNull();
    helm("upgrade", common, "--set", Chart.IMAGE, "--set", "watch=own", "--set", "replicas=2");
    assertThat(client.rbac().roles().inNamespace(namespace).withName(RELEASE + "-lease").get())
        .isNotNull();
    helm("upgrade", common, "--set", Chart.IMAGE, "--set", "watch=all");
    assertThat(client.rbac().roles().inNamespace(namespace).list().getItems()).isEmpty();

    helm("uninstall", new String[] {RELEASE, "--namespace", namespace});
    assertThat(client.apps().deployments().inNamespace(namespace).list().getItems()).isEmpty();
    assertThat(
            client
                .apiextensions()
                .v1()
                .customResourceDefinitions()
                .withName("tenantdatabases.tenantdb.io")
                .get()
                .getMetadata()
                .getDeletionTimestamp())
        .isNull();
  }

  private String helm(String verb, String[] common, String... arguments) {
    String[] command =
        Stream.of(Stream.of(verb), Stream.of(common), Stream.of(arguments))
            .flatMap(part -> part)
            .toArray(String[]::new);
    return helm.run(api.kubeconfig(), command).orThrow();
  }

  private Chart.Rendered render(String values) {
    return chart.render(client, RELEASE, "chart-" + values, "--values", file(values));
  }

  private static List<PolicyRule> rules(Chart.Rendered rendered) {
    return Stream.concat(
            rendered.all(Role.class).stream().map(Role::getRules),
            rendered.all(ClusterRole.class).stream().map(ClusterRole::getRules))
        .flatMap(List::stream)
        .toList();
  }
}
