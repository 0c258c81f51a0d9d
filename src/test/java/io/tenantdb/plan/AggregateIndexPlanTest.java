package io.tenantdb.plan;

import static org.assertj.core.api.Assertions.assertThat;

import io.tenantdb.model.AggregateIndexChange.CreateAggregateIndex;
import io.tenantdb.model.AggregateIndexChange.MarkAggregateIndex;
import io.tenantdb.model.AggregateIndexChange.ReplaceAggregateIndex;
import io.tenantdb.model.CanonicalIndex;
import io.tenantdb.model.Change;
import io.tenantdb.model.Desired.OnDestructive;
import io.tenantdb.model.DesiredAggregate.Fallback;
import io.tenantdb.model.DesiredIndex;
import io.tenantdb.model.Finding;
import io.tenantdb.model.IndexBody;
import io.tenantdb.model.IndexChange.CreateIndex;
import io.tenantdb.model.IndexChange.DropLeftover;
import io.tenantdb.model.Mark;
import io.tenantdb.model.ObservedIndex;
import io.tenantdb.model.Reason;
import io.tenantdb.model.ReservedName;
import io.tenantdb.model.ServerInfo.Edition;
import io.tenantdb.model.TenantPlan;
import io.tenantdb.model.TenantState;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;

/** (declared indexes on aggregates, live catalog) → plan. */
class AggregateIndexPlanTest {

  private static final DesiredIndex IX = Daily.index("ix", false, "n");
  private static final IndexBody OTHER = new IndexBody(false, "USING btree (day)");

  private record Row(
      String says,
      Consumer<World> world,
      List<Class<? extends Change>> changes,
      Optional<Reason> finding,
      TenantState state) {}

  private static Row row(
      String says,
      Consumer<World> world,
      List<Class<? extends Change>> changes,
      Reason finding,
      TenantState state) {
    return new Row(says, world, changes, Optional.ofNullable(finding), state);
  }

  /** A continuous aggregate as declared, with these indexes; {@code ix} is declared on it. */
  private static Consumer<World> with(ObservedIndex... indexes) {
    return w -> {
      Daily.declare(w, Fallback.SKIP, Daily.REFRESH);
      Daily.stands(
          w,
          Daily.continuous(
              Daily.TEXT, Optional.of(Daily.mark(Mark.Origin.MADE, true)), Daily.ourJob()),
          indexes);
      w.indexes.add(IX);
    };
  }

  private static ObservedIndex foreign(String name) {
    return World.live(
        name,
        World.body(IX),
        Optional.of(new Mark("x/y", "ix", "daily", IX.specHash(), Mark.Origin.MADE, false)));
  }

  private static final List<Row> TABLE =
      List.of(
          row("not there", with(), List.of(CreateAggregateIndex.class), null, TenantState.PENDING),
          row(
              "not there any more: drift",
              with().andThen(w -> w.history = World.HAD_BEEN),
              List.of(CreateAggregateIndex.class),
              null,
              TenantState.DRIFTED),
          row("ours", with(Daily.live(IX, "ix_42")), List.of(), null, TenantState.SYNCED),
          row(
              "ours, found by its mark under any name",
              with(Daily.live(IX, "renamed")),
              List.of(),
              null,
              TenantState.SYNCED),
          row(
              "ours, of an older spec: marked anew",
              with(
                  World.live(
                      "ix_42",
                      World.body(IX),
                      Optional.of(
                          IX.mark(World.OWNER_ID, Mark.Origin.MADE).withSpec(Daily.OLD_SPEC)))),
              List.of(MarkAggregateIndex.class),
              null,
              TenantState.PENDING),
          row(
              "made by hand under the declared name: adopted",
              with(Daily.unmarked(IX, "ix")),
              List.of(MarkAggregateIndex.class),
              null,
              TenantState.PENDING),
          row(
              "our name without our mark: adopted",
              with(Daily.unmarked(IX, "ix_42")),
              List.of(MarkAggregateIndex.class),
              null,
              TenantState.PENDING),
          row(
              "an equal one under another name",
              with(Daily.unmarked(IX, "_materialized_hypertable_42_n_idx")),
              List.of(),
              Reason.SatisfiedBy,
              TenantState.SYNCED),
          row(
              "an equal one of another owner does not stand for it",
              with(foreign("other")),
              List.of(CreateAggregateIndex.class),
              null,
              TenantState.PENDING),
          row(
              "another owner's under our name",
              with(foreign("ix_42")),
              List.of(),
              Reason.Conflict,
              TenantState.FAILED),
          row(
              "somebody's, another definition: refused",
              with(World.live("ix_42", OTHER, Optional.empty())),
              List.of(),
              Reason.Conflict,
              TenantState.PENDING),
          row(
              "somebody's, another definition: taken over where the spec allows it",
              with(World.live("ix_42", OTHER, Optional.empty()))
                  .andThen(w -> w.onDestructive = OnDestructive.ALLOW),
              List.of(ReplaceAggregateIndex.class),
              null,
              TenantState.PENDING),
          row(
              "ours, of an older spec with another definition: replaced",
              with(
                  World.live(
                      "ix_42",
                      OTHER,
                      Optional.of(
                          IX.mark(World.OWNER_ID, Mark.Origin.MADE).withSpec(Daily.OLD_SPEC)))),
              List.of(ReplaceAggregateIndex.class),
              null,
              TenantState.PENDING),
          row(
              "ours, and invalid: replaced",
              with(World.invalid(Daily.live(IX, "ix_42"))),
              List.of(ReplaceAggregateIndex.class),
              null,
              TenantState.DRIFTED),
          row(
              "being built",
              with(World.building(Daily.live(IX, "ix_42"))),
              List.of(),
              Reason.Busy,
              TenantState.PENDING),
          row(
              "unique",
              with().andThen(w -> w.indexes.set(0, Daily.index("ix", true, "n"))),
              List.of(),
              Reason.NotSupported,
              TenantState.FAILED),
          row(
              "refused",
              with()
                  .andThen(
                      w ->
                          w.canonicalIndexes.put(
                              "ix",
                              new CanonicalIndex.Refused(
                                  Reason.DefinitionRefused, "42703", "no column n"))),
              List.of(),
              Reason.DefinitionRefused,
              TenantState.FAILED),
          row(
              "on a materialized view: as on any table",
              w -> {
                Daily.declare(w, Fallback.MATERIALIZED_VIEW, Daily.REFRESH);
                w.edition = Edition.NONE;
                w.hypertable = Optional.empty();
                Daily.stands(
                    w,
                    Daily.view(Daily.TEXT, Optional.of(Daily.mark(Mark.Origin.MADE, false))),
                    Daily.liveUnique(),
                    Daily.unmarked(
                        IX, ReservedName.building("daily", "gone", "feedfeedfeedfeed").text()));
                w.indexes.add(IX);
              },
              List.of(CreateIndex.class, DropLeftover.class),
              null,
              TenantState.PENDING),
          row(
              "another resource's work on what is merely mentioned is left alone",
              w -> {
                Daily.declare(w, Fallback.SKIP, null);
                Daily.stands(
                    w,
                    Daily.continuous(Daily.TEXT, Optional.of(Daily.mark(Mark.Origin.MADE, true))));
                w.liveIndexes.add(
                    Daily.live(IX, ReservedName.building("t", "x", "feedfeedfeedfeed").text()));
              },
              List.of(),
              null,
              TenantState.SYNCED));

