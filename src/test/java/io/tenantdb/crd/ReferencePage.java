package io.tenantdb.crd;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.dataformat.yaml.YAMLMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Stream;

/**
 * Writes the reference of the resources from the definitions in {@code crds/}: one section an
 * object, one row a field, and below it what the rules across fields say.
 */
final class ReferencePage {

  /** Where the page is, from the root of the project. */
  static final Path FILE = Path.of("docs", "reference.md");

  private static final String HEAD =
      """
      <!-- Generated from crds/. Do not edit: change the records of io.tenantdb.api.v1alpha1, then run
           mvn -B -q test -Dtest=CrdTest -Dtenantdb.crd=write -->
      # Reference

      Every field of the resources, as the API server and the command line know them. The same text comes from `kubectl
      explain tdb.spec --recursive`. What the words mean is in [concepts](concepts.md), what the reasons of a status mean in
      [reasons](reasons.md).
      """;

  private final StringBuilder page = new StringBuilder();
  private final Deque<Section> open = new ArrayDeque<>();

  private record Section(String path, JsonNode schema) {}

  private ReferencePage() {}

  /** The page as it belongs into {@link #FILE}, from the definitions below a project's root. */
  static String of(Path root) throws IOException {
    ReferencePage reference = new ReferencePage();
    reference.page.append(HEAD);
    try (Stream<Path> files = Files.list(root.resolve("crds"))) {
      for (Path file : files.sorted().toList()) {
        reference.kind(new YAMLMapper().readTree(Files.readString(file)));
      }
    }
    return reference.page.toString();
  }

  private void kind(JsonNode crd) {
    JsonNode names = crd.at("/spec/names");
    JsonNode version = crd.at("/spec/versions/0");
    JsonNode schema = version.at("/schema/openAPIV3Schema");
    page.append("\n## ").append(names.path("kind").asText()).append("\n\n");
    page.append(schema.path("description").asText()).append("\n\n");
    page.append("`apiVersion: %s/%s`".formatted(text(crd, "/spec/group"), text(version, "/name")));
    page.append(", ").append(text(crd, "/spec/scope").toLowerCase(Locale.ROOT));
    names
        .path("shortNames")
        .forEach(name -> page.append(", `kubectl get ").append(name.asText()).append('`'));
    page.append(".\n");
    rules(schema);
    schema
        .path("properties")
        .properties()
        .forEach(
            field -> {
              if (hasFields(field.getValue())) {
                open.add(new Section(field.getKey(), field.getValue()));
              }
            });
    while (!open.isEmpty()) {
      section(open.pop());
    }
  }

  private void section(Section section) {
    page.append("\n### `").append(section.path()).append("`\n\n");
    page.append(section.schema().path("description").asText()).append("\n\n");
    page.append(
        "| Field | Type | Required | Default | Limits | Meaning |\n|---|---|---|---|---|---|\n");
    List<String> required = new ArrayList<>();
    section.schema().path("required").forEach(name -> required.add(name.asText()));
    List<Section> inner = new ArrayList<>();
    section
        .schema()
        .path("properties")
        .properties()
        .forEach(
            field -> {
              JsonNode schema = field.getValue();
              boolean list = schema.has("items");
              String path = section.path() + "." + field.getKey() + (list ? "[]" : "");
              JsonNode below = list ? schema.get("items") : schema;
              if (hasFields(below)) {
                inner.add(new Section(path, below));
              }
              row(field.getKey(), path, schema, required.contains(field.getKey()));
            });
    rules(section.schema());
    // Depth first, in the order of the fields.
    for (int i = inner.size() - 1; i >= 0; i--) {
      open.push(inner.get(i));
    }
  }

  private void row(String name, String path, JsonNode schema, boolean required) {
    page.append("| `").append(name).append("` | ").append(type(path, schema));
    page.append(" | ").append(required ? "yes" : "").append(" | ").append(absent(schema));
    page.append(" | ").append(cell(Limits.of(schema)));
    page.append(" | ").append(prose(schema.path("description").asText())).append(" |\n");
  }

