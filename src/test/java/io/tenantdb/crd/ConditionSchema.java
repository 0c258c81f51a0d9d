package io.tenantdb.crd;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;

/** The schema of {@code metav1.Condition}, as the Kubernetes API conventions have it. */
final class ConditionSchema {

  private ConditionSchema() {}

  static ObjectNode items() {
    ObjectNode schema = JsonNodeFactory.instance.objectNode();
    schema.put("type", "object").put("description", "One aspect of the resource's state.");
    schema
        .putArray("required")
        .add("type")
        .add("status")
        .add("lastTransitionTime")
        .add("reason")
        .add("message");
    ObjectNode fields = schema.putObject("properties");
    string(fields, "type", "What the condition is about, in CamelCase.")
        .put("maxLength", 316)
        .put(
            "pattern",
            "^([a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*/)?"
                + "(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])$");
    string(fields, "status", "True, False or Unknown.")
        .putArray("enum")
        .add("True")
        .add("False")
        .add("Unknown");
    fields
        .putObject("observedGeneration")
        .put("type", "integer")
        .put("description", "metadata.generation that the condition is about.")
        .put("format", "int64")
        .put("minimum", 0);
    string(fields, "lastTransitionTime", "When status last changed.").put("format", "date-time");
    string(fields, "reason", "Why, in one word in CamelCase.")
        .put("minLength", 1)
        .put("maxLength", 1024)
        .put("pattern", "^[A-Za-z]([A-Za-z0-9_,:]*[A-Za-z0-9_])?$");
    string(fields, "message", "One sentence that names tenant and object.").put("maxLength", 32768);
    return schema;
  }

  private static ObjectNode string(ObjectNode fields, String name, String description) {
    return fields.putObject(name).put("type", "string").put("description", description);
  }
}
