package io.tenantdb.chart;

import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.ServiceAccount;
import io.fabric8.kubernetes.api.model.authorization.v1.SubjectAccessReview;
import io.fabric8.kubernetes.api.model.authorization.v1.SubjectAccessReviewBuilder;
import io.fabric8.kubernetes.api.model.rbac.ClusterRole;
import io.fabric8.kubernetes.api.model.rbac.ClusterRoleBinding;
import io.fabric8.kubernetes.api.model.rbac.PolicyRule;
import io.fabric8.kubernetes.api.model.rbac.Role;
import io.fabric8.kubernetes.api.model.rbac.RoleBinding;
import io.fabric8.kubernetes.client.Config;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.tenantdb.testing.Helm;
import io.tenantdb.testing.KubernetesApi;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.awaitility.Awaitility;

/**
 * The service account of a release, with the roles that the chart gives it: whoever connects as it
 * may do what an installed operator may, and nothing else.
 */
public final class ChartAccount {

  private static final String RELEASE = "tenantdb-operator";

  private final KubernetesApi api;
  private final Chart chart;
  private final String namespace;
  private Chart.Rendered rendered = new Chart.Rendered(List.of());

  /**
   * Of a release in a namespace that exists; it has no rights before {@link #install}.
   *
   * @param namespace the release's
   */
  public ChartAccount(KubernetesApi api, Helm helm, String namespace) {
    this.api = api;
    this.chart = new Chart(helm);
    this.namespace = namespace;
  }

  /**
   * Applies account, roles and bindings, and waits until they count. A second time is as an
   * upgrade.
   *
   * @param values as of {@code --set}
   */
  public ChartAccount install(String... values) {
    List<String> arguments =
        new ArrayList<>(List.of("--set", "crds.install=false,rbac.aggregateRoles=false"));
    for (String value : values) {
      arguments.addAll(List.of("--set", value));
    }
    KubernetesClient client = api.adminClient();
    rendered = chart.render(client, RELEASE, namespace, arguments.toArray(String[]::new));
    for (Class<? extends HasMetadata> kind :
        List.of(
            ServiceAccount.class,
            ClusterRole.class,
            Role.class,
            ClusterRoleBinding.class,
            RoleBinding.class)) {
      rendered.all(kind).forEach(object -> client.resource(object).serverSideApply());
    }
    // RBAC reads roles and bindings from a watch: a request right after them may be refused.
    List<SubjectAccessReview> rights = rights();
    Awaitility.await()
        .atMost(Duration.ofSeconds(30))
        .pollInterval(Duration.ofMillis(50))
        .until(() -> rights.stream().allMatch(this::allowed));
    return this;
  }

  /** How to connect as it. */
  public Config config() {
    return api.configOfServiceAccount(namespace, name());
  }

  /** A kubeconfig file that connects as it. */
  public Path kubeconfig() {
    return api.kubeconfigOf(namespace + "-" + name(), config());
  }

  /** The environment of a pod of the release. */
  public Map<String, String> environment(String pod) {
    return rendered.environment(pod);
  }

  private String name() {
    return rendered.only(ServiceAccount.class).getMetadata().getName();
  }

  private boolean allowed(SubjectAccessReview review) {
    return api.adminClient()
        .authorization()
        .v1()
        .subjectAccessReview()
        .create(review)
        .getStatus()
        .getAllowed();
  }

  private List<SubjectAccessReview> rights() {
    List<SubjectAccessReview> reviews = new ArrayList<>();
    rendered.all(ClusterRole.class).forEach(role -> add(reviews, null, role.getRules()));
    rendered
        .all(Role.class)
        .forEach(role -> add(reviews, role.getMetadata().getNamespace(), role.getRules()));
    return reviews;
  }

  private void add(List<SubjectAccessReview> reviews, String in, List<PolicyRule> rules) {
    for (PolicyRule rule : rules) {
      for (String resource : rule.getResources()) {
        String[] names = (resource + "/").split("/", -1);
        for (String verb : rule.getVerbs()) {
          reviews.add(
              new SubjectAccessReviewBuilder()
                  .withNewSpec()
                  .withUser("system:serviceaccount:" + namespace + ":" + name())
                  .withNewResourceAttributes()
                  .withNamespace(in)
                  .withGroup(rule.getApiGroups().get(0))
                  .withResource(names[0])
                  .withSubresource(names[1])
                  .withName(rule.getResourceNames().stream().findFirst().orElse(null))
                  .withVerb(verb)
                  .endResourceAttributes()
                  .endSpec()
                  .build());
        }
      }
    }
  }
}
