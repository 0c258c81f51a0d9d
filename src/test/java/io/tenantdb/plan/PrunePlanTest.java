package io.tenantdb.plan;

import static org.assertj.core.api.Assertions.assertThat;

import io.tenantdb.model.Change;
import io.tenantdb.model.Desired.OnDestructive;
import io.tenantdb.model.Desired.Prune;
import io.tenantdb.model.DesiredAggregate.Fallback;
import io.tenantdb.model.DesiredHypertable.Convert;
import io.tenantdb.model.DesiredIndex;
import io.tenantdb.model.Finding;
import io.tenantdb.model.Finding.Verdict;
import io.tenantdb.model.Hazard;
import io.tenantdb.model.IndexBody;
import io.tenantdb.model.IndexChange.CreateIndex;
import io.tenantdb.model.IndexChange.DropLeftover;
import io.tenantdb.model.IndexSetting.DropIndex;
import io.tenantdb.model.IndexSetting.UnmarkIndex;
import io.tenantdb.model.IndexTie;
import io.tenantdb.model.Mark;
import io.tenantdb.model.Mark.Origin;
import io.tenantdb.model.ObservedAggregate;
import io.tenantdb.model.ObservedHypertable.Job;
import io.tenantdb.model.ObservedIndex;
import io.tenantdb.model.ObservedTable;
import io.tenantdb.model.Plan;
import io.tenantdb.model.PolicyKind;
import io.tenantdb.model.PruneChange.DropAggregate;
import io.tenantdb.model.PruneChange.DropAggregateIndex;
import io.tenantdb.model.PruneChange.DropPolicy;
import io.tenantdb.model.PruneChange.UnmarkAggregate;
import io.tenantdb.model.PruneChange.UnmarkAggregateIndex;
import io.tenantdb.model.PruneChange.UnmarkPolicy;
import io.tenantdb.model.Reason;
import io.tenantdb.model.ReservedName;
import io.tenantdb.model.Scripts;
import io.tenantdb.model.ServerInfo.Edition;
import io.tenantdb.model.SourceGraph;
import io.tenantdb.model.TenantPlan;
import io.tenantdb.model.TenantState;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;

/** (nothing but what is declared, live catalog) → what goes, what is released, what stays. */
class PrunePlanTest {

  private static final DesiredIndex OLD = World.index("old", "a");
  private static final DesiredIndex IX = World.index("ix", "b");
  private static final String POLICY_SPEC = "00000000000000c0";

  /** One row: what is live, which changes follow under OwnedOnly, and what is said. */
  private record Row(
      String says, Consumer<World> live, List<Class<? extends Change>> changes, String finding) {}

  private static Row goes(String says, Consumer<World> live, Class<? extends Change> change) {
    return new Row(says, live, List.of(change), "");
  }

  private static Row stays(String says, Consumer<World> live, String finding) {
    return new Row(says, live, List.of(), finding);
  }

