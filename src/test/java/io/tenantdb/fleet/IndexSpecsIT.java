package io.tenantdb.fleet;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.fasterxml.jackson.dataformat.yaml.YAMLMapper;
import io.tenantdb.api.v1alpha1.TenantDatabaseSpec;
import io.tenantdb.desired.Resolution;
import io.tenantdb.model.Change;
import io.tenantdb.model.Desired;
import io.tenantdb.model.Finding.Verdict;
import io.tenantdb.model.Identifiers;
import io.tenantdb.model.IndexChange.MarkIndex;
import io.tenantdb.model.ObservedIndex;
import io.tenantdb.model.ReservedName;
import io.tenantdb.model.TenantPlan;
import io.tenantdb.observe.Fleet;
import io.tenantdb.testing.PostgresServer;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.assertj.core.api.SoftAssertions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Every index that PostgreSQL can express goes there and back, on every version. */
class IndexSpecsIT {
  private static final YAMLMapper YAML = new YAMLMapper();
  private static final int TABLES_OF_MANY = 8;
  private static final List<String> TENANTS = List.of("Tenant \"Ü\" 田.x", "tenant_plain");
  private static final String RESOURCE =
      """
      database: {host: localhost, name: x, credentialsSecretRef: {name: x}}
      tenants: {settle: 0s, searchPath: [public, extensions]}
      """;

  static List<Integer> versions() {
    return PostgresServer.VERSIONS;
  }

  @Test
  void thereAreEnoughOfThem() {
    List<IndexRow> rows = IndexRow.all();
    assertThat(rows).filteredOn(row -> row.buildable(18)).hasSizeGreaterThan(250);
    assertThat(rows).filteredOn(row -> row.buildable(14)).hasSizeGreaterThan(240);
    assertThat(rows).extracting(IndexRow::name).doesNotHaveDuplicates();
    assertThat(rows)
        .filteredOn(row -> row.buildable(18))
        .allSatisfy(row -> assertThat(row.changed()).isNotEqualTo(row.spec()));
  }

  @ParameterizedTest(name = "PostgreSQL {0}")
  @MethodSource("versions")
  void everySpecIsBuiltAsDeclaredAndReplacedWhereItChanges(int version) {
    List<IndexRow> rows = IndexRow.all();
    try (PostgresServer server = PostgresServer.start(version);
        Fleet fleet = Fleet.create(server, "specs")) {
      prepare(fleet);
      Desired desired = desired(rows, IndexRow::spec);
      goesThereAndBack(fleet, desired, rows, version);

      Desired changed = desired(rows, row -> row.buildable(version) ? row.changed() : row.spec());
      Outcome seen = pass(fleet, changed, Gate.OBSERVE);
      eachChangesOnceAndNothingElseDoes(seen, rows, version);
      goesThereAndBack(fleet, changed, rows, version);
    }
  }

  @Test
  void asManyAsOneResourceTakesAreBuilt() {
    int many = 512;
    try (PostgresServer server = PostgresServer.start(PostgresServer.NEWEST);
        Fleet fleet = Fleet.create(server, "many")) {
      String columns =
          IntStream.range(0, 32)
              .mapToObj(column -> "c%d int".formatted(column))
              .collect(Collectors.joining(", ", "(", ")"));
      fleet.tenant(
          "tenant_plain",
          "app",
          IntStream.range(0, TABLES_OF_MANY)
              .mapToObj(table -> "CREATE TABLE items%d %s".formatted(table, columns))
              .toArray(String[]::new));
      Desired desired =
          desired(
              IntStream.range(0, many).mapToObj(IndexSpecsIT::ofMany).toList(),
              List.of("tenant_plain"));
      Outcome built = pass(fleet, desired, Gate.OPEN);
      assertThat(built.failures()).isEmpty();
      assertThat(built.applied()).isEqualTo(many);
      assertThat(built.converged()).isTrue();
      assertThat(pass(fleet, desired, Gate.OBSERVE).converged()).isTrue();
    }
  }

  private static ObjectNode ofMany(int number) {
    ObjectNode index =
        YAML.createObjectNode()
            .put("name", "ix_" + number)
            .put("table", "items" + number % TABLES_OF_MANY);
    index.putArray("columns").add("c" + number % 32).add("c" + number / 32 % 32);
    return index;
  }

  private static Outcome pass(Fleet fleet, Desired desired, Gate gate) {
    return new Engine().pass(fleet.database(), desired, gate, PassListener.NONE);
  }

  private static void goesThereAndBack(
      Fleet fleet, Desired desired, List<IndexRow> rows, int version) {
    isAsDeclared(pass(fleet, desired, Gate.OPEN), rows, version);
    isAsDeclared(pass(fleet, desired, Gate.OBSERVE), rows, version);
  }

  /** A mark whose hash is renewed beside is no change of the index. */
  private static void eachChangesOnceAndNothingElseDoes(
      Outcome outcome, List<IndexRow> rows, int version) {
    List<String> expected =
        rows.stream()
            .filter(row -> row.buildable(version))
            .map(row -> row.change() + " " + row.object())
            .sorted()
            .toList();
    assertThat(outcome.plan().refused()).isEmpty();
    assertThat(outcome.plan().tenants()).extracting(TenantPlan::schema).isEqualTo(TENANTS);
    for (TenantPlan tenant : outcome.plan().tenants()) {
      assertThat(
              tenant.changes().stream()
                  .filter(change -> !(change instanceof MarkIndex))
                  .map(change -> change.kind() + " " + change.object())
                  .sorted())
          .as(tenant.schema())
          .containsExactlyElementsOf(expected);
    }
  }

