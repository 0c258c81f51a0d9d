package io.tenantdb.plan;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.DynamicTest.dynamicTest;

import io.tenantdb.model.AggregateChange.FillAggregate;
import io.tenantdb.model.Change;
import io.tenantdb.model.Declaration;
import io.tenantdb.model.Desired.OnDestructive;
import io.tenantdb.model.Desired.OnDrift;
import io.tenantdb.model.DesiredAggregate.Fallback;
import io.tenantdb.model.DesiredHypertable.Compression;
import io.tenantdb.model.DesiredHypertable.Convert;
import io.tenantdb.model.DesiredHypertable.Retention;
import io.tenantdb.model.DesiredIndex;
import io.tenantdb.model.Finding;
import io.tenantdb.model.Mark;
import io.tenantdb.model.ObservedAggregate;
import io.tenantdb.model.ObservedHypertable;
import io.tenantdb.model.ObservedHypertable.Job;
import io.tenantdb.model.ObservedIndex;
import io.tenantdb.model.PolicyKind;
import io.tenantdb.model.Reason;
import io.tenantdb.model.Statement;
import io.tenantdb.model.TenantHistory;
import io.tenantdb.model.TenantPlan;
import io.tenantdb.model.TenantState;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.BiConsumer;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;

/**
 * Each kind of declaration, missing or with another value, marked for this spec, for an older one
 * or not at all, and as declared once or never: what of it {@code onDrift: Report} leaves as it is.
 */
class DriftPlanTest {

  private static final DesiredIndex IX = World.index("ix", "a");
  private static final DesiredIndex ON_DAILY = Daily.index("ix", false, "day");
  private static final String OLDER = "0123456789abcdef";
  private static final Compression COMPRESSION = World.compression("30 days", List.of("a"));
  private static final Retention RETENTION = World.retention("30 days");

  /** Which mark what is there bears. */
  private enum Marked {
    PRESENT,
    OLDER,
    NOT
  }

  /**
   * A kind of declaration.
   *
   * @param missing the world where it is not there; empty where that cannot be
   * @param changed the world where it has another value; empty where nothing that it bears tells
   */
  private record Kind(
      String name, Optional<Runner> missing, Optional<BiConsumer<World, Marked>> changed) {}

  private interface Runner {
    void in(World world);
  }

  private static Kind kind(String name, Runner missing, BiConsumer<World, Marked> changed) {
    return new Kind(name, Optional.ofNullable(missing), Optional.ofNullable(changed));
  }

  private static final List<Kind> KINDS =
      List.of(
          kind(
              "index",
              w -> w.indexes.add(IX),
              (w, marked) -> {
                w.indexes.add(IX);
                w.onDestructive = OnDestructive.ALLOW;
                Live live = Live.named("ix", "b");
                switch (marked) {
                  case PRESENT -> live.ours(IX).in(w);
                  case OLDER -> live.oursOfOlderSpec(IX).in(w);
                  case NOT -> live.in(w);
                }
              }),
          kind(
              "statistics",
              null,
              (w, marked) -> {
                DesiredIndex index = Expressions.index("ix", Optional.of(500), Optional.empty());
                w.indexes.add(index);
                Live live = Live.named("ix", World.body(index));
                switch (marked) {
                  case PRESENT -> live.ours(index).in(w);
                  case OLDER -> live.oursOfOlderSpec(index).in(w);
                  case NOT -> live.in(w);
                }
              }),
          kind(
              "chunk interval",
              w -> {
                w.hypertables.add(
                    World.wantedHypertable(
                        Convert.NEVER, "7 days", Optional.empty(), Optional.empty()));
                w.hypertable("1 day", Optional.empty());
              },
              null),
          kind(
              "compression settings",
              null,
              (w, marked) ->
                  compressed(w, "b", policy(PolicyKind.COMPRESSION, "30 days", "c0", marked))),
          kind(
              "compression policy",
              w -> compressed(w, "a"),
              (w, marked) ->
                  compressed(w, "a", policy(PolicyKind.COMPRESSION, "60 days", "c0", marked))),
          kind(
              "retention",
              DriftPlanTest::retained,
              (w, marked) -> retained(w, policy(PolicyKind.RETENTION, "20 days", "d0", marked))),
          kind("continuous aggregate", w -> Daily.declare(w, Fallback.SKIP, Daily.REFRESH), null),
          kind(
              "materialized view",
              w -> {
                Daily.declare(w, Fallback.MATERIALIZED_VIEW, Daily.REFRESH);
                w.hypertable = Optional.empty();
              },
              null),
          kind(
              "materializedOnly",
              null,
              (w, marked) -> {
                Daily.declare(w, Fallback.SKIP, Daily.REFRESH);
                Daily.stands(w, realTime(aggregateMark(marked)));
              }),
          kind(
              "refresh policy",
              w -> {
                Daily.declare(w, Fallback.SKIP, Daily.REFRESH);
                Daily.stands(w, Daily.continuous(Daily.TEXT, aggregateMark(Marked.PRESENT)));
              },
              (w, marked) -> {
                Daily.declare(w, Fallback.SKIP, Daily.REFRESH);
                Optional<Mark> mark =
                    switch (marked) {
                      case PRESENT -> Optional.of(Daily.refreshMark(Daily.REFRESH_SPEC));
                      case OLDER -> Optional.of(Daily.refreshMark(OLDER));
                      case NOT -> Optional.empty();
                    };
                Daily.stands(
                    w,
                    Daily.continuous(
                        Daily.TEXT,
                        aggregateMark(Marked.PRESENT),
                        Daily.job(1001, "9 days", "1 hour", mark)));
              }),
          kind(
              "index on an aggregate",
              w -> onDaily(w),
              (w, marked) -> {
                w.onDestructive = OnDestructive.ALLOW;
                Mark present = ON_DAILY.mark(World.OWNER_ID, Mark.Origin.MADE);
                Optional<Mark> mark =
                    switch (marked) {
                      case PRESENT -> Optional.of(present);
                      case OLDER -> Optional.of(present.withSpec(OLDER));
                      case NOT -> Optional.empty();
                    };
                onDaily(w, World.live("ix_42", World.body(Daily.index("ix", false, "n")), mark));
              }));

