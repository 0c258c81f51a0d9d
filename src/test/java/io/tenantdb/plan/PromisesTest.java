package io.tenantdb.plan;

import static org.assertj.core.api.Assertions.assertThat;

import io.tenantdb.model.Change;
import io.tenantdb.model.Desired.OnDestructive;
import io.tenantdb.model.Desired.OnDrift;
import io.tenantdb.model.Desired.Prune;
import io.tenantdb.model.DesiredAggregate.Fallback;
import io.tenantdb.model.DesiredIndex;
import io.tenantdb.model.Finding;
import io.tenantdb.model.Finding.Verdict;
import io.tenantdb.model.IndexBody;
import io.tenantdb.model.IndexTie;
import io.tenantdb.model.Mark;
import io.tenantdb.model.ObservedIndex;
import io.tenantdb.model.ObservedTable;
import io.tenantdb.model.Partition;
import io.tenantdb.model.Partition.HalfBuilt;
import io.tenantdb.model.Promised;
import io.tenantdb.model.Reason;
import io.tenantdb.model.ReservedName;
import io.tenantdb.model.TenantPlan;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

/**
 * No object is promised to two changes: a partition that is declared by itself and through the
 * whole, names that are cut to one, settings of a part and of the whole.
 */
class PromisesTest {

  private static final int DRAWS = Integer.getInteger("tenantdb.promises.draws", 3_000);
  private static final long SEED =
      Long.getLong("tenantdb.promises.seed", System.currentTimeMillis() % 1_000_000_000L);
  private static final String LONG = "ix_" + "intake_of_growers_and_packhouses_".repeat(2);

  private static final DesiredIndex WHOLE = World.index("ix_whole", "a");
  private static final DesiredIndex LEAF = on("t_1", World.index("ix_leaf", "a"));
  private static final DesiredIndex OTHER_LEAF = on("t_1", World.index("ix_leaf", "b"));

  private final World world = new World();

  private static DesiredIndex on(String table, DesiredIndex index) {
    return new DesiredIndex(
        index.name(),
        table,
        index.keys(),
        index.method(),
        index.unique(),
        false,
        List.of(),
        Optional.empty(),
        index.with(),
        index.specHash());
  }

  /** {@code t} is partitioned, and its partition {@code t_1} has these indexes. */
  private static void partitioned(World world, ObservedIndex... ofLeaf) {
    world.kind = ObservedTable.Kind.PARTITIONED;
    List<HalfBuilt> left =
        List.of(ofLeaf).stream()
            .filter(index -> ReservedName.parse(index.name()).isPresent())
            .filter(index -> !IndexTie.any(index.ties(), IndexTie.Kind.PARENT))
            .map(index -> new HalfBuilt(index.name(), index.building()))
            .toList();
    world.partitions.add(
        new Partition("tenant_a", "t_1", "app", Partition.Kind.LEAF, Optional.empty(), true, left));
    world.moreTables.add(
        new ObservedTable(
            8,
            "t_1",
            ObservedTable.Kind.ORDINARY,
            "app",
            "sig",
            "con",
            1,
            false,
            List.of(),
            false,
            List.of(ofLeaf),
            Optional.empty()));
  }

  private List<String> kinds() {
    return world.tenantPlan().changes().stream().map(PromisesTest::said).toList();
  }

  private static String said(Change change) {
    return change.kind() + " " + change.object();
  }

  private static Live of(DesiredIndex index) {
    return Live.named(index.name(), World.body(index));
  }

  @Test
  void anIndexOfAPartitionIsNotBuiltBesideAnEqualPartOfTheWhole() {
    world.indexes.addAll(List.of(LEAF, WHOLE));
    partitioned(world);

    assertThat(kinds()).containsExactly("CreateIndex t.ix_whole");
    assertThat(world.tenantPlan().findings())
        .singleElement()
        .satisfies(
            note -> {
              assertThat(note.reason()).isEqualTo(Reason.SatisfiedBy);
              assertThat(note.message())
                  .isEqualTo(
                      "tenant_a: index ix_leaf is not built: t_1 is a partition of t, and ix_whole"
                          + " has an equal part there.");
            });
  }

  @Test
  void anotherOneIsBuiltBeside() {
    world.indexes.addAll(List.of(OTHER_LEAF, WHOLE));
    partitioned(world);

    assertThat(kinds()).containsExactly("CreateIndex t_1.ix_leaf", "CreateIndex t.ix_whole");
  }

