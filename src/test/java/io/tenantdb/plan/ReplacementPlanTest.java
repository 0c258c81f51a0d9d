package io.tenantdb.plan;

import static org.assertj.core.api.Assertions.assertThat;

import io.tenantdb.model.Change;
import io.tenantdb.model.Desired.OnDestructive;
import io.tenantdb.model.DesiredIndex;
import io.tenantdb.model.Finding;
import io.tenantdb.model.Hazard;
import io.tenantdb.model.IndexBody;
import io.tenantdb.model.IndexChange.Build;
import io.tenantdb.model.IndexChange.CreateIndex;
import io.tenantdb.model.IndexChange.DropLeftover;
import io.tenantdb.model.IndexChange.MarkIndex;
import io.tenantdb.model.IndexReplacement.RepairIndex;
import io.tenantdb.model.IndexReplacement.ReplaceIndex;
import io.tenantdb.model.IndexSetting.SetIndexStatistics;
import io.tenantdb.model.Mark;
import io.tenantdb.model.ObservedIndex.Uneven;
import io.tenantdb.model.ObservedTenant.NamedRelation;
import io.tenantdb.model.Reason;
import io.tenantdb.model.ReservedName;
import io.tenantdb.model.Scripts;
import io.tenantdb.model.TenantPlan;
import io.tenantdb.model.TenantState;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;

/** (a declared index, the live one of its name) → plan. */
class ReplacementPlanTest {

  static final DesiredIndex IX = World.index("ix", "a");
  static final String BUILDING = IX.reservedName();

  /** One row: what is live, which changes follow, in order, and which reason is found. */
  private record Row(
      String says,
      Consumer<World> live,
      List<Class<? extends Change>> changes,
      Optional<Reason> finding,
      TenantState state) {}

  private static Row row(
      String says,
      Consumer<World> live,
      List<Class<? extends Change>> changes,
      Reason finding,
      TenantState state) {
    return new Row(says, live, changes, Optional.ofNullable(finding), state);
  }

  private static Consumer<World> live(Live index) {
    return index::in;
  }

  private static Consumer<World> allowed(Live index) {
    return live(index).andThen(w -> w.onDestructive = OnDestructive.ALLOW);
  }

