package io.tenantdb.desired.schema;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;

/**
 * Fills in a schema's defaults. As in the API server, a null is dropped first (no field of ours is
 * nullable), and the default of an object is itself filled in.
 */
final class Defaulting {

  private Defaulting() {}

  /** A copy with the defaults. */
  static JsonNode of(JsonNode schema, JsonNode value) {
    if (value instanceof ObjectNode object) {
      ObjectNode copy = JsonNodeFactory.instance.objectNode();
      object
          .properties()
          .forEach(
              field -> {
                if (!field.getValue().isNull()) {
                  copy.set(
                      field.getKey(),
                      of(schema.path("properties").path(field.getKey()), field.getValue()));
                }
              });
      schema
          .path("properties")
          .properties()
          .forEach(
              property -> {
                if (!copy.has(property.getKey()) && property.getValue().has("default")) {
                  copy.set(
                      property.getKey(),
                      of(property.getValue(), property.getValue().get("default")));
                }
              });
      return copy;
    }
    if (value instanceof ArrayNode array) {
      ArrayNode copy = JsonNodeFactory.instance.arrayNode();
      array.forEach(element -> copy.add(of(schema.path("items"), element)));
      return copy;
    }
    return value;
  }
}
