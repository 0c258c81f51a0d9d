package io.tenantdb.plan;

import static org.assertj.core.api.Assertions.assertThat;

import io.tenantdb.model.Change;
import io.tenantdb.model.Desired.OnDestructive;
import io.tenantdb.model.DesiredIndex;
import io.tenantdb.model.Finding;
import io.tenantdb.model.IndexBody;
import io.tenantdb.model.IndexChange.Build;
import io.tenantdb.model.IndexChange.CreateIndex;
import io.tenantdb.model.IndexChange.DropLeftover;
import io.tenantdb.model.IndexChange.PublishIndex;
import io.tenantdb.model.IndexPartChange.DropPartLeftover;
import io.tenantdb.model.IndexReplacement.RebuildIndex;
import io.tenantdb.model.IndexReplacement.RepairIndex;
import io.tenantdb.model.IndexReplacement.ReplaceIndex;
import io.tenantdb.model.Mark;
import io.tenantdb.model.Observed.OwnerRights;
import io.tenantdb.model.ObservedHypertable;
import io.tenantdb.model.ObservedIndex;
import io.tenantdb.model.ObservedTable;
import io.tenantdb.model.Partition;
import io.tenantdb.model.Partition.HalfBuilt;
import io.tenantdb.model.Partition.Kind;
import io.tenantdb.model.PartitionKey;
import io.tenantdb.model.PartitionedBuild;
import io.tenantdb.model.Plan;
import io.tenantdb.model.Reason;
import io.tenantdb.model.ReservedName;
import io.tenantdb.model.Scripts;
import io.tenantdb.model.TenantPlan;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;

/** (declared index, live parts) → plan, on partitioned tables and hypertables. */
class PartitionedIndexPlanTest {

  private static final DesiredIndex IX = World.index("ix", "a");
  private static final String BUILDING = IX.reservedName();
  private static final String OLDER = ReservedName.building("t", "ix", "0123456789abcdef").text();

  private record Row(
      String says,
      Consumer<World> live,
      List<Class<? extends Change>> changes,
      Optional<Reason> finding) {}

  private static Row row(
      String says, Consumer<World> live, List<Class<? extends Change>> changes, Reason finding) {
    return new Row(says, live, changes, Optional.ofNullable(finding));
  }