  private static final List<Row> TABLE =
      List.of(
          goes("an index that we made goes", w -> w.liveIndexes.add(made("old")), DropIndex.class),
          goes(
              "so it does where it is invalid",
              w -> w.liveIndexes.add(World.invalid(made("old"))),
              DropIndex.class),
          goes(
              "one that we adopted loses our mark and stays",
              w -> w.liveIndexes.add(old("old", mark(Origin.ADOPTED))),
              UnmarkIndex.class),
          stays(
              "one without a mark stays",
              w -> w.liveIndexes.add(World.live("old", World.body(OLD), Optional.empty())),
              ""),
          stays(
              "another owner's stays",
              w ->
                  w.liveIndexes.add(
                      old(
                          "old",
                          new Mark("other/one", "old", "t", POLICY_SPEC, Origin.MADE, false))),
              ""),
          stays(
              "one with the mark of another table stays",
              w ->
                  w.liveIndexes.add(
                      old(
                          "old",
                          new Mark(World.OWNER_ID, "old", "u", POLICY_SPEC, Origin.MADE, false))),
              ""),
          stays(
              "one of another name than its mark's stays: it may be a copy",
              w -> w.liveIndexes.add(old("copy", mark(Origin.MADE))),
              "has that one's comment"),
          new Row(
              "so it does beside the one that has the name",
              w -> {
                w.liveIndexes.add(made("old"));
                w.liveIndexes.add(old("copy", mark(Origin.MADE)));
              },
              List.of(DropIndex.class),
              "copy on t is declared no more and stays"),
          stays(
              "one behind a constraint stays",
              w -> w.liveIndexes.add(World.constrained(made("old"), "uq_a")),
              "the constraint uq_a rests on it"),
          stays(
              "a replica identity stays",
              w -> w.liveIndexes.add(tied(IndexTie.Kind.REPLICA_IDENTITY, "")),
              "replica identity"),
          stays(
              "one that a foreign key rests on stays",
              w -> w.liveIndexes.add(tied(IndexTie.Kind.FOREIGN_KEY, "s.u.fk")),
              "the foreign key s.u.fk rests on it"),
          goes(
              "a clustered one goes: nothing breaks",
              w -> w.liveIndexes.add(tied(IndexTie.Kind.CLUSTERED, "")),
              DropIndex.class),
          goes(
              "of a table that the spec does not name too",
              w -> w.undeclared.add(table("u", made("old", "u"))),
              DropIndex.class),
          new Row(
              "one that another session works on is waited for",
              w -> w.liveIndexes.add(World.building(made("old"))),
              List.of(),
              "another session is at work on it"),
          goes(
              "the compression that we made goes",
              w -> hypertable(w, job(PolicyKind.COMPRESSION, Origin.MADE)),
              DropPolicy.class),
          goes(
              "so does the retention",
              w -> hypertable(w, job(PolicyKind.RETENTION, Origin.MADE)),
              DropPolicy.class),
          goes(
              "a policy that we adopted loses our mark",
              w -> hypertable(w, job(PolicyKind.RETENTION, Origin.ADOPTED)),
              UnmarkPolicy.class),
          stays(
              "a policy without a mark stays",
              w ->
                  w.hypertable(
                      "7 days",
                      Optional.empty(),
                      World.job(PolicyKind.RETENTION, "30 days", Optional.empty())),
              ""),
          stays(
              "a job of another role than the table's is named",
              w ->
                  hypertable(
                      w,
                      new Job(
                          1000,
                          PolicyKind.RETENTION,
                          Optional.of(World.span("30 days")),
                          "1 day",
                          true,
                          "somebody",
                          Optional.of(World.policyMark(PolicyKind.RETENTION, POLICY_SPEC)))),
              "SELECT delete_job(1000)"),
          stays(
              "without TimescaleDB community no policy can be changed",
              w -> {
                w.edition = Edition.APACHE;
                hypertable(w, job(PolicyKind.RETENTION, Origin.MADE));
              },
              "until TimescaleDB community is there"),
          goes(
              "an aggregate that we made goes, with its policy and indexes",
              w ->
                  aggregate(
                      w,
                      ObservedAggregate.Kind.CONTINUOUS,
                      Origin.MADE,
                      aggregateIndex(Origin.MADE)),
              DropAggregate.class),
          goes(
              "so does a materialized view, with its index",
              w ->
                  aggregate(
                      w,
                      ObservedAggregate.Kind.MATERIALIZED_VIEW,
                      Origin.MADE,
                      made("daily_day", "daily")),
              DropAggregate.class),
          new Row(
              "of an aggregate that we adopted only what we made goes",
              w ->
                  aggregate(
                      w,
                      ObservedAggregate.Kind.CONTINUOUS,
                      Origin.ADOPTED,
                      aggregateIndex(Origin.MADE)),
              List.of(DropPolicy.class, UnmarkAggregate.class, DropAggregateIndex.class),
              ""),
          new Row(
              "and what we adopted of it loses our mark",
              w ->
                  aggregate(
                      w,
                      ObservedAggregate.Kind.CONTINUOUS,
                      Origin.ADOPTED,
                      aggregateIndex(Origin.ADOPTED)),
              List.of(DropPolicy.class, UnmarkAggregate.class, UnmarkAggregateIndex.class),
              ""),
          new Row(
              "one that an aggregate of another schema reads stays",
              w -> {
                aggregate(w, ObservedAggregate.Kind.CONTINUOUS, Origin.MADE);
                w.moreNodes.add(
                    new SourceGraph.Node(
                        new SourceGraph.Relation("reporting", "weekly"),
                        SourceGraph.Kind.CONTINUOUS_AGGREGATE,
                        false,
                        true,
                        List.of(
                            new SourceGraph.Read(
                                new SourceGraph.Relation("tenant_a", "daily"), true)),
                        List.of(),
                        List.of()));
              },
              List.of(),
              "the aggregate reporting.weekly reads it"),
          new Row(
              "and it is told where rows are gone that its buckets were made of",
              w -> {
                aggregate(w, ObservedAggregate.Kind.CONTINUOUS, Origin.MADE);
                w.hypertable(
                    "7 days",
                    Optional.empty(),
                    World.job(PolicyKind.RETENTION, "30 days", Optional.empty()));
              },
              List.of(DropAggregate.class),
              "buckets whose rows retention of t has dropped (after 30 days) cannot be computed"),
          stays(
              "a continuous aggregate stays where TimescaleDB community is gone",
              w -> {
                w.edition = Edition.NONE;
                w.undeclaredAggregates.add(live(ObservedAggregate.Kind.CONTINUOUS, Origin.MADE));
                w.undeclared.add(relation(ObservedAggregate.Kind.CONTINUOUS));
              },
              "until TimescaleDB community is there"),
          stays(
              "an aggregate on which an index is declared stays",
              w -> {
                aggregate(w, ObservedAggregate.Kind.MATERIALIZED_VIEW, Origin.MADE);
                w.moreTables.add(w.undeclared.remove(0));
                w.indexes.add(Daily.index("daily_n", false, "n"));
                w.moreTables.set(
                    0,
                    World.relation(
                        "daily",
                        ObservedTable.Kind.MATERIALIZED_VIEW,
                        "app",
                        made(Daily.index("daily_n", false, "n"))));
              },
              "the index daily_n is declared on it"));

