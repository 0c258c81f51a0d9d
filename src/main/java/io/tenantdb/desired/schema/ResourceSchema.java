package io.tenantdb.desired.schema;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.dataformat.yaml.YAMLMapper;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;

/**
 * The definition of {@code TenantDatabase}, read from the class path, as a judge of resources that
 * no API server has seen. Immutable.
 */
public final class ResourceSchema {
  private static final String RESOURCE = "/crds/tenantdatabases.tenantdb.io.yaml";
  private static final String API_VERSION = "tenantdb.io/v1alpha1";
  private static final String KIND = "TenantDatabase";

  /** Source: Kubernetes documentation, "Object Names and IDs", DNS subdomain names. */
  private static final Pattern OBJECT_NAME =
      Pattern.compile("[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*");

  private static final int MAX_OBJECT_NAME = 253;

  private final JsonNode schema;
  private final CelRules rules;

  private ResourceSchema(JsonNode schema) {
    this.schema = schema;
    this.rules = new CelRules();
  }

  /** The definition of this release. */
  public static ResourceSchema ofThisRelease() {
    try (InputStream in = ResourceSchema.class.getResourceAsStream(RESOURCE)) {
      if (in == null) {
        throw new IllegalStateException("not on the class path: " + RESOURCE);
      }
      return new ResourceSchema(
          new YAMLMapper().readTree(in).at("/spec/versions/0/schema/openAPIV3Schema"));
    } catch (IOException e) {
      throw new UncheckedIOException("cannot read " + RESOURCE, e);
    }
  }

  /**
   * What an API server would refuse about a new resource; nothing where it would accept it. As
   * there, the rules across fields are looked at only once every field is well-formed, and rules
   * about the change of a resource do not apply.
   *
   * @return sentences that begin with the field
   */
  public List<String> validate(JsonNode resource) {
    List<String> problems = new ArrayList<>();
    if (!resource.isObject()) {
      return List.of("The file must hold one TenantDatabase.");
    }
    must(problems, resource, "apiVersion", API_VERSION);
    must(problems, resource, "kind", KIND);
    String name = resource.at("/metadata/name").asText();
    if (name.isEmpty()) {
      problems.add("metadata.name: Required value: name the resource");
    } else if (name.length() > MAX_OBJECT_NAME || !OBJECT_NAME.matcher(name).matches()) {
      problems.add(
          "metadata.name: Invalid value: \""
              + name
              + "\": must consist of lower case letters, digits, dashes and dots");
    }
    if (!problems.isEmpty()) {
      return problems;
    }
    JsonNode defaulted = Defaulting.of(schema, resource);
    new StructuralCheck(problems).check("", schema, defaulted);
    if (problems.isEmpty()) {
      rules.check(problems, "", schema, defaulted);
    }
    return problems;
  }

  private static void must(
      List<String> problems, JsonNode resource, String field, String expected) {
    String value = resource.path(field).asText();
    if (!value.equals(expected)) {
      problems.add(
          field + ": Invalid value: \"" + value + "\": must be " + expected + " in this release");
    }
  }
}
