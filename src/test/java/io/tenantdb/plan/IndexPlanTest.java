package io.tenantdb.plan;

import static org.assertj.core.api.Assertions.assertThat;

import io.tenantdb.model.CanonicalIndex;
import io.tenantdb.model.Change;
import io.tenantdb.model.DesiredIndex;
import io.tenantdb.model.Finding;
import io.tenantdb.model.IndexChange.Build;
import io.tenantdb.model.IndexChange.CreateIndex;
import io.tenantdb.model.IndexChange.DropLeftover;
import io.tenantdb.model.IndexChange.MarkIndex;
import io.tenantdb.model.IndexChange.PublishIndex;
import io.tenantdb.model.IndexChange.RenameIndex;
import io.tenantdb.model.Mark;
import io.tenantdb.model.Observed.OwnerRights;
import io.tenantdb.model.ObservedIndex;
import io.tenantdb.model.ObservedTable;
import io.tenantdb.model.ObservedTenant.NamedRelation;
import io.tenantdb.model.Reason;
import io.tenantdb.model.ReservedName;
import io.tenantdb.model.TenantPlan;
import io.tenantdb.model.TenantSelection.OnMissingTable;
import io.tenantdb.model.TenantState;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;

/** (declared indexes, live catalog) → plan. */
class IndexPlanTest {

  private static final DesiredIndex IX = World.index("ix", "a");
  private static final String BUILDING = ReservedName.building("t", "ix", IX.specHash()).text();

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

  private static final List<Row> TABLE =
      List.of(
          row(
              "nothing there: built",
              w -> {},
              List.of(CreateIndex.class),
              null,
              TenantState.PENDING),
          row(
              "equal and ours: nothing",
              w -> w.liveIndexes.add(ours("ix")),
              List.of(),
              null,
              TenantState.SYNCED),
          row(
              "equal and unmarked: adopted",
              w -> w.liveIndexes.add(World.live("ix", World.body(IX), Optional.empty())),
              List.of(MarkIndex.class),
              null,
              TenantState.PENDING),
          row(
              "equal, ours, from an older spec: marked anew, not rebuilt",
              w ->
                  w.liveIndexes.add(
                      World.live(
                          "ix",
                          World.body(IX),
                          Optional.of(
                              World.mark(IX, Mark.Origin.MADE).withSpec("0123456789abcdef")))),
              List.of(MarkIndex.class),
              null,
              TenantState.PENDING),
          row(
              "another owner's: conflict, not even an edit",
              w ->
                  w.liveIndexes.add(
                      World.live(
                          "ix",
                          World.body(IX),
                          Optional.of(
                              new Mark(
                                  "other/one",
                                  "ix",
                                  "t",
                                  IX.specHash(),
                                  Mark.Origin.MADE,
                                  false)))),
              List.of(),
              Reason.Conflict,
              TenantState.FAILED),
          row(
              "invalid because somebody builds it: waits",
              w ->
                  w.liveIndexes.add(
                      World.building(World.live("ix", World.body(IX), Optional.empty()))),
              List.of(),
              Reason.Busy,
              TenantState.PENDING),
          row(
              "behind a constraint and equal: in sync without a mark",
              w ->
                  w.liveIndexes.add(
                      World.constrained(World.live("ix", World.body(IX), Optional.empty()), "uq")),
              List.of(),
              null,
              TenantState.SYNCED),
          row(
              "a view has the name",
              w -> w.names.put("ix", new NamedRelation("ix", "view", Optional.empty())),
              List.of(),
              Reason.NameTaken,
              TenantState.FAILED),
          row(
              "ours under another name: renamed back",
              w -> w.liveIndexes.add(ours("ix_renamed")),
              List.of(RenameIndex.class),
              null,
              TenantState.DRIFTED),
          row(
              "an equal one under another name: stands for it",
              w -> w.liveIndexes.add(World.live("app_ix", World.body(IX), Optional.empty())),
              List.of(),
              Reason.SatisfiedBy,
              TenantState.SYNCED),
          row(
              "built and not published: published",
              w -> w.liveIndexes.add(World.live(BUILDING, World.body(IX), Optional.empty())),
              List.of(PublishIndex.class),
              null,
              TenantState.PENDING),
          row(
              "half-built: dropped and built",
              w ->
                  w.liveIndexes.add(
                      World.invalid(World.live(BUILDING, World.body(IX), Optional.empty()))),
              List.of(DropLeftover.class, CreateIndex.class),
              null,
              TenantState.PENDING),
          row(
              "a live session builds it: waits",
              w ->
                  w.liveIndexes.add(
                      World.building(World.live(BUILDING, World.body(IX), Optional.empty()))),
              List.of(),
              Reason.Busy,
              TenantState.PENDING),
          row(
              "ours, taken over by a constraint that renamed it: stands for it, never renamed",
              w -> w.liveIndexes.add(World.constrained(ours("app_key"), "app_key")),
              List.of(),
              Reason.SatisfiedBy,
              TenantState.SYNCED),
          row(
              "adopted, and renamed by its person: stands for it, never renamed",
              w ->
                  w.liveIndexes.add(
                      World.live(
                          "theirs",
                          World.body(IX),
                          Optional.of(World.mark(IX, Mark.Origin.ADOPTED)))),
              List.of(),
              Reason.SatisfiedBy,
              TenantState.SYNCED),
          row(
              "equal and ours, but made for a name that the spec once had: built beside it",
              w ->
                  w.liveIndexes.add(
                      World.live(
                          "ix_old",
                          World.body(IX),
                          Optional.of(World.mark(World.index("ix_old", "a"), Mark.Origin.MADE)))),
              List.of(CreateIndex.class),
              Reason.LeftSpec,
              TenantState.PENDING),
          row(
              "PostgreSQL refuses the definition",
              w ->
                  w.canonicalIndexes.put(
                      "ix",
                      new CanonicalIndex.Refused(
                          Reason.DefinitionRefused, "42703", "column \"a\" does not exist")),
              List.of(),
              Reason.DefinitionRefused,
              TenantState.FAILED),
          row(
              "it could not be judged: tried again",
              w ->
                  w.canonicalIndexes.put(
                      "ix", new CanonicalIndex.Unknown(Reason.Busy, "a lock is held")),
              List.of(),
              Reason.Busy,
              TenantState.PENDING),
          row(
              "a view instead of a table",
              w -> w.kind = ObservedTable.Kind.OTHER,
              List.of(),
              Reason.NotSupported,
              TenantState.FAILED),
          row(
              "no SET ROLE to the owner",
              w -> w.owners.put("app", new OwnerRights(true, false, false)),
              List.of(),
              Reason.InsufficientPrivilege,
              TenantState.FAILED),
          row(
              "the owner may not create in the schema",
              w -> w.usableBy.clear(),
              List.of(),
              Reason.InsufficientPrivilege,
              TenantState.FAILED),
          row(
              "no table, Wait",
              w -> w.tablePresent = false,
              List.of(),
              Reason.WaitingForTable,
              TenantState.WAITING),
          row(
              "no table, Skip",
              w -> {
                w.tablePresent = false;
                w.onMissing = OnMissingTable.SKIP;
              },
              List.of(),
              Reason.TableSkipped,
              TenantState.SKIPPED),
          row(
              "no table, Fail",
              w -> {
                w.tablePresent = false;
                w.onMissing = OnMissingTable.FAIL;
              },
              List.of(),
              Reason.TableMissing,
              TenantState.FAILED),
          row(
              "not settled yet",
              w -> w.history = World.settling(),
              List.of(),
              Reason.Settling,
              TenantState.WAITING),
          row(
              "converged before, and gone: drift",
              w -> w.history = World.HAD_BEEN,
              List.of(CreateIndex.class),
              null,
              TenantState.DRIFTED));

