package io.tenantdb.plan.usage;

import static org.assertj.core.api.Assertions.assertThat;

import io.tenantdb.model.Desired;
import io.tenantdb.model.DesiredIndex;
import io.tenantdb.model.IndexBody;
import io.tenantdb.model.IndexReport;
import io.tenantdb.model.IndexReport.Index;
import io.tenantdb.model.IndexReport.Redundancy;
import io.tenantdb.model.IndexShape;
import io.tenantdb.model.IndexTemplate;
import io.tenantdb.model.IndexUsage;
import io.tenantdb.model.Observed;
import io.tenantdb.model.ObservedIndex;
import io.tenantdb.model.ObservedTable;
import io.tenantdb.model.ObservedTenant;
import io.tenantdb.model.ObservedUsage;
import io.tenantdb.model.ObservedUsage.Definition;
import io.tenantdb.model.ObservedUsage.ForeignKey;
import io.tenantdb.model.ServerInfo;
import io.tenantdb.model.TenantSelection;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Tables of (spec, indexes, counters) → report. */
class IndexReporterTest {
  private static final Instant NOW = Instant.parse("2026-06-01T00:00:00Z");

  private final List<DesiredIndex> declared = new ArrayList<>();
  private final Map<String, List<ObservedIndex>> tenants = new TreeMap<>();
  private final Map<Definition, IndexShape> shapes = new HashMap<>();
  private final Map<IndexTemplate, IndexUsage> usage = new HashMap<>();
  private final Map<Long, List<ForeignKey>> foreignKeys = new HashMap<>();
  private Optional<Instant> since = Optional.of(NOW.minus(Duration.ofDays(15)));
  private long oid = 1;

  @ParameterizedTest
  @CsvSource({
    // unscanned of 3 tenants, days of counting, unique, behind a constraint → unused
    "3, 15, false, false, true",
    "3, 14, false, false, true",
    "3, 13, false, false, false",
    "2, 15, false, false, false",
    "3, 15, true,  false, false",
    "3, 15, false, true,  false"
  })
  void unusedIsWhatNobodyScannedForTwoWeeksAndNothingNeeds(
      int unscanned, int days, boolean unique, boolean constraint, boolean unused) {
    since = Optional.of(NOW.minus(Duration.ofDays(days)));
    declare("ix", "a");
    live("t1", index("ix", unique, constraint, "a"));
    used("ix", unique, "a", new IndexUsage(3, 8192, 8192, 0, unscanned, Optional.empty()));

    assertThat(report().indexes()).extracting(Index::unused).containsExactly(unused);
  }

  @Test
  void nothingIsCalledUnusedWhereTheServerDoesNotSayHowLongItCounted() {
    since = Optional.empty();
    declare("ix", "a");
    used("ix", false, "a", new IndexUsage(3, 8192, 8192, 0, 3, Optional.empty()));
    assertThat(report().indexes()).extracting(Index::unused).containsExactly(false);
  }

  @Test
  void anIndexThatNoTenantHasIsNotUnusedEither() {
    declare("ix", "a");
    assertThat(report().indexes())
        .containsExactly(
            new Index("t", "ix", true, 0, Optional.empty(), "", IndexUsage.NONE, false));
  }

  @Test
  void aDeclaredIndexIsOneLineAndUndeclaredOnesAreOneForEachDefinition() {
    declare("ix", "a");
    used("ix", false, "a", new IndexUsage(2, 100, 60, 7, 1, Optional.of(NOW)));
    used("ix", false, "b", new IndexUsage(1, 50, 50, 0, 1, Optional.empty()));
    used("extra", false, "a", new IndexUsage(1, 10, 10, 0, 1, Optional.empty()));
    used("extra", false, "b", new IndexUsage(2, 20, 10, 0, 2, Optional.empty()));

    assertThat(report().indexes())
        .extracting(i -> i.name() + " " + i.declared() + " " + i.definition() + " " + i.usage())
        .containsExactly(
            "ix true btree (a) " + new IndexUsage(3, 150, 60, 7, 2, Optional.of(NOW)),
            "extra false btree (a) " + new IndexUsage(1, 10, 10, 0, 1, Optional.empty()),
            "extra false btree (b) " + new IndexUsage(2, 20, 10, 0, 2, Optional.empty()));
  }

