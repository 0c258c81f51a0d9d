package io.tenantdb.desired;

import static org.assertj.core.api.Assertions.assertThat;

import io.tenantdb.model.Desired;
import io.tenantdb.model.Desired.OnDestructive;
import io.tenantdb.model.Desired.OnDrift;
import io.tenantdb.model.Desired.Prune;
import io.tenantdb.model.Desired.WhenTimescaleMissing;
import io.tenantdb.model.DesiredAggregate;
import io.tenantdb.model.DesiredAggregate.Fallback;
import io.tenantdb.model.DesiredHypertable;
import io.tenantdb.model.DesiredHypertable.Convert;
import io.tenantdb.model.DesiredIndex;
import io.tenantdb.model.DesiredTenant;
import io.tenantdb.model.OrderBy;
import io.tenantdb.model.PolicyState;
import io.tenantdb.model.TenantSelection.OnMissingTable;
import io.tenantdb.model.TimeSpan;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.Test;

class ResolutionTest {

  private static final String HISTORY =
      """
      hypertables:
      - table: batch_history
        timeColumn: recorded_at
        chunkInterval: 7 days
        compression: {after: 30 days, segmentBy: [batch_id], orderBy: [{column: recorded_at, order: Desc}], every: 1 day}
        retention: {dropAfter: 2 years}
      """;

  @Test
  void absentFieldsHaveTheirDefaults() {
    Desired desired = Specs.with("indexes: [{name: ix, table: t, columns: [a]}]\n" + HISTORY);

    assertThat(desired.ownerId()).isEqualTo("platform/fruitpak");
    assertThat(desired.tenants().searchPath()).containsExactly("public");
    assertThat(desired.tenants().settle()).isEqualTo(Duration.ofMinutes(1));
    assertThat(desired.tenants().onMissingTable()).isEqualTo(OnMissingTable.WAIT);
    assertThat(desired.whenTimescaleMissing()).isEqualTo(WhenTimescaleMissing.SKIP);
    assertThat(desired.safety().onDestructive()).isEqualTo(OnDestructive.DENY);
    assertThat(desired.safety().lockTimeout()).isEqualTo(Duration.ofSeconds(3));
    assertThat(desired.safety().buildTimeout()).isEqualTo(Duration.ofHours(2));
    assertThat(desired.safety().onDrift()).isEqualTo(OnDrift.CORRECT);
    assertThat(desired.safety().prune()).isEqualTo(Prune.DISABLED);
    assertThat(desired.safety().allowSuperuserOwned()).isFalse();
    assertThat(desired.rollout().maxParallel()).isEqualTo(2);
    assertThat(desired.indexes().get(0).method()).isEqualTo("btree");
    assertThat(desired.hypertables().get(0).convert()).isEqualTo(Convert.NEVER);
    assertThat(Resolution.interval(Specs.spec(Specs.BASE))).isEqualTo(Duration.ofMinutes(10));
    assertThat(Resolution.suspended(Specs.spec(Specs.BASE))).isFalse();
  }

  @Test
  void guardRailsAndRolloutAreCarriedOver() {
    Desired desired =
        Specs.template(
            """
            database: {host: localhost, name: a, credentialsSecretRef: {name: b}, maxConnections: 12}
            tenants: {schemas: [a]}
            safety: {onDestructive: Allow, onDrift: Report, prune: OwnedOnly, allowSuperuserOwned: true}
            rollout: {maxParallel: 10}
            """);

    assertThat(desired.safety())
        .isEqualTo(
            new Desired.Safety(
                OnDestructive.ALLOW,
                OnDrift.REPORT,
                Prune.OWNED_ONLY,
                true,
                Duration.ofSeconds(3),
                Duration.ofHours(2)));
    assertThat(desired.rollout()).isEqualTo(new Desired.Rollout(10));
  }

  @Test
  void whatBecomesOfTheDatabaseIsReadOffAnySpec() {
    assertThat(Resolution.deletionPolicy(null)).isEqualTo(DeletionPolicy.RETAIN);
    assertThat(deletionPolicy("{}")).isEqualTo(DeletionPolicy.RETAIN);
    assertThat(deletionPolicy("safety: {}")).isEqualTo(DeletionPolicy.RETAIN);
    assertThat(deletionPolicy("safety: {deletionPolicy: Retain}")).isEqualTo(DeletionPolicy.RETAIN);
    assertThat(deletionPolicy("safety: {deletionPolicy: Drop}")).isEqualTo(DeletionPolicy.RETAIN);
    assertThat(deletionPolicy("{interval: never, safety: {deletionPolicy: Delete}}"))
        .isEqualTo(DeletionPolicy.DELETE);
  }

