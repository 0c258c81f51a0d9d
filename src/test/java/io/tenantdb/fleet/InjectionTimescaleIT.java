package io.tenantdb.fleet;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.fabric8.kubernetes.client.utils.Serialization;
import io.tenantdb.database.ConnectionSettings;
import io.tenantdb.database.ConnectionSettings.Tls;
import io.tenantdb.database.Database;
import io.tenantdb.database.Password;
import io.tenantdb.desired.InvalidSpecException;
import io.tenantdb.fleet.StringFields.Place;
import io.tenantdb.model.Identifiers;
import io.tenantdb.model.Mark;
import io.tenantdb.testing.RealParts;
import io.tenantdb.testing.TimescaleServer;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.assertj.core.api.SoftAssertions;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** The fields of hypertables, where TimescaleDB reads them. */
@RealParts
class InjectionTimescaleIT {

  private static final String FOREIGN =
      """
      SELECT concat_ws('|', n.nspname, c.relname, c.relkind, c.relowner) FROM pg_class c
      JOIN pg_namespace n ON n.oid = c.relnamespace
      WHERE n.nspname IN ('public', 'outside') AND c.relkind IN ('r', 'v', 'S', 'm')
      UNION ALL SELECT 'song ' || song FROM public.canary
      UNION ALL SELECT 'row ' || t::text FROM outside.h t
      UNION ALL SELECT 'role ' || rolname || rolsuper::text FROM pg_roles
      UNION ALL SELECT 'schema ' || nspname FROM pg_namespace WHERE nspname !~ '^pg_'
      UNION ALL SELECT 'function ' || oid FROM pg_proc WHERE pronamespace::regnamespace::text !~ '^pg_temp'
      ORDER BY 1""";

  private static final StringFields AGGREGATES =
      new StringFields(
          List.of(
              InjectionIT.yaml(
                  """
                  database: {host: localhost, name: fruit, credentialsSecretRef: {name: x}}
                  tenants: {schemas: [tenant_a], settle: 0s}
                  hypertables: [{table: h, timeColumn: at}]
                  aggregates:
                  - name: by_g
                    query: SELECT time_bucket('1 day', at) AS day, g, count(*) AS n FROM h GROUP BY 1, 2
                    materializedOnly: true
                    refresh: {every: 1 hour, startOffset: 7 days, endOffset: 1 hour}
                    fallback: MaterializedView
                    fallbackQuery: SELECT g, count(*) AS n FROM h GROUP BY 1
                    uniqueColumns: [g]
                  indexes:
                  - name: ix_by_g
                    table: by_g
                    keys: [{column: g, order: Desc}]
                    where: n > 0
                  """)));

  private final TimescaleServer server;

  InjectionTimescaleIT(TimescaleServer server) {
    this.server = server;
  }

  @BeforeEach
  void canary() {
    server.reset();
    server.execute(
        "CREATE TABLE public.canary (song text)",
        "INSERT INTO public.canary VALUES ('alive')",
        "CREATE SCHEMA outside",
        "CREATE TABLE outside.h (at timestamptz NOT NULL, g text)",
        "INSERT INTO outside.h VALUES (now(), 'g')",
        "CREATE SCHEMA tenant_a");
  }

  @Test
  void no_text_in_a_field_of_a_hypertable_does_more_than_it_declares() {
    List<String> before = query(FOREIGN);
    SoftAssertions softly = new SoftAssertions();
    try (Database database = open()) {
      for (Place place : InjectionIT.FIELDS.places().values()) {
        if (place.field().startsWith("spec.hypertables[]")) {
          for (String payload : Payloads.NAMES) {
            attack(softly, database, place, payload);
          }
          softly.assertThat(query(FOREIGN)).as(place.field()).isEqualTo(before);
        }
      }
    }
    softly.assertAll();
    assertThat(server.alive()).isTrue();
  }

