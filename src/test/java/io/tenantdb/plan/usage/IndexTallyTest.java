package io.tenantdb.plan.usage;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.tuple;

import io.tenantdb.model.Desired;
import io.tenantdb.model.DesiredAggregate;
import io.tenantdb.model.DesiredIndex;
import io.tenantdb.model.IndexBody;
import io.tenantdb.model.IndexTemplate;
import io.tenantdb.model.Mark;
import io.tenantdb.model.Observed;
import io.tenantdb.model.ObservedAggregate;
import io.tenantdb.model.ObservedIndex;
import io.tenantdb.model.ObservedTable;
import io.tenantdb.model.ObservedTenant;
import io.tenantdb.model.ServerInfo;
import io.tenantdb.model.TenantSelection;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Tables of (spec, live indexes) → what each counts as. */
class IndexTallyTest {
  private static final String OURS = "platform/fruitpak";
  private static final String HASH = "0123456789abcdef";

  private final List<DesiredIndex> declared = new ArrayList<>();
  private final Map<String, ObservedTenant> tenants = new TreeMap<>();
  private long oid = 1;

  @ParameterizedTest
  @CsvSource(
      nullValues = "-",
      value = {
        // live name, mark's owner, its name, columns → counts as, declared, under another name
        "ix_intake,     -,                 -,         a, ix_intake,     true,  false",
        "ix_intake,     -,                 -,         b, ix_intake,     true,  false",
        "ix_intake,     platform/fruitpak, ix_intake, a, ix_intake,     true,  false",
        "ix_intake,     platform/quality,  ix_intake, a, ix_intake,     false, false",
        "renamed,       platform/fruitpak, ix_intake, a, ix_intake,     true,  true",
        "idx_batches_a, -,                 -,         a, ix_intake,     true,  true",
        "idx_batches_a, -,                 -,         b, idx_batches_a, false, false",
        "idx_batches_a, platform/quality,  ix_theirs, a, ix_theirs,     false, false",
        "renamed,       platform/fruitpak, ix_gone,   b, ix_gone,       false, false"
      })
  void onATableTheNameAndThenTheMarkSayWhatAnIndexIs(
      String live,
      String owner,
      String markedAs,
      String columns,
      String name,
      boolean isDeclared,
      boolean otherName) {
    declare("batches", "ix_intake", "a");
    tenant("tenant_a", table("batches", index(live, mark(owner, markedAs, HASH), columns)));

    assertThat(tally())
        .extracting(IndexTemplate::name, IndexTemplate::declared, IndexTemplate::otherName)
        .containsExactly(tuple(name, isDeclared, otherName));
    assertThat(tally())
        .extracting(IndexTemplate::owner)
        .containsExactly(Optional.ofNullable(owner));
  }

  @Test
  void aBodyThatTheMarkOfAnotherTenantVouchesForIsTheDeclaredOneUnderAnotherNameToo() {
    declare("batches", "ix_intake", "lower(a)");
    tenant(
        "tenant_a",
        table("batches", index("ix_intake", mark(OURS, "ix_intake", HASH), "lower((a)::text)")));
    tenant("tenant_b", table("batches", index("idx_lower", Optional.empty(), "lower((a)::text)")));
    assertThat(tally()).extracting(IndexTemplate::name).containsOnly("ix_intake");

    tenants.clear();
    Optional<Mark> older = mark(OURS, "ix_intake", "fedcba9876543210");
    tenant("tenant_a", table("batches", index("ix_intake", older, "lower((a)::text)")));
    tenant("tenant_b", table("batches", index("idx_lower", Optional.empty(), "lower((a)::text)")));
    assertThat(tally()).extracting(IndexTemplate::name).containsExactly("ix_intake", "idx_lower");
  }