  private static Optional<Mark> aggregateMark(Marked marked) {
    Mark present = Daily.mark(Mark.Origin.MADE, true);
    return switch (marked) {
      case PRESENT -> Optional.of(present);
      case OLDER -> Optional.of(present.withSpec(OLDER));
      case NOT -> Optional.empty();
    };
  }

  private static ObservedAggregate realTime(Optional<Mark> mark) {
    ObservedAggregate live = Daily.continuous(Daily.TEXT, mark, Daily.ourJob());
    return new ObservedAggregate(
        live.oid(),
        live.name(),
        live.kind(),
        live.owner(),
        live.definition(),
        live.populated(),
        false,
        live.materialization(),
        live.jobs(),
        live.comment(),
        live.mark());
  }

  private static Job policy(PolicyKind kind, String after, String spec, Marked marked) {
    return World.job(
        kind,
        after,
        switch (marked) {
          case PRESENT -> Optional.of(World.policyMark(kind, "00000000000000" + spec));
          case OLDER -> Optional.of(World.policyMark(kind, OLDER));
          case NOT -> Optional.empty();
        });
  }

  private static void compressed(World world, String segmentBy, Job... jobs) {
    world.hypertables.add(
        World.wantedHypertable(Convert.NEVER, null, Optional.of(COMPRESSION), Optional.empty()));
    world.hypertable =
        Optional.of(
            new ObservedHypertable(
                "ts",
                false,
                World.span("7 days"),
                true,
                Optional.of(List.of(segmentBy)),
                Optional.empty(),
                0,
                Optional.empty(),
                List.of(jobs)));
  }

  private static void retained(World world, Job... jobs) {
    world.hypertables.add(
        World.wantedHypertable(Convert.NEVER, null, Optional.empty(), Optional.of(RETENTION)));
    world.hypertable("7 days", Optional.of(World.NOW.minus(Duration.ofDays(1))), jobs);
  }

  private static void onDaily(World world, ObservedIndex... live) {
    Daily.declare(world, Fallback.SKIP, Daily.REFRESH);
    Daily.stands(
        world, Daily.continuous(Daily.TEXT, aggregateMark(Marked.PRESENT), Daily.ourJob()), live);
    world.indexes.add(ON_DAILY);
  }

  @TestFactory
  Stream<DynamicTest> onlyWhatHadBeenAsDeclaredHasDrifted() {
    List<DynamicTest> tests = new ArrayList<>();
    for (Kind kind : KINDS) {
      kind.missing()
          .ifPresent(
              missing -> {
                tests.add(check(kind.name() + ", never made", missing, false, false));
                tests.add(check(kind.name() + ", made once and gone", missing, true, true));
              });
      kind.changed()
          .ifPresent(
              changed -> {
                for (Marked marked : Marked.values()) {
                  Runner world = w -> changed.accept(w, marked);
                  String name = kind.name() + ", changed, marked: " + marked;
                  tests.add(check(name, world, false, marked == Marked.PRESENT));
                  tests.add(check(name + ", as declared once", world, true, true));
                }
              });
    }
    return tests.stream();
  }