  @Test
  void every_name_that_postgresql_allows_works_as_table_and_column_of_a_hypertable() {
    List<String> before = query(FOREIGN);
    SoftAssertions softly = new SoftAssertions();
    try (Database database = open()) {
      for (String name : Payloads.NAMES) {
        String n = Identifiers.quote(name);
        server.execute(
            "CREATE TABLE tenant_a.%1$s (%1$s timestamptz NOT NULL, g text)".formatted(n),
            "CREATE TABLE tenant_a._s (at timestamptz NOT NULL, %s text, o int)".formatted(n));
        ObjectNode spec = (ObjectNode) named(name);

        Attempt attempt = Attempt.make(database, spec);
        Attempt again = Attempt.make(database, spec);

        softly.assertThat(attempt.defect()).as(name).isEmpty();
        softly.assertThat(attempt.said()).as(name).isEmpty();
        softly
            .assertThat(again.outcome())
            .as(name)
            .hasValueSatisfying(o -> assertThat(o.initial().empty()).isTrue());
        softly
            .assertThat(
                query(
                    "SELECT hypertable_name || ' ' || column_name FROM timescaledb_information.dimensions WHERE hypertable_schema = 'tenant_a'"))
            .as(name)
            .containsExactlyInAnyOrder(name + " " + name, "_s at");
        softly
            .assertThat(
                query(
                    "SELECT attname FROM timescaledb_information.compression_settings WHERE hypertable_schema = 'tenant_a' AND segmentby_column_index = 1"))
            .as(name)
            .containsExactlyInAnyOrder("g", name);
        server.execute("DROP TABLE tenant_a." + n, "DROP TABLE tenant_a._s");
      }
    }
    softly.assertThat(query(FOREIGN)).isEqualTo(before);
    softly.assertAll();
    assertThat(server.alive()).isTrue();
  }

  @Test
  void no_text_in_a_field_of_an_aggregate_or_its_index_does_more_than_it_declares() {
    owner("injection_owner");
    server.execute(
        "ALTER SCHEMA tenant_a OWNER TO injection_owner",
        "SET ROLE injection_owner",
        "CREATE TABLE tenant_a.h (at timestamptz NOT NULL, g text)",
        "SELECT create_hypertable('tenant_a.h', 'at')",
        "INSERT INTO tenant_a.h VALUES (now() - interval '2 days', 'g')",
        "RESET ROLE");
    List<String> before = query(FOREIGN);
    List<String> rows = query("SELECT h::text FROM tenant_a.h");
    SoftAssertions softly = new SoftAssertions();
    int made = 0;
    try (Database database = open()) {
      for (Place place : AGGREGATES.places().values()) {
        if (place.field().startsWith("spec.aggregates[]")
            || place.field().startsWith("spec.indexes[]")) {
          made += attackAggregate(softly, database, place);
          softly.assertThat(query(FOREIGN)).as(place.field()).isEqualTo(before);
          softly
              .assertThat(query("SELECT h::text FROM tenant_a.h"))
              .as(place.field())
              .isEqualTo(rows);
        }
      }
    }
    softly.assertThat(made).as("aggregates made under odd names, of odd queries").isGreaterThan(40);
    softly.assertAll();
    assertThat(server.alive()).isTrue();
  }

  @Test
  void every_name_that_postgresql_allows_works_for_an_aggregate_and_all_around_it() {
    List<String> owners = List.of("legal_owner_a", "legal_owner_b");
    owners.forEach(this::owner);
    List<String> before = query(FOREIGN);
    SoftAssertions softly = new SoftAssertions();
    try (Database database = open()) {
      for (String name : Payloads.NAMES) {
        String table = Identifiers.cut(name, 61) + "_t";
        String index = Identifiers.cut(name, 61) + "_i";
        // On a search_path, quoted or not, $user is the schema that is named like the role.
        List<String> tenants =
            Stream.of(name.equals("$user") ? "" : name, Identifiers.cut(name, 61) + "_b", "$user_a")
                .filter(schema -> !schema.isEmpty())
                .distinct()
                .limit(2)
                .toList();
        for (int i = 0; i < tenants.size(); i++) {
          String n = Identifiers.quote(name);
          String t = Identifiers.qualified(tenants.get(i), table);
          server.execute(
              "CREATE SCHEMA %s AUTHORIZATION %s"
                  .formatted(Identifiers.quote(tenants.get(i)), owners.get(i)),
              "SET ROLE " + owners.get(i),
              "CREATE TABLE %s (%s timestamptz NOT NULL, g text)".formatted(t, n),
              "SELECT public.create_hypertable(%s, %s::name)"
                  .formatted(Identifiers.literal(t), Identifiers.literal(name)),
              "INSERT INTO %s SELECT i, 'g' FROM generate_series(now() - interval '9 days', now(), interval '6 hours') i"
                  .formatted(t),
              "RESET ROLE");
        }
        ObjectNode spec = aggregateNamed(name, table, index, tenants);

        Attempt attempt = Attempt.make(database, spec);
        Attempt again = Attempt.make(database, spec);

        softly.assertThat(attempt.defect()).as(name).isEmpty();
        softly.assertThat(attempt.said()).as(name).isEmpty();
        softly
            .assertThat(attempt.outcome())
            .as(name)
            .hasValueSatisfying(o -> assertThat(o.converged()).isTrue());
        softly
            .assertThat(again.outcome())
            .as(name)
            .hasValueSatisfying(o -> assertThat(o.initial().empty()).isTrue());
        softly
            .assertThat(
                query(
                    "SELECT view_schema || '|' || view_name FROM timescaledb_information.continuous_aggregates"))
            .as(name)
            .containsExactlyInAnyOrder(tenants.get(0) + "|" + name, tenants.get(1) + "|" + name);
        for (String tenant : tenants) {
          softly
              .assertThat(
                  query("SELECT (sum(n) > 25)::text FROM " + Identifiers.qualified(tenant, name)))
              .as(name)
              .containsExactly("true");
        }
        softly
            .assertThat(marked("c.relkind = 'v'"))
            .as(name)
            .containsExactly(name + "|true", name + "|true");
        softly
            .assertThat(marked("c.relkind = 'i' AND octet_length(c.relname) <= 63"))
            .as(name)
            .containsExactly(index + "|false", index + "|false");
        softly
            .assertThat(
                query(
                    "SELECT config->>'managed_by' FROM timescaledb_information.jobs WHERE proc_name = 'policy_refresh_continuous_aggregate'"))
            .as(name)
            .hasSize(2)
            .allMatch(mark -> Mark.parse(mark).filter(m -> m.table().equals(name)).isPresent());
        for (String tenant : tenants) {
          server.execute("DROP SCHEMA " + Identifiers.quote(tenant) + " CASCADE");
        }
      }
    }
    softly.assertThat(query(FOREIGN)).isEqualTo(before);
    softly.assertAll();
    assertThat(server.alive()).isTrue();
  }