  @Test
  void anEqualIndexBesideTheDeclaredOneIsALineOfItsOwn() {
    declare("batches", "ix_intake", "a");
    tenant(
        "tenant_a",
        table(
            "batches",
            index("idx_batches_a", Optional.empty(), "a"),
            index("ix_intake", mark(OURS, "ix_intake", HASH), "a")));
    assertThat(tally())
        .extracting(IndexTemplate::name)
        .containsExactly("idx_batches_a", "ix_intake");
  }

  @Test
  void noTwoIndexesOfATenantCountAsTheSame() {
    tenant(
        "tenant_a",
        table(
            "batches",
            index("one", mark(OURS, "ix_gone", HASH), "a"),
            index("two", mark(OURS, "ix_gone", HASH), "a")));
    declare("batches", "ix_intake", "z");
    assertThat(tally()).extracting(IndexTemplate::name).containsExactly("ix_gone", "two");
  }

  @Test
  void onAContinuousAggregateAllTenantsAreOneLineWhateverTheHypertablesId() {
    declare("daily", "ix_daily_grower", "grower_id");
    declare("daily", "ix_daily_fruit", "fruit_type");
    for (int id : new int[] {7, 12345}) {
      tenant(
          "tenant_" + id,
          id,
          table(
              "daily",
              ObservedTable.Kind.CONTINUOUS_AGGREGATE,
              // Ours; ours whose mark somebody wrote over; ours that left the spec.
              index(
                  "ix_daily_grower_" + id,
                  mark(OURS, "ix_daily_grower", HASH, "daily"),
                  "grower_id"),
              index("ix_daily_fruit_" + id, Optional.empty(), "fruit_type"),
              index(
                  "ix_daily_gone_" + id,
                  mark(OURS, "ix_daily_gone", HASH, "daily"),
                  "packhouse_id"),
              index("ix_of_a_person_" + id, Optional.empty(), "total_kg"),
              // TimescaleDB's, one of which PostgreSQL has cut further where the id is longer.
              index("_materialized_hypertable_" + id + "_day_idx", Optional.empty(), "day DESC"),
              index(
                  "_materialized_hypertable_" + id + (id == 7 ? "_number_o_idx" : "_number__idx"),
                  Optional.empty(),
                  "number_of_things, day DESC")));
    }
    assertThat(new IndexTally(desired(), observed()).templates())
        .hasSize(6)
        .allSatisfy((template, oids) -> assertThat(oids).hasSize(2));
    assertThat(tally())
        .extracting(
            template -> template.name() + " " + template.declared() + " " + template.otherName())
        .containsExactlyInAnyOrder(
            "ix_daily_grower true false",
            "ix_daily_fruit true false",
            "ix_daily_gone false false",
            "ix_of_a_person_* false false",
            "_materialized_hypertable_*_day_idx false false",
            "_materialized_hypertable_*_number__idx false false");
  }

  @Test
  void theUniqueIndexOfAMaterializedViewIsDeclaredWhereTheAggregateIsOne() {
    tenant(
        "tenant_a",
        table(
            "daily",
            ObservedTable.Kind.MATERIALIZED_VIEW,
            index("daily_key", mark(OURS, "daily_key", HASH, "daily"), "day")));
    tenant(
        "tenant_b",
        9,
        table(
            "daily",
            ObservedTable.Kind.CONTINUOUS_AGGREGATE,
            index("_materialized_hypertable_9_day_idx", Optional.empty(), "day DESC")));
    DesiredAggregate aggregate = aggregate("daily", wanted("daily", "daily_key", "day"));

    assertThat(new IndexTally(desired(aggregate), observed()).templates().keySet())
        .extracting(template -> template.name() + " " + template.declared())
        .containsExactly("daily_key true");
  }

  private Set<IndexTemplate> tally() {
    return new IndexTally(desired(), observed()).templates().keySet();
  }

  private Observed observed() {
    return new Observed(
        server(), Instant.EPOCH, new TreeMap<>(tenants), Set.of(), Map.of(), Map.of());
  }

