package io.tenantdb.fleet;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.fabric8.kubernetes.client.utils.Serialization;
import io.tenantdb.database.Database;
import io.tenantdb.desired.InvalidSpecException;
import io.tenantdb.fleet.StringFields.Place;
import io.tenantdb.testing.PostgresServer;
import io.tenantdb.testing.RealParts;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;
import org.assertj.core.api.SoftAssertions;
import org.junit.jupiter.api.Test;

/**
 * Whatever is written into a text field of the resource ends in a refusal that names the field, in
 * a finding that says why, or as the harmless name or literal that it is.
 */
@RealParts
class InjectionIT {

  private static final ObjectMapper JSON = new ObjectMapper();

  /** A valid value in every text field; what excludes another field is in the second. */
  private static final String BASE =
      """
      ownerId: platform/fruit
      interval: 10m
      database:
        host: localhost
        name: fruit
        credentialsSecretRef: {name: fruit-db, usernameKey: username, passwordKey: password}
        authentication: ScramSha256
        tls: {mode: VerifyCA, caSecretRef: {name: fruit-ca, key: ca.crt}}
      tenants:
        schemas: [tenant_a]
        patterns: ["tenant_*"]
        exclude: [template]
        searchPath: [public]
        settle: 0s
        onMissingTable: Skip
        overrides:
        - name: auditors
          schemas: [tenant_b]
          hypertables:
          - table: h
            chunkInterval: 14 days
            compression: {state: Present, after: 60 days, segmentBy: [g], orderBy: [{column: at, order: Desc, nulls: Last}], every: 2 days}
            retention: {state: Present, dropAfter: 7 years, every: 1 month}
      indexes:
      - name: ix_plain
        table: t
        columns: [a]
      - name: ix_keys
        table: t
        keys:
        - {column: a, order: Desc, nulls: Last, opclass: text_pattern_ops, collation: '"C"'}
        - {expression: lower(a)}
        method: btree
        include: [b]
        where: b > 0
        with: {fillfactor: "90"}
      - name: ix_signs
        table: t
        keys:
        - {expression: "to_tsvector('simple', a)", opclass: tsvector_ops, opclassParameters: {siglen: "32"}}
        method: gist
        tablespace: pg_default
      timescale: {whenMissing: Skip}
      safety: {onDestructive: Deny, onDrift: Correct, prune: Disabled, deletionPolicy: Retain, lockTimeout: 3s, buildTimeout: 1m}
      hypertables:
      - table: h
        timeColumn: at
        convert: WhenEmpty
        chunkInterval: 7 days
        compression: {state: Present, after: 30 days, segmentBy: [g], orderBy: [{column: at, order: Desc, nulls: Last}], every: 1 day}
        retention: {state: Present, dropAfter: 2 years, every: 1 month}
      aggregates:
      - name: by_a
        query: SELECT a, count(*) AS n FROM t GROUP BY a
        refresh: {every: 1 hour, startOffset: 7 days, endOffset: 1 hour}
        fallback: MaterializedView
        uniqueColumns: [a]
      - name: by_b
        query: SELECT time_bucket(5, b) AS fives, count(*) AS n FROM t GROUP BY 1
        refresh: {every: 1 hour, startOffset: 7 days, endOffset: 1 hour}
        fallback: MaterializedView
        fallbackQuery: SELECT b / 5 AS fives, count(*) AS n FROM t GROUP BY 1
        uniqueColumns: [fives]
      """;

  static final StringFields FIELDS =
      new StringFields(
          List.of(
              withoutOverrides(),
              yaml(BASE),
              yaml(BASE.replace("caSecretRef:", "caConfigMapRef:"))));

  /** Where a text that PostgreSQL does not know must keep the index from being built. */
  private static final Set<String> LOOKED_UP =
      Set.of(
          "spec.indexes[].method",
          "spec.indexes[].tablespace",
          "spec.indexes[].keys[].opclass",
          "spec.indexes[].keys[].opclassParameters{key}",
          "spec.indexes[].keys[].collation");

  private final PostgresServer server;

  InjectionIT(PostgresServer server) {
    this.server = server;
  }

  @Test
  void every_text_field_of_the_resource_is_tried() {
    assertThat(FIELDS.places().keySet())
        .as("a field without a value in BASE is a field that nobody attacks")
        .containsExactlyInAnyOrderElementsOf(FIELDS.fields());
  }

