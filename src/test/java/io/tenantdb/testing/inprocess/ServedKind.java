package io.tenantdb.testing.inprocess;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.List;
import java.util.stream.StreamSupport;

/**
 * A kind of objects that the server knows.
 *
 * @param group empty for the core group
 * @param columns {@code additionalPrinterColumns} of its definition
 * @param schema with the list types of {@code metadata}; no other properties for a built-in kind
 */
record ServedKind(
    String group,
    String version,
    String plural,
    String singular,
    String kind,
    boolean namespaced,
    List<String> shortNames,
    List<JsonNode> columns,
    JsonNode schema) {

  static ServedKind builtIn(
      String group, String version, String plural, String kind, boolean namespaced, String... s) {
    return new ServedKind(
        group,
        version,
        plural,
        plural.substring(0, plural.length() - 1),
        kind,
        namespaced,
        List.of(s),
        List.of(),
        withMetadata(JsonNodeFactory.instance.objectNode()));
  }

  /** The kinds of a definition, one a version. */
  static List<ServedKind> defined(JsonNode definition) {
    JsonNode spec = definition.path("spec");
    JsonNode names = spec.path("names");
    return elements(spec.path("versions")).stream()
        .map(
            version ->
                new ServedKind(
                    spec.path("group").asText(),
                    version.path("name").asText(),
                    names.path("plural").asText(),
                    names.path("singular").asText(),
                    names.path("kind").asText(),
                    spec.path("scope").asText().equals("Namespaced"),
                    elements(names.path("shortNames")).stream().map(JsonNode::asText).toList(),
                    elements(version.path("additionalPrinterColumns")),
                    withMetadata(version.at("/schema/openAPIV3Schema").deepCopy())))
        .toList();
  }

  private static JsonNode withMetadata(ObjectNode schema) {
    ObjectNode properties = schema.withObject("/properties/metadata").putObject("properties");
    properties.putObject("finalizers").put("x-kubernetes-list-type", "set");
    properties
        .putObject("ownerReferences")
        .put("x-kubernetes-list-type", "map")
        .putArray("x-kubernetes-list-map-keys")
        .add("uid");
    return schema;
  }

  String groupVersion() {
    return group.isEmpty() ? version : group + "/" + version;
  }

  /** Fills in the defaults of the schema. */
  void setDefaults(ObjectNode object) {
    setDefaults(schema, object);
  }

  private static void setDefaults(JsonNode schema, JsonNode value) {
    if (value instanceof ObjectNode object) {
      schema
          .path("properties")
          .properties()
          .forEach(
              property -> {
                String name = property.getKey();
                if (!object.has(name) && property.getValue().has("default")) {
                  object.set(name, property.getValue().get("default").deepCopy());
                }
                setDefaults(property.getValue(), object.path(name));
              });
    } else if (value instanceof ArrayNode list) {
      list.forEach(element -> setDefaults(schema.path("items"), element));
    }
  }

  private static List<JsonNode> elements(JsonNode list) {
    return StreamSupport.stream(list.spliterator(), false).toList();
  }
}
