package io.tenantdb.desired.schema;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.regex.Pattern;
import java.util.stream.StreamSupport;

/**
 * Holds a value to a structural schema of Kubernetes, strictly: a field that the schema does not
 * have is refused. Knows the keywords in {@link #KEYWORDS} and no others. The sentences are those
 * of the API server.
 */
final class StructuralCheck {

  /** What a schema may say for this check, the defaulting and the rules to be the whole truth. */
  static final Set<String> KEYWORDS =
      Set.of(
          "type",
          "description",
          "default",
          "properties",
          "required",
          "items",
          "enum",
          "pattern",
          "minLength",
          "maxLength",
          "minimum",
          "maximum",
          "minItems",
          "maxItems",
          "maxProperties",
          "additionalProperties",
          "format",
          "x-kubernetes-int-or-string",
          "x-kubernetes-list-type",
          "x-kubernetes-list-map-keys",
          "x-kubernetes-validations");

  private static final Map<String, Pattern> PATTERNS = new ConcurrentHashMap<>();

  private final List<String> problems;

  StructuralCheck(List<String> problems) {
    this.problems = problems;
  }

  /** Notes where the value breaks the schema. */
  void check(String path, JsonNode schema, JsonNode value) {
    if (!type(path, schema, value)) {
      return;
    }
    if (schema.has("enum")) {
      words(path, schema, value);
    }
    if (value.isTextual()) {
      text(path, schema, value.textValue());
    } else if (value.isIntegralNumber()) {
      number(path, schema, value);
    } else if (value.isArray()) {
      list(path, schema, value);
    } else if (value.isObject()) {
      object(path, schema, value);
    }
  }

  private boolean type(String path, JsonNode schema, JsonNode value) {
    if (schema.path("x-kubernetes-int-or-string").asBoolean()) {
      if (value.isTextual() || value.isIntegralNumber()) {
        return true;
      }
      problems.add(
          "%s: Invalid value: \"%s\": %s in body must be of type integer,string: \"%s\""
              .formatted(path, typeOf(value), path, typeOf(value)));
      return false;
    }
    String expected = schema.path("type").asText();
    if (!typeOf(value).equals(expected)) {
      problems.add(
          "%s: Invalid value: \"%s\": %s in body must be of type %s: \"%s\""
              .formatted(path, typeOf(value), path, expected, typeOf(value)));
      return false;
    }
    return true;
  }

  private static String typeOf(JsonNode value) {
    return switch (value.getNodeType()) {
      case STRING -> "string";
      case BOOLEAN -> "boolean";
      case ARRAY -> "array";
      case OBJECT, POJO -> "object";
      case NUMBER -> value.isIntegralNumber() ? "integer" : "number";
      case NULL, MISSING, BINARY -> "null";
    };
  }

  private void words(String path, JsonNode schema, JsonNode value) {
    List<JsonNode> words = elements(schema.get("enum"));
    if (!words.contains(value)) {
      problems.add(
          "%s: Unsupported value: %s: supported values: %s"
              .formatted(
                  path, value, String.join(", ", words.stream().map(JsonNode::toString).toList())));
    }
  }

  private void text(String path, JsonNode schema, String value) {
    int length = value.codePointCount(0, value.length());
    if (schema.has("maxLength") && length > schema.get("maxLength").asInt()) {
      problems.add(
          "%s: Too long: may not be more than %s bytes".formatted(path, schema.get("maxLength")));
    }
    if (schema.has("minLength") && length < schema.get("minLength").asInt()) {
      problems.add(
          "%s: Invalid value: %s: %s in body should be at least %s chars long"
              .formatted(path, shown(value), path, schema.get("minLength")));
    }
    if (schema.has("pattern") && !pattern(schema.get("pattern").asText()).matcher(value).find()) {
      problems.add(
          "%s: Invalid value: %s: %s in body should match '%s'"
              .formatted(path, shown(value), path, schema.get("pattern").asText()));
    }
  }

  /** In Go a final {@code $} is the end of the text; in Java also before a last line end. */
  private static Pattern pattern(String go) {
    return PATTERNS.computeIfAbsent(go, p -> Pattern.compile(p.replaceFirst("\\$$", "\\\\z")));
  }

  private void number(String path, JsonNode schema, JsonNode value) {
    if (!value.canConvertToLong()
        || (schema.path("format").asText().equals("int32") && !value.canConvertToInt())) {
      problems.add("%s: Invalid value: %s: is out of range".formatted(path, value));
      return;
    }
    if (schema.has("minimum") && value.longValue() < schema.get("minimum").longValue()) {
      problems.add(
          "%s: Invalid value: %s: %s in body should be greater than or equal to %s"
              .formatted(path, value, path, schema.get("minimum")));
    }
    if (schema.has("maximum") && value.longValue() > schema.get("maximum").longValue()) {
      problems.add(
          "%s: Invalid value: %s: %s in body should be less than or equal to %s"
              .formatted(path, value, path, schema.get("maximum")));
    }
  }

  private void list(String path, JsonNode schema, JsonNode value) {
    if (schema.has("maxItems") && value.size() > schema.get("maxItems").asInt()) {
      problems.add(
          "%s: Too many: %d: must have at most %s items"
              .formatted(path, value.size(), schema.get("maxItems")));
    }
    if (schema.has("minItems") && value.size() < schema.get("minItems").asInt()) {
      problems.add(
          "%s: Invalid value: %d: %s in body should have at least %s items"
              .formatted(path, value.size(), path, schema.get("minItems")));
    }
    Set<JsonNode> seen = new HashSet<>();
    boolean unique = !schema.path("x-kubernetes-list-type").asText("atomic").equals("atomic");
    for (int i = 0; i < value.size(); i++) {
      String at = path + "[" + i + "]";
      check(at, schema.get("items"), value.get(i));
      JsonNode key = key(schema, value.get(i));
      if (unique && !seen.add(key)) {
        problems.add("%s: Duplicate value: %s".formatted(at, key));
      }
    }
  }

  private static JsonNode key(JsonNode schema, JsonNode element) {
    if (!schema.has("x-kubernetes-list-map-keys")) {
      return element;
    }
    ObjectNode key = JsonNodeFactory.instance.objectNode();
    schema
        .get("x-kubernetes-list-map-keys")
        .forEach(field -> key.set(field.asText(), element.path(field.asText())));
    return key;
  }

  private void object(String path, JsonNode schema, JsonNode value) {
    String prefix = path.isEmpty() ? "" : path + ".";
    for (JsonNode field : schema.path("required")) {
      if (!value.has(field.asText())) {
        problems.add("%s%s: Required value".formatted(prefix, field.asText()));
      }
    }
    if (schema.has("maxProperties") && value.size() > schema.get("maxProperties").asInt()) {
      problems.add(
          "%s: Too many: %d: must have at most %s items"
              .formatted(path, value.size(), schema.get("maxProperties")));
    }
    boolean open = !schema.has("properties") && !schema.has("additionalProperties");
    value
        .properties()
        .forEach(
            field -> {
              JsonNode property = schema.path("properties").path(field.getKey());
              if (property.isMissingNode()) {
                property = schema.path("additionalProperties");
              }
              if (!property.isMissingNode()) {
                check(prefix + field.getKey(), property, field.getValue());
              } else if (!open) {
                problems.add("unknown field \"%s%s\"".formatted(prefix, field.getKey()));
              }
            });
  }

  private static List<JsonNode> elements(JsonNode list) {
    return new ArrayList<>(StreamSupport.stream(list.spliterator(), false).toList());
  }

  private static String shown(String value) {
    return JsonNodeFactory.instance.textNode(value).toString();
  }
}