  private static DynamicTest check(String name, Runner kind, boolean had, boolean drift) {
    return dynamicTest(
        name,
        () -> {
          World world = new World();
          kind.in(world);
          world.history = had ? World.HAD_BEEN : world.history;
          assertThat(world.tenantPlan().state())
              .isEqualTo(drift ? TenantState.DRIFTED : TenantState.PENDING);
          List<Change> corrected = mending(world.tenantPlan());
          assertThat(corrected).isNotEmpty();
          assertThat(corrected.get(0).drift()).isEqualTo(drift);

          world.onDrift = OnDrift.REPORT;
          TenantPlan reported = world.tenantPlan();
          if (drift) {
            assertThat(mending(reported)).isEmpty();
            assertThat(reported.findings())
                .extracting(Finding::reason)
                .contains(Reason.DriftReported);
            assertThat(reported.asDeclared()).as("what it had is not forgotten").isNotEmpty();
          } else {
            assertThat(reported.changes()).isEqualTo(world.tenantPlan().changes());
            assertThat(mending(reported)).isEqualTo(corrected);
          }
        });
  }

  /** Without the marks, which may go with it or not. */
  private static List<Change> mending(TenantPlan plan) {
    return plan.changes().stream().filter(change -> !change.after().equals("marked")).toList();
  }

  @Test
  void aMarkThatSomebodyTookAwayIsWrittenAnewAndNoDrift() {
    World world = new World();
    world.onDrift = OnDrift.REPORT;
    world.history = World.HAD_BEEN;
    world.indexes.add(IX);
    Live.named("ix", "a").in(world);
    retained(world, World.job(PolicyKind.RETENTION, "30 days", Optional.empty()));

    assertThat(world.tenantPlan().changes())
        .extracting(Change::kind)
        .containsExactly("MarkIndex", "AlterPolicy");
    assertThat(world.tenantPlan().state()).isEqualTo(TenantState.PENDING);
  }

  @Test
  void whatIsAsDeclaredIsSaidPieceByPiece() {
    World world = new World();
    world.indexes.add(IX);
    world.indexes.add(World.index("missing", "b"));
    Live.named("ix", "a").ours(IX).in(world);
    retained(world, World.job(PolicyKind.RETENTION, "30 days", Optional.empty()));

    assertThat(world.tenantPlan().asDeclared())
        .containsExactlyInAnyOrder(
            Declaration.of(IX),
            Declaration.policy("t", PolicyKind.RETENTION, RETENTION.specHash()));
  }

  @Test
  void aViewThatServedIsNoContinuousAggregateThatSomebodyDropped() {
    World world = new World();
    Daily.declare(world, Fallback.MATERIALIZED_VIEW, Daily.REFRESH);
    world.onDrift = OnDrift.REPORT;
    world.history =
        new TenantHistory(
            Set.of(),
            (schema, declaration) -> declaration.kind() == Declaration.Kind.MATERIALIZED_VIEW);

    assertThat(world.tenantPlan().changes()).extracting(Change::kind).contains("CreateAggregate");
  }

  @Test
  void aQueryThatTheSpecChangedWaitsForAPersonAndIsNoDrift() {
    World world = new World();
    Daily.declare(world, Fallback.SKIP, Daily.REFRESH);
    Daily.stands(world, Daily.continuous(Daily.OTHER, aggregateMark(Marked.OLDER), Daily.ourJob()));

    assertThat(world.tenantPlan().findings())
        .extracting(Finding::reason)
        .containsExactly(Reason.DefinitionDiffers);
    assertThat(world.tenantPlan().state()).isEqualTo(TenantState.PENDING);
    world.history = World.HAD_BEEN;
    assertThat(world.tenantPlan().state()).isEqualTo(TenantState.DRIFTED);
  }

  @Test
  void theMarkOfAnAggregateIsWrittenWithWhatItVouchesFor() {
    World world = new World();
    Daily.declare(world, Fallback.SKIP, Daily.REFRESH);
    Mark old = new Mark(World.OWNER_ID, "daily", Mark.NO_TABLE, OLDER, Mark.Origin.MADE, false);
    Daily.stands(world, realTime(Optional.of(old)));

    assertThat(world.tenantPlan().changes())
        .extracting(Change::kind)
        .containsExactly("SetMaterializedOnly", "FillAggregate");
    assertThat(world.tenantPlan().changes().get(0).statements())
        .as("in one transaction, and where the mark is refused without it")
        .extracting(Statement::marking)
        .containsExactly(false, true);
    // Reported drift keeps nothing from being filled, and its mark says no more than it did.
    world.onDrift = OnDrift.REPORT;
    world.history = World.HAD_BEEN;
    assertThat(world.tenantPlan().changes())
        .singleElement()
        .isInstanceOfSatisfying(
            FillAggregate.class, fill -> assertThat(fill.mark()).isEqualTo(old));
  }
}
