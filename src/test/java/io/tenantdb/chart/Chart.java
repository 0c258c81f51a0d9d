package io.tenantdb.chart;

import io.fabric8.kubernetes.api.model.EnvVar;
import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.apps.Deployment;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.tenantdb.testing.Checkout;
import io.tenantdb.testing.Command;
import io.tenantdb.testing.Helm;
import java.io.ByteArrayInputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * The chart, as helm renders it.
 *
 * @param helm renders it
 */
public record Chart(Helm helm) {

  static final Path DIRECTORY = Checkout.root().resolve("helm/tenantdb-operator");

  /** Enough for the chart to be rendered: the one value that has no default. */
  static final String IMAGE = "image.repository=registry.example.com/tenantdb";

  /**
   * The objects of a release that are of a kind.
   *
   * @param objects all of them
   */
  record Rendered(List<HasMetadata> objects) {

    <T extends HasMetadata> List<T> all(Class<T> kind) {
      return objects.stream().filter(kind::isInstance).map(kind::cast).toList();
    }

    <T extends HasMetadata> T only(Class<T> kind) {
      List<T> found = all(kind);
      if (found.size() != 1) {
        throw new AssertionError(found.size() + " objects of kind " + kind.getSimpleName());
      }
      return found.get(0);
    }

    /** The environment of the operator's container, as the kubelet would make it for a pod. */
    Map<String, String> environment(String pod) {
      Deployment deployment = only(Deployment.class);
      Map<String, String> fields =
          Map.of(
              "metadata.name", pod, "metadata.namespace", deployment.getMetadata().getNamespace());
      Map<String, String> environment = new HashMap<>();
      for (EnvVar variable :
          deployment.getSpec().getTemplate().getSpec().getContainers().get(0).getEnv()) {
        environment.put(
            variable.getName(),
            variable.getValueFrom() == null
                ? variable.getValue()
                : fields.get(variable.getValueFrom().getFieldRef().getFieldPath()));
      }
      return environment;
    }
  }

  /**
   * Runs {@code helm template}; the image is set.
   *
   * @param arguments more of them, for example {@code --set}
   */
  Command.Result template(String release, String namespace, String... arguments) {
    List<String> command =
        new ArrayList<>(
            List.of(
                "template",
                release,
                DIRECTORY.toString(),
                "--namespace",
                namespace,
                "--set",
                IMAGE));
    command.addAll(List.of(arguments));
    return helm.run(command.toArray(String[]::new));
  }

  /** What {@link #template} prints, read. */
  Rendered render(KubernetesClient reader, String release, String namespace, String... arguments) {
    String yaml = template(release, namespace, arguments).orThrow();
    return new Rendered(
        reader.load(new ByteArrayInputStream(yaml.getBytes(StandardCharsets.UTF_8))).items());
  }
}