  @TestFactory
  Stream<DynamicTest> specAndCatalogGivePlan() {
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
                      assertThat(plan.findings())
                          .allSatisfy(
                              f -> assertThat(f.message()).startsWith("tenant_a: ").endsWith("."));
                    }));
  }

  @Test
  void expressionsAreNotBuiltOnTablesOfSuperusers() {
    World world = new World();
    world.indexes.add(World.expressionIndex("ix_lower", "lower(b)"));
    world.owners.put("app", new OwnerRights(true, true, true));

    assertThat(world.tenantPlan().changes()).isEmpty();
    assertThat(world.tenantPlan().findings())
        .extracting(Finding::reason)
        .containsExactly(Reason.SuperuserOwned);
  }

  @Test
  void expressionsAreBuiltOnTablesOfSuperusersWhereTheSpecAllowsItAndTheRoleCanBeTaken() {
    World world = new World();
    world.indexes.add(World.expressionIndex("ix_lower", "lower(b)"));
    world.owners.put("app", new OwnerRights(true, true, true));
    world.allowSuperuserOwned = true;

    assertThat(world.tenantPlan().changes()).hasSize(1);

    world.owners.put("app", new OwnerRights(true, true, false));
    assertThat(world.tenantPlan().changes()).isEmpty();
    assertThat(world.tenantPlan().findings())
        .extracting(Finding::reason)
        .containsExactly(Reason.InsufficientPrivilege);
  }

  @Test
  void plainColumnsAreBuiltOnTablesOfSuperusers() {
    World world = new World();
    world.indexes.add(IX);
    world.owners.put("app", new OwnerRights(true, true, true));

    assertThat(world.tenantPlan().changes()).hasSize(1);
  }

  @Test
  void aHypertableIsIndexedChunkByChunkAndAUniqueIndexInOneTransaction() {
    World world = new World();
    world.hypertable("7 days", Optional.empty());
    world.indexes.add(IX);
    world.indexes.add(World.index("ux", true, "a", "ts"));

    assertThat(world.tenantPlan().changes())
        .extracting(c -> ((CreateIndex) c).build())
        .containsExactly(Build.PER_CHUNK, Build.ONE_TRANSACTION);
  }

  @Test
  void aUniqueIndexOfAHypertableMustCarryTheTimeColumn() {
    World world = new World();
    world.hypertable("7 days", Optional.empty());
    world.indexes.add(World.index("ux", true, "a"));

    assertThat(world.tenantPlan().changes()).isEmpty();
    assertThat(world.tenantPlan().findings().get(0).message())
        .contains("unique index ux on the hypertable t must have among its keys");
  }

  @Test
  void aTemplateStandsForAllTenantsAndItsPatternNamesNone() {
    World world = new World();
    world.indexes.add(IX);

    var template = world.plan().templates().get(0);

    assertThat(template.schemas()).containsExactly("tenant_a");
    assertThat(template.sqlPattern()).contains("ON <schema>.\"t\"").doesNotContain("tenant_a");
    assertThat(template.id()).matches("[0-9a-f]{16}");
    assertThat(world.plan().hash()).matches("[0-9a-f]{32}");
  }

  private static ObservedIndex ours(String liveName) {
    return World.live(liveName, World.body(IX), Optional.of(World.mark(IX, Mark.Origin.MADE)));
  }
}
