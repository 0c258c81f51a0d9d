package io.tenantdb.crd;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.BooleanNode;
import com.fasterxml.jackson.databind.node.IntNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.fasterxml.jackson.databind.node.TextNode;
import io.fabric8.kubernetes.api.model.Condition;
import io.tenantdb.api.v1alpha1.Grammar;
import io.tenantdb.api.v1alpha1.IntOrText;
import io.tenantdb.desired.Defaults;
import io.tenantdb.desired.Words;
import java.lang.reflect.Type;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** What fabric8's generator leaves out of the schema of one field. */
final class SchemaFinish {
  private static final JsonNodeFactory NODES = JsonNodeFactory.instance;

  private static final Map<String, JsonNode> DEFAULTS =
      Map.ofEntries(
          Map.entry("spec.suspend", BooleanNode.valueOf(Defaults.SUSPEND)),
          Map.entry("spec.interval", TextNode.valueOf(Defaults.INTERVAL)),
          Map.entry("spec.database.port", IntNode.valueOf(Defaults.PORT)),
          Map.entry(
              "spec.database.credentialsSecretRef.usernameKey",
              TextNode.valueOf(Defaults.USERNAME_KEY)),
          Map.entry(
              "spec.database.credentialsSecretRef.passwordKey",
              TextNode.valueOf(Defaults.PASSWORD_KEY)),
          Map.entry("spec.database.authentication", TextNode.valueOf(Defaults.AUTHENTICATION)),
          Map.entry("spec.database.tls", NODES.objectNode()),
          Map.entry("spec.database.tls.mode", TextNode.valueOf(Defaults.TLS_MODE)),
          Map.entry("spec.database.tls.caSecretRef.key", TextNode.valueOf(Defaults.CA_KEY)),
          Map.entry("spec.database.tls.caConfigMapRef.key", TextNode.valueOf(Defaults.CA_KEY)),
          Map.entry("spec.database.maxConnections", IntNode.valueOf(Defaults.MAX_CONNECTIONS)),
          Map.entry("spec.tenants.settle", TextNode.valueOf(Defaults.SETTLE)),
          Map.entry("spec.tenants.onMissingTable", TextNode.valueOf(Defaults.ON_MISSING_TABLE)),
          Map.entry("spec.timescale", NODES.objectNode()),
          Map.entry("spec.timescale.whenMissing", TextNode.valueOf(Defaults.WHEN_MISSING)),
          Map.entry("spec.safety", NODES.objectNode()),
          Map.entry("spec.safety.onDestructive", TextNode.valueOf(Defaults.ON_DESTRUCTIVE)),
          Map.entry("spec.safety.onDrift", TextNode.valueOf(Defaults.ON_DRIFT)),
          Map.entry("spec.safety.prune", TextNode.valueOf(Defaults.PRUNE)),
          Map.entry("spec.safety.deletionPolicy", TextNode.valueOf(Defaults.DELETION_POLICY)),
          Map.entry(
              "spec.safety.allowSuperuserOwned",
              BooleanNode.valueOf(Defaults.ALLOW_SUPERUSER_OWNED)),
          Map.entry("spec.safety.lockTimeout", TextNode.valueOf(Defaults.LOCK_TIMEOUT)),
          Map.entry("spec.safety.buildTimeout", TextNode.valueOf(Defaults.BUILD_TIMEOUT)),
          Map.entry("spec.rollout", NODES.objectNode()),
          Map.entry("spec.rollout.maxParallel", IntNode.valueOf(Defaults.MAX_PARALLEL)));

  /** By the end of the path. */
  private static final Map<String, Set<String>> ENUMS =
      Map.ofEntries(
          Map.entry("spec.database.authentication", Words.AUTHENTICATION.keySet()),
          Map.entry("spec.database.tls.mode", Words.TLS_MODE.keySet()),
          Map.entry(".onMissingTable", Words.ON_MISSING_TABLE.keySet()),
          Map.entry(".convert", Words.CONVERT.keySet()),
          Map.entry(".state", Words.STATE.keySet()),
          Map.entry(".order", Words.ORDER.keySet()),
          Map.entry(".nulls", Words.NULLS.keySet()),
          Map.entry(".fallback", Words.FALLBACK.keySet()),
          Map.entry(".whenMissing", Words.WHEN_MISSING.keySet()),
          Map.entry(".onDestructive", Words.ON_DESTRUCTIVE.keySet()),
          Map.entry(".onDrift", Words.ON_DRIFT.keySet()),
          Map.entry(".prune", Words.PRUNE.keySet()),
          Map.entry(".deletionPolicy", Words.DELETION_POLICY.keySet()));

