package io.tenantdb.desired;

import static io.tenantdb.desired.Refusals.problems;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.NullNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;

class NoNullTest {

  @Test
  void noNullAnywhereIsMoreThanAProblem() {
    JsonNode full =
        Specs.tree(
            """
            ownerId: a/b
            suspend: false
            interval: 10m
            database:
              host: localhost
              port: 5432
              name: fruitpak
              credentialsSecretRef: {name: db, usernameKey: u, passwordKey: p}
              authentication: ScramSha256
              tls: {mode: VerifyFull, caSecretRef: {name: ca, key: ca.crt}}
              maxConnections: 4
            tenants:
              schemas: [public]
              patterns: ["tenant_*"]
              exclude: [tenant_template]
              searchPath: [public]
              settle: 1m
              onMissingTable: Wait
              overrides:
              - name: auditors
                schemas: [tenant_acme]
                hypertables:
                - table: h
                  chunkInterval: 1 day
                  compression: {state: Present, after: 3 days, segmentBy: [a], orderBy: [{column: at, order: Asc, nulls: Last}], every: 1 day}
                  retention: {state: Present, dropAfter: 7 years, every: 1 day}
            indexes:
            - {name: i1, table: t, columns: [a]}
            - name: i2
              table: t
              keys:
              - {column: a, order: Desc, nulls: First, opclass: x, collation: y}
              - {expression: lower(b), opclass: z, opclassParameters: {siglen: 32}, statistics: 500}
              method: btree
              unique: true
              nullsNotDistinct: true
              include: [c]
              where: a > 0
              with: {fillfactor: 90}
              tablespace: fast
            hypertables:
            - table: h
              timeColumn: at
              convert: WhenEmpty
              chunkInterval: 7 days
              compression: {state: Present, after: 30 days, segmentBy: [a], orderBy: [{column: at, order: Desc, nulls: First}], every: 1 day}
              retention: {state: Present, dropAfter: 2 years, every: 1 day}
            aggregates:
            - name: daily
              query: SELECT 1 AS one
              materializedOnly: false
              refresh: {every: 1 hour, startOffset: 7 days, endOffset: 1 hour}
              fallback: MaterializedView
              fallbackQuery: SELECT 2 AS one
              uniqueColumns: [one]
            timescale: {whenMissing: Skip}
            safety: {onDestructive: Deny, onDrift: Report, prune: OwnedOnly, deletionPolicy: Delete, allowSuperuserOwned: true, lockTimeout: 3s, buildTimeout: 2h}
            rollout: {maxParallel: 2}
            """);
    assertThatCode(() -> Resolution.template("ns", "n", Specs.spec(full)))
        .doesNotThrowAnyException();

    List<String> tried = new ArrayList<>();
    eachNulled(
        full,
        "spec",
        full,
        (path) -> {
          tried.add(path);
          resolves(path, full);
        });
    assertThat(tried).hasSizeGreaterThan(90);
    assertThat(problems(NullNode.getInstance())).containsExactly("spec: is required.");
    assertThat(problems("{}"))
        .containsExactly(
            "spec.database: is required: say which database to connect to.",
            "spec.tenants: is required: say which schemas are tenants.");
  }

  private static void resolves(String path, JsonNode spec) {
    try {
      Resolution.template("ns", "n", Specs.spec(spec));
    } catch (InvalidSpecException e) {
      assertThat(e.problems()).as(path).allSatisfy(p -> assertThat(p).startsWith("spec"));
    } catch (RuntimeException e) {
      throw new AssertionError("a null at " + path, e);
    }
  }

  /** Puts null in the place of every value in turn, and the value back. */
  private static void eachNulled(
      JsonNode root, String path, JsonNode node, Consumer<String> attempt) {
    if (node instanceof ObjectNode object) {
      List<String> names = new ArrayList<>();
      object.fieldNames().forEachRemaining(names::add);
      for (String name : names) {
        JsonNode value = object.get(name);
        object.putNull(name);
        attempt.accept(path + "." + name);
        object.set(name, value);
        eachNulled(root, path + "." + name, value, attempt);
      }
    } else if (node instanceof ArrayNode array) {
      for (int i = 0; i < array.size(); i++) {
        JsonNode value = array.get(i);
        array.set(i, NullNode.getInstance());
        attempt.accept(path + "[" + i + "]");
        array.set(i, value);
        eachNulled(root, path + "[" + i + "]", value, attempt);
      }
    }
  }
}
