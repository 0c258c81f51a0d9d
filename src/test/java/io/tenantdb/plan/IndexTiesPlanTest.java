package io.tenantdb.plan;

import static org.assertj.core.api.Assertions.assertThat;

import io.tenantdb.model.Change;
import io.tenantdb.model.Desired.OnDestructive;
import io.tenantdb.model.Desired.Prune;
import io.tenantdb.model.DesiredIndex;
import io.tenantdb.model.Finding;
import io.tenantdb.model.IndexChange.CreateIndex;
import io.tenantdb.model.IndexChange.DropLeftover;
import io.tenantdb.model.IndexChange.RenameIndex;
import io.tenantdb.model.IndexReplacement;
import io.tenantdb.model.IndexSetting.DropIndex;
import io.tenantdb.model.IndexTie;
import io.tenantdb.model.IndexTie.Kind;
import io.tenantdb.model.IndexTie.Use;
import io.tenantdb.model.Reason;
import io.tenantdb.model.ReservedName;
import io.tenantdb.model.TenantPlan;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;

/** (what rests on an index, what is to be done to it) → plan. */
class IndexTiesPlanTest {

  private static final DesiredIndex IX = World.index("ix", "a");

  /** A kind without a row, or a use that is nowhere, fails. */
  private static final Map<Kind, Set<Use>> FORBIDDEN = new EnumMap<>(Kind.class);

  static {
    Set<Use> notRenamed = Set.of(Use.REPLACE, Use.MAKE_WAY, Use.DROP);
    FORBIDDEN.put(Kind.CONSTRAINT, Set.of(Use.values()));
    FORBIDDEN.put(Kind.CONSTRAINT_OF_PART, notRenamed);
    FORBIDDEN.put(Kind.REPLICA_IDENTITY, notRenamed);
    FORBIDDEN.put(Kind.FOREIGN_KEY, notRenamed);
    FORBIDDEN.put(Kind.PARENT, notRenamed);
    FORBIDDEN.put(Kind.EXTENSION_MEMBER, Set.of(Use.values()));
    FORBIDDEN.put(Kind.EXTENSION_DEPENDENCY, Set.of(Use.REPLACE, Use.MAKE_WAY));
    FORBIDDEN.put(Kind.DEPENDENT, notRenamed);
    FORBIDDEN.put(Kind.CLUSTERED, Set.of(Use.MAKE_WAY));
    FORBIDDEN.put(Kind.CLUSTERED_PART, Set.of(Use.REPLACE, Use.MAKE_WAY));
    FORBIDDEN.put(Kind.CLUSTERED_CHUNKS, Set.of(Use.REPLACE, Use.MAKE_WAY));
    FORBIDDEN.put(Kind.REORDER_POLICY, Set.of(Use.MAKE_WAY, Use.RENAME, Use.DROP));
  }

  @TestFactory
  Stream<DynamicTest> everyTieOnEveryUse() {
    return Arrays.stream(Kind.values())
        .flatMap(
            kind ->
                Arrays.stream(Use.values())
                    .map(
                        use ->
                            DynamicTest.dynamicTest(
                                use + " with " + kind,
                                () -> {
                                  assertThat(FORBIDDEN).containsKey(kind);
                                  check(kind, use, FORBIDDEN.get(kind).contains(use));
                                })));
  }

  private static void check(Kind kind, Use use, boolean forbidden) {
    switch (use) {
      case REPLACE -> replaced(kind, forbidden);
      case MAKE_WAY -> assertThat(kind.forbids(Use.MAKE_WAY)).isEqualTo(forbidden);
      case RENAME -> renamed(kind, forbidden);
      case DROP -> {
        left(kind, forbidden);
        pruned(kind, forbidden);
      }
    }
  }

