package io.tenantdb.crd;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.fasterxml.jackson.dataformat.yaml.YAMLGenerator;
import com.fasterxml.jackson.dataformat.yaml.YAMLMapper;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

/** Writes a definition as people read one: what a field is first, what is in it last. */
final class CrdYaml {
  private static final String HEAD =
      """
      # Generated from the records of io.tenantdb.api.v1alpha1. Do not edit: change the records, then run
      #   mvn -B -q test -Dtest=CrdTest -Dtenantdb.crd=write
      """;

  private static final List<String> FIRST =
      List.of(
          "apiVersion",
          "kind",
          "metadata",
          "name",
          "type",
          "description",
          "group",
          "scope",
          "names",
          "plural",
          "singular",
          "served",
          "storage",
          "required",
          "enum",
          "default");
  private static final List<String> LAST =
      List.of("x-kubernetes-validations", "schema", "properties", "items", "spec", "versions");

  private CrdYaml() {}

  static String write(ObjectNode crd) {
    YAMLMapper yaml =
        YAMLMapper.builder()
            .enable(YAMLGenerator.Feature.MINIMIZE_QUOTES)
            .disable(YAMLGenerator.Feature.SPLIT_LINES)
            .disable(YAMLGenerator.Feature.WRITE_DOC_START_MARKER)
            .build();
    try {
      return HEAD + yaml.writeValueAsString(ordered(crd, false));
    } catch (JsonProcessingException e) {
      throw new IllegalStateException(e);
    }
  }

  /** Names of properties stay in the order of the record; keywords are ordered. */
  private static JsonNode ordered(JsonNode node, boolean names) {
    if (node instanceof ArrayNode array) {
      ArrayNode copy = JsonNodeFactory.instance.arrayNode();
      array.forEach(element -> copy.add(ordered(element, false)));
      return copy;
    }
    if (node instanceof ObjectNode object) {
      List<String> keys = new ArrayList<>();
      object.fieldNames().forEachRemaining(keys::add);
      if (!names) {
        keys.sort(Comparator.<String>comparingInt(CrdYaml::rank).thenComparing(k -> k));
      }
      ObjectNode copy = JsonNodeFactory.instance.objectNode();
      keys.forEach(
          key -> copy.set(key, ordered(object.get(key), !names && key.equals("properties"))));
      return copy;
    }
    return node;
  }

  private static int rank(String key) {
    int first = FIRST.indexOf(key);
    int last = LAST.indexOf(key);
    return first >= 0 ? first : last >= 0 ? 200 + last : 100;
  }
}