  private static final List<Row> TABLE =
      List.of(
          row(
              "ours, and a part was altered: replaced, as if all of it had been",
              live(Live.named("ix", "a").ours(IX).uneven(new Uneven(Set.of(), true, false))),
              List.of(ReplaceIndex.class),
              null,
              TenantState.DRIFTED),
          row(
              "nobody's, and a part is otherwise",
              live(Live.named("ix", "a").uneven(new Uneven(Set.of(), true, false))),
              List.of(),
              Reason.Conflict,
              TenantState.PENDING),
          row(
              "a part is kept elsewhere and no tablespace is declared",
              live(Live.named("ix", "a").ours(IX).uneven(new Uneven(Set.of(), false, true))),
              List.of(),
              null,
              TenantState.SYNCED),
          row(
              "ours of an older spec: replaced",
              live(Live.named("ix", "b").oursOfOlderSpec(IX)),
              List.of(ReplaceIndex.class),
              null,
              TenantState.PENDING),
          row(
              "ours of this spec: somebody changed it",
              live(Live.named("ix", "b").ours(IX)),
              List.of(ReplaceIndex.class),
              null,
              TenantState.DRIFTED),
          row(
              "adopted, and the spec has changed: managed since",
              live(Live.named("ix", "b").adoptedForOlderSpec(IX)),
              List.of(ReplaceIndex.class),
              null,
              TenantState.PENDING),
          row(
              "ours and invalid: repaired at once",
              live(equal("ix").ours(IX).invalid()),
              List.of(RepairIndex.class),
              null,
              TenantState.DRIFTED),
          row(
              "ours, and parts of it are missing: repaired",
              live(equal("ix").ours(IX).missingParts(3)),
              List.of(RepairIndex.class),
              null,
              TenantState.DRIFTED),
          row(
              "somebody's: refused",
              live(Live.named("ix", "b")),
              List.of(),
              Reason.Conflict,
              TenantState.PENDING),
          row(
              "somebody's: taken over where that is allowed",
              allowed(Live.named("ix", "b")),
              List.of(ReplaceIndex.class),
              null,
              TenantState.PENDING),
          row(
              "somebody's and invalid: refused",
              live(equal("ix").invalid()),
              List.of(),
              Reason.Conflict,
              TenantState.PENDING),
          row(
              "somebody's and invalid: taken over where that is allowed",
              allowed(equal("ix").invalid()),
              List.of(RepairIndex.class),
              null,
              TenantState.PENDING),
          row(
              "another owner's: conflict, whatever is allowed",
              allowed(Live.named("ix", "b").anothers("ix")),
              List.of(),
              Reason.Conflict,
              TenantState.FAILED),
          row(
              "another owner's and invalid: conflict too",
              allowed(equal("ix").anothers("ix").invalid()),
              List.of(),
              Reason.Conflict,
              TenantState.FAILED),
          row(
              "invalid because somebody builds it: never raced",
              live(equal("ix").ours(IX).building()),
              List.of(),
              Reason.Busy,
              TenantState.PENDING),
          row(
              "behind a constraint and different: conflict",
              allowed(Live.named("ix", "b").constraint("uq")),
              List.of(),
              Reason.Conflict,
              TenantState.FAILED),
          row(
              "the replica identity, and different: conflict",
              allowed(Live.named("ix", "b").ours(IX).replicaIdentity()),
              List.of(),
              Reason.Conflict,
              TenantState.FAILED),
          row(
              "a foreign key rests on it, and it differs: conflict",
              allowed(Live.named("ix", "b").ours(IX).foreignKey("tenant_a.c.c_fk")),
              List.of(),
              Reason.Conflict,
              TenantState.FAILED),
          row(
              "the replica identity, equal: adopted",
              live(equal("ix").replicaIdentity()),
              List.of(MarkIndex.class),
              null,
              TenantState.PENDING),
          row(
              "ours and a foreign key rests on it, equal: in sync",
              live(equal("ix").ours(IX).foreignKey("tenant_a.c.c_fk")),
              List.of(),
              null,
              TenantState.SYNCED),
          row(
              "built beside it already: the same replacement goes on",
              live(Live.named("ix", "b").oursOfOlderSpec(IX)).andThen(live(equal(BUILDING))),
              List.of(ReplaceIndex.class),
              null,
              TenantState.PENDING),
          row(
              "half-built beside it: that goes first",
              live(Live.named("ix", "b").oursOfOlderSpec(IX))
                  .andThen(live(equal(BUILDING).invalid())),
              List.of(DropLeftover.class, ReplaceIndex.class),
              null,
              TenantState.PENDING),
          row(
              "built beside it on some parts only: that goes first",
              live(Live.named("ix", "b").oursOfOlderSpec(IX))
                  .andThen(live(equal(BUILDING).missingParts(1))),
              List.of(DropLeftover.class, ReplaceIndex.class),
              null,
              TenantState.PENDING),
          row(
              "a session builds beside it: waited for",
              live(Live.named("ix", "b").oursOfOlderSpec(IX))
                  .andThen(live(equal(BUILDING).building())),
              List.of(),
              Reason.Busy,
              TenantState.PENDING),
          row(
              "half-built beside it by another owner: conflict",
              live(Live.named("ix", "b").oursOfOlderSpec(IX))
                  .andThen(live(equal(BUILDING).anothers("ix").invalid())),
              List.of(),
              Reason.Conflict,
              TenantState.FAILED));

  private static Live equal(String name) {
    return Live.named(name, World.body(IX));
  }

  @TestFactory
  Stream<DynamicTest> liveIndexGivesPlan() {
    return TABLE.stream()
        .map(
            row ->
                DynamicTest.dynamicTest(
                    row.says(),
                    () -> {
                      World world = new World();
                      world.indexes.add(IX);
                      row.live().accept(world);

                      TenantPlan plan = world.tenantPlan();

                      assertThat(plan.changes().stream().map(Object::getClass).toList())
                          .isEqualTo(row.changes());
                      assertThat(plan.findings().stream().map(Finding::reason).findFirst())
                          .isEqualTo(row.finding());
                      assertThat(plan.state()).isEqualTo(row.state());
                    }));
  }

  @Test
  void theConflictNamesWhatRestsOnTheIndex() {
    assertThat(conflict(Live.named("ix", "b").constraint("uq"))).contains("the constraint uq");
    assertThat(conflict(Live.named("ix", "b").replicaIdentity()))
        .contains("the table's replica identity");
    assertThat(conflict(Live.named("ix", "b").foreignKey("tenant_a.c.c_fk")))
        .contains("the foreign key tenant_a.c.c_fk");
  }

  private static String conflict(Live index) {
    World world = new World();
    world.indexes.add(IX);
    index.in(world);
    return world.tenantPlan().findings().get(0).message();
  }