  private static DeletionPolicy deletionPolicy(String spec) {
    return Resolution.deletionPolicy(Specs.spec(spec));
  }

  @Test
  void databaseSettingsHaveTheirDefaults() {
    DesiredDatabase database = Resolution.database(Specs.spec(Specs.BASE));

    assertThat(database)
        .isEqualTo(
            new DesiredDatabase(
                "localhost",
                5432,
                "fruitpak",
                new DesiredDatabase.Credentials("fruitpak-db", "username", "password"),
                DesiredDatabase.Authentication.SCRAM_SHA_256,
                new DesiredDatabase.Tls(DesiredDatabase.Mode.VERIFY_FULL, Optional.empty()),
                4));
  }

  @Test
  void caOfAConfigMapIsKeptApartFromASecret() {
    DesiredDatabase database =
        Resolution.database(
            Specs.spec(
                """
                database:
                  host: "::1"
                  name: fruitpak
                  credentialsSecretRef: {name: fruitpak-db}
                  tls: {mode: VerifyCA, caConfigMapRef: {name: ca}}
                """));

    assertThat(database.tls().ca())
        .contains(new DesiredDatabase.CaRef(DesiredDatabase.Source.CONFIG_MAP, "ca", "ca.crt"));
  }

  @Test
  void columnsAreTheShortFormOfKeys() {
    DesiredIndex columns =
        Specs.with("indexes: [{name: ix, table: t, columns: [a, b]}]").indexes().get(0);
    DesiredIndex keys =
        Specs.with("indexes: [{name: ix, table: t, keys: [{column: a}, {column: b}]}]")
            .indexes()
            .get(0);

    assertThat(keys).isEqualTo(columns);
  }

  @Test
  void writingADefaultOutChangesNothing() {
    DesiredIndex plain =
        Specs.with("indexes: [{name: ix, table: t, columns: [a]}]").indexes().get(0);
    DesiredIndex explicit =
        Specs.with(
                """
                indexes:
                - name: ix
                  table: t
                  keys: [{column: a, order: Asc, nulls: Last}]
                  method: btree
                  unique: false
                  nullsNotDistinct: false
                """)
            .indexes()
            .get(0);

    assertThat(explicit).isEqualTo(plain);
  }

  @Test
  void everyPartOfAnIndexIsCarriedOver() {
    DesiredIndex index =
        Specs.with(
                """
                indexes:
                - name: ix
                  table: t
                  keys:
                  - {expression: " lower(name) ", order: Desc, nulls: Last, collation: '"C"'}
                  - {column: b, opclass: Public.Gin_trgm_ops, nulls: First}
                  - {expression: c, opclass: x, opclassParameters: {siglen: 32, mode: "on"}, statistics: 0}
                  method: gin
                  unique: true
                  nullsNotDistinct: true
                  include: [c]
                  where: |
                    b IS NOT NULL
                  with: {fillfactor: 90, fastupdate: "off"}
                  tablespace: Fast disks
                """)
            .indexes()
            .get(0);

    assertThat(index.keys())
        .containsExactly(
            new DesiredIndex.Key(
                Optional.empty(),
                Optional.of("lower(name)"),
                true,
                Optional.of(false),
                Optional.empty(),
                Optional.of("\"C\"")),
            new DesiredIndex.Key(
                Optional.of("b"),
                Optional.empty(),
                false,
                Optional.of(true),
                Optional.of("\"public\".\"gin_trgm_ops\""),
                Optional.empty()),
            new DesiredIndex.Key(
                Optional.empty(),
                Optional.of("c"),
                false,
                Optional.empty(),
                Optional.of("\"x\""),
                Optional.empty(),
                Map.of("siglen", "32", "mode", "on"),
                Optional.of(0)));
    assertThat(index.statistics()).containsExactly(Map.entry(3, 0));
    assertThat(index.tablespace()).contains("Fast disks");
    assertThat(index.method()).isEqualTo("gin");
    assertThat(index.unique()).isTrue();
    assertThat(index.nullsNotDistinct()).isTrue();
    assertThat(index.include()).containsExactly("c");
    assertThat(index.where()).contains("b IS NOT NULL");
    assertThat(index.with()).containsEntry("fillfactor", "90").containsEntry("fastupdate", "off");
  }