  private static void isAsDeclared(Outcome outcome, List<IndexRow> rows, int version) {
    SoftAssertions softly = new SoftAssertions();
    softly.assertThat(outcome.plan().changes()).extracting(IndexSpecsIT::said).isEmpty();
    for (TenantPlan tenant : outcome.plan().tenants()) {
      for (IndexRow row : rows) {
        String what = tenant.schema() + ": " + row.spec();
        Optional<ObservedIndex> live =
            outcome
                .observed()
                .tenants()
                .get(tenant.schema())
                .table(row.spec().get("table").asText())
                .orElseThrow()
                .index(row.name());
        if (row.buildable(version)) {
          softly
              .assertThat(tenant.findings())
              .as(what)
              .filteredOn(finding -> finding.object().equals(row.object()))
              .isEmpty();
          softly
              .assertThat(live)
              .as(what)
              .hasValueSatisfying(
                  index -> assertThat(index.valid() && index.mark().isPresent()).isTrue());
        } else {
          softly.assertThat(live).as(what).isEmpty();
          softly
              .assertThat(tenant.findings())
              .as(what)
              .filteredOn(finding -> finding.object().equals(row.object()))
              .singleElement()
              .satisfies(
                  finding -> {
                    assertThat(finding.verdict()).isEqualTo(Verdict.FAILED);
                    assertThat(finding.reason()).isEqualTo(row.refused().orElseThrow().reason());
                    assertThat(finding.message()).contains(row.refused().orElseThrow().says());
                  });
        }
      }
      softly
          .assertThat(outcome.observed().tenants().get(tenant.schema()).tables().values())
          .flatExtracting(table -> table.indexes().stream().map(ObservedIndex::name).toList())
          .noneMatch(name -> ReservedName.parse(name).isPresent());
    }
    softly
        .assertThat(outcome.failures())
        .filteredOn(
            failure -> rows.stream().noneMatch(row -> failure.object().equals(row.object())))
        .isEmpty();
    softly.assertAll();
  }

  private static String said(Change change) {
    return change.target().schema()
        + ": "
        + change.kind()
        + " "
        + change.object()
        + ": "
        + change.before()
        + " -> "
        + change.after();
  }

  private static Desired desired(List<IndexRow> rows, Function<IndexRow, ObjectNode> form) {
    return desired(rows.stream().map(form).toList(), TENANTS);
  }

  private static Desired desired(List<ObjectNode> declared, List<String> tenants) {
    try {
      ObjectNode spec = (ObjectNode) YAML.readTree(RESOURCE);
      ArrayNode indexes = spec.putArray("indexes");
      declared.forEach(indexes::add);
      ArrayNode schemas = ((ObjectNode) spec.get("tenants")).putArray("schemas");
      tenants.forEach(schemas::add);
      return Resolution.template(
          "platform", "specs", YAML.convertValue(spec, TenantDatabaseSpec.class));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static void prepare(Fleet fleet) {
    fleet.run(
        "CREATE SCHEMA extensions",
        "CREATE SCHEMA tools",
        "GRANT USAGE ON SCHEMA extensions, tools TO PUBLIC",
        "CREATE EXTENSION pg_trgm SCHEMA extensions",
        "CREATE EXTENSION btree_gin",
        "CREATE EXTENSION btree_gist",
        "CREATE EXTENSION citext",
        "CREATE EXTENSION hstore",
        "CREATE EXTENSION ltree",
        "CREATE EXTENSION intarray",
        "CREATE EXTENSION bloom",
        "CREATE COLLATION public.everybodys FROM \"C\"",
        "CREATE FUNCTION public.slug(text) RETURNS text LANGUAGE sql IMMUTABLE AS 'SELECT lower($1)'",
        "CREATE FUNCTION tools.norm(text) RETURNS text LANGUAGE sql IMMUTABLE AS 'SELECT lower($1)'",
        "CREATE FUNCTION tools.norm(text, int) RETURNS text LANGUAGE sql IMMUTABLE AS 'SELECT left($1, $2)'",
        "SET allow_in_place_tablespaces = on",
        "CREATE TABLESPACE fast LOCATION ''",
        "CREATE TABLESPACE \"Fast \"\"ü\"\" disks\" LOCATION ''",
        "CREATE TABLESPACE locked LOCATION ''",
        "GRANT CREATE ON TABLESPACE fast, \"Fast \"\"ü\"\" disks\" TO app");
    for (String schema : TENANTS) {
      String tables;
      try {
        tables = Files.readString(Path.of("src", "test", "resources", "indexes", "tenant.sql"));
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
      fleet.tenant(schema, "app", tables);
      for (String opclass : List.of("backwards_ops", "Backwards ops")) {
        // Nobody but a superuser may make one.
        fleet.run(
            "CREATE OPERATOR CLASS %s FOR TYPE int USING btree AS OPERATOR 1 >, OPERATOR 2 >=, OPERATOR 3 =, OPERATOR 4 <=, OPERATOR 5 <, FUNCTION 1 %s(int, int)"
                .formatted(
                    Identifiers.qualified(schema, opclass),
                    Identifiers.qualified(schema, "backwards")));
      }
    }
  }
}
