package io.tenantdb.plan;

import static org.assertj.core.api.Assertions.assertThat;

import io.tenantdb.model.DesiredAggregate.Fallback;
import io.tenantdb.model.DesiredAggregate.Refresh;
import io.tenantdb.model.IndexBody;
import io.tenantdb.model.Mark;
import io.tenantdb.model.Mark.Origin;
import io.tenantdb.model.MaterializedViewChange.RefreshMaterializedView;
import io.tenantdb.model.Observed.OwnerRights;
import io.tenantdb.model.ObservedAggregate;
import io.tenantdb.model.ObservedAggregate.Kind;
import io.tenantdb.model.ObservedIndex;
import io.tenantdb.model.Plan;
import io.tenantdb.model.ServerInfo.Edition;
import io.tenantdb.model.TenantState;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** When materialized views are refreshed. */
class UpkeepTest {

  private static final Instant SLOT = Daily.slot(World.NOW);

  private static World world(ObservedAggregate live, ObservedIndex... indexes) {
    World world = new World();
    Daily.declare(world, Fallback.MATERIALIZED_VIEW, Daily.REFRESH);
    world.edition = Edition.NONE;
    world.hypertable = Optional.empty();
    Daily.stands(world, live, indexes);
    return world;
  }

  private static World refreshedAt(Instant slot) {
    return world(
        Daily.view(Daily.TEXT, Optional.of(Daily.mark(Origin.MADE, false).withRefreshed(slot))),
        Daily.liveUnique());
  }

  private static ObservedAggregate notPopulated(Optional<Mark> mark) {
    return Daily.live(Kind.MATERIALIZED_VIEW, Optional.of(Daily.TEXT), false, mark);
  }

  private static Optional<Mark> refreshed(Instant slot) {
    return Optional.of(Daily.mark(Origin.MADE, false).withRefreshed(slot));
  }

  @Test
  void whatServedTheLastSlotWaitsForTheNext() {
    Plan plan = refreshedAt(SLOT).plan();

    assertThat(plan.upkeep().due()).isEmpty();
    assertThat(plan.upkeep().next()).contains(SLOT.plus(Duration.ofHours(1)));
    assertThat(plan.upkeep().next().get()).isAfter(World.NOW);
  }

  @Test
  void aSlotThatHasPassedIsDueOnceHoweverManyWereMissed() {
    RefreshMaterializedView due =
        refreshedAt(SLOT.minus(Duration.ofHours(30))).plan().upkeep().due().get(0);

    assertThat(due.slot()).isEqualTo(SLOT);
    assertThat(due.since()).contains(SLOT.minus(Duration.ofHours(30)));
    assertThat(due.concurrently()).isTrue();
    assertThat(due.target().owner()).isEqualTo("app");
    assertThat(due.target().relation()).isEqualTo("\"tenant_a\".\"daily\"");
  }

  @Test
  void noRefreshIsEarly() {
    World world = refreshedAt(SLOT);
    Instant next = SLOT.plus(Duration.ofHours(1));

    world.now = next.minusMillis(1);
    assertThat(world.plan().upkeep().due()).isEmpty();
    world.now = next;
    assertThat(world.plan().upkeep().due()).hasSize(1);
  }

  @Test
  void aRefreshOfTheFutureIsNotDoneAgain() {
    assertThat(refreshedAt(SLOT.plus(Duration.ofDays(3))).plan().upkeep().due()).isEmpty();
  }

  @Test
  void aRestartChangesNothingBecauseAllIsInTheMark() {
    RefreshMaterializedView due = refreshedAt(SLOT.minusSeconds(3600)).plan().upkeep().due().get(0);

    World restarted =
        world(
            Daily.view(Daily.TEXT, Optional.of(due.mark().withRefreshed(due.slot()))),
            Daily.liveUnique());

    assertThat(restarted.plan().upkeep().due()).isEmpty();
    assertThat(restarted.tenantPlan().changes()).isEmpty();
  }

  @Test
  void anAdoptedOneOfUnknownAgeIsDueAtOnce() {
    World world =
        world(Daily.view(Daily.TEXT, Optional.empty()), Daily.unmarked(Daily.UNIQUE, "daily_day"));

    RefreshMaterializedView due = world.plan().upkeep().due().get(0);

    assertThat(due.since()).isEmpty();
    assertThat(due.mark()).isEqualTo(Daily.mark(Origin.ADOPTED, false));
  }

  @Test
  void withoutAUniqueIndexARefreshWouldBlockReaders() {
    Plan plan = world(Daily.view(Daily.TEXT, refreshed(Instant.EPOCH))).plan();

    assertThat(plan.upkeep()).isEqualTo(Plan.Upkeep.NONE);
    assertThat(plan.changes()).hasSize(1);
  }

  @Test
  void anInvalidAPartialAndAnOrdinaryIndexDoNotHelp() {
    ObservedIndex partial =
        World.live(
            "partial", new IndexBody(true, "USING btree (day) WHERE (n > 0)"), Optional.empty());
    ObservedIndex ordinary = Daily.unmarked(Daily.index("ix", false, "day"), "ix");

    assertThat(
            world(
                    Daily.view(Daily.TEXT, refreshed(Instant.EPOCH)),
                    World.invalid(Daily.liveUnique()),
                    partial,
                    ordinary)
                .plan()
                .upkeep()
                .due())
        .isEmpty();
  }

  @Test
  void anEqualIndexUnderAnotherNameHelps() {
    assertThat(
            world(
                    Daily.view(Daily.TEXT, refreshed(Instant.EPOCH)),
                    Daily.unmarked(Daily.UNIQUE, "by_hand"))
                .plan()
                .upkeep()
                .due())
        .hasSize(1);
  }