  /** Makes it where it may be made, and takes it away; returns how many could be. */
  private int attackAggregate(SoftAssertions softly, Database database, Place place) {
    // Predicates and expressions of indexes meet PostgreSQL before they meet TimescaleDB.
    List<String> payloads = place.field().endsWith(".query") ? Payloads.QUERIES : Payloads.NAMES;
    List<String> takers = new ArrayList<>();
    for (String payload : payloads) {
      try {
        Attempt.desired(place.with(payload));
        takers.add(payload);
      } catch (InvalidSpecException e) {
        softly.assertThat(e.problems()).as(place.field()).isNotEmpty();
      }
    }
    int made = 0;
    for (JsonNode spec : takers.isEmpty() ? List.<JsonNode>of() : place.withAll(takers)) {
      Attempt attempt = Attempt.make(database, spec);

      List<String> views =
          query(
              "SELECT view_schema || '.' || view_name FROM timescaledb_information.continuous_aggregates"
                  + " UNION ALL SELECT schemaname || '.' || matviewname FROM pg_matviews");
      softly.assertThat(attempt.defect()).as(place.field()).isEmpty();
      softly
          .assertThat(attempt.said())
          .as(place.field())
          .allMatch(said -> said.startsWith("tenant_a: "))
          .noneMatch(said -> said.contains("Exception"));
      List<String> declared = new ArrayList<>();
      for (JsonNode aggregate : spec.path("aggregates")) {
        String name = aggregate.path("name").asText();
        declared.add("tenant_a." + name);
        softly
            .assertThat(
                views.contains("tenant_a." + name)
                    || attempt.said().stream()
                        .anyMatch(s -> s.contains(name) || s.contains("has no table")))
            .as("%s: made or explained: %s; said %s", place.field(), aggregate, attempt.said())
            .isTrue();
      }
      softly.assertThat(views).as(place.field()).isSubsetOf(declared);
      made += views.size();
      query(
              "SELECT format('%I.%I', view_schema, view_name) FROM timescaledb_information.continuous_aggregates"
                  + " UNION ALL SELECT format('%I.%I', schemaname, matviewname) FROM pg_matviews")
          .forEach(view -> server.execute("DROP MATERIALIZED VIEW " + view + " CASCADE"));
    }
    return made;
  }

  private List<String> marked(String which) {
    return query(
            "SELECT description FROM pg_description d JOIN pg_class c ON c.oid = d.objoid"
                + " WHERE d.classoid = 'pg_class'::regclass AND description LIKE 'tenantdb:%' AND "
                + which)
        .stream()
        .flatMap(text -> Mark.parse(text).stream())
        .map(mark -> mark.name() + "|" + mark.filled())
        .toList();
  }