  private static void replaced(Kind kind, boolean forbidden) {
    World world = world();
    world.indexes.add(IX);
    Live.named("ix", "b").oursOfOlderSpec(IX).tied(kind, "x.y").in(world);
    TenantPlan plan = world.tenantPlan();
    if (forbidden) {
      assertThat(plan.changes()).isEmpty();
      said(plan, Reason.Conflict, kind);
    } else {
      assertThat(plan.changes()).singleElement().isInstanceOf(IndexReplacement.class);
    }
  }

  private static void renamed(Kind kind, boolean forbidden) {
    World world = world();
    world.indexes.add(IX);
    Live.named("other", World.body(IX)).ours(IX).tied(kind, "x.y").in(world);
    TenantPlan plan = world.tenantPlan();
    if (forbidden) {
      assertThat(plan.changes()).isEmpty();
      assertThat(plan.findings())
          .extracting(Finding::reason)
          .as("it serves under the name that it has")
          .containsExactly(Reason.SatisfiedBy);
    } else {
      assertThat(plan.changes()).singleElement().isInstanceOf(RenameIndex.class);
    }
  }

  private static void left(Kind kind, boolean forbidden) {
    World world = world();
    world.indexes.add(IX);
    Live.named("ix", World.body(IX)).ours(IX).in(world);
    Live old = Live.named("b", "b");
    String name = ReservedName.retired("t", "ix", old.index().body().orElseThrow(), true).text();
    Live.named(name, "b").ours(IX).tied(kind, "x.y").in(world);
    TenantPlan plan = world.tenantPlan();
    if (forbidden) {
      assertThat(plan.changes()).isEmpty();
      said(plan, Reason.Conflict, kind);
    } else {
      assertThat(plan.changes()).singleElement().isInstanceOf(DropLeftover.class);
    }
  }

  private static void pruned(Kind kind, boolean forbidden) {
    World world = world();
    world.prune = Prune.OWNED_ONLY;
    DesiredIndex other = World.index("other", "b");
    world.indexes.add(other);
    Live.named("other", World.body(other)).ours(other).in(world);
    Live.named("ix", World.body(IX)).ours(IX).tied(kind, "x.y").in(world);
    TenantPlan plan = world.tenantPlan();
    if (forbidden) {
      assertThat(plan.changes()).isEmpty();
      said(plan, Reason.LeftSpec, kind);
    } else {
      assertThat(plan.changes()).singleElement().isInstanceOf(DropIndex.class);
    }
  }

  /** A broken build that cannot go is not built again behind its back, only to fail. */
  @Test
  void aBuildWhoseLeftoverMustStayIsNotPlanned() {
    World world = world();
    world.indexes.add(IX);
    Live.named(IX.reservedName(), "b").tied(Kind.FOREIGN_KEY, "x.y").in(world);
    assertThat(world.tenantPlan().changes()).isEmpty();
    said(world.tenantPlan(), Reason.Conflict, Kind.FOREIGN_KEY);

    Live.named("ix", "c").oursOfOlderSpec(IX).in(world);
    assertThat(world.tenantPlan().changes()).isEmpty();
    said(world.tenantPlan(), Reason.Conflict, Kind.FOREIGN_KEY);
  }

  @Test
  void anIndexThatIsMissingIsBuilt() {
    World world = world();
    world.indexes.add(IX);
    List<Change> changes = world.tenantPlan().changes();
    assertThat(changes).singleElement().isInstanceOf(CreateIndex.class);
  }

  private static World world() {
    World world = new World();
    world.onDestructive = OnDestructive.ALLOW;
    return world;
  }

  private static void said(TenantPlan plan, Reason reason, Kind kind) {
    String words =
        IndexTie.against(
                List.of(new IndexTie(kind, "x.y")), kind.forbids(Use.DROP) ? Use.DROP : Use.REPLACE)
            .or(Optional::empty)
            .orElseThrow();
    assertThat(plan.findings())
        .anySatisfy(
            finding -> {
              assertThat(finding.reason()).isEqualTo(reason);
              assertThat(finding.message()).contains(words);
            });
  }
}