  private void declare(String table, String name, String key) {
    declared.add(wanted(table, name, key));
  }

  private static DesiredIndex wanted(String table, String name, String key) {
    boolean plain = key.matches("\\w+");
    return new DesiredIndex(
        name,
        table,
        List.of(
            new DesiredIndex.Key(
                Optional.of(key).filter(k -> plain),
                Optional.of(key).filter(k -> !plain),
                false,
                Optional.empty(),
                Optional.empty(),
                Optional.empty())),
        "btree",
        false,
        false,
        List.of(),
        Optional.empty(),
        Map.of(),
        HASH);
  }

  private static DesiredAggregate aggregate(String name, DesiredIndex unique) {
    return new DesiredAggregate(
        name,
        "SELECT 1",
        true,
        Optional.empty(),
        DesiredAggregate.Fallback.MATERIALIZED_VIEW,
        Optional.empty(),
        Optional.of(unique),
        Set.of(),
        HASH);
  }

  private static Optional<Mark> mark(String owner, String name, String hash) {
    return mark(owner, name, hash, "batches");
  }

  private static Optional<Mark> mark(String owner, String name, String hash, String table) {
    return Optional.ofNullable(owner)
        .map(o -> new Mark(o, name, table, hash, Mark.Origin.MADE, false));
  }

  private ObservedIndex index(String name, Optional<Mark> mark, String keys) {
    return new ObservedIndex(
        oid++,
        name,
        Optional.of(new IndexBody(false, "USING btree (" + keys + ")")),
        true,
        false,
        Optional.empty(),
        Set.of(),
        mark.map(Mark::text).orElse(""),
        mark);
  }

  private static ObservedTable table(String name, ObservedIndex... indexes) {
    return table(name, ObservedTable.Kind.ORDINARY, indexes);
  }

  private static ObservedTable table(
      String name, ObservedTable.Kind kind, ObservedIndex... indexes) {
    return new ObservedTable(
        1,
        name,
        kind,
        "app",
        "columns",
        "",
        0,
        false,
        List.of(),
        false,
        Arrays.asList(indexes),
        Optional.empty());
  }

  private void tenant(String schema, ObservedTable table) {
    tenants.put(
        schema, new ObservedTenant(schema, Map.of(table.name(), table), Map.of(), "", Set.of()));
  }

  private void tenant(String schema, int hypertable, ObservedTable table) {
    ObservedAggregate aggregate =
        new ObservedAggregate(
            1,
            table.name(),
            ObservedAggregate.Kind.CONTINUOUS,
            "app",
            Optional.empty(),
            true,
            true,
            Optional.of(
                new ObservedAggregate.Materialization(
                    hypertable, "_timescaledb_internal", "_materialized_hypertable_" + hypertable)),
            List.of(),
            "",
            Optional.empty());
    tenants.put(
        schema,
        new ObservedTenant(
            schema,
            Map.of(table.name(), table),
            Map.of(table.name(), aggregate),
            Map.of(),
            "",
            Set.of()));
  }

  private Desired desired(DesiredAggregate... aggregates) {
    return new Desired(
        OURS,
        new TenantSelection(
            List.of(),
            List.of("tenant_*"),
            List.of(),
            List.of("public"),
            Duration.ZERO,
            TenantSelection.OnMissingTable.WAIT),
        declared,
        List.of(),
        Arrays.asList(aggregates),
        List.of(),
        Desired.WhenTimescaleMissing.SKIP,
        new Desired.Safety(Desired.OnDestructive.DENY, Duration.ofSeconds(3), Duration.ofHours(2)));
  }

  private static ServerInfo server() {
    return new ServerInfo(
        "17.5",
        170005,
        new ServerInfo.Timescale(ServerInfo.Edition.NONE, Optional.empty(), Optional.empty()),
        Optional.of("1"),
        5,
        true,
        "op",
        false,
        true,
        true);
  }
}