  @Test
  void whatWasNeverPopulatedIsFilledAtOnceAndBlocksNobody() {
    RefreshMaterializedView due = world(notPopulated(refreshed(SLOT))).plan().upkeep().due().get(0);

    assertThat(due.concurrently()).isFalse();
    assertThat(due.slot()).isEqualTo(SLOT);
  }

  @Test
  void whatAnEarlierSpecOfOursMadeIsKeptFreshUnderItsOwnMark() {
    Mark old = refreshed(Instant.EPOCH).get().withSpec(Daily.OLD_SPEC);

    World world = world(Daily.view(Daily.OTHER, Optional.of(old)), Daily.liveUnique());

    assertThat(world.tenantPlan().state()).isEqualTo(TenantState.PENDING);
    assertThat(world.plan().upkeep().due().get(0).mark()).isEqualTo(old);
  }

  @Test
  void somebodyElsesViewOfAnotherQueryIsLeftAlone() {
    assertThat(
            world(Daily.view(Daily.OTHER, Optional.empty()), Daily.liveUnique())
                .plan()
                .upkeep()
                .due())
        .isEmpty();
  }

  @Test
  void theFallbackIsKeptUpWhereAContinuousAggregateCouldBe() {
    World world = refreshedAt(Instant.EPOCH);
    world.edition = Edition.COMMUNITY;
    world.hypertable("7 days", Optional.empty());

    assertThat(world.plan().upkeep().due()).hasSize(1);
  }

  @Test
  void upkeepIsNoDifference() {
    Plan due = refreshedAt(Instant.EPOCH).plan();
    Plan done = refreshedAt(SLOT).plan();

    assertThat(due.upkeep().due()).hasSize(1);
    assertThat(due.empty()).isTrue();
    assertThat(due.templates()).isEmpty();
    assertThat(due.hash()).isEqualTo(done.hash());
    assertThat(due.tenants().get(0).state()).isEqualTo(TenantState.SYNCED);
  }

  @Test
  void aRoleThatWeMayNotTakeIsNamedWhetherOrNotARefreshIsDue() {
    World world = refreshedAt(SLOT);
    world.owners.put("app", new OwnerRights(true, false, false));

    assertThat(world.plan().upkeep()).isEqualTo(Plan.Upkeep.NONE);
    assertThat(world.tenantPlan().state()).isEqualTo(TenantState.FAILED);
  }

  @Test
  void theLongestOverdueComesFirstAndTheNextIsTheEarliestOfAll() {
    World world = refreshedAt(World.NOW.minus(Duration.ofHours(5)));
    world.schemas.clear();
    IntStream.range(0, 40).forEach(i -> world.schemas.add("tenant_" + i));

    Plan plan = world.plan();

    assertThat(plan.upkeep().due()).hasSize(40);
    assertThat(plan.upkeep().due())
        .isSortedAccordingTo(
            (a, b) -> firstMissed(a.target().schema()).compareTo(firstMissed(b.target().schema())));
    assertThat(plan.upkeep().next())
        .contains(
            world.schemas.stream()
                .map(schema -> new RefreshSlots(3600, schema).after(World.NOW))
                .sorted()
                .findFirst()
                .orElseThrow());
  }

  private static Instant firstMissed(String schema) {
    return new RefreshSlots(3600, schema).after(World.NOW.minus(Duration.ofHours(5)));
  }

  @Test
  void tenantsAreSpreadOverAtMostTwelveSlots() {
    assertThat(places(3600)).hasSize(12);
    assertThat(gap(places(3600))).isEqualTo(300);
    assertThat(places(60)).hasSize(2);
    assertThat(gap(places(60))).isEqualTo(30);
    assertThat(places(59)).hasSize(1);
    assertThat(places(1)).hasSize(1);
  }

  private static List<Long> places(long period) {
    Instant now = Instant.parse("2026-06-01T00:00:00Z");
    return IntStream.range(0, 5000)
        .mapToObj(i -> new RefreshSlots(period, "tenant_%04d".formatted(i)).after(now))
        .map(slot -> slot.getEpochSecond())
        .collect(Collectors.toSet())
        .stream()
        .sorted()
        .toList();
  }

  private static long gap(List<Long> places) {
    return places.get(1) - places.get(0);
  }

  @Test
  void slotsAreOnePeriodApartAndAMonthHasThirtyDays() {
    World world = refreshedAt(Instant.EPOCH);
    world.aggregates.set(
        0,
        Daily.declared(
            Fallback.MATERIALIZED_VIEW,
            new Refresh("1 month", Optional.empty(), World.span("1 hour"), Daily.REFRESH_SPEC)));

    Plan plan = world.plan();
    Instant slot = plan.upkeep().due().get(0).slot();

    assertThat(slot).isBetween(World.NOW.minus(Duration.ofDays(30)), World.NOW);
    assertThat(plan.upkeep().next()).contains(slot.plus(Duration.ofDays(30)));
  }

  @Test
  void aSlotIsItsOwnLatestAndNeverItsOwnNext() {
    for (String schema : Set.of("a", "tenant_a", "größe")) {
      RefreshSlots slots = new RefreshSlots(3600, schema);
      Instant slot = slots.latest(World.NOW);

      assertThat(slots.latest(slot)).isEqualTo(slot);
      assertThat(slots.after(slot)).isEqualTo(slot.plusSeconds(3600));
      assertThat(slots.latest(slot.minusNanos(1))).isEqualTo(slot.minusSeconds(3600));
    }
  }
}
