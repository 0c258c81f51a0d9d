package io.tenantdb.fleet;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.tenantdb.database.ConnectionSettings;
import io.tenantdb.database.ConnectionSettings.Tls;
import io.tenantdb.database.Database;
import io.tenantdb.database.DatabaseException;
import io.tenantdb.database.Password;
import io.tenantdb.desired.InvalidSpecException;
import io.tenantdb.desired.Resolution;
import io.tenantdb.fleet.StringFields.Place;
import io.tenantdb.model.Desired;
import io.tenantdb.model.Identifiers;
import io.tenantdb.model.Mark;
import io.tenantdb.model.Reason;
import io.tenantdb.testing.PostgresServer;
import io.tenantdb.testing.RealParts;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.assertj.core.api.SoftAssertions;
import org.junit.jupiter.api.Test;

/** Names that look like SQL are names. */
@RealParts
class LegalNamesIT {

  private final PostgresServer server;

  LegalNamesIT(PostgresServer server) {
    this.server = server;
  }

  @Test
  void every_name_that_postgresql_allows_works_as_that_name_everywhere() {
    Canary canary = new Canary(server, "legal_names");
    SoftAssertions softly = new SoftAssertions();
    for (String name : Payloads.NAMES) {
      canary.tenantNamed(name);
    }
    try (Database database = canary.fruit().open(Canary.OPERATOR, Canary.PASSWORD)) {
      List<String> before = canary.everything();
      for (String name : Payloads.NAMES) {
        worksAsDeclared(softly, canary, database, name, tableNamed(name));
      }
      softly.assertThat(canary.everything()).isEqualTo(before);

      // A table and an index of one schema cannot share a name.
      for (String name : Payloads.NAMES) {
        canary.fruit().execute("DROP TABLE " + Identifiers.qualified(name, name));
      }
      before = canary.everything();
      for (String name : Payloads.NAMES) {
        worksAsDeclared(softly, canary, database, name, indexNamed(name));
      }
      softly.assertThat(canary.everything()).isEqualTo(before);

      for (String name : Payloads.NAMES) {
        worksAsDeclared(softly, canary, database, name, aggregateNamed(name));
      }
      softly.assertThat(canary.everything()).isEqualTo(before);
    }
    softly.assertAll();
  }

  private static void worksAsDeclared(
      SoftAssertions softly, Canary canary, Database database, String name, JsonNode spec) {
    Desired desired = Attempt.desired(spec);
    Outcome outcome = new Engine().pass(database, desired, Gate.OPEN, PassListener.NONE);

    softly.assertThat(Attempt.said(outcome)).as(name).isEmpty();
    softly.assertThat(outcome.converged()).as(name).isTrue();
    isAsDeclared(softly, canary, database, name, spec);
    takeAway(canary, name);

    Outcome planned = new Engine().pass(database, desired, Gate.OBSERVE, PassListener.NONE);
    softly
        .assertThat(canary.fruit().psql(planned.initial().changes()))
        .as("by psql: " + name)
        .isEmpty();
    isAsDeclared(softly, canary, database, name, spec);
    takeAway(canary, name);
  }

  private static void isAsDeclared(
      SoftAssertions softly, Canary canary, Database database, String name, JsonNode spec) {
    Outcome again =
        new Engine().pass(database, Attempt.desired(spec), Gate.OPEN, PassListener.NONE);
    softly.assertThat(again.initial().empty()).as("second pass of " + name).isTrue();
    softly.assertThat(canary.indexes()).as(name).isEqualTo(Canary.declared(spec, name));
    softly.assertThat(marks(canary)).as(name).isEqualTo(marks(spec));
    softly
        .assertThat(canary.aggregates())
        .as(name)
        .hasSameSizeAs(spec.path("aggregates"))
        .allMatch((name + "|" + name)::equals);
  }

  private static void takeAway(Canary canary, String name) {
    canary
        .fruit()
        .query("SELECT format('%I.%I', schemaname, matviewname) FROM pg_matviews")
        .forEach(view -> canary.fruit().execute("DROP MATERIALIZED VIEW " + view));
    dropAll(canary, name);
  }