  @Test
  void ofTwoEqualIndexesTheOneThatNothingNeedsThenTheUndeclaredOneCouldGo() {
    declare("ix", "a");
    live("t1", index("ix", "a"), index("aa", "a"));
    live("t2", index("u1", true, false, "a"), index("u0", true, true, "a"));
    live("t3", index("y", "b"), index("x", "b"));

    assertThat(found())
        .containsExactly("DUPLICATE aa < ix 1", "DUPLICATE u1 < u0 1", "DUPLICATE y < x 1");
  }

  @Test
  void ofAChainOfPrefixesEachIsServedByTheLongest() {
    live("t1", index("one", "a"), index("two", "a", "b"), index("three", "a", "b", "c"));
    declare("none", "z");

    assertThat(found()).containsExactly("PREFIX one < three 1", "PREFIX two < three 1");
  }

  @Test
  void aUniqueIndexIsNoPrefixOfAnotherOneButMayServeInItsPlace() {
    declare("none", "z");
    live("t1", index("u", true, false, "a"), index("long", "a", "b"), index("plain", "a"));

    assertThat(found()).containsExactly("PREFIX plain < u 1");
  }

  @Test
  void indexesThatAreHalfBuiltOrOnTheirWayOutCountForNothing() {
    declare("ix", "a", "b");
    live(
        "t1",
        index("ix", "a", "b"),
        index("_tdb_o_0123456789abcdef_0123456789abcdef", "a", "b"),
        invalid(index("broken", "a")));
    assertThat(found()).isEmpty();
  }

  @Test
  void whatTheSpecItselfHasTwiceIsSaidBeforeItIsBuilt() {
    declare("long", "a", "b");
    declare("short", "a");
    declare("other", "b");

    assertThat(report().redundancies())
        .extracting(
            r -> r.kind() + " " + r.index() + " < " + r.by() + " " + r.bySpec() + r.tenants())
        .containsExactly("PREFIX short < long true0");

    live("t1", index("long", "a", "b"), index("short", "a"));
    assertThat(report().redundancies())
        .extracting(
            r -> r.kind() + " " + r.index() + " < " + r.by() + " " + r.bySpec() + r.tenants())
        .containsExactly("PREFIX short < long true1");
    assertThat(report().redundancies().get(0).message())
        .isEqualTo(
            "long begins with all keys of t.short, which serves nothing more, and every write"
                + " pays for both. Take it out of spec.indexes, then drop it.");
  }

  @Test
  void equalTablesOfManyTenantsAreCounted() {
    declare("ix", "a", "b");
    for (int i = 0; i < 50; i++) {
      live("t" + i, index("ix", "a", "b"), index("old", "a"));
    }
    assertThat(found()).containsExactly("PREFIX old < ix 50");
  }