  private static final List<Row> TABLE =
      List.of(
          row("nothing there: built part by part", w -> {}, List.of(CreateIndex.class), null),
          row(
              "whole and ours: nothing",
              w ->
                  w.liveIndexes.add(
                      World.live(
                          "ix", World.body(IX), Optional.of(World.mark(IX, Mark.Origin.MADE)))),
              List.of(),
              null),
          row(
              "half-built: gone on with, not dropped",
              w -> w.liveIndexes.add(World.invalid(reserved(BUILDING, World.body(IX)))),
              List.of(CreateIndex.class),
              null),
          row(
              "half-built by a session that lives: left to it",
              w -> w.liveIndexes.add(World.building(reserved(BUILDING, World.body(IX)))),
              List.of(),
              Reason.Busy),
          row(
              "half-built, and something else: dropped first",
              w ->
                  w.liveIndexes.add(
                      World.invalid(reserved(BUILDING, new IndexBody(false, "USING btree (b)")))),
              List.of(DropLeftover.class, CreateIndex.class),
              null),
          row(
              "whole and not published: published",
              w -> w.liveIndexes.add(reserved(BUILDING, World.body(IX))),
              List.of(PublishIndex.class),
              null),
          row(
              "half-built for an older spec: dropped",
              w -> w.liveIndexes.add(World.invalid(reserved(OLDER, World.body(IX)))),
              List.of(CreateIndex.class, DropLeftover.class),
              null),
          row(
              "a leaf is built and not attached: gone on with",
              w -> leaf(w, "t_1", partName("t_1", IX.specHash()), false),
              List.of(CreateIndex.class),
              null),
          row(
              "a leaf was built for an older spec: dropped",
              w -> leaf(w, "t_1", partName("t_1", "0123456789abcdef"), false),
              List.of(CreateIndex.class, DropPartLeftover.class),
              null),
          row(
              "a leaf is being built for an older spec: left alone",
              w -> leaf(w, "t_1", partName("t_1", "0123456789abcdef"), true),
              List.of(CreateIndex.class),
              null),
          row(
              "whole, and a leaf has one more: dropped",
              w -> {
                w.liveIndexes.add(
                    World.live(
                        "ix", World.body(IX), Optional.of(World.mark(IX, Mark.Origin.MADE))));
                leaf(w, "t_1", partName("t_1", IX.specHash()), false);
              },
              List.of(DropPartLeftover.class),
              null),
          row(
              "ours, and of an older spec: replaced part by part",
              w ->
                  w.liveIndexes.add(
                      World.live(
                          "ix",
                          new IndexBody(false, "USING btree (b)"),
                          Optional.of(World.mark(IX, Mark.Origin.MADE)))),
              List.of(ReplaceIndex.class),
              null),
          row(
              "ours, and its replacement is half-built: gone on with",
              w -> {
                w.liveIndexes.add(
                    World.live(
                        "ix",
                        new IndexBody(false, "USING btree (b)"),
                        Optional.of(World.mark(IX, Mark.Origin.MADE))));
                w.liveIndexes.add(World.invalid(reserved(BUILDING, World.body(IX))));
                leaf(w, "t_1", partName("t_1", IX.specHash()), false);
              },
              List.of(ReplaceIndex.class),
              null),
          row(
              "ours and invalid: built beside",
              w ->
                  w.liveIndexes.add(
                      World.invalid(
                          World.live(
                              "ix",
                              World.body(IX),
                              Optional.of(World.mark(IX, Mark.Origin.MADE))))),
              List.of(RepairIndex.class),
              null),
          row(
              "somebody's, half-built: his, unless it may be taken over",
              w -> {
                w.liveIndexes.add(
                    World.invalid(World.live("ix", World.body(IX), Optional.empty())));
                leaf(w, "t_1", partName("t_1", IX.specHash()), false);
              },
              List.of(DropPartLeftover.class),
              Reason.Conflict),
          row(
              "a partition's owner cannot be taken on: which grant is missing",
              w -> {
                w.owners.put("other", new OwnerRights(true, false, false));
                w.partitions.add(partition("t_1", "other", Kind.LEAF, true));
              },
              List.of(),
              Reason.InsufficientPrivilege),
          row(
              "a partition's schema is closed to its owner",
              w -> w.partitions.add(partition("t_1", "app", Kind.LEAF, false)),
              List.of(),
              Reason.InsufficientPrivilege),
          row(
              "a foreign partition: refused",
              w -> w.partitions.add(partition("t_1", "app", Kind.FOREIGN, true)),
              List.of(),
              Reason.NotSupported));

  private static ObservedIndex reserved(String name, IndexBody body) {
    return World.live(name, body, Optional.empty());
  }

  private static String partName(String leaf, String hash) {
    return ReservedName.building(leaf, "ix", hash).text();
  }

  private static Partition partition(String name, String owner, Kind kind, boolean permitted) {
    return new Partition("tenant_a", name, owner, kind, Optional.empty(), permitted, List.of());
  }

  private static void leaf(World world, String name, String halfBuilt, boolean building) {
    world.partitions.add(
        new Partition(
            "tenant_a",
            name,
            "app",
            Kind.LEAF,
            Optional.empty(),
            true,
            List.of(new HalfBuilt(halfBuilt, building))));
  }

  private static World world(DesiredIndex index) {
    World world = new World();
    world.kind = ObservedTable.Kind.PARTITIONED;
    world.indexes.add(index);
    return world;
  }

  @TestFactory
  Stream<DynamicTest> table() {
    return TABLE.stream()
        .map(
            row ->
                DynamicTest.dynamicTest(
                    row.says(),
                    () -> {
                      World world = world(IX);
                      row.live().accept(world);
                      TenantPlan plan = world.tenantPlan();
                      assertThat(plan.changes())
                          .extracting(Object::getClass)
                          .isEqualTo(row.changes());
                      assertThat(plan.findings().stream().map(Finding::reason).findFirst())
                          .isEqualTo(row.finding());
                    }));
  }