  @Test
  void theReplacementIsOursAndTakesOverWhatTheOldOneHad() {
    World world = new World();
    world.indexes.add(IX);
    Live.named("ix", "b")
        .comment(
            World.mark(IX, Mark.Origin.ADOPTED).withSpec("0123456789abcdef").above("for reports"))
        .clustered()
        .in(world);

    ReplaceIndex replace = (ReplaceIndex) only(world);

    assertThat(replace.build().mark()).isEqualTo(World.mark(IX, Mark.Origin.MADE));
    assertThat(replace.hazard()).isEqualTo(Hazard.NONE);
    assertThat(replace.old().clustered()).isTrue();
    assertThat(replace.old().concurrently()).isTrue();
    assertThat(replace.old().comment()).endsWith("\nfor reports");
    assertThat(ReservedName.parse(replace.old().retiredName()))
        .hasValueSatisfying(
            name -> {
              assertThat(name.building()).isFalse();
              assertThat(name.isOf("t", "ix")).isTrue();
            });
    assertThat(replace.before()).isEqualTo("btree (b)");
    assertThat(replace.after()).isEqualTo("btree (a)");
  }

  @Test
  void aTakeOverIsAHazardOfItsOwn() {
    World world = new World();
    world.indexes.add(IX);
    world.onDestructive = OnDestructive.ALLOW;
    Live.named("ix", "b").in(world);

    assertThat(only(world).hazard()).isEqualTo(Hazard.TAKES_OVER);
  }

  @Test
  void oneThatClusterGoesByIsNotReplacedByOneThatItCannotGoBy() {
    DesiredIndex partial =
        new DesiredIndex(
            "ix",
            "t",
            IX.keys(),
            "btree",
            false,
            false,
            List.of(),
            Optional.of("a > 0"),
            Map.of(),
            IX.specHash());
    DesiredIndex hash =
        new DesiredIndex(
            "ix",
            "t",
            IX.keys(),
            "hash",
            false,
            false,
            List.of(),
            Optional.empty(),
            Map.of(),
            IX.specHash());
    for (DesiredIndex index : List.of(partial, hash)) {
      World world = new World();
      world.indexes.add(index);
      Live.named("ix", "b").oursOfOlderSpec(IX).clustered().in(world);

      assertThat(world.tenantPlan().changes()).isEmpty();
      assertThat(world.tenantPlan().findings())
          .singleElement()
          .satisfies(
              finding -> {
                assertThat(finding.reason()).isEqualTo(Reason.Conflict);
                assertThat(finding.message()).contains("the clustering of the table");
              });
    }
  }

  @Test
  void onAHypertableNothingIsDroppedConcurrently() {
    World world = new World();
    world.hypertable("7 days", Optional.empty());
    world.indexes.add(IX);
    Live.named("ix", "b").oursOfOlderSpec(IX).in(world);

    ReplaceIndex replace = (ReplaceIndex) only(world);

    assertThat(replace.build().build()).isEqualTo(Build.PER_CHUNK);
    assertThat(replace.old().concurrently()).isFalse();
    assertThat(replace.dropping().sql()).startsWith("DROP INDEX \"tenant_a\".\"_tdb_o_");
  }

  @Test
  void anotherTablespaceIsADifferenceWhereOneIsDeclared() {
    DesiredIndex fast = inTablespace("fast");
    World world = new World();
    world.indexes.add(fast);
    equal("ix").oursOfOlderSpec(IX).tablespace("slow").in(world);

    ReplaceIndex replace = (ReplaceIndex) only(world);

    assertThat(replace.before()).isEqualTo("in tablespace slow: btree (a)");
    assertThat(replace.after()).isEqualTo("btree (a) in tablespace fast");
    assertThat(replace.build().buildSql()).contains(" TABLESPACE \"fast\"");
  }

  @Test
  void aPartInAnotherTablespaceIsADifferenceWhereOneIsDeclared() {
    DesiredIndex fast = inTablespace("fast");
    World world = new World();
    world.indexes.add(fast);
    equal("ix").ours(fast).tablespace("fast").uneven(new Uneven(Set.of(), false, true)).in(world);

    ReplaceIndex replace = (ReplaceIndex) only(world);

    assertThat(replace.before()).isEqualTo("parts in another tablespace: btree (a)");
    assertThat(replace.drift()).isTrue();
  }

  @Test
  void anEqualIndexInAnotherTablespaceDoesNotStandForOneThatIsDeclaredElsewhere() {
    World world = new World();
    world.indexes.add(inTablespace("fast"));
    equal("theirs").tablespace("slow").in(world);

    assertThat(only(world)).isInstanceOf(CreateIndex.class);
  }