  @Test
  void nothingIsSaidOfATableOneOfWhoseIndexesCouldNotBeRead() {
    declare("ix", "a", "b");
    live("t1", index("ix", "a", "b"), index("old", "a"), unread(index("locked", "c")));
    foreignKeys.put(tableOid("t1"), List.of(new ForeignKey("fk", List.of("c"))));
    assertThat(found()).isEmpty();
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "c    | false",
        "a    | true",
        "b    | false",
        "a,b  | true",
        "b,a  | true",
        "a,c  | false",
      })
  void aForeignKeyIsIndexedWhereItsColumnsAreTheFirstKeys(String columns, boolean indexed) {
    declare("ix", "a", "b");
    live("t1", index("ix", "a", "b"));
    foreignKeys.put(
        tableOid("t1"), List.of(new ForeignKey("fk", Arrays.asList(columns.split(",")))));
    assertThat(report().redundancies())
        .extracting(Redundancy::kind)
        .isEqualTo(indexed ? List.of() : List.of(IndexReport.Kind.FOREIGN_KEY));
  }

  @Test
  void twoForeignKeysOfTheSameColumnsAreOneFinding() {
    declare("ix", "a");
    live("t1", index("ix", "a"));
    foreignKeys.put(
        tableOid("t1"),
        List.of(new ForeignKey("fk1", List.of("b")), new ForeignKey("fk2", List.of("b"))));
    assertThat(report().redundancies())
        .hasSize(1)
        .extracting(Redundancy::tenants)
        .containsExactly(1);
  }

  private List<String> found() {
    return report().redundancies().stream()
        .map(r -> r.kind() + " " + r.index() + " < " + r.by() + " " + r.tenants())
        .toList();
  }

  private IndexReport report() {
    Map<String, ObservedTenant> all = new TreeMap<>();
    tenants.forEach(
        (schema, indexes) ->
            all.put(
                schema,
                new ObservedTenant(
                    schema, Map.of("t", table(schema, indexes)), Map.of(), "", Set.of())));
    Observed observed =
        new Observed(server(), NOW, new TreeMap<>(all), Set.of(), Map.of(), Map.of());
    return new IndexReporter(
            desired(),
            observed,
            new IndexTally(desired(), observed),
            new ObservedUsage(NOW, since, true, usage, shapes, foreignKeys))
        .report();
  }

  private static long tableOid(String schema) {
    return schema.hashCode();
  }

  private static ObservedTable table(String schema, List<ObservedIndex> indexes) {
    return new ObservedTable(
        tableOid(schema),
        "t",
        ObservedTable.Kind.ORDINARY,
        "app",
        "columns",
        "",
        0,
        false,
        List.of(),
        false,
        indexes,
        Optional.empty());
  }

  private void declare(String name, String... columns) {
    declared.add(
        new DesiredIndex(
            name,
            "t",
            Arrays.stream(columns)
                .map(
                    column ->
                        new DesiredIndex.Key(
                            Optional.of(column),
                            Optional.empty(),
                            false,
                            Optional.empty(),
                            Optional.empty(),
                            Optional.empty()))
                .toList(),
            "btree",
            false,
            false,
            List.of(),
            Optional.empty(),
            Map.of(),
            "0123456789abcdef"));
  }

  private void live(String schema, ObservedIndex... indexes) {
    tenants.put(schema, List.of(indexes));
  }

  private void used(String name, boolean unique, String columns, IndexUsage by) {
    usage.put(
        new IndexTemplate(
            "t",
            name,
            declared.stream().anyMatch(index -> index.name().equals(name)),
            false,
            Optional.empty(),
            Optional.of(body(unique, columns))),
        by);
  }

  private static IndexBody body(boolean unique, String columns) {
    return new IndexBody(unique, "USING btree (" + columns + ")");
  }

  private ObservedIndex index(String name, String... columns) {
    return index(name, false, false, columns);
  }

  private ObservedIndex index(String name, boolean unique, boolean constraint, String... columns) {
    IndexBody body = body(unique, String.join(", ", columns));
    shapes.put(
        new Definition("t", "columns", body),
        new IndexShape(
            "btree",
            unique,
            Arrays.stream(columns).map(c -> new IndexShape.Key(Optional.of(c), "")).toList(),
            false,
            ""));
    return new ObservedIndex(
        oid++,
        name,
        Optional.of(body),
        true,
        false,
        constraint ? Optional.of(name) : Optional.empty(),
        Set.of(),
        "",
        Optional.empty());
  }

  private static ObservedIndex unread(ObservedIndex index) {
    return copy(index, Optional.empty(), true);
  }

  private static ObservedIndex invalid(ObservedIndex index) {
    return copy(index, index.body(), false);
  }

  private static ObservedIndex copy(ObservedIndex index, Optional<IndexBody> body, boolean valid) {
    return new ObservedIndex(
        index.oid(),
        index.name(),
        body,
        valid,
        false,
        index.constraint(),
        Set.of(),
        "",
        Optional.empty());
  }

  private Desired desired() {
    return new Desired(
        "platform/fleet",
        new TenantSelection(
            List.of(),
            List.of("t*"),
            List.of(),
            List.of("public"),
            Duration.ZERO,
            TenantSelection.OnMissingTable.WAIT),
        declared,
        List.of(),
        List.of(),
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
