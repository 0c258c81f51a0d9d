package io.tenantdb.plan;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.groups.Tuple.tuple;

import io.tenantdb.model.BuildMark;
import io.tenantdb.model.CanonicalIndex;
import io.tenantdb.model.Change;
import io.tenantdb.model.DesiredIndex;
import io.tenantdb.model.Finding;
import io.tenantdb.model.IndexBody;
import io.tenantdb.model.IndexChange.DropLeftover;
import io.tenantdb.model.ObservedTable.Kind;
import io.tenantdb.model.Reason;
import io.tenantdb.model.ReservedName;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;

/** (what killed runs left, what is there beside it) → plan. */
class LeftoverPlanTest {

  private static final DesiredIndex IX = World.index("ix", "a");
  private static final String HASH = "feedfeedfeedfeed";
  private static final String BUILDING = IX.reservedName();
  private static final String OLDER = ReservedName.building("t", "ix", HASH).text();
  private static final String RETIRED = ReservedName.retired("t", "ix", HASH).text();
  private static final String UNKNOWN = ReservedName.building("t", "unheard_of", HASH).text();
  private static final String RETIRED_UNKNOWN =
      ReservedName.retired("t", "unheard_of", HASH).text();

  /** One row: what is live, and which changes follow, as {@code Kind object}, in order. */
  private record Row(String says, Consumer<World> live, List<String> changes) {}

  private static Row row(String says, List<String> changes, Live... live) {
    return new Row(says, w -> Stream.of(live).forEach(index -> index.in(w)), changes);
  }

  private static Live ours() {
    return Live.named("ix", "a").ours(IX);
  }

  private static Live signed(String name, String owner) {
    return Live.named(name, "b").comment(new BuildMark(owner).text());
  }

  private static String drops(String index) {
    return "DropLeftover t." + index;
  }

  private static final List<Row> TABLE =
      List.of(
          row(
              "half-built: dropped and built",
              List.of(drops(BUILDING), "CreateIndex t.ix"),
              Live.named(BUILDING, "a").invalid()),
          row(
              "half-built of another spec: the present one built, and it dropped",
              List.of("CreateIndex t.ix", drops(OLDER)),
              Live.named(OLDER, "b")),
          row(
              "built beside what is as declared: dropped",
              List.of(drops(BUILDING)),
              ours(),
              Live.named(BUILDING, "a")),
          row(
              "half-built of another spec, and a replacement is planned: dropped after it",
              List.of("ReplaceIndex t.ix", drops(OLDER)),
              Live.named("ix", "b").oursOfOlderSpec(IX),
              Live.named(OLDER, "c").invalid()),
          row(
              "somebody builds it: left alone",
              List.of(),
              ours(),
              Live.named(OLDER, "b").building()),
          row(
              "replaced, and the declared one serves: dropped",
              List.of(drops(RETIRED)),
              ours(),
              Live.named(RETIRED, "b").oursOfOlderSpec(IX)),
          row(
              "replaced, half-dropped: dropped",
              List.of(drops(RETIRED)),
              ours(),
              Live.named(RETIRED, "b").oursOfOlderSpec(IX).invalid()),
          row(
              "replaced, being dropped by a session: left alone",
              List.of(),
              ours(),
              Live.named(RETIRED, "b").oursOfOlderSpec(IX).building()),
          row(
              "replaced, it was somebody's: dropped",
              List.of(drops(RETIRED)),
              ours(),
              Live.named(RETIRED, "b")),
          row(
              "replaced, and the declared one is gone: it serves until that is built",
              List.of("CreateIndex t.ix"),
              Live.named(RETIRED, "b").oursOfOlderSpec(IX)),
          row(
              "replaced, and the declared one is built and not published: it serves until then",
              List.of("PublishIndex t.ix"),
              Live.named(BUILDING, "a"),
              Live.named(RETIRED, "b").oursOfOlderSpec(IX)),
          row(
              "replaced, and the declared one is invalid: it serves until that is repaired",
              List.of("RepairIndex t.ix"),
              ours().invalid(),
              Live.named(RETIRED, "b").oursOfOlderSpec(IX)),
          row(
              "replaced, and the spec has gone back to it while its successor is gone: renamed back",
              List.of("RenameIndex t.ix"),
              Live.named(RETIRED, "a").ours(IX)),
          row(
              "the same, and an equal one of another name serves: renamed back, and not dropped",
              List.of("RenameIndex t.ix"),
              Live.named("app_ix", "a"),
              Live.named(RETIRED, "a").ours(IX)),
          row(
              "replaced, and an equal one of another name serves: dropped",
              List.of(drops(RETIRED)),
              Live.named("app_ix", "a"),
              Live.named(RETIRED, "b").oursOfOlderSpec(IX)),
          row(
              "replaced, and declared no more: dropped",
              List.of(drops(RETIRED_UNKNOWN)),
              ours(),
              Live.named(RETIRED_UNKNOWN, "b").oursOfOlderSpec(World.index("unheard_of", "b"))),
          row(
              "replaced or half-built, another owner's: left alone",
              List.of(),
              ours(),
              Live.named(RETIRED_UNKNOWN, "b").anothers("unheard_of"),
              Live.named(UNKNOWN, "b").anothers("unheard_of").invalid()),
          row(
              "of an index that nobody knows, on a table of ours: dropped",
              List.of(drops(UNKNOWN)),
              ours(),
              Live.named(UNKNOWN, "b")),
          row(
              "of an index that nobody knows, on a table that another owner shares: left alone",
              List.of(),
              ours(),
              Live.named("theirs", "b").anothers("theirs"),
              Live.named(UNKNOWN, "b").invalid()),
          row(
              "of an index that is declared no more, signed by us: dropped",
              List.of(drops(UNKNOWN)),
              ours(),
              Live.named("theirs", "b").anothers("theirs"),
              signed(UNKNOWN, World.OWNER_ID)),
          row(
              "signed by another owner who has published nothing yet: left alone",
              List.of(),
              ours(),
              signed(UNKNOWN, "platform/other")),
          row(
              "of an index that nobody knows, where another owner signed a build: left alone",
              List.of(),
              ours(),
              signed(RETIRED_UNKNOWN, "platform/other").building(),
              Live.named(UNKNOWN, "b")),
          row(
              "of an index of ours, on a table that another owner shares: dropped",
              List.of(drops(OLDER)),
              ours(),
              Live.named("theirs", "b").anothers("theirs"),
              Live.named(OLDER, "b").invalid()),
          row(
              "of a killed REINDEX of ours: dropped",
              List.of(drops("ix_ccnew"), drops("ix_ccold3")),
              ours(),
              Live.named("ix_ccnew", "a").invalid(),
              Live.named("ix_ccold3", "a").invalid()),
          row(
              "of a REINDEX of ours that runs: left alone",
              List.of(),
              ours(),
              Live.named("ix_ccnew", "a").building()),
          row("named so and valid: somebody's", List.of(), ours(), Live.named("ix_ccnew", "b")));

