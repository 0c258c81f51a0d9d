package io.tenantdb.testing.inprocess;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.StreamSupport;

/** The table that {@code kubectl get} prints: the definition's additionalPrinterColumns. */
final class PrinterTable {
  private static final Pattern STEP =
      Pattern.compile("\\.(\\w+)(?:\\[\\?\\(@\\.(\\w+)==\"([^\"]*)\"\\)])?");

  private PrinterTable() {}

  /** A {@code meta.k8s.io/v1} Table of a list or of one object. */
  static ObjectNode of(ServedKind kind, JsonNode found) {
    ObjectNode table = JsonNodeFactory.instance.objectNode();
    table.put("apiVersion", "meta.k8s.io/v1").put("kind", "Table").putObject("metadata");
    ArrayNode columns = table.putArray("columnDefinitions");
    columns.addObject().put("name", "Name").put("type", "string").put("format", "name");
    kind.columns().forEach(columns::add);
    ArrayNode rows = table.putArray("rows");
    for (JsonNode object : found.has("items") ? found.path("items") : List.of(found)) {
      ObjectNode row = rows.addObject();
      ArrayNode cells = row.putArray("cells").add(object.at("/metadata/name"));
      for (JsonNode column : kind.columns()) {
        JsonNode value = at(object, column.path("jsonPath").asText());
        if (column.path("type").asText().equals("date")) {
          cells.add(age(value.asText()));
        } else {
          cells.add(value.isMissingNode() ? JsonNodeFactory.instance.nullNode() : value);
        }
      }
      row.putObject("object")
          .put("apiVersion", "meta.k8s.io/v1")
          .put("kind", "PartialObjectMetadata")
          .set("metadata", object.path("metadata"));
    }
    return table;
  }

  /** As much of JSONPath as columns use: fields, and the element of a list that has a value. */
  private static JsonNode at(JsonNode object, String jsonPath) {
    JsonNode value = object;
    Matcher step = STEP.matcher(jsonPath);
    while (step.find()) {
      value = value.path(step.group(1));
      if (step.group(2) != null) {
        String field = step.group(2);
        String wanted = step.group(3);
        value =
            StreamSupport.stream(value.spliterator(), false)
                .filter(element -> element.path(field).asText().equals(wanted))
                .findFirst()
                .orElse(JsonNodeFactory.instance.missingNode());
      }
    }
    return value;
  }

  private static String age(String created) {
    Duration age = Duration.between(Instant.parse(created), Instant.now());
    if (age.toMinutes() < 2) {
      return age.toSeconds() + "s";
    }
    return age.toHours() < 3 ? age.toMinutes() + "m" : age.toHours() + "h";
  }
}
