package io.tenantdb.desired;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.tenantdb.model.DesiredAggregate;
import io.tenantdb.model.DesiredHypertable;
import io.tenantdb.model.DesiredIndex;
import io.tenantdb.model.Hashes;
import io.tenantdb.model.OrderBy;
import io.tenantdb.model.PolicyState;
import io.tenantdb.model.TimeSpan;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.List;
import java.util.Optional;
import org.erdtman.jcs.JsonCanonicalizer;

/**
 * Hashes of resolved items: the first 16 hex digits of SHA-256 over their canonical JSON (RFC
 * 8785), absent fields and fields at their default left out, so that a field that a later release
 * adds changes no hash. They stand in production catalogs: what is written here is final.
 */
final class SpecHash {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final JsonNodeFactory NODES = JsonNodeFactory.instance;

  private SpecHash() {}

  /** The index with its hash. */
  static DesiredIndex hashed(DesiredIndex index) {
    ObjectNode item = NODES.objectNode();
    item.put("name", index.name()).put("table", index.table());
    ArrayNode keys = item.putArray("keys");
    index.keys().forEach(key -> keys.add(json(key)));
    if (!index.method().equals(Defaults.METHOD)) {
      item.put("method", index.method());
    }
    putIfTrue(item, "unique", index.unique());
    putIfTrue(item, "nullsNotDistinct", index.nullsNotDistinct());
    putIfAny(item, "include", index.include());
    index.where().ifPresent(predicate -> item.put("where", predicate));
    if (!index.with().isEmpty()) {
      ObjectNode with = item.putObject("with");
      index.with().forEach(with::put);
    }
    index.tablespace().ifPresent(tablespace -> item.put("tablespace", tablespace));
    return new DesiredIndex(
        index.name(),
        index.table(),
        index.keys(),
        index.method(),
        index.unique(),
        index.nullsNotDistinct(),
        index.include(),
        index.where(),
        index.with(),
        index.tablespace(),
        hash(item));
  }

  /** The compression policy with its hash. */
  static DesiredHypertable.Compression hashed(DesiredHypertable.Compression policy) {
    ObjectNode item = NODES.objectNode();
    putState(item, policy.state());
    putSpan(item, "after", policy.after());
    policy.segmentBy().ifPresent(columns -> putIfAny(item, "segmentBy", columns));
    policy
        .orderBy()
        .ifPresent(
            columns -> {
              ArrayNode array = item.putArray("orderBy");
              columns.forEach(column -> array.add(json(column)));
            });
    policy.every().ifPresent(every -> item.put("every", every));
    return new DesiredHypertable.Compression(
        policy.state(),
        policy.after(),
        policy.segmentBy(),
        policy.orderBy(),
        policy.every(),
        hash(item));
  }

  /** The retention policy with its hash. */
  static DesiredHypertable.Retention hashed(DesiredHypertable.Retention policy) {
    ObjectNode item = NODES.objectNode();
    putState(item, policy.state());
    putSpan(item, "dropAfter", policy.dropAfter());
    policy.every().ifPresent(every -> item.put("every", every));
    return new DesiredHypertable.Retention(
        policy.state(), policy.dropAfter(), policy.every(), hash(item));
  }

  /**
   * The aggregate with its hash. Its refresh has its own: a policy is changed in place, the query
   * is not.
   */
  static DesiredAggregate hashed(DesiredAggregate aggregate) {
    ObjectNode item = NODES.objectNode();
    item.put("name", aggregate.name()).put("query", aggregate.query());
    if (aggregate.materializedOnly() != Defaults.MATERIALIZED_ONLY) {
      item.put("materializedOnly", aggregate.materializedOnly());
    }
    if (aggregate.fallback() == DesiredAggregate.Fallback.MATERIALIZED_VIEW) {
      item.put("fallback", "MaterializedView");
    }
    aggregate.fallbackQuery().ifPresent(query -> item.put("fallbackQuery", query));
    aggregate
        .uniqueIndex()
        .ifPresent(
            index ->
                putIfAny(
                    item,
                    "uniqueColumns",
                    index.keys().stream().flatMap(key -> key.column().stream()).toList()));
    return new DesiredAggregate(
        aggregate.name(),
        aggregate.query(),
        aggregate.materializedOnly(),
        aggregate.refresh(),
        aggregate.fallback(),
        aggregate.fallbackQuery(),
        aggregate.uniqueIndex(),
        aggregate.mentions(),
        hash(item));
  }

  /** The refresh policy with its hash. */
  static DesiredAggregate.Refresh hashed(DesiredAggregate.Refresh refresh) {
    ObjectNode item = NODES.objectNode();
    item.put("every", refresh.every());
    putSpan(item, "startOffset", refresh.startOffset());
    putSpan(item, "endOffset", Optional.of(refresh.endOffset()));
    return new DesiredAggregate.Refresh(
        refresh.every(), refresh.startOffset(), refresh.endOffset(), hash(item));
  }

  private static ObjectNode json(DesiredIndex.Key key) {
    ObjectNode node = NODES.objectNode();
    key.column().ifPresent(column -> node.put("column", column));
    key.expression().ifPresent(expression -> node.put("expression", expression));
    if (key.descending()) {
      node.put("order", "Desc");
    }
    key.nullsFirst().ifPresent(first -> node.put("nulls", first ? "First" : "Last"));
    key.opclass().ifPresent(opclass -> node.put("opclass", opclass));
    key.collation().ifPresent(collation -> node.put("collation", collation));
    if (!key.opclassParameters().isEmpty()) {
      ObjectNode parameters = node.putObject("opclassParameters");
      key.opclassParameters().forEach(parameters::put);
    }
    key.statistics().ifPresent(target -> node.put("statistics", target));
    return node;
  }

  private static ObjectNode json(OrderBy column) {
    ObjectNode node = NODES.objectNode();
    node.put("column", column.column());
    if (column.descending()) {
      node.put("order", "Desc");
    }
    if (column.nullsFirst() != column.descending()) {
      node.put("nulls", column.nullsFirst() ? "First" : "Last");
    }
    return node;
  }

  private static void putIfTrue(ObjectNode item, String field, boolean value) {
    if (value) {
      item.put(field, true);
    }
  }

  private static void putIfAny(ObjectNode item, String field, List<String> values) {
    if (!values.isEmpty()) {
      ArrayNode array = item.putArray(field);
      values.forEach(array::add);
    }
  }

  private static void putState(ObjectNode item, PolicyState state) {
    if (state == PolicyState.ABSENT) {
      item.put("state", "Absent");
    }
  }

  /** Whole numbers as text: canonical JSON has only doubles, and no interval is bare digits. */
  private static void putSpan(ObjectNode item, String field, Optional<TimeSpan> span) {
    span.ifPresent(value -> item.put(field, value.text()));
  }

  private static String hash(ObjectNode item) {
    try {
      return Hashes.hex16(new JsonCanonicalizer(JSON.writeValueAsString(item)).getEncodedString());
    } catch (JsonProcessingException e) {
      throw new IllegalStateException("a tree of texts can be written", e);
    } catch (IOException e) {
      throw new UncheckedIOException("what Jackson wrote is JSON", e);
    }
  }
}