  @TestFactory
  Stream<DynamicTest> leftoversGivePlan() {
    return TABLE.stream()
        .map(
            row ->
                DynamicTest.dynamicTest(
                    row.says(),
                    () -> {
                      World world = new World();
                      world.indexes.add(IX);
                      row.live().accept(world);

                      assertThat(changes(world)).isEqualTo(row.changes());
                    }));
  }

  @Test
  void whatAKilledReindexOfSomebodyLeftIsNotedAndLeftAlone() {
    Map<String, Live> cases =
        Map.of(
            "of an index that is not ours", Live.named("other_ccnew", "a"),
            "of another body", Live.named("ix_ccnew", "b"));
    cases.forEach(
        (says, leftover) -> {
          World world = new World();
          world.indexes.add(IX);
          ours().in(world);
          Live.named("other", "a, b").in(world);
          leftover.invalid().in(world);

          assertThat(changes(world)).as(says).isEmpty();
          assertThat(world.tenantPlan().findings())
              .extracting(Finding::verdict, Finding::reason)
              .as(says)
              .containsExactly(tuple(Finding.Verdict.NOTE, Reason.IndexInvalid));
        });
  }

  @Test
  void whatIsBuiltIsKeptWhileItCannotBeJudged() {
    World world = new World();
    world.indexes.add(IX);
    world.canonicalIndexes.put("ix", new CanonicalIndex.Unknown(Reason.Busy, "a lock is held"));
    Live.named(BUILDING, "a").in(world);

    assertThat(changes(world)).isEmpty();
  }

  @Test
  void whatAForeignKeyHasComeToRestOnIsNamedAndKept() {
    World world = new World();
    world.indexes.add(IX);
    ours().in(world);
    Live.named(RETIRED, "b").oursOfOlderSpec(IX).foreignKey("tenant_a.c.c_fk").in(world);

    assertThat(changes(world)).isEmpty();
    assertThat(world.tenantPlan().findings().get(0).reason()).isEqualTo(Reason.Conflict);
    assertThat(world.tenantPlan().findings().get(0).message())
        .contains(RETIRED)
        .contains("tenant_a.c.c_fk");
  }

