package io.tenantdb.desired;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.dataformat.yaml.YAMLMapper;
import io.tenantdb.api.v1alpha1.TenantDatabaseSpec;
import io.tenantdb.model.Desired;
import java.io.IOException;
import java.io.UncheckedIOException;

/** Specs written as YAML. */
final class Specs {
  private static final YAMLMapper YAML = new YAMLMapper();
  private static final ObjectMapper JSON = new ObjectMapper();

  /** The required parts, to which a test adds its own lines. */
  static final String BASE =
      """
      database: {host: localhost, name: fruitpak, credentialsSecretRef: {name: fruitpak-db}}
      tenants: {patterns: ["tenant_*"]}
      """;

  private Specs() {}

  static TenantDatabaseSpec spec(String yaml) {
    return spec(tree(yaml));
  }

  static JsonNode tree(String yaml) {
    try {
      return YAML.readTree(yaml);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  static TenantDatabaseSpec spec(JsonNode tree) {
    return JSON.convertValue(tree, TenantDatabaseSpec.class);
  }

  static Desired template(String yaml) {
    return Resolution.template("platform", "fruitpak", spec(yaml));
  }

  /** Base, and these lines. */
  static Desired with(String yaml) {
    return template(BASE + yaml);
  }
}
