package io.tenantdb.canonical;

import static io.tenantdb.observe.Fleet.index;
import static io.tenantdb.observe.Fleet.select;
import static io.tenantdb.observe.Fleet.wants;
import static org.assertj.core.api.Assertions.assertThat;

import io.tenantdb.model.Canonical;
import io.tenantdb.model.CanonicalIndex;
import io.tenantdb.model.CanonicalIndex.Buildable;
import io.tenantdb.model.CanonicalIndex.Refused;
import io.tenantdb.model.CanonicalIndex.Unknown;
import io.tenantdb.model.Desired;
import io.tenantdb.model.DesiredIndex;
import io.tenantdb.model.DesiredTenant;
import io.tenantdb.model.Observed;
import io.tenantdb.model.ObservedTenant;
import io.tenantdb.model.Reason;
import io.tenantdb.observe.Fleet;
import io.tenantdb.observe.Observer;
import io.tenantdb.testing.PostgresServer;
import io.tenantdb.testing.RealParts;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/** Where an index may not be put is known before the first tenant is touched. */
@RealParts
class TablespacesIT {
  private static final String PLAIN = "CREATE TABLE items (a int)";

  private final PostgresServer server;

  TablespacesIT(PostgresServer server) {
    this.server = server;
  }

  private Fleet fleet(String database) {
    return Fleet.create(server, database);
  }

  @Test
  void aTablespaceIsAskedForBeforeAnythingIsPutThere() {
    try (Fleet fleet = fleet("tablespace_asked")) {
      fleet.tenant("t1", "app", PLAIN);
      fleet.run(
          "SET allow_in_place_tablespaces = on", "CREATE TABLESPACE \"Fast \"\"1\" LOCATION ''");
      DesiredIndex index = index("ix", "items", "a");
      CanonicalIndex anywhere = form(fleet, "t1", index);
      assertThat(form(fleet, "t1", index.withTablespace(Optional.of("fast"))))
          .isEqualTo(
              new Refused(Reason.DefinitionRefused, "42704", "tablespace \"fast\" does not exist"));
      assertThat(form(fleet, "t1", index.withTablespace(Optional.of("pg_global"))))
          .isEqualTo(
              new Refused(
                  Reason.DefinitionRefused,
                  "22023",
                  "only shared relations can be placed in pg_global tablespace"));
      assertThat(form(fleet, "t1", index.withTablespace(Optional.of("Fast \"1"))))
          .isEqualTo(
              new Unknown(
                  Reason.InsufficientPrivilege,
                  "permission denied for tablespace Fast \"1: GRANT CREATE ON TABLESPACE"
                      + " \"Fast \"\"1\" TO \"app\""));
      assertThat(form(fleet, "t1", index.withTablespace(Optional.of("pg_default"))))
          .isEqualTo(anywhere);
      fleet.run("GRANT CREATE ON TABLESPACE \"Fast \"\"1\" TO app");
      assertThat(form(fleet, "t1", index.withTablespace(Optional.of("Fast \"1"))))
          .isEqualTo(anywhere);
    }
  }

  @Test
  void whatTheOwnerMayNotUseIsNotRefusedToOthers() {
    try (Fleet fleet = fleet("tablespace_of_one")) {
      fleet.run(
          "DO $$ BEGIN IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'poor') THEN"
              + " CREATE ROLE poor LOGIN; GRANT poor TO op; END IF; END $$");
      fleet.tenant("t1", "poor", PLAIN).tenant("t2", "app", PLAIN);
      fleet.run(
          "SET allow_in_place_tablespaces = on",
          "CREATE TABLESPACE shared LOCATION ''",
          "GRANT CREATE ON TABLESPACE shared TO app");
      DesiredIndex index = index("ix", "items", "a").withTablespace(Optional.of("shared"));
      Desired desired = wants(select("t1", "t2"), index);
      Observed observed = new Observer().observe(fleet.database(), desired);
      Canonical canonical = canonical(fleet, desired, observed);
      assertThat(form(canonical, observed, "t1", index)).isInstanceOf(Unknown.class);
      assertThat(form(canonical, observed, "t2", index)).isInstanceOf(Buildable.class);
    }
  }

  private static Canonical canonical(Fleet fleet, Desired desired, Observed observed) {
    DesiredTenant every = new DesiredTenant(desired.indexes(), desired.hypertables());
    return new Canonicalizer().canonicalize(fleet.database(), desired, schema -> every, observed);
  }

  private static CanonicalIndex form(
      Canonical canonical, Observed observed, String schema, DesiredIndex index) {
    ObservedTenant tenant = observed.tenants().get(schema);
    return canonical.index(tenant, tenant.table(index.table()).orElseThrow(), index).orElseThrow();
  }

  private static CanonicalIndex form(Fleet fleet, String schema, DesiredIndex index) {
    Desired desired = wants(select(schema), index);
    Observed observed = new Observer().observe(fleet.database(), desired);
    return form(canonical(fleet, desired, observed), observed, schema, index);
  }
}
