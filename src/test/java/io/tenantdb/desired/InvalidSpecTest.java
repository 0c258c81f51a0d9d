package io.tenantdb.desired;

import static io.tenantdb.desired.Refusals.hypertable;
import static io.tenantdb.desired.Refusals.index;
import static io.tenantdb.desired.Refusals.problems;
import static io.tenantdb.desired.Refusals.tenants;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import java.util.List;
import org.junit.jupiter.api.Test;

class InvalidSpecTest {

  @Test
  void everyProblemIsReportedAtOnceWithItsField() {
    assertThat(
            problems(
                """
                interval: 10s
                database: {host: "db:5432", port: 0, name: fruitpak, maxConnections: 2, tls: {mode: Full}}
                tenants: {patterns: ["pg_*"], onMissingTable: Ignore}
                indexes: [{name: _tdb_x, table: t}]
                """))
        .containsExactly(
            "spec.interval: interval must be between 30s and 24h.",
            "spec.database.host: must be a host name or an address without a port, at most 253"
                + " characters; it is \"db:5432\".",
            "spec.database.port: must be between 1 and 65535; it is 0.",
            "spec.database.credentialsSecretRef.name: is required.",
            "spec.database.tls.mode: must be one of Disable, Require, VerifyCA, VerifyFull; it is"
                + " \"Full\".",
            "spec.database.maxConnections: must be between 4 and 32; it is 2.",
            "spec.tenants.patterns[0]: patterns must not address system schemas (pg_*).",
            "spec.tenants.onMissingTable: must be one of Fail, Skip, Wait; it is \"Ignore\".",
            "spec.indexes[0].name: must not start with '_tdb_' or '_timescaledb_': these prefixes"
                + " are reserved.",
            "spec.indexes[0]: Exactly one of columns and keys must be set.");
  }

  @Test
  void systemSchemasAreNoTenants() {
    for (String schema :
        List.of("pg_catalog", "pg_toast", "information_schema", "_timescaledb_internal")) {
      assertThat(tenants("{schemas: [" + schema + "]}"))
          .containsExactly(
              "spec.tenants.schemas[0]: must not be a system schema (pg_*, information_schema,"
                  + " _timescaledb_*).");
      assertThat(tenants("{schemas: [a], searchPath: [" + schema + "]}")).hasSize(1);
    }
    assertThat(tenants("{schemas: [a], searchPath: [$user]}")).hasSize(1);
  }

  @Test
  void someSchemaMustBeATenant() {
    assertThat(tenants("{schemas: [], exclude: [b]}"))
        .containsExactly("spec.tenants: tenants needs schemas or patterns.");
  }

  @Test
  void durationsAreGosAndWithinTheirBounds() {
    for (String text : List.of("10", "1d", "-1m", "1.5h", "", "10m0s", "1000000h")) {
      assertThat(problems(Specs.BASE + "interval: '" + text + "'")).as(text).hasSize(1);
    }
    assertThat(problems(Specs.BASE + "interval: 1h30m")).isEmpty();
    assertThat(problems(Specs.BASE + "interval: 29s")).hasSize(1);
    assertThat(problems(Specs.BASE + "interval: 30s")).isEmpty();
    assertThat(problems(Specs.BASE + "safety: {lockTimeout: 10m}")).isEmpty();
    assertThat(problems(Specs.BASE + "safety: {lockTimeout: 601s}"))
        .containsExactly("spec.safety.lockTimeout: lockTimeout must be at most 10m.");
    assertThat(problems(Specs.BASE + "safety: {lockTimeout: 0s}")).hasSize(1);
    assertThat(problems(Specs.BASE + "safety: {buildTimeout: 168h}")).isEmpty();
    assertThat(problems(Specs.BASE + "safety: {buildTimeout: 169h}")).hasSize(1);
    assertThat(tenants("{schemas: [a], settle: 0s}")).isEmpty();
    assertThat(tenants("{schemas: [a], settle: 25h}"))
        .containsExactly("spec.tenants.settle: settle must be at most 24h.");
  }

  @Test
  void unknownWordsAreNamedWithTheWordsAllowed() {
    assertThat(problems(hypertable("convert: Migrate")))
        .containsExactly(
            "spec.hypertables[0].convert: must be one of Never, WhenEmpty; it is \"Migrate\".");
    assertThat(problems(Specs.BASE + "safety: {onDestructive: RequireApproval}"))
        .containsExactly(
            "spec.safety.onDestructive: must be one of Allow, Deny; it is \"RequireApproval\".");
    assertThat(problems(Specs.BASE + "safety: {onDrift: Ignore, prune: All, deletionPolicy: Drop}"))
        .containsExactly(
            "spec.safety.deletionPolicy: must be one of Delete, Retain; it is \"Drop\".",
            "spec.safety.onDrift: must be one of Correct, Report; it is \"Ignore\".",
            "spec.safety.prune: must be one of Disabled, OwnedOnly; it is \"All\".");
    assertThat(problems(Specs.BASE + "timescale: {whenMissing: skip}")).hasSize(1);
    assertThat(index("{name: ix, table: t, keys: [{column: a, order: DESC, nulls: last}]}"))
        .hasSize(2);
  }

  @Test
  void whatIsWorkedOnAtOnceFitsTheConnections() {
    String spec =
        """
        tenants: {schemas: [a]}
        database: {host: localhost, name: a, credentialsSecretRef: {name: b}, maxConnections: %s}
        rollout: {maxParallel: %s}
        """;
    assertThat(problems(spec.formatted("null", "2"))).isEmpty();
    assertThat(problems(spec.formatted("32", "30"))).isEmpty();
    assertThat(problems(spec.formatted("5", "3"))).isEmpty();
    assertThat(problems(spec.formatted("null", "3")))
        .containsExactly(
            "spec.rollout.maxParallel: database.maxConnections must be at least"
                + " rollout.maxParallel + 2: each tenant that is worked on takes a connection, and"
                + " observing two more.");
    assertThat(problems(spec.formatted("5", "4"))).hasSize(1);
    assertThat(problems(spec.formatted("32", "31"))).hasSize(1);
    assertThat(problems(spec.formatted("32", "0")))
        .containsExactly("spec.rollout.maxParallel: must be between 1 and 32; it is 0.");
    assertThat(problems(spec.formatted("32", "33"))).hasSize(1);
  }

  @Test
  void ownerIdStandsOnOneLineOfAComment() {
    assertThat(problems(Specs.BASE + "ownerId: 'a b'")).hasSize(1);
    assertThat(problems(Specs.BASE + "ownerId: \"a\\n\"")).hasSize(1);
    assertThat(problems(Specs.BASE + "ownerId: team.a/fruit_pak-1")).isEmpty();
    assertThat(
            catchThrowableOfType(
                    InvalidSpecException.class,
                    () -> Resolution.template(null, "x", Specs.spec(Specs.BASE)))
                .problems())
        .singleElement()
        .asString()
        .startsWith("spec.ownerId: is required where");
  }

  @Test
  void theCaFitsTheMode() {
    String spec =
        """
        tenants: {schemas: [a]}
        database:
          host: localhost
          name: fruitpak
          credentialsSecretRef: {name: fruitpak-db}
          tls: %s
        """;
    assertThat(problems(spec.formatted("{mode: Require, caSecretRef: {name: ca}}"))).hasSize(1);
    assertThat(problems(spec.formatted("{caConfigMapRef: {name: a}, caSecretRef: {name: b}}")))
        .hasSize(1);
    assertThat(problems(spec.formatted("{caSecretRef: {name: b}}"))).isEmpty();
  }
}
