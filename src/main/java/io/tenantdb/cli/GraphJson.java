package io.tenantdb.cli;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.tenantdb.model.SourceGraph;
import io.tenantdb.model.SourceGraph.Node;
import io.tenantdb.model.SourceGraph.Read;
import io.tenantdb.model.SourceGraph.Relation;
import io.tenantdb.model.SourceGraph.Retention;
import io.tenantdb.model.SourceGraph.Window;
import io.tenantdb.model.TimeSpan;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;

/**
 * {@code graph} of {@code tenantdb.plan/v1}: sources, their readers and the policies on both.
 * Tenants that have the same are one entry; a relation of another schema bears its {@code schema}.
 */
final class GraphJson {

  private GraphJson() {}

  static void write(ArrayNode out, SourceGraph graph, Collection<String> tenants) {
    Map<ArrayNode, ArrayNode> schemas = new LinkedHashMap<>();
    for (String tenant : tenants) {
      ArrayNode relations = relations(graph, tenant);
      if (!relations.isEmpty()) {
        schemas.computeIfAbsent(relations, r -> JsonNodeFactory.instance.arrayNode()).add(tenant);
      }
    }
    schemas.forEach(
        (relations, same) -> {
          ObjectNode entry = out.addObject();
          entry.set("schemas", same);
          entry.set("relations", relations);
        });
  }

  private static ArrayNode relations(SourceGraph graph, String tenant) {
    ArrayNode relations = JsonNodeFactory.instance.arrayNode();
    graph.around(tenant).forEach(node -> relation(relations.addObject(), node, tenant));
    return relations;
  }

  private static void relation(ObjectNode out, Node node, String tenant) {
    name(out, node.relation(), tenant);
    out.put("kind", Json.pascal(node.kind()));
    out.put("integerTime", node.integerTime());
    out.put("materializedOnly", node.materializedOnly());
    ArrayNode reads = out.putArray("reads");
    for (Read read : node.reads()) {
      name(reads.addObject(), read.source(), tenant).put("byTime", read.byTime());
    }
    ArrayNode retentions = out.putArray("retentions");
    for (Retention retention : node.retentions()) {
      retentions
          .addObject()
          .put("basis", Json.pascal(retention.basis()))
          .put("after", text(retention.after()))
          .put("paused", !retention.scheduled());
    }
    ArrayNode windows = out.putArray("windows");
    for (Window window : node.windows()) {
      windows
          .addObject()
          .put("beginning", Json.pascal(window.beginning()))
          .put("startOffset", text(window.startOffset()))
          .put("endOffset", text(window.endOffset()))
          .put("paused", !window.scheduled());
    }
  }

  private static ObjectNode name(ObjectNode out, Relation relation, String tenant) {
    return out.put("schema", relation.schema().equals(tenant) ? null : relation.schema())
        .put("name", relation.name());
  }

  private static String text(Optional<TimeSpan> span) {
    return span.map(TimeSpan::text).orElse(null);
  }
}