  @Test
  void theTablespaceIsLeftAloneWhereItIsTheSameUnknownOrNotDeclared() {
    for (String live : List.of("fast", "")) {
      World world = new World();
      world.indexes.add(inTablespace("fast"));
      equal("ix").ours(IX).tablespace(live).in(world);
      assertThat(world.tenantPlan().changes()).isEmpty();
    }
    World world = new World();
    world.indexes.add(IX);
    equal("ix").ours(IX).tablespace("slow").in(world);
    assertThat(world.tenantPlan().changes()).isEmpty();
  }

  private static DesiredIndex inTablespace(String tablespace) {
    return new DesiredIndex(
        "ix",
        "t",
        IX.keys(),
        "btree",
        false,
        false,
        List.of(),
        Optional.empty(),
        Map.of(),
        Optional.of(tablespace),
        IX.specHash());
  }

  @Test
  void anEarlierLeftoverOfTheNameGoesFirst() {
    World world = new World();
    world.indexes.add(IX);
    Live.named("ix", "b").oursOfOlderSpec(IX).in(world);
    String retired = ((ReplaceIndex) only(world)).old().retiredName();
    Live.named(retired, "b").oursOfOlderSpec(IX).in(world);

    List<Change> changes = world.tenantPlan().changes();

    assertThat(changes).hasSize(2);
    assertThat(((DropLeftover) changes.get(0)).reservedName()).isEqualTo(retired);
    assertThat(changes.get(1)).isInstanceOf(ReplaceIndex.class);
  }

  @Test
  void aReplacedOneThatStillServesDoesNotGoForAnInvalidOneOfTheSameBody() {
    World world = new World();
    world.indexes.add(IX);
    Live.named("ix", "b").oursOfOlderSpec(IX).in(world);
    String serving = ((ReplaceIndex) only(world)).old().retiredName();
    world.liveIndexes.clear();
    Live.named("ix", "b").oursOfOlderSpec(IX).invalid().in(world);
    Live.named(serving, "b").oursOfOlderSpec(IX).in(world);

    RepairIndex repair = (RepairIndex) only(world);

    assertThat(repair.old().retiredName()).isNotEqualTo(serving);
  }

  @Test
  void aRelationThatHasTheNameOfTheReplacedOneIsNamed() {
    World world = new World();
    world.indexes.add(IX);
    Live.named("ix", "b").oursOfOlderSpec(IX).in(world);
    String retired = ((ReplaceIndex) only(world)).old().retiredName();
    world.names.put(retired, new NamedRelation(retired, "sequence", Optional.empty()));

    assertThat(world.tenantPlan().changes()).isEmpty();
    assertThat(world.tenantPlan().findings().get(0).reason()).isEqualTo(Reason.NameTaken);
    assertThat(world.tenantPlan().findings().get(0).message()).contains(retired);
  }

  @Test
  void declaredStatisticsAreSetAndOthersLeftAlone() {
    DesiredIndex index = Expressions.index("ix", Optional.of(500), Optional.empty());
    World world = new World();
    world.indexes.add(index);
    Live.named("ix", World.body(index)).oursOfOlderSpec(index).statistics(Map.of(2, 7)).in(world);

    List<Change> changes = world.tenantPlan().changes();

    assertThat(changes).extracting(Change::kind).containsExactly("SetIndexStatistics");
    SetIndexStatistics set = (SetIndexStatistics) changes.get(0);
    assertThat(set.statements())
        .as("the mark, which says that all is as declared, is written with it, or not at all")
        .extracting(statement -> statement.marking())
        .containsExactly(false, true);
    assertThat(set.statistics()).isEqualTo(Map.of(1, 500));
    assertThat(set.before()).isEqualTo("statistics 1: default");
    assertThat(set.after()).isEqualTo("statistics 1: 500");
    assertThat(set.drift()).isFalse();
    assertThat(Scripts.acts(set))
        .contains("ALTER INDEX \"tenant_a\".\"ix\" ALTER COLUMN 1 SET STATISTICS 500;");
  }

  @Test
  void statisticsOnAHypertableAreRefusedBecauseNoChunkWouldGetThem() {
    World world = new World();
    world.indexes.add(Expressions.index("ix", Optional.of(500), Optional.empty()));
    world.hypertable("7 days", Optional.empty());

    assertThat(world.tenantPlan().changes()).isEmpty();
    assertThat(world.tenantPlan().findings())
        .singleElement()
        .satisfies(
            finding -> {
              assertThat(finding.verdict()).isEqualTo(Finding.Verdict.FAILED);
              assertThat(finding.reason()).isEqualTo(Reason.NotSupported);
              assertThat(finding.message())
                  .isEqualTo(
                      "tenant_a: t is a hypertable, the indexes of whose chunks get no statistics"
                          + " targets; take statistics away from ix.");
            });
  }

