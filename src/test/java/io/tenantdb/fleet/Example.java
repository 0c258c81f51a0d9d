package io.tenantdb.fleet;

import com.fasterxml.jackson.databind.node.ObjectNode;
import com.fasterxml.jackson.dataformat.yaml.YAMLMapper;
import io.tenantdb.api.v1alpha1.TenantDatabaseSpec;
import io.tenantdb.desired.Resolution;
import io.tenantdb.model.Desired;
import io.tenantdb.testing.Checkout;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.util.List;

/** The shipped example: examples/fruitpak.yaml and its tables. */
final class Example {

  private Example() {}

  /** What it declares, settled at once. */
  static Desired desired() {
    try {
      ObjectNode spec = (ObjectNode) new YAMLMapper().readTree(file("fruitpak.yaml")).get("spec");
      ((ObjectNode) spec.get("tenants")).put("settle", "0s");
      return Resolution.template(
          "platform", "fruitpak", new YAMLMapper().convertValue(spec, TenantDatabaseSpec.class));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** The same without its aggregate. */
  static Desired withoutAggregates() {
    Desired all = desired();
    return new Desired(
        all.ownerId(),
        all.tenants(),
        all.indexes(),
        all.hypertables(),
        List.of(),
        all.overrides(),
        all.whenTimescaleMissing(),
        all.safety());
  }

  /** The statements that make a tenant's tables where {@code search_path} points. */
  static String tables() {
    return file("fruitpak.sql");
  }

  private static String file(String name) {
    try {
      return Files.readString(Checkout.root().resolve("examples").resolve(name));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