  @TestFactory
  Stream<DynamicTest> what_left_the_spec() {
    return TABLE.stream().map(row -> DynamicTest.dynamicTest(row.says(), () -> check(row)));
  }

  private static void check(Row row) {
    TenantPlan plan = plan(owned(row.live().andThen(PrunePlanTest::declare)));
    assertThat(plan.changes())
        .<Class<?>>extracting(Object::getClass)
        .containsExactlyElementsOf(row.changes());
    assertThat(said(plan)).contains(row.finding());
    if (row.finding().isEmpty()) {
      assertThat(plan.findings().stream().filter(f -> f.reason() == Reason.LeftSpec)).isEmpty();
    }
  }

  @TestFactory
  Stream<DynamicTest> nothing_goes_while_prune_is_disabled_but_it_is_said() {
    return TABLE.stream()
        .map(
            row ->
                DynamicTest.dynamicTest(
                    row.says(),
                    () -> {
                      World world = world(row.live());
                      world.onDestructive = OnDestructive.ALLOW;
                      TenantPlan plan = world.tenantPlan();
                      assertThat(plan.changes()).isEmpty();
                      assertThat(plan.state()).isEqualTo(TenantState.SYNCED);
                      assertThat(said(plan))
                          .contains(
                              row.changes().stream()
                                      .anyMatch(
                                          c ->
                                              c.getSimpleName()
                                                  .matches("Drop(Index|Policy|Aggregate)"))
                                  ? "spec.safety.prune: OwnedOnly drops it"
                                  : "");
                    }));
  }

  @Test
  void what_is_made_comes_first_and_what_goes_waits_for_it() {
    TenantPlan plan =
        plan(
            owned(
                w -> {
                  w.indexes.add(IX);
                  w.liveIndexes.add(made("old"));
                }));
    assertThat(plan.changes()).hasExactlyElementsOfTypes(CreateIndex.class);
    assertThat(said(plan)).contains("it is dropped once all that is declared is there");
  }

  @TestFactory
  Stream<DynamicTest> nothing_goes_where_something_declared_is_not_as_it_should_be() {
    return Stream.<Consumer<World>>of(
            w -> w.liveIndexes.add(World.building(made(IX))),
            w -> w.liveIndexes.add(World.constrained(other("ix"), "uq")),
            w -> w.owners.clear(),
            w ->
                w.hypertables.add(
                    World.wantedHypertable(
                        Convert.NEVER, null, Optional.empty(), Optional.empty())))
        .map(
            trouble ->
                DynamicTest.dynamicTest(
                    trouble.toString(),
                    () -> {
                      World world = world(w -> {});
                      world.indexes.add(IX);
                      world.prune = Prune.OWNED_ONLY;
                      world.onDestructive = OnDestructive.ALLOW;
                      world.liveIndexes.add(made("old"));
                      trouble.accept(world);
                      assertThat(world.tenantPlan().changes())
                          .noneMatch(change -> change instanceof DropIndex);
                    }));
  }

  @Test
  void a_tenant_that_waits_for_a_table_keeps_everything() {
    World world = world(owned(w -> w.undeclared.add(table("u", made("old", "u")))));
    world.indexes.add(IX);
    world.tablePresent = false;
    assertThat(world.tenantPlan().state()).isEqualTo(TenantState.WAITING);
    assertThat(world.tenantPlan().changes()).isEmpty();
  }

