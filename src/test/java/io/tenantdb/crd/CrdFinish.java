package io.tenantdb.crd;

import com.fasterxml.jackson.annotation.JsonClassDescription;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.tenantdb.api.v1alpha1.TenantDatabaseSpec;
import io.tenantdb.api.v1alpha1.TenantDatabaseStatus;
import java.lang.reflect.ParameterizedType;
import java.lang.reflect.RecordComponent;
import java.lang.reflect.Type;

/**
 * What fabric8's generator leaves out of a definition: names, subresource, printer columns in the
 * order in which they are read, and, field by field, {@link SchemaFinish}.
 */
final class CrdFinish {
  private static final JsonNodeFactory NODES = JsonNodeFactory.instance;

  private CrdFinish() {}

  static ObjectNode of(ObjectNode crd, Class<?> kind) {
    ObjectNode names = (ObjectNode) crd.at("/spec/names");
    names.put("listKind", names.get("kind").asText() + "List");
    ObjectNode version = (ObjectNode) crd.at("/spec/versions/0");
    version.putObject("subresources").putObject("status");
    version.set("additionalPrinterColumns", columns());
    ObjectNode root = (ObjectNode) version.at("/schema/openAPIV3Schema");
    root.put("description", kind.getAnnotation(JsonClassDescription.class).value());
    root.putArray("required").add("spec");
    ObjectNode generated = (ObjectNode) root.get("properties");
    ObjectNode properties = root.putObject("properties");
    properties.set("apiVersion", string("tenantdb.io and the version of this representation."));
    properties.set("kind", string("TenantDatabase."));
    properties.putObject("metadata").put("type", "object");
    for (Class<?> part : new Class<?>[] {TenantDatabaseSpec.class, TenantDatabaseStatus.class}) {
      String name = part == TenantDatabaseSpec.class ? "spec" : "status";
      ObjectNode schema = (ObjectNode) generated.get(name);
      schema.put("description", part.getAnnotation(JsonClassDescription.class).value());
      walk(name, schema, part);
      properties.set(name, schema);
    }
    return crd;
  }

  /** Finishes a schema and everything below it; records also give order and descriptions. */
  private static void walk(String path, ObjectNode schema, Type type) {
    SchemaFinish.apply(path, schema, type);
    if (type instanceof Class<?> record && record.isRecord() && schema.has("properties")) {
      ObjectNode generated = (ObjectNode) schema.get("properties");
      ObjectNode properties = NODES.objectNode();
      for (RecordComponent component : record.getRecordComponents()) {
        ObjectNode property = (ObjectNode) generated.get(component.getName());
        walk(path + "." + component.getName(), property, component.getGenericType());
        properties.set(component.getName(), property);
      }
      schema.set("properties", properties);
    } else if (schema.get("items") instanceof ObjectNode items
        && type instanceof ParameterizedType list) {
      Type element = list.getActualTypeArguments()[0];
      if (element instanceof Class<?> record
          && record.getAnnotation(JsonClassDescription.class) != null) {
        items.put("description", record.getAnnotation(JsonClassDescription.class).value());
      }
      walk(path + "[]", items, element);
    }
  }

  private static ObjectNode string(String description) {
    return NODES.objectNode().put("type", "string").put("description", description);
  }

  private static ArrayNode columns() {
    ArrayNode columns = NODES.arrayNode();
    String ready = ".status.conditions[?(@.type==\"Ready\")]";
    column(columns, "Ready", ready + ".status", "string");
    column(columns, "Synced", ".status.tenants.synced", "integer");
    column(columns, "Tenants", ".status.tenants.total", "integer");
    column(columns, "Drifted", ".status.tenants.drifted", "integer");
    column(columns, "Failed", ".status.tenants.failed", "integer");
    column(columns, "Reason", ready + ".reason", "string");
    column(columns, "Age", ".metadata.creationTimestamp", "date");
    return columns;
  }

  private static void column(ArrayNode columns, String name, String jsonPath, String type) {
    columns.addObject().put("name", name).put("type", type).put("jsonPath", jsonPath);
  }
}