  @Test
  void a_database_is_connected_to_by_its_literal_name_and_brings_no_parameters() {
    Canary canary = new Canary(server, "connecting_names");
    List<String> before = canary.everything();
    SoftAssertions softly = new SoftAssertions();
    Place place = InjectionIT.FIELDS.places().get("spec.database.name");
    for (String payload : InjectionIT.payloads(place)) {
      try {
        Resolution.database(Attempt.spec(place.with(payload)));
      } catch (InvalidSpecException e) {
        continue;
      }
      try (Database database = at(payload)) {
        database.probe();
        softly.fail("connected to " + payload);
      } catch (DatabaseException e) {
        softly.assertThat(e.reason()).as(payload).isEqualTo(Reason.DatabaseNotFound);
        softly
            .assertThat(e.getMessage())
            .as(payload)
            .contains(payload)
            .doesNotContain(Canary.PASSWORD);
      }
    }
    softly.assertThat(canary.everything()).isEqualTo(before);
    for (String name : Payloads.NAMES) {
      server.createDatabase(name);
      try (Database database = at(name)) {
        softly.assertThat(database.probe().primary()).as(name).isTrue();
      } finally {
        server.execute("postgres", "DROP DATABASE " + Identifiers.quote(name));
      }
    }
    softly.assertAll();
  }

  private static JsonNode tableNamed(String name) {
    String quoted = Identifiers.quote(name);
    ObjectNode spec = withTenant(name);
    ObjectNode index = ((ArrayNode) spec.path("indexes")).addObject();
    index.put("name", "ix").put("table", name);
    ArrayNode keys = index.putArray("keys");
    keys.addObject().put("column", name).put("opclass", quoted).put("collation", quoted);
    keys.addObject().put("expression", "lower(" + quoted + ") || " + Identifiers.literal(name));
    index.putArray("include").add("id").add(name);
    index.put("where", quoted + " <> " + Identifiers.literal(name));
    return spec;
  }

  private static JsonNode indexNamed(String name) {
    ObjectNode spec = withTenant(name);
    ((ArrayNode) spec.path("indexes"))
        .addObject()
        .put("name", name)
        .put("table", "t")
        .putArray("columns")
        .add("a");
    return spec;
  }

  private static JsonNode aggregateNamed(String name) {
    String quoted = Identifiers.quote(name);
    ObjectNode spec = withTenant(name);
    ObjectNode aggregate = spec.putArray("aggregates").addObject().put("name", name);
    aggregate.put(
        "query",
        "SELECT a AS "
            + quoted
            + ", "
            + Identifiers.literal(name)
            + " AS text FROM "
            + quoted
            + ".t AS "
            + quoted
            + " GROUP BY 1");
    aggregate.putObject("refresh").put("every", "1 hour").put("endOffset", "1 hour");
    aggregate.put("fallback", "MaterializedView").putArray("uniqueColumns").add(name);
    return spec;
  }

  private static ObjectNode withTenant(String name) {
    ObjectNode spec =
        (ObjectNode)
            InjectionIT.yaml(
                """
                database: {host: localhost, name: fruit, credentialsSecretRef: {name: x}}
                tenants: {settle: 0s}
                indexes: []
                """);
    ((ObjectNode) spec.path("tenants"))
        .set("schemas", JsonNodeFactory.instance.arrayNode().add(name));
    return spec;
  }

  private static List<String> marks(Canary canary) {
    return canary
        .fruit()
        .query(
            """
            SELECT description FROM pg_description d JOIN pg_index x ON x.indexrelid = d.objoid
            WHERE description LIKE 'tenantdb:%'""")
        .stream()
        .map(text -> Mark.parse(text).map(m -> m.owner() + "|" + m.name() + "|" + m.table()))
        .flatMap(Optional::stream)
        .toList();
  }

  private static List<String> marks(JsonNode spec) {
    List<String> marks = new ArrayList<>();
    spec.path("indexes")
        .forEach(
            index ->
                marks.add(
                    "platform/fruit|"
                        + index.path("name").asText()
                        + "|"
                        + index.path("table").asText()));
    spec.path("aggregates")
        .forEach(
            aggregate -> {
              String name = aggregate.path("name").asText();
              String key = Identifiers.cut(name, Identifiers.MAX_BYTES - 4) + "_key";
              marks.add("platform/fruit|" + key + "|" + name);
            });
    return marks;
  }

  private static void dropAll(Canary canary, String schema) {
    canary
        .fruit()
        .query(
            "SELECT format('%I.%I', schemaname, indexname) FROM pg_indexes WHERE schemaname = "
                + Identifiers.literal(schema))
        .forEach(index -> canary.fruit().execute("DROP INDEX " + index));
  }

  private Database at(String database) {
    return Database.of(
        new ConnectionSettings(
            server.host(),
            server.port(),
            database,
            Canary.OPERATOR,
            new Password(Canary.PASSWORD),
            new Tls(Tls.Mode.DISABLE, Optional.empty()),
            4,
            "tenantdb test"));
  }
}