  @Test
  void under_deny_it_is_refused_and_what_is_adopted_is_released_all_the_same() {
    World world =
        world(
            w -> {
              w.prune = Prune.OWNED_ONLY;
              w.liveIndexes.add(made("old"));
              w.liveIndexes.add(adopted("found"));
            });
    Plan plan = world.plan();
    assertThat(plan.changes()).hasExactlyElementsOfTypes(UnmarkIndex.class);
    assertThat(plan.refused())
        .singleElement()
        .satisfies(
            refusal -> {
              assertThat(refusal.change()).isInstanceOf(DropIndex.class);
              assertThat(refusal.change().hazard()).isEqualTo(Hazard.DROPS_OBJECT);
              assertThat(refusal.reason()).isEqualTo(Reason.DestructiveDenied);
            });
    assertThat(plan.tenants().get(0).findings())
        .extracting(Finding::verdict)
        .containsOnly(Verdict.REFUSED);
  }

  @Test
  void on_a_hypertable_and_a_partitioned_table_nothing_is_dropped_concurrently() {
    World world = world(owned(w -> w.liveIndexes.add(made("old"))));
    assertThat(world.plan().changes().get(0).script()).contains("DROP INDEX CONCURRENTLY");
    world.hypertable("7 days", Optional.empty());
    assertThat(Scripts.acts(world.plan().changes().get(0)))
        .endsWith("DROP INDEX \"tenant_a\".\"old\";");
    world.hypertable = Optional.empty();
    world.kind = ObservedTable.Kind.PARTITIONED;
    assertThat(Scripts.acts(world.plan().changes().get(0)))
        .endsWith("DROP INDEX \"tenant_a\".\"old\";");
  }

  @Test
  void an_aggregate_that_reads_another_goes_first() {
    World world =
        world(
            owned(
                w -> {
                  for (String name : List.of("parent", "child")) {
                    w.undeclaredAggregates.add(
                        live(
                            ObservedAggregate.Kind.CONTINUOUS,
                            name,
                            name.equals("child") ? 30 : 20,
                            new Mark(
                                World.OWNER_ID,
                                name,
                                Mark.NO_TABLE,
                                POLICY_SPEC,
                                Origin.MADE,
                                false)));
                    w.undeclared.add(
                        World.relation(name, ObservedTable.Kind.CONTINUOUS_AGGREGATE, "app"));
                  }
                }));
    assertThat(world.plan().changes())
        .extracting(Change::object)
        .containsExactly("child", "parent");
  }

  @Test
  void an_aggregate_that_a_declared_one_reads_stays() {
    World world =
        world(
            owned(
                w -> {
                  aggregate(w, ObservedAggregate.Kind.CONTINUOUS, Origin.MADE);
                  w.aggregates.add(
                      new io.tenantdb.model.DesiredAggregate(
                          "monthly",
                          "SELECT … FROM daily",
                          true,
                          Optional.empty(),
                          Fallback.SKIP,
                          Optional.empty(),
                          Optional.empty(),
                          Set.of("daily"),
                          POLICY_SPEC));
                }));
    assertThat(world.plan().changes())
        .noneMatch(change -> change instanceof DropAggregate || change instanceof DropPolicy);
    assertThat(said(world.tenantPlan())).contains("the aggregate monthly reads it");
  }

  @Test
  void a_policy_that_is_declared_absent_is_declared() {
    World world = world(owned(w -> hypertable(w, job(PolicyKind.COMPRESSION, Origin.MADE))));
    world.hypertables.add(
        World.wantedHypertable(
            Convert.NEVER,
            null,
            Optional.of(World.compression("30 days", List.of())),
            Optional.empty()));
    assertThat(world.plan().changes()).noneMatch(change -> change instanceof DropPolicy);
  }

  @Test
  void besideATwinNothingGoesAndItIsSaidWhy() {
    World world = new World();
    world.prune = Prune.SUSPENDED;
    world.liveIndexes.add(made("old"));

    assertThat(world.tenantPlan().changes()).isEmpty();
    assertThat(world.tenantPlan().findings())
        .singleElement()
        .satisfies(
            finding ->
                assertThat(finding.message())
                    .isEqualTo(
                        "tenant_a: index old on t is declared no more and stays as long as another"
                            + " resource has the same ownerId or keeps a hypertable of this one."));
  }