  @Test
  void whatARunBuiltForThePartitionItselfIsPublishedAndNotTidiedUpByTheWhole() {
    world.indexes.addAll(List.of(OTHER_LEAF, WHOLE));
    partitioned(world, Live.named(OTHER_LEAF.reservedName(), World.body(OTHER_LEAF)).index());

    assertThat(kinds()).containsExactly("PublishIndex t_1.ix_leaf", "CreateIndex t.ix_whole");
  }

  @Test
  void aBrokenBuildOfThePartitionItselfIsDroppedOnce() {
    world.indexes.addAll(List.of(OTHER_LEAF, WHOLE));
    partitioned(
        world, Live.named(OTHER_LEAF.reservedName(), World.body(OTHER_LEAF)).invalid().index());

    assertThat(kinds())
        .containsExactlyInAnyOrder(
            "DropLeftover t_1." + OTHER_LEAF.reservedName(),
            "CreateIndex t_1.ix_leaf",
            "CreateIndex t.ix_whole");
  }

  @Test
  void whatIsNoLongerDeclaredOnThePartitionIsStillTidiedUp() {
    world.indexes.addAll(List.of(OTHER_LEAF, WHOLE));
    String older = ReservedName.building("t_1", "ix_leaf", "0123456789abcdef").text();
    partitioned(world, Live.named(older, "b").invalid().index());

    assertThat(kinds()).contains("DropPartLeftover t_1." + older);
  }

  @Test
  void aPartThatGoesWithTheWholeIsNotMarkedMeanwhile() {
    world.indexes.addAll(List.of(WHOLE, LEAF));
    world.liveIndexes.add(of(WHOLE).ours(WHOLE).missingParts(1).index());
    partitioned(
        world,
        of(LEAF).oursOfOlderSpec(LEAF).tied(IndexTie.Kind.PARENT, "tenant_a.ix_whole").index());

    assertThat(kinds()).containsExactly("RepairIndex t.ix_whole");
    assertThat(world.tenantPlan().findings())
        .singleElement()
        .satisfies(
            note -> {
              assertThat(note.verdict()).isEqualTo(Verdict.NOTE);
              assertThat(note.message())
                  .isEqualTo(
                      "tenant_a: t_1.ix_leaf (MarkIndex) waits until t.ix_whole (RepairIndex) is"
                          + " done: one is a part of the other.");
            });
  }

  @Test
  void aRefusedChangePromisesNothing() {
    world.indexes.addAll(List.of(WHOLE, LEAF));
    world.liveIndexes.add(of(WHOLE).missingParts(1).index());
    partitioned(
        world,
        of(LEAF).oursOfOlderSpec(LEAF).tied(IndexTie.Kind.PARENT, "tenant_a.ix_whole").index());

    assertThat(kinds()).containsExactly("MarkIndex t_1.ix_leaf");
  }

  @Test
  void theStatisticsOfAPartAndOfTheWholeMustAgree() {
    DesiredIndex whole = Expressions.index("ix_whole", Optional.of(100), Optional.empty());
    for (int target : List.of(100, 200)) {
      World draw = new World();
      DesiredIndex leaf =
          on("t_1", Expressions.index("ix_leaf", Optional.of(target), Optional.empty()));
      draw.indexes.addAll(List.of(whole, leaf));
      draw.liveIndexes.add(of(whole).ours(whole).statistics(Map.of(1, 100)).index());
      partitioned(
          draw,
          of(leaf)
              .ours(leaf)
              .statistics(Map.of(1, 100))
              .tied(IndexTie.Kind.PARENT, "tenant_a.ix_whole")
              .index());

      assertThat(draw.tenantPlan().changes()).isEmpty();
      if (target == 100) {
        assertThat(draw.tenantPlan().findings()).isEmpty();
      } else {
        assertThat(draw.tenantPlan().findings())
            .singleElement()
            .satisfies(
                failed -> {
                  assertThat(failed.reason()).isEqualTo(Reason.Conflict);
                  assertThat(failed.message())
                      .contains("spec.indexes[ix_leaf].keys and spec.indexes[ix_whole].keys");
                });
      }
    }
  }

  @Test
  void theStatisticsOfAPartAreSetOnceWithThoseOfTheWhole() {
    DesiredIndex whole = Expressions.index("ix_whole", Optional.of(100), Optional.empty());
    DesiredIndex leaf = on("t_1", Expressions.index("ix_leaf", Optional.of(100), Optional.empty()));
    world.indexes.addAll(List.of(whole, leaf));
    world.liveIndexes.add(of(whole).ours(whole).index());
    partitioned(world, of(leaf).ours(leaf).tied(IndexTie.Kind.PARENT, "tenant_a.ix_whole").index());

    assertThat(kinds()).containsExactly("SetIndexStatistics t.ix_whole");
  }