  private static final Map<String, String> MAP_KEYS =
      Map.of(
          "spec.indexes", "name",
          "spec.hypertables", "table",
          "spec.aggregates", "name",
          "spec.tenants.overrides", "name",
          "spec.tenants.overrides[].hypertables", "table",
          "status.conditions", "type");

  private static final Set<String> SETS =
      Set.of(
          "spec.tenants.schemas",
          "spec.tenants.patterns",
          "spec.tenants.exclude",
          "spec.tenants.overrides[].schemas");

  private static final Set<String> GLOBS =
      Set.of("spec.tenants.patterns[]", "spec.tenants.exclude[]");

  private static final Set<String> SCHEMAS =
      Set.of(
          "spec.tenants.schemas[]",
          "spec.tenants.searchPath[]",
          "spec.tenants.overrides[].schemas[]");

  private SchemaFinish() {}

  static void apply(String path, ObjectNode schema, Type type) {
    if (type == Condition.class) {
      schema.setAll(ConditionSchema.items());
      return;
    }
    if (type == IntOrText.class) {
      intervalOrNumber(schema);
    }
    if (DEFAULTS.containsKey(path)) {
      if (path.contains("[]")) {
        throw new IllegalStateException("no default below a list: " + path);
      }
      schema.set("default", DEFAULTS.get(path));
    }
    ENUMS.forEach(
        (end, words) -> {
          if (path.endsWith(end) && schema.path("type").asText().equals("string")) {
            schema.remove("maxLength");
            words.stream().sorted().forEach(schema.withArray("enum")::add);
          }
        });
    if (schema.has("items")) {
      list(path, schema);
    }
    if (schema.has("additionalProperties")) {
      schema
          .putObject("additionalProperties")
          .put("x-kubernetes-int-or-string", true)
          .put("minLength", 1)
          .put("maxLength", 64);
    }
    numbers(schema, type);
    if (path.endsWith(".since")) {
      schema.put("format", "date-time");
    }
    names(path, schema);
    withoutDoubles(schema);
  }

  private static void intervalOrNumber(ObjectNode schema) {
    schema.remove("anyOf");
    schema.put("minimum", 1).put("maxLength", 48).put("pattern", Grammar.INTERVAL);
  }

  private static void list(String path, ObjectNode schema) {
    String key = MAP_KEYS.get(path);
    if (key != null) {
      schema.put("x-kubernetes-list-type", "map");
      schema.putArray("x-kubernetes-list-map-keys").add(key);
    } else {
      schema.put("x-kubernetes-list-type", SETS.contains(path) ? "set" : "atomic");
    }
  }

  private static void numbers(ObjectNode schema, Type type) {
    for (String bound : List.of("minimum", "maximum")) {
      if (schema.has(bound)) {
        schema.put(bound, schema.get(bound).longValue());
      }
    }
    if (schema.path("type").asText().equals("integer")) {
      schema.put("format", type == Long.class ? "int64" : "int32");
    }
  }

  private static void names(String path, ObjectNode schema) {
    if (GLOBS.contains(path)) {
      if (path.startsWith("spec.tenants.patterns")) {
        rule(schema, "!self.startsWith('pg_')", Grammar.SYSTEM_PATTERN_MESSAGE);
      }
    } else if (schema.path("pattern").asText().equals(Grammar.NAME)) {
      rule(schema, "bytes(self).size() <= 63", Grammar.BYTES_MESSAGE);
    }
    if (SCHEMAS.contains(path)) {
      rule(
          schema,
          "!self.startsWith('pg_') && self != 'information_schema' &&"
              + " !self.startsWith('_timescaledb_')",
          Grammar.SYSTEM_SCHEMA_MESSAGE);
    }
  }

  private static void rule(ObjectNode schema, String rule, String message) {
    schema
        .withArray("x-kubernetes-validations")
        .addObject()
        .put("rule", rule)
        .put("message", message);
  }

  /** Rules are a list by key {@code rule}, and the generator reads a record's annotations twice. */
  private static void withoutDoubles(ObjectNode schema) {
    if (schema.get("x-kubernetes-validations") instanceof ArrayNode rules) {
      Set<String> seen = new HashSet<>();
      ArrayNode kept = NODES.arrayNode();
      rules.forEach(
          rule -> {
            if (seen.add(rule.get("rule").asText())) {
              kept.add(rule);
            }
          });
      schema.set("x-kubernetes-validations", kept);
    }
  }
}