  @Test
  void statisticsThatSomebodyChangedAreDriftAndEqualOnesAreNot() {
    DesiredIndex index = Expressions.index("ix", Optional.of(500), Optional.empty());
    World world = new World();
    world.indexes.add(index);
    Live.named("ix", World.body(index)).ours(index).statistics(Map.of(1, 50)).in(world);
    assertThat(((SetIndexStatistics) only(world)).drift()).isTrue();

    world.liveIndexes.clear();
    Live.named("ix", World.body(index)).ours(index).statistics(Map.of(1, 500)).in(world);
    assertThat(world.tenantPlan().changes()).isEmpty();
  }

  @Test
  void aPartThatLacksADeclaredTargetGetsItAndThatIsNobodysDrift() {
    DesiredIndex index = Expressions.index("ix", Optional.of(500), Optional.empty());
    World world = new World();
    world.indexes.add(index);
    Live.named("ix", World.body(index))
        .ours(index)
        .statistics(Map.of(1, 500))
        .uneven(Set.of(1))
        .in(world);

    SetIndexStatistics set = (SetIndexStatistics) only(world);

    assertThat(set.statistics()).isEqualTo(Map.of(1, 500));
    assertThat(set.drift()).isFalse();
  }

  @Test
  void whatAPersonSetGoesOverThoughAPartLacksIt() {
    DesiredIndex index = Expressions.index("ix", Optional.empty(), Optional.empty());
    World world = new World();
    world.indexes.add(index);
    Live.named("ix", new IndexBody(false, World.body(index).text() + " WHERE (a > 1)"))
        .oursOfOlderSpec(index)
        .statistics(Map.of(1, 100))
        .uneven(Set.of(1))
        .in(world);

    assertThat(((ReplaceIndex) only(world)).old().statistics()).isEqualTo(Map.of(1, 100));
  }

  @Test
  void statisticsGoOverWhereTheKeyIsPrintedAlike() {
    DesiredIndex index = Expressions.index("ix", Optional.empty(), Optional.of(9));
    World world = new World();
    world.indexes.add(index);
    Live.named("ix", new IndexBody(false, "USING btree (lower(b), upper(b), length(b)) WITH (x=1)"))
        .oursOfOlderSpec(index)
        .statistics(Map.of(1, 100, 2, 200, 3, 300))
        .in(world);
    ReplaceIndex replace = (ReplaceIndex) only(world);

    assertThat(replace.old().statistics()).isEqualTo(Map.of(1, 100, 2, 200));
    assertThat(replace.script())
        .contains("ALTER COLUMN 1 SET STATISTICS 100")
        .as("what is declared wins")
        .contains("ALTER COLUMN 2 SET STATISTICS 9")
        .doesNotContain("ALTER COLUMN 3");
  }

  @Test
  void statisticsOfAnotherExpressionDoNotGoOver() {
    DesiredIndex index = Expressions.index("ix", Optional.empty(), Optional.empty());
    World world = new World();
    world.indexes.add(index);
    Live.named("ix", "a, lower(b)").oursOfOlderSpec(index).statistics(Map.of(2, 100)).in(world);

    assertThat(((ReplaceIndex) only(world)).old().statistics()).isEmpty();
  }

  @Test
  void oneTemplateStandsForAllTenantsInTheSameSituation() {
    World world = new World();
    world.indexes.add(IX);
    world.schemas.add("tenant_b");
    equal("ix").ours(IX).missingParts(2).in(world);

    assertThat(world.plan().templates()).hasSize(1);
    assertThat(world.plan().templates().get(0).before()).isEqualTo("parts missing: btree (a)");
    assertThat(world.plan().templates().get(0).sqlPattern()).doesNotContain("tenant_");
  }

  @Test
  void whatIsWrongStandsBeforeADefinitionThatMayBeCut() {
    World world = new World();
    world.indexes.add(IX);
    equal("ix").ours(IX).invalid().in(world);

    assertThat(only(world).before()).isEqualTo("invalid: btree (a)");
  }

  private static Change only(World world) {
    List<Change> changes = world.tenantPlan().changes();
    assertThat(changes).hasSize(1);
    return changes.get(0);
  }
}