  @Test
  void twoLongNamesOnAnAggregateThatAreCutToOneStayApart() {
    DesiredIndex one = Daily.index(LONG.substring(0, 62) + "1", false, "n");
    DesiredIndex two = Daily.index(LONG.substring(0, 62) + "2", false, "day");
    aggregate(world, List.of(one, two));
    List<Change> changes = world.tenantPlan().changes();

    assertThat(changes)
        .extracting(PromisesTest::said)
        .containsExactly(
            "CreateAggregateIndex daily." + one.name(), "CreateAggregateIndex daily." + two.name());
    List<String> names =
        changes.stream()
            .flatMap(change -> change.effects().stream())
            .map(effect -> effect.name())
            .toList();
    assertThat(names).hasSize(2).doesNotHaveDuplicates();
    assertThat(names).allSatisfy(name -> assertThat(name.length()).isLessThanOrEqualTo(63));

    World built = new World();
    aggregate(
        built, List.of(one, two), Daily.live(one, names.get(0)), Daily.live(two, names.get(1)));
    assertThat(built.tenantPlan().changes()).as("each is known by its mark").isEmpty();
    World half = new World();
    aggregate(half, List.of(two, one), Daily.live(one, names.get(0)));
    assertThat(half.tenantPlan().changes())
        .as("the other's is not taken for it")
        .extracting(PromisesTest::said)
        .containsExactly("CreateAggregateIndex daily." + two.name());
  }

  @Test
  void oneWithAHashInItsNameIsDroppedOnceItLeftTheSpec() {
    DesiredIndex gone = Daily.index("ix", false, "n");
    aggregate(world, List.of(), Daily.live(gone, "ix_0123456789abcdef_42"));
    world.prune = Prune.OWNED_ONLY;
    world.onDestructive = OnDestructive.ALLOW;

    assertThat(kinds()).containsExactly("DropAggregateIndex daily.ix");
  }

  private static void aggregate(World world, List<DesiredIndex> declared, ObservedIndex... live) {
    Daily.declare(world, Fallback.SKIP, Daily.REFRESH);
    Daily.stands(
        world,
        Daily.continuous(
            Daily.TEXT, Optional.of(Daily.mark(Mark.Origin.MADE, true)), Daily.ourJob()),
        live);
    world.indexes.addAll(declared);
  }

  @Test
  void noDrawPromisesAnythingTwice() {
    int changes = 0;
    for (long seed = SEED; seed < SEED + DRAWS; seed++) {
      Draw draw = new Draw(new Random(seed));
      TenantPlan plan = draw.world.tenantPlan();
      changes += plan.changes().size();
      assertThat(Promised.twice(plan.changes(), draw.names, draw.parts))
          .as("seed " + seed)
          .isEmpty();
      assertThat(plan.findings()).extracting(Finding::reason).doesNotContain(Reason.InternalError);
    }
    System.out.printf("%d draws of promises from seed %d: %d changes%n", DRAWS, SEED, changes);
    assertThat(changes).isGreaterThan(DRAWS);
  }

  /** A partitioned table, one partition that is declared by itself, and a continuous aggregate. */
  private static final class Draw {
    final World world = new World();
    final Set<String> names = new HashSet<>();
    final Map<String, Set<String>> parts = new HashMap<>();
    private final Random random;

    Draw(Random random) {
      this.random = random;
      world.onDestructive = one(OnDestructive.values());
      world.onDrift = one(OnDrift.values());
      world.prune = one(Prune.values());
      boolean aggregates = random.nextInt(4) == 0;
      if (aggregates) {
        onAggregate();
      } else {
        onPartitions();
      }
    }

    private <T> T one(T[] of) {
      return of[random.nextInt(of.length)];
    }

    private DesiredIndex index(String name) {
      return switch (random.nextInt(4)) {
        case 0 -> World.index(name, "a");
        case 1 -> World.index(name, "b");
        default ->
            Expressions.index(
                name,
                random.nextBoolean() ? Optional.of(100 * random.nextInt(1, 3)) : Optional.empty(),
                Optional.empty());
      };
    }