  @Test
  void aHypertablesAndAPartitionedTablesAreDroppedInATransaction() {
    World world = new World();
    world.indexes.add(IX);
    world.hypertable("7 days", Optional.empty());
    ours().in(world);
    Live.named(RETIRED, "b").oursOfOlderSpec(IX).in(world);
    world.undeclared.add(
        Live.undeclared("p", Kind.PARTITIONED, Live.named(UNKNOWN, "a").invalid()));
    world.undeclared.add(Live.undeclared("o", Kind.ORDINARY, Live.named(OLDER, "a").invalid()));

    Map<String, Boolean> inTransaction =
        world.tenantPlan().changes().stream()
            .map(DropLeftover.class::cast)
            .collect(Collectors.toMap(d -> d.target().table(), DropLeftover::inTransaction));

    assertThat(inTransaction).isEqualTo(Map.of("t", true, "p", true, "o", false));
  }

  @Test
  void onUndeclaredTablesOnlyWhatIsOursGoes() {
    DesiredIndex gone = World.index("gone", "a");
    String retired = ReservedName.retired("u", "gone", HASH).text();
    String built = ReservedName.building("u", "gone", HASH).text();
    assertThat(onUndeclared(Live.named("gone", "a").ours(gone), Live.named(retired, "b")))
        .containsExactly("DropLeftover u." + retired);
    assertThat(onUndeclared(Live.named("gone", "a").ours(gone), Live.named("gone_ccnew", "b")))
        .isEmpty();
    assertThat(onUndeclared(Live.named(built, "a").invalid()))
        .as("nobody can want it")
        .containsExactly("DropLeftover u." + built);
    assertThat(onUndeclared(Live.named(built, "a")))
        .as("another owner may be about to publish it")
        .isEmpty();
    assertThat(onUndeclared(Live.named(built, "a").invalid(), Live.named("x", "a").anothers("x")))
        .as("another owner is at work there")
        .isEmpty();
    assertThat(onUndeclared(Live.named(built, "a").building())).isEmpty();
  }

  @Test
  void whatIsSignedGoesFromTablesThatNobodyDeclaresAnyMore() {
    String built = ReservedName.building("u", "gone", HASH).text();
    assertThat(onUndeclared(signed(built, World.OWNER_ID)))
        .containsExactly("DropLeftover u." + built);
    assertThat(onUndeclared(signed(built, "platform/other").invalid())).isEmpty();
  }

  @Test
  void whatIsNobodysIsNamedWithItsCure() {
    String built = ReservedName.building("u", "gone", HASH).text();
    World world = undeclared(Live.named(built, new IndexBody(true, "USING btree (a)")));
    assertThat(world.tenantPlan().changes()).isEmpty();
    assertThat(world.tenantPlan().findings())
        .singleElement()
        .satisfies(
            finding -> {
              assertThat(finding.verdict()).isEqualTo(Finding.Verdict.NOTE);
              assertThat(finding.reason()).isEqualTo(Reason.LeftoverUnowned);
              assertThat(finding.message())
                  .contains("refuses duplicates")
                  .contains("DROP INDEX CONCURRENTLY \"tenant_a\".\"" + built + "\"");
            });
    assertThat(undeclared(signed(built, "platform/other")).tenantPlan().findings()).isEmpty();
  }

  private static List<String> onUndeclared(Live... indexes) {
    return changes(undeclared(indexes));
  }

  private static World undeclared(Live... indexes) {
    World world = new World();
    world.indexes.add(IX);
    ours().in(world);
    world.undeclared.add(Live.undeclared("u", Kind.ORDINARY, indexes));
    return world;
  }

  @Test
  void whatReplacedAndHalfBuiltMeanIsSaid() {
    World world = new World();
    world.indexes.add(IX);
    ours().in(world);
    Live.named(RETIRED, "b").oursOfOlderSpec(IX).in(world);
    Live.named(OLDER, "b").invalid().in(world);

    assertThat(world.tenantPlan().changes())
        .extracting(Change::before)
        .containsExactly("replaced", "half-built");
  }

  private static List<String> changes(World world) {
    return world.tenantPlan().changes().stream()
        .map(change -> change.kind() + " " + change.object())
        .toList();
  }
}