  private static ObjectNode aggregateNamed(
      String name, String table, String index, List<String> tenants) {
    String n = Identifiers.quote(name);
    ObjectNode spec =
        (ObjectNode)
            InjectionIT.yaml(
                """
                database: {host: localhost, name: fruit, credentialsSecretRef: {name: x}}
                tenants: {schemas: [], settle: 0s}
                hypertables: []
                aggregates: []
                indexes: []
                """);
    ArrayNode schemas = (ArrayNode) spec.path("tenants").path("schemas");
    tenants.forEach(schemas::add);
    ((ArrayNode) spec.path("hypertables")).addObject().put("table", table).put("timeColumn", name);
    ObjectNode aggregate = ((ArrayNode) spec.path("aggregates")).addObject().put("name", name);
    aggregate.put(
        "query",
        "SELECT time_bucket('1 day', %1$s) AS %1$s, g, count(*) AS n FROM %2$s AS %1$s WHERE g <> %3$s GROUP BY 1, 2"
            .formatted(n, Identifiers.quote(table), Identifiers.literal(name)));
    aggregate.put("materializedOnly", true);
    aggregate
        .putObject("refresh")
        .put("every", "1 hour")
        .put("startOffset", "7 days")
        .put("endOffset", "1 hour");
    ((ArrayNode) spec.path("indexes"))
        .addObject()
        .put("name", index)
        .put("table", name)
        .putArray("columns")
        .add("g")
        .add(name);
    return spec;
  }

  private void owner(String role) {
    server.execute(
        "DO $$ BEGIN CREATE ROLE %s LOGIN; EXCEPTION WHEN duplicate_object THEN NULL; END $$"
            .formatted(role));
  }

  private void attack(SoftAssertions softly, Database database, Place place, String payload) {
    String what = place.field() + " = " + payload;
    ObjectNode spec = (ObjectNode) place.with(payload);
    spec.remove(List.of("indexes", "aggregates"));
    ((ObjectNode) spec.path("tenants")).remove("patterns");
    try {
      Attempt.desired(spec);
    } catch (InvalidSpecException e) {
      return;
    }
    server.execute(
        "DROP TABLE IF EXISTS tenant_a.h",
        "CREATE TABLE tenant_a.h (at timestamptz NOT NULL, g text)");

    Attempt attempt = Attempt.make(database, spec);

    softly.assertThat(attempt.defect()).as(what).isEmpty();
    softly
        .assertThat(attempt.said())
        .as(what)
        .isNotEmpty()
        .allMatch(said -> said.startsWith("tenant_a: "))
        .noneMatch(said -> said.contains("Exception"));
    softly
        .assertThat(
            query(
                "SELECT hypertable_schema || '.' || hypertable_name FROM timescaledb_information.hypertables"))
        .as(what)
        .isSubsetOf("tenant_a.h");
  }

  private static JsonNode named(String name) {
    ObjectNode spec =
        Serialization.unmarshal(
            """
            database: {host: localhost, name: fruit, credentialsSecretRef: {name: x}}
            tenants: {schemas: [tenant_a], settle: 0s}
            hypertables: []
            """,
            ObjectNode.class);
    ArrayNode hypertables = (ArrayNode) spec.path("hypertables");
    ObjectNode first = hypertables.addObject();
    first.put("table", name).put("timeColumn", name);
    ObjectNode second = hypertables.addObject();
    second.put("table", "_s").put("timeColumn", "at");
    compressed(first, "g", name);
    compressed(second, name, "o");
    return spec;
  }

  private static void compressed(ObjectNode hypertable, String segmentBy, String orderBy) {
    hypertable.put("convert", "WhenEmpty").put("chunkInterval", "7 days");
    ObjectNode compression = hypertable.putObject("compression").put("after", "30 days");
    compression.putArray("segmentBy").add(segmentBy);
    compression.putArray("orderBy").addObject().put("column", orderBy).put("order", "Desc");
    hypertable.putObject("retention").put("dropAfter", "2 years");
  }

  private Database open() {
    return Database.of(
        new ConnectionSettings(
            server.host(),
            server.port(),
            server.database(),
            server.user(),
            new Password(server.password()),
            new Tls(Tls.Mode.DISABLE, Optional.empty()),
            4,
            "tenantdb test"));
  }

  private List<String> query(String sql) {
    try (Connection connection = server.connect();
        Statement statement = connection.createStatement();
        ResultSet rows = statement.executeQuery(sql)) {
      List<String> out = new ArrayList<>();
      while (rows.next()) {
        out.add(rows.getString(1));
      }
      return out;
    } catch (SQLException e) {
      throw new IllegalStateException(e.getMessage(), e);
    }
  }
}