  @TestFactory
  Stream<DynamicTest> specAndCatalogGivePlan() {
    return TABLE.stream()
        .map(
            row ->
                DynamicTest.dynamicTest(
                    row.says(),
                    () -> {
                      TenantPlan plan = plan(row.world());

                      assertThat(plan.changes().stream().map(Object::getClass).toList())
                          .isEqualTo(row.changes());
                      assertThat(plan.findings().stream().map(Finding::reason).findFirst())
                          .isEqualTo(row.finding());
                      assertThat(plan.state()).isEqualTo(row.state());
                    }));
  }

  private static TenantPlan plan(Consumer<World> rules) {
    World world = new World();
    rules.accept(world);
    return world.tenantPlan();
  }

  @Test
  void itIsMadeWhereTheAggregateKeepsItsRows() {
    CreateAggregateIndex made = (CreateAggregateIndex) plan(with()).changes().get(0);

    assertThat(made.materialization()).isEqualTo(Daily.AT);
    assertThat(made.searchPath()).containsExactly("tenant_a", "public");
    assertThat(made.target().table()).isEqualTo("daily");
  }

  /** Where TimescaleDB could not tell the two apart, and only there. */
  @Test
  void anEqualOneIsDroppedBeforeTheOtherIsBuilt() {
    ObservedIndex broken = World.invalid(Daily.live(IX, "ix_42"));
    ObservedIndex other =
        World.live(
            "ix_42",
            OTHER,
            Optional.of(IX.mark(World.OWNER_ID, Mark.Origin.MADE).withSpec(Daily.OLD_SPEC)));
    for (String version : List.of("2.21.4", "2.22.0")) {
      boolean confuses = version.equals("2.22.0");
      assertThat(dropsFirst(version, broken)).as(version).isEqualTo(confuses);
      assertThat(dropsFirst(version, other)).as(version).isFalse();
    }
  }

  private static boolean dropsFirst(String version, ObservedIndex live) {
    TenantPlan plan = plan(with(live).andThen(w -> w.timescaleVersion = version));
    ReplaceAggregateIndex change = (ReplaceAggregateIndex) plan.changes().get(0);
    boolean first = change.statements().get(0).sql().startsWith("DROP INDEX");
    assertThat(first).isEqualTo(change.dropsFirst());
    return first;
  }

  @Test
  void whatIsAdoptedKeepsTheNameThatItBears() {
    MarkAggregateIndex mark =
        (MarkAggregateIndex) plan(with(Daily.unmarked(IX, "ix"))).changes().get(0);

    assertThat(mark.liveName()).isEqualTo("ix");
    assertThat(mark.name()).isEqualTo("ix");
    assertThat(mark.mark().origin()).isEqualTo(Mark.Origin.ADOPTED);
  }

  @Test
  void oneIndexDoesNotStandForTwoDeclaredOnes() {
    DesiredIndex twin = Daily.index("ix_twin", false, "n");

    TenantPlan plan = plan(with(Daily.live(IX, "ix_42")).andThen(w -> w.indexes.add(twin)));

    assertThat(plan.changes().stream().map(Change::object).toList())
        .isEqualTo(Arrays.asList("daily.ix_twin"));
  }

  @Test
  void anIndexOfAnAggregateThatIsNotThereIsNotPassedOverInSilence() {
    TenantPlan plan =
        plan(
            w -> {
              Daily.declare(w, Fallback.SKIP, Daily.REFRESH);
              w.indexes.add(IX);
            });

    assertThat(plan.findings())
        .singleElement()
        .satisfies(
            note -> {
              assertThat(note.verdict()).isEqualTo(Finding.Verdict.NOTE);
              assertThat(note.message())
                  .isEqualTo("tenant_a: index ix is planned once the aggregate daily is there.");
            });
  }
}
