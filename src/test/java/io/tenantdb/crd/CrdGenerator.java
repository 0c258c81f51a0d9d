package io.tenantdb.crd;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.fabric8.crdv2.generator.CRDGenerator;
import io.fabric8.crdv2.generator.CRDPostProcessor;
import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.client.utils.KubernetesSerialization;
import io.tenantdb.api.v1alpha1.TenantDatabase;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.atomic.AtomicReference;

/**
 * Writes the custom resource definition from the records of {@code io.tenantdb.api.v1alpha1}:
 * fabric8's generator makes a first version, {@link CrdFinish} what an API server and a person need
 * besides.
 */
public final class CrdGenerator {

  /** Where the definition is, from the root of the project. */
  static final Path FILE = Path.of("crds", "tenantdatabases.tenantdb.io.yaml");

  /** The chart's copy: helm reads nothing outside a chart. */
  static final Path CHART_FILE = Path.of("helm", "tenantdb-operator", "files").resolve(FILE);

  private CrdGenerator() {}

  /** Rewrites both files below the directory given, or the current one. */
  public static void main(String[] arguments) throws IOException {
    Path root = Path.of(arguments.length == 0 ? "." : arguments[0]);
    for (Path file : List.of(FILE, CHART_FILE)) {
      Files.createDirectories(root.resolve(file).getParent());
      Files.writeString(root.resolve(file), yaml());
    }
  }

  /** The definition as it belongs into {@link #FILE}. */
  static String yaml() {
    return CrdYaml.write(CrdFinish.of(generated(), TenantDatabase.class));
  }

  private static ObjectNode generated() {
    AtomicReference<ObjectNode> crd = new AtomicReference<>();
    try (CRDGenerator.CRDOutput<ByteArrayOutputStream> nowhere = new Nowhere()) {
      new CRDGenerator()
          .customResourceClasses(TenantDatabase.class)
          .forCRDVersions("v1")
          .withPostProcessor(
              new CRDPostProcessor() {
                @Override
                public HasMetadata process(HasMetadata generated, String version) {
                  crd.set(new KubernetesSerialization().convertValue(generated, ObjectNode.class));
                  return generated;
                }
              })
          .withOutput(nowhere)
          .generate();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return crd.get();
  }

  /** The generator insists on writing. */
  private static final class Nowhere extends CRDGenerator.AbstractCRDOutput<ByteArrayOutputStream> {
    @Override
    protected ByteArrayOutputStream createStreamFor(String name) {
      return new ByteArrayOutputStream();
    }
  }
}