  @Test
  void orderByOfCompressionHasTimescalesOwnDefaults() {
    DesiredHypertable hypertable = Specs.with(HISTORY).hypertables().get(0);

    assertThat(hypertable.compression().orElseThrow().orderBy())
        .contains(List.of(new OrderBy("recorded_at", true, true)));
  }

  @Test
  void integerTimeIsCountedIn64Bits() {
    DesiredHypertable hypertable =
        Specs.with(
                "hypertables: [{table: t, timeColumn: at, chunkInterval: 86400000000,"
                    + " retention: {dropAfter: 31536000000000}}]")
            .hypertables()
            .get(0);

    assertThat(hypertable.chunkInterval()).contains(new TimeSpan.Whole(86_400_000_000L));
  }

  @Test
  void anAggregateHasItsDefaults() {
    DesiredAggregate aggregate =
        Specs.with("aggregates: [{name: daily, query: SELECT day FROM Batches}]")
            .aggregates()
            .get(0);

    assertThat(aggregate)
        .isEqualTo(
            new DesiredAggregate(
                "daily",
                "SELECT day FROM Batches",
                true,
                Optional.empty(),
                Fallback.SKIP,
                Optional.empty(),
                Optional.empty(),
                Set.of("select", "day", "from", "batches"),
                aggregate.specHash()));
  }

  @Test
  void everyPartOfAnAggregateIsCarriedOver() {
    DesiredAggregate aggregate =
        Specs.with(
                """
                aggregates:
                - name: daily
                  query: |
                    SELECT time_bucket('1 day', at) AS day, kind FROM batches GROUP BY 1, 2
                  materializedOnly: false
                  refresh: {every: 1 hour, startOffset: 7 days, endOffset: 1 hour}
                  fallback: MaterializedView
                  fallbackQuery: SELECT date_trunc('day', at) AS day, kind FROM other
                  uniqueColumns: [day, Kind]
                """)
            .aggregates()
            .get(0);

    assertThat(aggregate.query())
        .isEqualTo("SELECT time_bucket('1 day', at) AS day, kind FROM batches GROUP BY 1, 2");
    assertThat(aggregate.materializedOnly()).isFalse();
    assertThat(aggregate.refresh())
        .hasValueSatisfying(
            refresh -> {
              assertThat(refresh.every()).isEqualTo("1 hour");
              assertThat(refresh.startOffset()).contains(new TimeSpan.Interval("7 days"));
              assertThat(refresh.endOffset()).isEqualTo(new TimeSpan.Interval("1 hour"));
            });
    assertThat(aggregate.fallback()).isEqualTo(Fallback.MATERIALIZED_VIEW);
    assertThat(aggregate.viewQuery())
        .isEqualTo("SELECT date_trunc('day', at) AS day, kind FROM other");
    assertThat(aggregate.mentions()).contains("batches", "other", "kind").doesNotContain("1 day");
    DesiredIndex unique = aggregate.uniqueIndex().orElseThrow();
    assertThat(unique)
        .isEqualTo(
            Specs.with(
                    "indexes: [{name: daily_key, table: daily, columns: [day, Kind], unique: true}]")
                .indexes()
                .get(0));
  }

  @Test
  void theUniqueIndexHasANameThatPostgresqlDoesNotCut() {
    assertThat(uniqueIndex("a".repeat(59))).isEqualTo("a".repeat(59) + "_key");
    assertThat(uniqueIndex("a".repeat(63))).isEqualTo("a".repeat(59) + "_key");
    assertThat(uniqueIndex("\u00e9".repeat(31))).isEqualTo("\u00e9".repeat(29) + "_key");
  }

  private static String uniqueIndex(String aggregate) {
    return Specs.with(
            "aggregates: [{name: "
                + aggregate
                + ", query: TABLE t, refresh: {every: 1 day, endOffset: 1 day}, fallback:"
                + " MaterializedView, uniqueColumns: [a]}]")
        .aggregates()
        .get(0)
        .uniqueIndex()
        .orElseThrow()
        .name();
  }

