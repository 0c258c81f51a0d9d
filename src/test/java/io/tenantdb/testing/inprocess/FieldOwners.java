package io.tenantdb.testing.inprocess;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.StreamSupport;

/**
 * Server-side apply: fields are merged, lists by their type in the schema, and what a manager no
 * longer applies goes, unless another one applies it too. Every apply is forced: there are no
 * conflicts.
 */
final class FieldOwners {

  /** What each manager applied last, by the object's uid. */
  private final Map<String, Map<String, ObjectNode>> applied = new HashMap<>();

  /** The live object once the manager has applied {@code now}. */
  ObjectNode merge(JsonNode schema, ObjectNode live, String manager, ObjectNode now) {
    Map<String, ObjectNode> owners = new HashMap<>(applied.getOrDefault(uid(live), Map.of()));
    Optional<ObjectNode> before = Optional.ofNullable(owners.put(manager, now));
    JsonNode left =
        before
            .<JsonNode>map(it -> without(schema, live, it, List.copyOf(owners.values())))
            .orElse(live);
    return (ObjectNode) merged(schema, left, now);
  }

  /** Remembers what a manager applied to an object. */
  void remember(JsonNode live, String manager, ObjectNode now) {
    applied.computeIfAbsent(uid(live), uid -> new HashMap<>()).put(manager, now);
  }

  private static String uid(JsonNode object) {
    return object.at("/metadata/uid").asText();
  }

  /** What is left of a value without what was applied before and nobody applies any more. */
  private static JsonNode without(
      JsonNode schema, JsonNode live, JsonNode before, List<? extends JsonNode> kept) {
    if (live instanceof ObjectNode object && before.isObject()) {
      ObjectNode left = object.deepCopy();
      before
          .properties()
          .forEach(
              field -> {
                String name = field.getKey();
                List<JsonNode> still =
                    kept.stream().filter(it -> it.has(name)).map(it -> it.get(name)).toList();
                if (left.has(name)) {
                  JsonNode rest =
                      without(child(schema, name), left.get(name), field.getValue(), still);
                  if (still.isEmpty() && (rest.isValueNode() || rest.isEmpty())) {
                    left.remove(name);
                  } else {
                    left.set(name, rest);
                  }
                }
              });
      return left;
    }
    if (live.isArray() && keyed(schema)) {
      ArrayNode left = JsonNodeFactory.instance.arrayNode();
      for (JsonNode element : live) {
        Optional<JsonNode> was = find(schema, before, element);
        List<JsonNode> still =
            kept.stream().flatMap(list -> find(schema, list, element).stream()).toList();
        if (was.isEmpty()) {
          left.add(element);
        } else if (!still.isEmpty()) {
          left.add(without(schema.path("items"), element, was.get(), still));
        }
      }
      return left;
    }
    return live.isArray() && kept.isEmpty() ? JsonNodeFactory.instance.arrayNode() : live;
  }

  private static JsonNode merged(JsonNode schema, JsonNode live, JsonNode now) {
    if (now.isObject()) {
      ObjectNode result =
          live instanceof ObjectNode object
              ? object.deepCopy()
              : JsonNodeFactory.instance.objectNode();
      now.properties()
          .forEach(
              field ->
                  result.set(
                      field.getKey(),
                      merged(
                          child(schema, field.getKey()),
                          live.path(field.getKey()),
                          field.getValue())));
      return result;
    }
    if (now.isArray() && keyed(schema)) {
      Set<JsonNode> result = new LinkedHashSet<>();
      for (JsonNode element : now) {
        JsonNode old = find(schema, live, element).orElse(JsonNodeFactory.instance.missingNode());
        result.add(merged(schema.path("items"), old, element));
      }
      for (JsonNode element : live) {
        if (find(schema, now, element).isEmpty()) {
          result.add(element);
        }
      }
      return JsonNodeFactory.instance.arrayNode().addAll(result);
    }
    return now;
  }

  private static JsonNode child(JsonNode schema, String name) {
    return schema.path("properties").path(name);
  }

  private static boolean keyed(JsonNode schema) {
    return List.of("map", "set").contains(schema.path("x-kubernetes-list-type").asText());
  }

  /** The element of the same key; in a set an element is its own key. */
  private static Optional<JsonNode> find(JsonNode schema, JsonNode list, JsonNode element) {
    JsonNode keys = schema.path("x-kubernetes-list-map-keys");
    return StreamSupport.stream(list.spliterator(), false)
        .filter(
            other ->
                keys.isMissingNode()
                    ? other.equals(element)
                    : StreamSupport.stream(keys.spliterator(), false)
                        .map(JsonNode::asText)
                        .allMatch(key -> other.path(key).equals(element.path(key))))
        .findFirst();
  }
}