  @Test
  void no_text_in_any_field_does_more_than_it_declares() {
    Canary canary = new Canary(server, "injection");
    List<String> before = canary.everything();
    SoftAssertions softly = new SoftAssertions();
    try (Database database = canary.fruit().open(Canary.OPERATOR, Canary.PASSWORD)) {
      JsonNode valid = FIELDS.places().values().iterator().next().document();
      Attempt harmless = Attempt.make(database, valid);
      assertThat(harmless.said()).isEmpty();
      assertThat(canary.indexes()).isEqualTo(Canary.declared(valid, "tenant_a", "tenant_b"));
      assertThat(canary.aggregates())
          .containsExactly("tenant_a|by_a", "tenant_a|by_b", "tenant_b|by_a", "tenant_b|by_b");
      canary.dropMade();

      int accepted = 0;
      for (Place place : FIELDS.places().values()) {
        List<String> takers = new ArrayList<>();
        for (String payload : payloads(place)) {
          if (!refused(softly, place, payload)) {
            takers.add(payload);
          }
        }
        accepted += takers.size();
        for (JsonNode spec : place.withAll(takers)) {
          if (Attempt.desired(spec).equals(Attempt.desired(place.document()))) {
            // Nothing of it reaches the engine: it is for the connection, which is open.
            continue;
          }
          Attempt attempt = Attempt.make(database, spec);
          checkEffect(softly, place, spec, canary, attempt);
        }
        softly.assertThat(canary.everything()).as(place.field()).isEqualTo(before);
      }
      softly.assertThat(accepted).isGreaterThan(500);
    }
    softly.assertAll();
  }

  /** Refused before anything is sent, with the field named; false where it is taken. */
  private static boolean refused(SoftAssertions softly, Place place, String payload) {
    String what = place.field() + " = " + JSON.valueToTree(payload);
    try {
      Attempt.desired(place.with(payload));
      return false;
    } catch (InvalidSpecException e) {
      softly
          .assertThat(e.problems())
          .as(what)
          .anyMatch(problem -> names(problem, place.path()))
          .allMatch(InjectionIT::readable);
    } catch (RuntimeException e) {
      softly.fail(what, e);
    }
    return true;
  }

  /** One line without the password; a NEL is no control character for PostgreSQL. */
  private static boolean readable(String said) {
    return !said.isBlank()
        && !said.contains(Canary.PASSWORD)
        && said.chars().noneMatch(c -> c < ' ' || c == 0x7f);
  }

  private static boolean names(String problem, String path) {
    String named = problem.substring(0, problem.indexOf(": "));
    return named.startsWith(path) || path.startsWith(named);
  }

  private static void checkEffect(
      SoftAssertions softly, Place place, JsonNode spec, Canary canary, Attempt attempt) {
    String what = place.field();
    softly.assertThat(attempt.defect()).as(what).isEmpty();
    softly.assertThat(attempt.said()).as(what).allMatch(InjectionIT::readable);
    List<String> built = canary.indexes();
    List<String> declared = Canary.declared(spec, "tenant_a", "tenant_b");
    softly.assertThat(declared).as(what).containsAll(built);
    for (JsonNode index : spec.path("indexes")) {
      String name = index.path("name").asText();
      String table = index.path("table").asText();
      for (String tenant : List.of("tenant_a", "tenant_b")) {
        boolean there = built.stream().anyMatch(b -> b.startsWith(tenant + "|" + name + "|"));
        boolean explained =
            attempt.said().stream()
                .filter(said -> said.startsWith(tenant + ": "))
                .anyMatch(
                    said -> said.contains(name) || (!table.equals("t") && said.contains(table)));
        softly
            .assertThat(there || explained)
            .as("%s: built or explained in %s: %s; said %s", what, tenant, index, attempt.said())
            .isTrue();
      }
    }
    if (LOOKED_UP.contains(what)) {
      softly.assertThat(built).as(what).noneMatch(index -> index.contains("|n-"));
    }
    List<String> views = canary.aggregates();
    for (JsonNode aggregate : spec.path("aggregates")) {
      String name = aggregate.path("name").asText();
      for (String tenant : List.of("tenant_a", "tenant_b")) {
        softly
            .assertThat(
                views.contains(tenant + "|" + name)
                    || attempt.said().stream()
                        .anyMatch(said -> said.startsWith(tenant + ": ") && said.contains(name)))
            .as("%s: made or explained in %s: %s; said %s", what, tenant, aggregate, attempt.said())
            .isTrue();
      }
    }
    canary.dropMade();
  }

  /** Whole values, and values that begin as the valid one does. */
  static List<String> payloads(Place place) {
    boolean fragment =
        Stream.of("expression", "where", "query", "fallbackQuery")
            .anyMatch(place.field()::endsWith);
    return Payloads.all()
        .flatMap(
            payload ->
                fragment || !Payloads.NAMES.contains(payload)
                    ? Stream.of(
                        payload, place.original() + payload, place.original() + " " + payload)
                    : Stream.of(payload))
        .filter(payload -> !payload.equals(place.original()))
        .distinct()
        .toList();
  }

  /** An override pins the name of its table. */
  private static JsonNode withoutOverrides() {
    JsonNode spec = yaml(BASE);
    ((ObjectNode) spec.path("tenants")).remove("overrides");
    return spec;
  }

  static JsonNode yaml(String text) {
    return Serialization.unmarshal(text, JsonNode.class);
  }
}