  @Test
  void integerTimeOfAnAggregateIsCountedIn64Bits() {
    DesiredAggregate aggregate =
        Specs.with(
                "aggregates: [{name: daily, query: TABLE t, refresh: {every: 1 day, startOffset:"
                    + " 86400000000, endOffset: 3600}}]")
            .aggregates()
            .get(0);

    assertThat(aggregate.refresh().orElseThrow().startOffset())
        .contains(new TimeSpan.Whole(86_400_000_000L));
    assertThat(aggregate.refresh().orElseThrow().endOffset()).isEqualTo(new TimeSpan.Whole(3600));
  }

  @Test
  void anIndexOnAnAggregateMakesNoTableOfIt() {
    Desired desired =
        Specs.with(
            """
            indexes: [{name: ix, table: daily, columns: [day]}, {name: iy, table: batches, columns: [at]}]
            aggregates: [{name: daily, query: SELECT at AS day FROM packs}]
            """);

    assertThat(desired.tables()).containsExactly("batches");
    assertThat(desired.relations()).contains("batches", "daily", "packs");
  }

  @Test
  void anOverrideReplacesItsFieldsAndKeepsTheRest() {
    Desired desired = overridden("retention: {dropAfter: 7 years}");

    DesiredHypertable base = desired.hypertables().get(0);
    DesiredHypertable own = Resolution.forTenant(desired, "tenant_acme").hypertables().get(0);
    assertThat(own.retention().orElseThrow().dropAfter())
        .contains(new TimeSpan.Interval("7 years"));
    assertThat(own.retention().orElseThrow().specHash())
        .isNotEqualTo(base.retention().orElseThrow().specHash());
    assertThat(own.compression()).isEqualTo(base.compression());
    assertThat(own.chunkInterval()).isEqualTo(base.chunkInterval());
  }

  @Test
  void anOverrideMergesObjectsFieldByFieldAndReplacesLists() {
    Desired desired = overridden("compression: {segmentBy: [packhouse_id]}");

    DesiredHypertable.Compression own =
        Resolution.forTenant(desired, "tenant_acme")
            .hypertables()
            .get(0)
            .compression()
            .orElseThrow();
    assertThat(own.segmentBy()).contains(List.of("packhouse_id"));
    assertThat(own.after()).contains(new TimeSpan.Interval("30 days"));
    assertThat(own.every()).contains("1 day");
  }

  @Test
  void anOverriddenItemHasTheHashOfTheSameItemDeclaredForAll() {
    Desired desired = overridden("retention: {dropAfter: 7 years}");
    Desired forAll = Specs.with(HISTORY.replace("2 years", "7 years"));

    assertThat(Resolution.forTenant(desired, "tenant_acme").hypertables())
        .isEqualTo(forAll.hypertables());
  }

  @Test
  void anOverrideThatSaysAbsentLeavesNothingOfThePolicy() {
    Desired desired = overridden("compression: {state: Absent}");

    DesiredHypertable.Compression own =
        Resolution.forTenant(desired, "tenant_acme")
            .hypertables()
            .get(0)
            .compression()
            .orElseThrow();
    assertThat(own.state()).isEqualTo(PolicyState.ABSENT);
    assertThat(own.after()).isEmpty();
    assertThat(own.segmentBy()).isEmpty();
  }

  @Test
  void tenantsWithoutAnOverrideShareTheTemplatesLists() {
    Desired desired = overridden("retention: {dropAfter: 7 years}");

    for (int i = 0; i < 10_000; i++) {
      DesiredTenant tenant = Resolution.forTenant(desired, "tenant_" + i);
      assertThat(tenant.hypertables()).isSameAs(desired.hypertables());
      assertThat(tenant.indexes()).isSameAs(desired.indexes());
    }
  }

  private static Desired overridden(String fields) {
    return Specs.template(
        """
        database: {host: localhost, name: fruitpak, credentialsSecretRef: {name: fruitpak-db}}
        tenants:
          patterns: ["tenant_*"]
          overrides:
          - name: auditors
            schemas: [tenant_acme]
            hypertables:
            - table: batch_history
              %s
        """
                .formatted(fields)
            + HISTORY);
  }
}