  @Test
  void at_deletion_all_goes_or_loses_our_mark() {
    World world =
        world(
            w -> {
              w.deletion = true;
              w.liveIndexes.add(made("old"));
              w.liveIndexes.add(adopted("found"));
              w.liveIndexes.add(World.constrained(made("uq"), "uq"));
              hypertable(w, job(PolicyKind.RETENTION, Origin.MADE));
              w.undeclared.add(table("u", leftover("u")));
            });
    world.indexes.add(IX);
    TenantPlan plan = world.tenantPlan();
    assertThat(plan.changes())
        .hasExactlyElementsOfTypes(
            DropLeftover.class,
            DropPolicy.class,
            DropIndex.class,
            UnmarkIndex.class,
            UnmarkIndex.class);
    assertThat(said(plan)).contains("the constraint uq rests on it");
  }

  private static Consumer<World> owned(Consumer<World> live) {
    return live.andThen(
        w -> {
          w.prune = Prune.OWNED_ONLY;
          w.onDestructive = OnDestructive.ALLOW;
        });
  }

  /** Something is declared, and it is there. */
  private static void declare(World world) {
    world.indexes.add(IX);
    world.liveIndexes.add(made(IX));
  }

  private static World world(Consumer<World> live) {
    World world = new World();
    live.accept(world);
    return world;
  }

  private static TenantPlan plan(Consumer<World> live) {
    return world(live).tenantPlan();
  }

  private static String said(TenantPlan plan) {
    return String.join("\n", plan.findings().stream().map(Finding::message).toList());
  }

  private static Mark mark(Origin origin) {
    return World.mark(OLD, origin);
  }

  private static ObservedIndex old(String name, Mark mark) {
    return World.live(name, World.body(OLD), Optional.of(mark));
  }

  private static ObservedIndex made(String name) {
    return made(name, "t");
  }

  private static ObservedIndex made(String name, String table) {
    return old(name, new Mark(World.OWNER_ID, name, table, POLICY_SPEC, Origin.MADE, false));
  }

  private static ObservedIndex made(DesiredIndex index) {
    return World.live(index.name(), World.body(index), Optional.of(World.mark(index, Origin.MADE)));
  }

  private static ObservedIndex adopted(String name) {
    return old(name, new Mark(World.OWNER_ID, name, "t", POLICY_SPEC, Origin.ADOPTED, false));
  }

  private static ObservedIndex other(String name) {
    return World.live(name, new IndexBody(false, "USING btree (ts)"), Optional.empty());
  }

  private static ObservedIndex tied(IndexTie.Kind kind, String object) {
    return made("old").with(new IndexTie(kind, object));
  }

  private static ObservedIndex leftover(String table) {
    return World.invalid(
        World.live(
            ReservedName.building(table, "old", POLICY_SPEC).text(),
            World.body(OLD),
            Optional.empty()));
  }

  private static ObservedTable table(String name, ObservedIndex... indexes) {
    return World.relation(name, ObservedTable.Kind.ORDINARY, "app", indexes);
  }

  private static Job job(PolicyKind kind, Origin origin) {
    return World.job(
        kind,
        "30 days",
        Optional.of(new Mark(World.OWNER_ID, kind.markName(), "t", POLICY_SPEC, origin, false)));
  }

  private static void hypertable(World world, Job job) {
    world.hypertable("7 days", Optional.empty(), job);
  }

  private static void aggregate(
      World world, ObservedAggregate.Kind kind, Origin origin, ObservedIndex... indexes) {
    world.undeclaredAggregates.add(live(kind, origin));
    world.undeclared.add(relation(kind, indexes));
  }

  private static ObservedTable relation(ObservedAggregate.Kind kind, ObservedIndex... indexes) {
    return World.relation(
        "daily",
        kind == ObservedAggregate.Kind.CONTINUOUS
            ? ObservedTable.Kind.CONTINUOUS_AGGREGATE
            : ObservedTable.Kind.MATERIALIZED_VIEW,
        "app",
        indexes);
  }

  private static ObservedIndex aggregateIndex(Origin origin) {
    return World.live(
        "daily_n_42",
        World.body(OLD),
        Optional.of(new Mark(World.OWNER_ID, "daily_n", "daily", POLICY_SPEC, origin, false)));
  }

  private static ObservedAggregate live(ObservedAggregate.Kind kind, Origin origin) {
    return live(kind, "daily", 10, Daily.mark(origin, true));
  }

  private static ObservedAggregate live(
      ObservedAggregate.Kind kind, String name, long oid, Mark mark) {
    boolean continuous = kind == ObservedAggregate.Kind.CONTINUOUS;
    return new ObservedAggregate(
        oid,
        name,
        kind,
        "app",
        Optional.empty(),
        true,
        continuous,
        continuous ? Optional.of(Daily.AT) : Optional.empty(),
        continuous ? List.of(Daily.ourJob()) : List.of(),
        mark.text(),
        Optional.of(mark));
  }
}