  @Test
  void theScriptAttachesWhatItBuiltOnEachLeaf() {
    World world = world(IX);
    Partition branch = partition("t_2", "app", Kind.PARTITIONED, true);
    world.partitions.add(partition("t_1", "app", Kind.LEAF, true));
    world.partitions.add(branch);
    world.partitions.add(
        new Partition("cold", "t_2a", "keeper", Kind.LEAF, Optional.of(branch), true, List.of()));
    world.owners.put("keeper", new OwnerRights(true, false, true));
    CreateIndex create = (CreateIndex) world.tenantPlan().changes().get(0);
    assertThat(create.build()).isEqualTo(Build.PARTITIONED);
    String leaf = partName("t_1", IX.specHash());
    String branchName = partName("t_2", IX.specHash());
    String cold = partName("t_2a", IX.specHash());
    assertThat(Scripts.acts(create))
        .filteredOn(line -> !line.startsWith("EXECUTE ") && !line.contains(" RENAME TO \"_tdb_"))
        .filteredOn(line -> !line.startsWith("DROP INDEX CONCURRENTLY IF EXISTS"))
        .containsExactly(
            "SET LOCAL ROLE \"app\";",
            "CREATE INDEX \"" + BUILDING + "\" ON ONLY \"tenant_a\".\"t\" USING \"btree\" (\"a\");",
            "SET ROLE \"app\";",
            "SET LOCAL ROLE \"app\";",
            "CREATE INDEX CONCURRENTLY IF NOT EXISTS \""
                + leaf
                + "\" ON \"tenant_a\".\"t_1\" USING \"btree\" (\"a\");",
            "SET LOCAL ROLE \"app\";",
            "SET LOCAL ROLE \"app\";",
            "SET LOCAL ROLE \"app\";",
            "SET LOCAL ROLE \"app\";",
            "CREATE INDEX \""
                + branchName
                + "\" ON ONLY \"tenant_a\".\"t_2\" USING \"btree\" (\"a\");",
            "SET LOCAL ROLE \"app\";",
            "SET LOCAL ROLE \"app\";",
            "SET ROLE \"keeper\";",
            "SET LOCAL ROLE \"keeper\";",
            "CREATE INDEX CONCURRENTLY IF NOT EXISTS \""
                + cold
                + "\" ON \"cold\".\"t_2a\" USING \"btree\" (\"a\");",
            "SET LOCAL ROLE \"app\";",
            "SET LOCAL ROLE \"keeper\";",
            "SET LOCAL ROLE \"keeper\";",
            "SET ROLE \"app\";",
            "SET LOCAL ROLE \"app\";",
            "COMMENT ON INDEX \"tenant_a\".\""
                + BUILDING
                + "\" IS '"
                + World.mark(IX, Mark.Origin.MADE).text()
                + "';",
            "ALTER INDEX \"tenant_a\".\"" + BUILDING + "\" RENAME TO \"ix\";",
            "RESET ROLE;");
  }

  @Test
  void theTemplateNamesNoTenant() {
    World world = world(IX);
    world.partitions.add(partition("t_1", "app", Kind.LEAF, true));
    assertThat(world.plan().templates().get(0).sqlPattern())
        .contains("ON <schema>.\"t_1\"")
        .doesNotContain("tenant_a");
  }

  @Test
  void tenantsWithOtherPartitionsHaveTheirOwnSqlInTheTemplate() {
    List<TenantPlan> tenants =
        Stream.of(
                tenantWith("tenant_a", "t_1"),
                tenantWith("tenant_b\nDROP TABLE x;", "t_1", "t_2"),
                tenantWith("tenant_c", "t_1"))
            .toList();
    Plan plan = new Plan(tenants, List.of(), List.of());

    assertThat(plan.templates()).hasSize(1);
    assertThat(plan.templates().get(0).schemas()).hasSize(3);
    String[] scripts = plan.templates().get(0).sqlPattern().split("-- in the others:\n", -1);
    assertThat(scripts).hasSize(2);
    assertThat(scripts[0]).startsWith("-- in tenant_b?DROP TABLE x;:\n").contains("\"t_2\"");
    assertThat(scripts[1]).contains("\"t_1\"").doesNotContain("\"t_2\"");
    assertThat(plan.hash()).isEqualTo(new Plan(tenants.subList(0, 1), List.of(), List.of()).hash());
  }

