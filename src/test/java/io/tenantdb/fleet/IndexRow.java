package io.tenantdb.fleet;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.fasterxml.jackson.dataformat.yaml.YAMLMapper;
import io.tenantdb.model.Reason;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * A declared index of {@code src/test/resources/indexes}, and what is to become of it.
 *
 * @param spec as the resource has it
 * @param changed the same with one attribute changed; the spec itself where nothing ever builds it
 * @param change the kind of change that this takes
 * @param until the last version that refuses it; 0 where none does
 * @param refused what is said where it is refused
 */
record IndexRow(
    ObjectNode spec, ObjectNode changed, String change, int until, Optional<Refusal> refused) {

  private static final Path FOLDER = Path.of("src", "test", "resources", "indexes");
  // More than one table: each index makes the next one's build on the same table dearer.
  private static final SortedMap<String, String> TABLES =
      new TreeMap<>(
          Map.of(
              "keys", "items", "methods", "items", "expressions", "things", "predicates", "stock"));
  private static final YAMLMapper YAML = new YAMLMapper();

  /**
   * Why it is not built.
   *
   * @param says part of the sentence
   */
  record Refusal(Reason reason, String says) {}

  /** All rows. */
  static List<IndexRow> all() {
    List<IndexRow> rows = new ArrayList<>();
    TABLES.forEach(
        (file, table) -> {
          ArrayNode ofFile = read(FOLDER.resolve(file + ".yaml"));
          for (int i = 0; i < ofFile.size(); i++) {
            rows.add(of(ofFile.get(i), "%s_%03d".formatted(file, i), table));
          }
        });
    return rows;
  }

  /** Whether a server of the version builds it. */
  boolean buildable(int version) {
    return refused.isEmpty() || version > until;
  }

  /** As plans name it. */
  String object() {
    return spec.get("table").asText() + "." + name();
  }

  String name() {
    return spec.get("name").asText();
  }

  private static IndexRow of(JsonNode row, String name, String table) {
    ObjectNode spec = JsonNodeFactory.instance.objectNode().put("name", name).put("table", table);
    spec.setAll(declared(row));
    ObjectNode changed = spec.deepCopy();
    patch(row)
        .properties()
        .forEach(
            field -> {
              if (field.getValue().isNull()) {
                changed.remove(field.getKey());
              } else if (changed.get(field.getKey()) instanceof ObjectNode object) {
                field.getValue().properties().forEach(e -> put(object, e.getKey(), e.getValue()));
              } else {
                changed.set(field.getKey(), field.getValue());
              }
            });
    JsonNode refused = row.path("refused");
    return new IndexRow(
        spec,
        changed,
        row.path("change").asText("ReplaceIndex"),
        row.path("until").asInt(refused.isMissingNode() ? 0 : Integer.MAX_VALUE),
        refused.isMissingNode()
            ? Optional.empty()
            : Optional.of(
                new Refusal(
                    Reason.valueOf(refused.get("reason").asText()), refused.get("says").asText())));
  }

  private static void put(ObjectNode object, String field, JsonNode value) {
    if (value.isNull()) {
      object.remove(field);
    } else {
      object.set(field, value);
    }
  }

  private static ObjectNode declared(JsonNode row) {
    if (row.has("spec")) {
      return (ObjectNode) row.get("spec");
    }
    return row.has("key") ? key(row.get("key")) : where(row.get("where")).put("method", "btree");
  }

  private static ObjectNode patch(JsonNode row) {
    if (row.has("changed")) {
      return (ObjectNode) row.get("changed");
    }
    if (!row.has("to")) {
      return JsonNodeFactory.instance.objectNode();
    }
    return row.has("key") ? key(row.get("to")) : where(row.get("to"));
  }

  private static ObjectNode key(JsonNode expression) {
    ObjectNode spec = JsonNodeFactory.instance.objectNode();
    spec.putArray("keys").addObject().set("expression", expression);
    return spec;
  }

  private static ObjectNode where(JsonNode predicate) {
    ObjectNode spec = JsonNodeFactory.instance.objectNode();
    spec.putArray("columns").add("a");
    spec.set("where", predicate);
    return spec;
  }

  private static ArrayNode read(Path file) {
    try {
      return (ArrayNode) YAML.readTree(Files.readString(file));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