  /** What the rules across fields say, of the object and of its own fields and lists. */
  private void rules(JsonNode schema) {
    Map<String, List<String>> fieldsByMessage = new LinkedHashMap<>();
    messages(schema).forEach(message -> fieldsByMessage.put(message, new ArrayList<>()));
    schema
        .path("properties")
        .properties()
        .forEach(
            field -> {
              List<String> messages = new ArrayList<>();
              if (!hasFields(field.getValue())) {
                messages.addAll(messages(field.getValue()));
              }
              if (!hasFields(field.getValue().path("items"))) {
                messages.addAll(messages(field.getValue().path("items")));
              }
              messages.forEach(
                  message ->
                      fieldsByMessage
                          .computeIfAbsent(message, m -> new ArrayList<>())
                          .add("`" + field.getKey() + "`"));
            });
    if (!fieldsByMessage.isEmpty()) {
      page.append("\nRules:\n\n");
      fieldsByMessage.forEach(
          (message, fields) ->
              page.append("- ")
                  .append(fields.isEmpty() ? "" : String.join(", ", fields) + ": ")
                  .append(prose(message))
                  .append('\n'));
    }
  }

  private static List<String> messages(JsonNode schema) {
    return schema.path("x-kubernetes-validations").findValuesAsText("message");
  }

  private static String type(String path, JsonNode schema) {
    if (schema.has("items")) {
      return "list of " + type(path, schema.get("items"));
    }
    if (hasFields(schema)) {
      return "[object](#%s)".formatted(anchor(path));
    }
    if (schema.path("x-kubernetes-int-or-string").asBoolean()) {
      return "text or whole number";
    }
    if (schema.has("additionalProperties")) {
      return "map of " + type(path, schema.get("additionalProperties"));
    }
    return schema.path("type").asText();
  }

  private static String absent(JsonNode schema) {
    JsonNode value = schema.path("default");
    return value.isMissingNode() || value.isObject() ? "" : "`" + value.asText() + "`";
  }

  private static boolean hasFields(JsonNode schema) {
    return schema.has("properties");
  }

  /** As GitHub makes one of a heading. */
  private static String anchor(String heading) {
    return heading.toLowerCase(Locale.ROOT).replaceAll("[^a-z0-9 _-]", "");
  }

  private static String cell(String text) {
    return text.replace("|", "\\|");
  }

  private static String prose(String text) {
    return cell(text).replace("*", "\\*").replace("<", "&lt;");
  }

  private static String text(JsonNode node, String pointer) {
    return node.at(pointer).asText();
  }

  /** The bounds of one field in words. */
  private static final class Limits {

    /** Patterns that say less than a few words do. Longer ones are told by the description. */
    private static final Map<String, String> WORDS =
        Map.of("^[^\\x00-\\x1f\\x7f]+$", "no control characters", "\\S", "not blank");

    private static final int LONGEST_PATTERN = 48;

    private Limits() {}

    static String of(JsonNode schema) {
      List<String> limits = new ArrayList<>();
      List<String> words = new ArrayList<>();
      schema.path("enum").forEach(word -> words.add("`" + word.asText() + "`"));
      if (words.isEmpty()) {
        range(limits, schema, "minLength", "maxLength", " characters");
        pattern(limits, schema.path("pattern").asText());
      } else {
        limits.add(String.join(", ", words));
      }
      range(limits, schema, "minimum", "maximum", "");
      range(limits, schema, "minItems", "maxItems", " items");
      range(limits, schema, "minProperties", "maxProperties", " entries");
      List<String> keys = new ArrayList<>();
      schema.path("x-kubernetes-list-map-keys").forEach(key -> keys.add("`" + key.asText() + "`"));
      if (!keys.isEmpty()) {
        limits.add("one a " + String.join(", ", keys));
      }
      if (schema.path("x-kubernetes-list-type").asText().equals("set")) {
        limits.add("none twice");
      }
      for (String inner : new String[] {"items", "additionalProperties"}) {
        if (schema.has(inner)
            && !hasFields(schema.get(inner))
            && !of(schema.get(inner)).isEmpty()) {
          limits.add("each " + of(schema.get(inner)));
        }
      }
      return String.join("; ", limits);
    }

    private static void range(
        List<String> limits, JsonNode schema, String least, String most, String unit) {
      if (schema.has(least) && schema.has(most)) {
        limits.add(schema.get(least).asText() + " to " + schema.get(most).asText() + unit);
      } else if (schema.has(most)) {
        limits.add("at most " + schema.get(most).asText() + unit);
      } else if (schema.has(least)) {
        limits.add("at least " + schema.get(least).asText() + unit);
      }
    }

    private static void pattern(List<String> limits, String pattern) {
      if (WORDS.containsKey(pattern)) {
        limits.add(WORDS.get(pattern));
      } else if (!pattern.isEmpty()
          && pattern.length() <= LONGEST_PATTERN
          && !pattern.contains("|")) {
        limits.add("`" + pattern + "`");
      }
    }
  }
}
