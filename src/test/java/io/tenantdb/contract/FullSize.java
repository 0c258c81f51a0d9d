package io.tenantdb.contract;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;

/**
 * A resource whose top-level lists are full. A rule that an API server accepts with the definition
 * can still exceed its budget on a real object.
 */
final class FullSize {
  private static final int INDEXES = 512;
  private static final int HYPERTABLES = 32;
  private static final int AGGREGATES = 32;
  private static final int OVERRIDES = 50;

  private FullSize() {}

  static ObjectNode resource() {
    ObjectNode resource = JsonNodeFactory.instance.objectNode();
    resource.put("apiVersion", "tenantdb.io/v1alpha1").put("kind", "TenantDatabase");
    resource.putObject("metadata").put("name", "valid-full-size").put("namespace", "default");
    ObjectNode spec = resource.putObject("spec");
    ObjectNode database = spec.putObject("database").put("host", "localhost").put("name", "app");
    database.putObject("credentialsSecretRef").put("name", "app-db");
    ObjectNode tenants = spec.putObject("tenants");
    tenants.putArray("patterns").add("tenant_*");
    overrides(tenants.putArray("overrides"));
    indexes(spec.putArray("indexes"));
    hypertables(spec.putArray("hypertables"));
    aggregates(spec.putArray("aggregates"));
    return resource;
  }

  /** The same, with operator classes that no table of a test has. */
  static ObjectNode withOpclasses() {
    ObjectNode resource = resource();
    for (JsonNode index : resource.at("/spec/indexes")) {
      for (JsonNode key : index.get("keys")) {
        ObjectNode parameters =
            ((ObjectNode) key)
                .put("opclass", "extensions.gist_trgm_ops")
                .putObject("opclassParameters");
        parameters.put("siglen", 32).put("numranges", 100);
      }
    }
    return resource;
  }

  private static void indexes(ArrayNode indexes) {
    for (int i = 0; i < INDEXES; i++) {
      ObjectNode index =
          indexes.addObject().put("name", "ix_of_ordinary_length_" + i).put("table", "t" + i % 40);
      ArrayNode keys = index.putArray("keys");
      for (int k = 0; k < 4; k++) {
        keys.addObject().put("column", "a_column_" + k).put("order", "Desc");
      }
      keys.addObject().put("expression", "lower(status)").put("statistics", 1000);
      index.put("tablespace", "pg_default");
      index.putArray("include").add("payload_a").add("payload_b");
      index.put("where", "deleted_at IS NULL AND status <> 'rejected'");
      index.putObject("with").put("fillfactor", 90);
    }
  }

  private static void hypertables(ArrayNode hypertables) {
    for (int i = 0; i < HYPERTABLES; i++) {
      ObjectNode hypertable =
          hypertables.addObject().put("table", "h" + i).put("timeColumn", "recorded_at");
      hypertable.put("chunkInterval", "7 days");
      ObjectNode compression = hypertable.putObject("compression").put("after", "30 days");
      compression.putArray("segmentBy").add("a").add("b").add("c");
      compression.putArray("orderBy").addObject().put("column", "recorded_at");
      compression.put("every", "1 day");
      hypertable.putObject("retention").put("dropAfter", "2 years").put("every", "1 month");
    }
  }

  private static void aggregates(ArrayNode aggregates) {
    for (int i = 0; i < AGGREGATES; i++) {
      ObjectNode aggregate =
          aggregates.addObject().put("name", "aggregate_of_ordinary_length_" + i);
      aggregate.put("query", query("time_bucket('1 day', recorded_at)", i));
      ObjectNode refresh = aggregate.putObject("refresh").put("every", "1 hour");
      refresh.put("startOffset", "7 days").put("endOffset", "1 hour");
      aggregate.put("fallback", "MaterializedView");
      aggregate.put(
          "fallbackQuery",
          query("date_bin('1 day', recorded_at, timestamptz '2000-01-01 00:00+00')", i));
      aggregate.putArray("uniqueColumns").add("day").add("a").add("b");
    }
  }

  /** As long as queries of reports are. */
  private static String query(String bucket, int table) {
    StringBuilder query = new StringBuilder("SELECT " + bucket + " AS day, a, b");
    for (int i = 0; i < 40; i++) {
      query.append(
          ",\n  sum(CASE WHEN c = %1$d THEN 1 ELSE 0 END) AS rows_of_kind_%1$d".formatted(i));
    }
    return query
        + "\nFROM h"
        + table
        + "\nWHERE a IS NOT NULL AND b IS NOT NULL\nGROUP BY 1, 2, 3\n";
  }

  private static void overrides(ArrayNode overrides) {
    for (int i = 0; i < OVERRIDES; i++) {
      ObjectNode override = overrides.addObject().put("name", "override-" + i);
      ArrayNode schemas = override.putArray("schemas");
      for (int s = 0; s < 20; s++) {
        schemas.add("tenant_" + i + "_" + s);
      }
      ArrayNode hypertables = override.putArray("hypertables");
      for (int h = 0; h < 3; h++) {
        ObjectNode hypertable = hypertables.addObject().put("table", "h" + (i + h) % HYPERTABLES);
        hypertable.putObject("compression").put("after", "60 days");
        hypertable.putObject("retention").put("dropAfter", "7 years");
      }
    }
  }
}
