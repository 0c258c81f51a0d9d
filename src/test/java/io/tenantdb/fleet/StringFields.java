package io.tenantdb.fleet;

import com.fasterxml.jackson.core.JsonPointer;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.MissingNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.fasterxml.jackson.databind.node.TextNode;
import io.tenantdb.api.v1alpha1.IntOrText;
import io.tenantdb.api.v1alpha1.TenantDatabaseSpec;
import java.lang.reflect.ParameterizedType;
import java.lang.reflect.RecordComponent;
import java.lang.reflect.Type;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;

/**
 * Every place of a spec that takes a text, found by looking at the records: a field that is added
 * to them is here without anybody's help.
 */
final class StringFields {
  private static final String KEY = "{key}";

  private final Set<String> fields = new TreeSet<>();
  private final Map<String, Place> places = new LinkedHashMap<>();

  /**
   * A field in a valid document.
   *
   * @param field {@code spec.indexes[].keys[].expression}; {@code {}} for the values of a map and
   *     {@code {key}} for its keys
   * @param pointer from the spec, to the value that is replaced
   */
  record Place(String field, JsonNode document, JsonPointer pointer) {

    /** What the field has in the document. */
    String original() {
      return isKey() ? pointer.last().getMatchingProperty() : document.at(pointer).asText();
    }

    /** The document with another text in this field. */
    JsonNode with(String text) {
      JsonNode copy = document.deepCopy();
      JsonNode parent = copy.at(pointer.head());
      JsonPointer last = pointer.last();
      if (isKey()) {
        ObjectNode map = (ObjectNode) parent;
        map.set(text, map.remove(last.getMatchingProperty()));
      } else if (parent instanceof ArrayNode array) {
        array.set(last.getMatchingIndex(), TextNode.valueOf(text));
      } else {
        ((ObjectNode) parent).set(last.getMatchingProperty(), TextNode.valueOf(text));
      }
      return copy;
    }

    /**
     * The document with an entry more for every text, where the field stands in a list; else one
     * document a text.
     */
    List<JsonNode> withAll(List<String> texts) {
      List<String> lists =
          List.of("/indexes/", "/hypertables/", "/aggregates/", "/tenants/overrides/");
      Optional<String> list = lists.stream().filter(pointer.toString()::startsWith).findFirst();
      JsonNode all = document.deepCopy();
      if (list.isEmpty() && !(document.at(pointer.head()) instanceof ArrayNode)) {
        return texts.stream().map(this::with).toList();
      }
      ArrayNode array =
          (ArrayNode)
              all.at(
                  list.map(l -> l.substring(0, l.length() - 1)).orElse(pointer.head().toString()));
      for (int i = 0; i < texts.size(); i++) {
        if (list.isEmpty()) {
          array.add(texts.get(i));
        } else {
          array.add(entry(list.get(), texts.get(i), i));
        }
      }
      return List.of(all);
    }

    /** An entry of a list, with a name of its own but for the text. */
    private JsonNode entry(String list, String text, int number) {
      JsonNode named = document.deepCopy();
      String index = pointer.toString().substring(list.length()).split("/", 2)[0];
      ObjectNode entry = (ObjectNode) named.at(list + index);
      if (entry.has("name")) {
        entry.put("name", "n-" + number);
      }
      if (list.equals("/hypertables/")) {
        entry.put("table", "h" + number);
      }
      if (entry.has("schemas")) {
        entry.putArray("schemas").add("nobody_" + number);
      }
      return new Place(field, named, pointer).with(text).at(list + index);
    }

    /** As messages name it: {@code spec.indexes[0].name}. */
    String path() {
      JsonPointer to = isKey() ? pointer.head() : pointer;
      return "spec" + to.toString().replaceAll("/(\\d+)", "[$1]").replace('/', '.');
    }

    private boolean isKey() {
      return field.endsWith(KEY);
    }
  }

  /** Looks at the records, and for a place of each field in valid documents. */
  StringFields(List<JsonNode> documents) {
    documents.forEach(
        document ->
            walk(TenantDatabaseSpec.class, "spec", JsonPointer.empty(), document, document));
  }

  /** All fields. */
  Set<String> fields() {
    return fields;
  }

  /** The fields that have a place. */
  Map<String, Place> places() {
    return places;
  }

  private void walk(Type type, String field, JsonPointer at, JsonNode node, JsonNode document) {
    if (type == String.class || type == IntOrText.class) {
      leaf(field, at, node, document);
    } else if (type instanceof ParameterizedType generic && generic.getRawType() == List.class) {
      Type element = generic.getActualTypeArguments()[0];
      for (int i = 0; i == 0 || i < node.size(); i++) {
        walk(element, field + "[]", at.appendIndex(i), node.path(i), document);
      }
    } else if (type instanceof ParameterizedType generic && generic.getRawType() == Map.class) {
      String key = node.fieldNames().hasNext() ? node.fieldNames().next() : "";
      leaf(field + KEY, at.appendProperty(key), node.path(key), document);
      walk(
          generic.getActualTypeArguments()[1],
          field + "{}",
          at.appendProperty(key),
          node.path(key),
          document);
    } else if (type instanceof Class<?> record && record.isRecord()) {
      for (RecordComponent component : record.getRecordComponents()) {
        walk(
            component.getGenericType(),
            field + "." + component.getName(),
            at.appendProperty(component.getName()),
            node.path(component.getName()),
            document);
      }
    } else if (type != Boolean.class && type != Integer.class) {
      throw new AssertionError("a type that may or may not hold texts: " + type + " of " + field);
    }
  }

  private void leaf(String field, JsonPointer at, JsonNode node, JsonNode document) {
    fields.add(field);
    if (!(node instanceof MissingNode)) {
      places.putIfAbsent(field, new Place(field, document, at));
    }
  }
}
