package io.tenantdb.contract;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.tenantdb.api.v1alpha1.TenantDatabaseSpec;
import io.tenantdb.database.ConnectionSettings;
import io.tenantdb.database.ConnectionSettings.Tls;
import io.tenantdb.database.Database;
import io.tenantdb.database.Password;
import io.tenantdb.desired.Resolution;
import io.tenantdb.fleet.Engine;
import io.tenantdb.fleet.Gate;
import io.tenantdb.fleet.Outcome;
import io.tenantdb.fleet.PassListener;
import io.tenantdb.model.Desired;
import io.tenantdb.model.IndexChange;
import io.tenantdb.model.Reason;
import io.tenantdb.model.Template;
import io.tenantdb.testing.PostgresServer;
import io.tenantdb.testing.RealParts;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/** A resource whose top-level lists are full is handled, not only accepted. */
@RealParts
class FullSizeIT {
  private static final int INDEXES = 512;
  private static final List<String> TENANTS = List.of("tenant_0_0", "tenant_1_1", "tenant_other");

  private final PostgresServer server;

  FullSizeIT(PostgresServer server) {
    this.server = server;
  }

  @Test
  void it_is_resolved_and_planned_as_one_template_an_index() {
    String name = server.createDatabase("full_size");
    TENANTS.forEach(schema -> server.execute(name, tenant(schema)));
    JsonNode spec = FullSize.resource().path("spec").deepCopy();
    ((ObjectNode) spec.path("tenants")).put("settle", "0s");
    Desired desired =
        Resolution.template(
            "default",
            "valid-full-size",
            new ObjectMapper().convertValue(spec, TenantDatabaseSpec.class));
    assertThat(desired.indexes()).hasSize(INDEXES);
    assertThat(desired.hypertables()).hasSize(32);
    assertThat(desired.aggregates()).hasSize(32);
    assertThat(desired.overrides()).hasSize(50);

    try (Database database = open(name)) {
      Outcome outcome = new Engine().pass(database, desired, Gate.OBSERVE, PassListener.NONE);

      assertThat(outcome.failures()).isEmpty();
      assertThat(outcome.held().map(Outcome.Held::reason)).contains(Reason.Suspended);
      assertThat(outcome.plan().changes())
          .filteredOn(change -> change instanceof IndexChange)
          .hasSize(INDEXES * TENANTS.size());
      List<Template> templates =
          outcome.plan().templates().stream()
              .filter(template -> template.kind().equals("CreateIndex"))
              .toList();
      assertThat(templates)
          .hasSize(INDEXES)
          .allSatisfy(
              template -> {
                assertThat(template.schemas()).isEqualTo(TENANTS);
                assertThat(template.before()).isEqualTo("absent");
                assertThat(template.after())
                    .isEqualTo(
                        "btree (a_column_0 DESC, a_column_1 DESC, a_column_2 DESC, a_column_3 DESC, lower(status))"
                            + " INCLUDE (payload_a, payload_b) WITH (fillfactor='90') WHERE"
                            + " ((deleted_at IS NULL) AND (status <> 'rejected'::text)) in tablespace pg_default");
                assertThat(template.sqlPattern())
                    .contains("ON <schema>.\"t")
                    .doesNotContain("tenant_");
              })
          .extracting(Template::id)
          .doesNotHaveDuplicates();
      assertThat(templates)
          .extracting(Template::object)
          .contains("t0.ix_of_ordinary_length_0", "t31.ix_of_ordinary_length_511");
      assertThat(outcome.plan().hash()).matches("[0-9a-f]{32}");
    }
  }

  private static String[] tenant(String schema) {
    List<String> statements = new ArrayList<>();
    statements.add("CREATE ROLE " + schema + "_owner");
    statements.add("CREATE SCHEMA %1$s AUTHORIZATION %1$s_owner".formatted(schema));
    statements.add("SET ROLE " + schema + "_owner");
    for (int i = 0; i < 40; i++) {
      statements.add(
          "CREATE TABLE %s.t%d (a_column_0 int, a_column_1 int, a_column_2 int, a_column_3 int, payload_a text, payload_b text, deleted_at timestamptz, status text)"
              .formatted(schema, i));
    }
    for (int i = 0; i < 32; i++) {
      statements.add(
          "CREATE TABLE %s.h%d (recorded_at timestamptz NOT NULL, a int, b int, c int)"
              .formatted(schema, i));
    }
    return statements.toArray(String[]::new);
  }

  private Database open(String name) {
    return Database.of(
        new ConnectionSettings(
            server.host(),
            server.port(),
            name,
            server.user(),
            new Password(server.password()),
            new Tls(Tls.Mode.DISABLE, Optional.empty()),
            4,
            "tenantdb test"));
  }
}