    private void onPartitions() {
      List<DesiredIndex> declared = new ArrayList<>();
      List<ObservedIndex> ofWhole = new ArrayList<>();
      List<ObservedIndex> ofLeaf = new ArrayList<>();
      for (String name : List.of("ix_1", "ix_2", "ix_3", "ix_4")) {
        DesiredIndex index = index(name);
        boolean leaf = random.nextBoolean();
        DesiredIndex on = leaf ? on("t_1", index) : index;
        if (random.nextInt(4) > 0) {
          declared.add(on);
        }
        live(on, leaf ? ofLeaf : ofWhole);
      }
      for (ObservedIndex whole : ofWhole) {
        attach(whole, ofLeaf);
      }
      if (random.nextInt(3) == 0) {
        // What a build of the whole left on the partition.
        String left =
            ReservedName.building("t_1", "ix_" + random.nextInt(1, 5), "0123456789abcdef").text();
        if (ofLeaf.stream().noneMatch(index -> index.name().equals(left))) {
          ofLeaf.add(Live.named(left, "a").invalid().index());
        }
      }
      world.indexes.addAll(declared);
      world.liveIndexes.addAll(ofWhole);
      partitioned(world, ofLeaf.toArray(new ObservedIndex[0]));
      ofWhole.forEach(index -> names.add(Promised.name("tenant_a", index.name())));
      ofLeaf.forEach(index -> names.add(Promised.name("tenant_a", index.name())));
      names.add(Promised.name("tenant_a", "t"));
      names.add(Promised.name("tenant_a", "t_1"));
    }

    /** What is there of an index, under its name or another. */
    private void live(DesiredIndex index, List<ObservedIndex> all) {
      IndexBody body =
          random.nextInt(3) == 0 ? new IndexBody(false, "USING btree (b)") : World.body(index);
      switch (random.nextInt(7)) {
        case 0 -> {}
        case 1 -> all.add(Live.named(index.reservedName(), body).index());
        case 2 -> all.add(Live.named(index.reservedName(), body).invalid().index());
        case 3 -> all.add(marked(Live.named("renamed_" + index.name(), body), index).index());
        default -> {
          Live live = marked(Live.named(index.name(), body), index);
          if (random.nextInt(4) == 0) {
            live.statistics(Map.of(1, 300));
          }
          if (random.nextInt(5) == 0) {
            live.missingParts(1);
          }
          all.add((random.nextInt(5) == 0 ? live.invalid() : live).index());
        }
      }
    }

    private Live marked(Live live, DesiredIndex index) {
      Mark mark = index.mark(World.OWNER_ID, Mark.Origin.MADE);
      return switch (random.nextInt(4)) {
        case 0 -> live;
        case 1 -> live.comment(mark.withSpec("0123456789abcdef").text());
        default -> live.comment(mark.text());
      };
    }

    /** One of the partition's own is the part of the whole, where it is equal. */
    private void attach(ObservedIndex whole, List<ObservedIndex> ofLeaf) {
      for (int i = 0; i < ofLeaf.size(); i++) {
        ObservedIndex leaf = ofLeaf.get(i);
        if (leaf.valid()
            && whole.valid()
            && leaf.body().equals(whole.body())
            && ReservedName.parse(leaf.name()).isEmpty()
            && !IndexTie.any(leaf.ties(), IndexTie.Kind.PARENT)
            && random.nextBoolean()) {
          ofLeaf.set(i, leaf.with(new IndexTie(IndexTie.Kind.PARENT, "tenant_a." + whole.name())));
          parts.put(
              Promised.name("tenant_a", whole.name()),
              Set.of(Promised.name("tenant_a", leaf.name())));
          return;
        }
      }
    }

    private void onAggregate() {
      List<DesiredIndex> declared = new ArrayList<>();
      List<ObservedIndex> live = new ArrayList<>();
      for (String end : List.of("1", "2", "3")) {
        String name = random.nextInt(3) == 0 ? "ix_" + end : LONG.substring(0, 62) + end;
        DesiredIndex index = Daily.index(name, false, random.nextBoolean() ? "n" : "day");
        if (random.nextInt(4) > 0) {
          declared.add(index);
        }
        String named =
            random.nextBoolean()
                ? name.substring(0, Math.min(60, name.length())) + "_42"
                : name.substring(0, Math.min(43, name.length())) + "_" + index.specHash() + "_42";
        Set<String> taken = live.stream().map(ObservedIndex::name).collect(Collectors.toSet());
        if (random.nextBoolean() && !taken.contains(named)) {
          Live one =
              marked(
                  Live.named(
                      named,
                      random.nextInt(3) == 0 ? "day" : index.keys().get(0).column().orElseThrow()),
                  index);
          live.add((random.nextInt(5) == 0 ? one.invalid() : one).index());
        }
      }
      aggregate(world, declared, live.toArray(new ObservedIndex[0]));
      live.forEach(index -> names.add(Promised.name(Daily.AT.schema(), index.name())));
      names.add(Promised.name("tenant_a", "daily"));
      names.add(Promised.name("tenant_a", "t"));
    }
  }
}