  private static TenantPlan tenantWith(String schema, String... leaves) {
    World world = world(IX);
    world.schemas.clear();
    world.schemas.add(schema);
    for (String leaf : leaves) {
      world.partitions.add(
          new Partition(schema, leaf, "app", Kind.LEAF, Optional.empty(), true, List.of()));
    }
    return world.plan().tenants().get(0);
  }

  @Test
  void namesOfPartsAreCutAndStayApart() {
    World world = world(IX);
    String longName = "é".repeat(31);
    world.partitions.add(partition(longName + "1", "app", Kind.LEAF, true));
    world.partitions.add(partition(longName + "2", "app", Kind.LEAF, true));
    CreateIndex create = (CreateIndex) world.tenantPlan().changes().get(0);
    List<String> renamed =
        create.partitions().stream()
            .flatMap(
                leaf ->
                    Stream.of(
                        new PartitionedBuild(create).finalName(leaf, 0),
                        new PartitionedBuild(create).finalName(leaf, 1)))
            .toList();
    assertThat(renamed).hasSize(4).doesNotHaveDuplicates();
    assertThat(renamed).allSatisfy(name -> assertThat(create.script()).contains("'" + name + "'"));
    assertThat(renamed)
        .allSatisfy(
            name ->
                assertThat(name.getBytes(java.nio.charset.StandardCharsets.UTF_8).length)
                    .isLessThanOrEqualTo(63));
  }

  @Test
  void aUniqueIndexHasTheKeysOfAllLevels() {
    assertThat(unique(Set.of("ts", "b"), false, "a", "ts"))
        .hasValueSatisfying(
            f -> {
              assertThat(f.reason()).isEqualTo(Reason.NotSupported);
              assertThat(f.message()).endsWith("add \"b\".");
            });
    assertThat(unique(Set.of("ts", "b"), false, "a", "b", "ts")).isEmpty();
    assertThat(unique(Set.of(), true, "a"))
        .hasValueSatisfying(f -> assertThat(f.message()).contains("partitioned by an expression"));
  }

  private static Optional<Finding> unique(Set<String> key, boolean expressions, String... columns) {
    World world = world(World.index("ux", true, columns));
    world.partitionKey = new PartitionKey(key, expressions);
    TenantPlan plan = world.tenantPlan();
    assertThat(plan.changes().isEmpty()).isEqualTo(!plan.findings().isEmpty());
    return plan.findings().stream().findFirst();
  }

  @Test
  void aUniqueIndexOnAHypertableHasAllItsDimensions() {
    World world = new World();
    world.indexes.add(World.index("ux", true, "a", "ts"));
    world.hypertable("7 days", Optional.empty());
    assertThat(world.tenantPlan().findings()).isEmpty();
    ObservedHypertable byTime = world.hypertable.orElseThrow();
    world.hypertable =
        Optional.of(
            new ObservedHypertable(
                byTime.timeColumn(),
                byTime.integerTime(),
                byTime.chunkInterval(),
                byTime.compressionEnabled(),
                byTime.segmentBy(),
                byTime.orderBy(),
                byTime.chunks(),
                byTime.oldestChunkEnd(),
                byTime.jobs(),
                Set.of("ts", "b")));
    assertThat(world.tenantPlan().changes()).isEmpty();
    assertThat(world.tenantPlan().findings())
        .singleElement()
        .satisfies(f -> assertThat(f.message()).endsWith("add \"b\"."));
  }

  @Test
  void expressionsAreNotBuiltOnAPartitionOfASuperuser() {
    World world = world(World.expressionIndex("ex", "a + 1"));
    world.owners.put("postgres", new OwnerRights(true, true, true));
    world.partitions.add(partition("t_1", "postgres", Kind.LEAF, true));
    assertThat(world.tenantPlan().changes()).isEmpty();
    assertThat(world.tenantPlan().findings())
        .singleElement()
        .satisfies(f -> assertThat(f.reason()).isEqualTo(Reason.SuperuserOwned));
  }

