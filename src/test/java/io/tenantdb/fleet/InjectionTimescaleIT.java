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
import io.tenantdb.testing.RealParts;
import io.tenantdb.testing.TimescaleServer;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
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