  private static World incomplete(String timescale, OnDestructive onDestructive) {
    World world = new World();
    world.timescaleVersion = timescale;
    world.onDestructive = onDestructive;
    world.hypertable("7 days", Optional.empty());
    world.indexes.add(IX);
    world.liveIndexes.add(
        lacking(
            2, World.live("ix", World.body(IX), Optional.of(World.mark(IX, Mark.Origin.MADE)))));
    return world;
  }

  private static ObservedIndex lacking(int parts, ObservedIndex index) {
    return new ObservedIndex(
        index.oid(),
        index.name(),
        index.body(),
        index.valid(),
        index.building(),
        index.uniqueColumns(),
        index.comment(),
        index.mark(),
        index.ties(),
        index.settings(),
        parts);
  }

  @Test
  void whatChunksLackIsBuiltBesideWhereTimescaleRecordsWhoseTheirIndexesAre() {
    for (String version : List.of("2.10.3", "2.21.4", "2.9.1")) {
      assertThat(incomplete(version, OnDestructive.DENY).tenantPlan().changes())
          .as(version)
          .singleElement()
          .isInstanceOf(RepairIndex.class);
    }
  }

  @Test
  void elsewhereItIsDroppedFirstAndThatIsUpToSafety() {
    for (String version : List.of("2.22.0", "2.23.0-dev", "2.100.1", "3.0.0")) {
      World denied = incomplete(version, OnDestructive.DENY);
      assertThat(denied.tenantPlan().changes()).as(version).isEmpty();
      assertThat(denied.tenantPlan().findings())
          .singleElement()
          .satisfies(
              f -> {
                assertThat(f.reason()).isEqualTo(Reason.DestructiveDenied);
                assertThat(f.message()).contains("t.ix").contains("tell two equal indexes");
              });
      assertThat(incomplete(version, OnDestructive.ALLOW).tenantPlan().changes())
          .as(version)
          .singleElement()
          .isInstanceOfSatisfying(
              RebuildIndex.class,
              r ->
                  assertThat(Scripts.acts(r))
                      .filteredOn(line -> !line.startsWith("SET ") && !line.startsWith("RESET "))
                      .satisfiesExactly(
                          line -> assertThat(line).isEqualTo("DROP INDEX \"tenant_a\".\"ix\";"),
                          line -> assertThat(line).startsWith("DROP INDEX \"tenant_a\".\"_tdb_b_"),
                          line ->
                              assertThat(line).startsWith("CREATE INDEX IF NOT EXISTS \"_tdb_b_"),
                          line -> assertThat(line).startsWith("COMMENT ON INDEX "),
                          line -> assertThat(line).endsWith("RENAME TO \"ix\";")));
    }
  }

  @Test
  void oneThatIsInvalidServesNobodyAndIsDroppedAtOnce() {
    World world = incomplete("2.23.0", OnDestructive.DENY);
    ObservedIndex live = world.liveIndexes.remove(0);
    world.liveIndexes.add(World.invalid(live));
    assertThat(world.tenantPlan().changes()).singleElement().isInstanceOf(RebuildIndex.class);
  }

  @Test
  void onlyIndexesOfEqualStructureAreInEachOthersWay() {
    World world = incomplete("2.23.0", OnDestructive.DENY);
    world.liveIndexes.clear();
    world.liveIndexes.add(
        World.live(
            "ix",
            new IndexBody(false, "USING btree (b)"),
            Optional.of(World.mark(IX, Mark.Origin.MADE))));
    assertThat(world.tenantPlan().changes()).singleElement().isInstanceOf(ReplaceIndex.class);
    world.liveIndexes.clear();
    world.liveIndexes.add(
        World.live(
            "ix",
            new IndexBody(false, "USING btree (a) WITH (fillfactor='70', deduplicate_items=off)"),
            Optional.of(World.mark(IX, Mark.Origin.MADE))));
    assertThat(world.tenantPlan().changes()).isEmpty();
    assertThat(world.tenantPlan().findings())
        .extracting(Finding::reason)
        .containsExactly(Reason.DestructiveDenied);
    world.hypertable = Optional.empty();
    assertThat(world.tenantPlan().changes()).singleElement().isInstanceOf(ReplaceIndex.class);
  }
}
