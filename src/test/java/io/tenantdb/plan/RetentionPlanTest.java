package io.tenantdb.plan;

import static org.assertj.core.api.Assertions.assertThat;

import io.tenantdb.model.AggregateChange.CreateAggregate;
import io.tenantdb.model.AggregateChange.FillAggregate;
import io.tenantdb.model.CanonicalAggregate.Source;
import io.tenantdb.model.Change;
import io.tenantdb.model.Desired.OnDestructive;
import io.tenantdb.model.Desired.OnDrift;
import io.tenantdb.model.Desired.Prune;
import io.tenantdb.model.DesiredAggregate.Fallback;
import io.tenantdb.model.DesiredHypertable;
import io.tenantdb.model.Finding;
import io.tenantdb.model.Finding.Verdict;
import io.tenantdb.model.HypertableChange.ConvertTable;
import io.tenantdb.model.Mark;
import io.tenantdb.model.Mark.Origin;
import io.tenantdb.model.ObservedAggregate.RefreshJob;
import io.tenantdb.model.ObservedHypertable;
import io.tenantdb.model.ObservedHypertable.Job;
import io.tenantdb.model.ObservedTable;
import io.tenantdb.model.PolicyChange.AddPolicy;
import io.tenantdb.model.PolicyChange.AlterPolicy;
import io.tenantdb.model.PolicyKind;
import io.tenantdb.model.PruneChange.DropAggregate;
import io.tenantdb.model.PruneChange.DropPolicy;
import io.tenantdb.model.Reason;
import io.tenantdb.model.RefreshPolicyChange.AlterRefreshPolicy;
import io.tenantdb.model.SourceGraph.Basis;
import io.tenantdb.model.SourceGraph.Beginning;
import io.tenantdb.model.SourceGraph.Kind;
import io.tenantdb.model.SourceGraph.Node;
import io.tenantdb.model.SourceGraph.Read;
import io.tenantdb.model.SourceGraph.Relation;
import io.tenantdb.model.SourceGraph.Retention;
import io.tenantdb.model.SourceGraph.Window;
import io.tenantdb.model.TenantPlan;
import io.tenantdb.model.TenantState;
import io.tenantdb.model.TimeSpan;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;

/** (retention, windows of anybody's) → plan: no row goes that a window still reads. */
class RetentionPlanTest {

  private static final Relation T = new Relation("tenant_a", "t");
  private static final Relation HOURLY = new Relation("tenant_a", "hourly");
  private static final Relation WEEKLY = new Relation("tenant_a", "weekly");
  private static final Relation REPORT = new Relation("reporting", "weekly");

  private record Row(
      String says,
      Consumer<World> world,
      List<Class<? extends Change>> changes,
      List<Verdict> findings,
      String sentence) {}

  private static Row made(
      String says, Consumer<World> world, List<Class<? extends Change>> changes) {
    return new Row(says, world, changes, List.of(), "");
  }

  private static Row refused(String says, Consumer<World> world, String sentence) {
    return new Row(says, world, List.of(), List.of(Verdict.FAILED), sentence);
  }

  private static Row told(String says, Consumer<World> world, String sentence) {
    return new Row(says, world, List.of(), List.of(Verdict.NOTE), sentence);
  }

  /** {@code t} is a hypertable with chunks that nothing would drop yet. */
  private static Consumer<World> t(Consumer<World> more) {
    return w -> {
      w.hypertable("1 day", Optional.of(World.NOW.minus(Duration.ofDays(1))));
      more.accept(w);
    };
  }

  private static Consumer<World> declared(String dropAfter) {
    return w ->
        w.hypertables.add(
            World.wantedHypertable(
                DesiredHypertable.Convert.NEVER,
                null,
                Optional.empty(),
                Optional.of(World.retention(dropAfter))));
  }

  /** A retention on {@code t} that somebody made by hand. */
  private static Consumer<World> live(Job job) {
    return w ->
        w.hypertable =
            w.hypertable.map(
                h ->
                    new ObservedHypertable(
                        h.timeColumn(),
                        h.integerTime(),
                        h.chunkInterval(),
                        h.compressionEnabled(),
                        h.segmentBy(),
                        h.orderBy(),
                        h.chunks(),
                        h.oldestChunkEnd(),
                        List.of(job)));
  }

  private static Job job(String dropAfter) {
    return World.job(PolicyKind.RETENTION, dropAfter, Optional.empty());
  }

  private static Job ofOlderSpec(String dropAfter) {
    return World.job(
        PolicyKind.RETENTION,
        dropAfter,
        Optional.of(World.policyMark(PolicyKind.RETENTION, "0123456789abcdef")));
  }

  private static Job byCreation() {
    return new Job(
        1000, PolicyKind.RETENTION, Optional.empty(), "1 day", true, "app", Optional.empty());
  }

  private static Window from(String start) {
    return new Window(
        77,
        Beginning.OFFSET,
        Optional.of(World.span(start)),
        Optional.of(World.span("1 hour")),
        true);
  }

  private static Window open() {
    return new Window(77, Beginning.OPEN, Optional.empty(), Optional.empty(), true);
  }

  private static Window paused(String start) {
    return new Window(
        77, Beginning.OFFSET, Optional.of(World.span(start)), Optional.empty(), false);
  }

  private static Retention drops(String after) {
    return new Retention(66, Basis.AGE, Optional.of(World.span(after)), true);
  }

  private static Consumer<World> aggregate(Relation name, Relation source, Window... windows) {
    return w -> w.moreNodes.add(node(name, source, true, true, List.of(), windows));
  }

  private static Node node(
      Relation name,
      Relation source,
      boolean byTime,
      boolean materializedOnly,
      List<Retention> retentions,
      Window... windows) {
    return new Node(
        name,
        Kind.CONTINUOUS_AGGREGATE,
        false,
        materializedOnly,
        List.of(new Read(source, byTime)),
        retentions,
        List.of(windows));
  }

  private static Consumer<World> daily(RefreshJob... jobs) {
    return w -> {
      Daily.declare(w, Fallback.SKIP, Daily.REFRESH);
      if (jobs.length > 0) {
        Daily.stands(
            w, Daily.continuous(Daily.TEXT, Optional.of(Daily.mark(Origin.MADE, true)), jobs));
      }
    };
  }

  private static RefreshJob ours(String start, String end) {
    return Daily.job(1001, start, end, Optional.of(Daily.refreshMark("0123456789abcdef")));
  }

  /** {@code daily} joins {@code growers}, which has the retention. */
  private static Consumer<World> joining(Retention... retentions) {
    return daily()
        .andThen(
            w -> {
              w.queries.put(
                  Daily.QUERY,
                  Daily.form(
                      Optional.of(World.span("1 day")),
                      Optional.empty(),
                      new Source(Optional.empty(), "t"),
                      new Source(Optional.of("shared"), "growers")));
              w.moreNodes.add(
                  new Node(
                      new Relation("shared", "growers"),
                      Kind.HYPERTABLE,
                      false,
                      true,
                      List.of(),
                      List.of(retentions),
                      List.of()));
            });
  }

  private static final List<Row> OURS =
      List.of(
          made(
              "a window that nobody declared, and retention that outlives it",
              t(declared("31 days").andThen(aggregate(WEEKLY, T, from("30 days")))),
              List.of(AddPolicy.class)),
          refused(
              "retention as long as a window that nobody declared",
              t(declared("30 days").andThen(aggregate(WEEKLY, T, from("30 days")))),
              "retention of t drops rows after 30 days, and refresh of weekly (job 77) from 30 days"
                  + " ago would empty their buckets; lengthen the retention, or shorten"
                  + " start_offset."),
          refused(
              "a window without beginning",
              t(declared("30 days").andThen(aggregate(WEEKLY, T, open()))),
              "refresh of weekly (job 77) without start_offset would empty their buckets; set"
                  + " start_offset, shorter than that."),
          refused(
              "the wider of two windows",
              t(declared("30 days").andThen(aggregate(WEEKLY, T, from("7 days"), from("60 days")))),
              "from 60 days ago"),
          refused(
              "a paused window may run again",
              t(declared("30 days").andThen(aggregate(WEEKLY, T, paused("60 days")))),
              "from 60 days ago"),
          refused(
              "a window that cannot be read",
              t(
                  declared("30 days")
                      .andThen(
                          aggregate(
                              WEEKLY,
                              T,
                              new Window(
                                  77,
                                  Beginning.UNREADABLE,
                                  Optional.empty(),
                                  Optional.empty(),
                                  true)))),
              "how far back refresh of weekly (job 77) reads cannot be told; set its start_offset."),
          refused(
              "an aggregate of a schema that is nobody's tenant",
              t(declared("30 days").andThen(aggregate(REPORT, T, from("60 days")))),
              "refresh of reporting.weekly (job 77)"),
          refused(
              "a number on timestamps is microseconds to TimescaleDB",
              t(declared("30 days").andThen(aggregate(WEEKLY, T, from("60")))),
              "which cannot be compared with 60, from when on refresh of weekly (job 77) reads"),
          made(
              "an aggregate that nothing refreshes reads nothing",
              t(declared("30 days").andThen(aggregate(WEEKLY, T))),
              List.of(AddPolicy.class)),
          made(
              "a window on an aggregate between reads that, and not the table",
              t(
                  declared("30 days")
                      .andThen(aggregate(HOURLY, T, from("7 days")))
                      .andThen(aggregate(WEEKLY, HOURLY, from("60 days")))),
              List.of(AddPolicy.class)),
          refused(
              "a real-time aggregate that nothing refreshes passes its reads on",
              t(
                  declared("30 days")
                      .andThen(w -> w.moreNodes.add(node(HOURLY, T, true, false, List.of())))
                      .andThen(aggregate(WEEKLY, HOURLY, from("60 days")))),
              "refresh of weekly (job 77), through hourly that nothing refreshes, from 60 days ago"),
          refused(
              "who joins the table may need any row of it",
              t(
                  declared("30 days")
                      .andThen(
                          w ->
                              w.moreNodes.add(
                                  node(WEEKLY, T, false, true, List.of(), from("1 day"))))),
              "refresh of weekly (job 77), which joins them to others, would empty buckets for want"
                  + " of them; remove the retention, or read t in another way."),
          new Row(
              "retention on a table that is converted by this very plan",
              w -> {
                w.hypertables.add(
                    World.wantedHypertable(
                        DesiredHypertable.Convert.WHEN_EMPTY,
                        null,
                        Optional.empty(),
                        Optional.of(World.retention("30 days"))));
                w.moreNodes.add(node(WEEKLY, T, false, true, List.of(), from("1 day")));
              },
              List.of(ConvertTable.class),
              List.of(Verdict.FAILED),
              "which joins them to others"),
          refused(
              "retention that is shortened below a window made by hand",
              t(
                  live(job("90 days"))
                      .andThen(declared("30 days"))
                      .andThen(aggregate(WEEKLY, T, from("60 days")))),
              "retention of t drops rows after 30 days"),
          refused(
              "whatever onDrift says: what would be healed is not even told as drift",
              t(
                  live(job("90 days"))
                      .andThen(declared("30 days"))
                      .andThen(aggregate(WEEKLY, T, from("60 days")))
                      .andThen(w -> w.onDrift = OnDrift.REPORT)),
              "retention of t drops rows after 30 days"),
          refused(
              "nor must anybody allow it",
              t(
                  declared("30 days")
                      .andThen(aggregate(WEEKLY, T, from("60 days")))
                      .andThen(w -> w.onDestructive = OnDestructive.DENY)
                      .andThen(
                          w ->
                              w.hypertable(
                                  "1 day", Optional.of(World.NOW.minus(Duration.ofDays(99)))))),
              "retention of t drops rows after 30 days"));

  private static final List<Row> WINDOWS =
      List.of(
          refused(
              "an aggregate over a source with retention by creation",
              daily().andThen(live(byCreation())),
              "retention of t goes by the creation of chunks, not by their data, which cannot be"
                  + " compared with what refresh of daily reads; remove that policy, or let it go by"
                  + " age (drop_after)."),
          refused(
              "by creation, and a retention by age declared: it stays until somebody removes it",
              daily().andThen(live(byCreation())).andThen(declared("30 days")),
              "goes by the creation of chunks"),
          refused(
              "a lag in a language that PostgreSQL does not read",
              daily().andThen(live(job("unreadable"))),
              "which cannot be compared with 7 days, from when on refresh of daily reads"),
          refused(
              "a source with retention that the query joins",
              joining(drops("2 years")),
              "retention of shared.growers drops rows after 2 years, and refresh of daily, which"
                  + " joins them to others"),
          made(
              "a source that the query joins",
              joining(),
              List.of(CreateAggregate.class, FillAggregate.class)),
          refused(
              "our own window is not widened beyond live retention",
              daily(ours("5 days", "1 hour")).andThen(live(job("6 days"))),
              "retention of t drops rows after 6 days, and refresh of daily from 7 days ago would"
                  + " empty their buckets; lengthen the retention, or shorten refresh.startOffset."),
          new Row(
              "wider, and retention longer: the retention first",
              daily(ours("5 days", "1 hour"))
                  .andThen(live(job("6 days")))
                  .andThen(declared("8 days")),
              List.of(AlterPolicy.class),
              List.of(Verdict.NOTE),
              "daily refresh waits until t retention is after 8 days, every 1 day; before that it"
                  + " would empty buckets."),
          new Row(
              "narrower, and retention shorter: the window first",
              daily(ours("20 days", "1 hour"))
                  .andThen(live(job("30 days")))
                  .andThen(declared("8 days")),
              List.of(AlterRefreshPolicy.class),
              List.of(Verdict.NOTE),
              "t retention waits until daily refresh is every 1 hour, from 7 days to 1 hour ago;"
                  + " before that it would empty buckets."),
          new Row(
              "the same under onDrift: Report, which leaves the window as it is",
              daily(
                      Daily.job(
                          1001,
                          "20 days",
                          "1 hour",
                          Optional.of(Daily.refreshMark(Daily.REFRESH_SPEC))))
                  .andThen(live(ofOlderSpec("30 days")))
                  .andThen(declared("8 days"))
                  .andThen(w -> w.onDrift = OnDrift.REPORT),
              List.of(),
              List.of(Verdict.FAILED, Verdict.DRIFTED),
              "refresh of daily from 20 days ago would empty their buckets"));

  private static final List<Row> HAND_MADE =
      List.of(
          told(
              "both by hand, on relations that the spec does not name",
              t(live(job("30 days")).andThen(aggregate(WEEKLY, T, from("60 days")))),
              "refresh of weekly (job 77) from 60 days ago empties their buckets"),
          new Row(
              "as long as the window, nothing is lost",
              t(live(job("30 days")).andThen(aggregate(WEEKLY, T, from("30 days")))),
              List.of(),
              List.of(),
              ""),
          told(
              "of months that is not sure",
              t(live(job("1 month")).andThen(aggregate(WEEKLY, T, from("1 month")))),
              "retention of t drops rows after 1 month"),
          refused(
              "the spec declares the table",
              t(live(job("30 days")).andThen(aggregate(WEEKLY, T, from("60 days"))))
                  .andThen(
                      w ->
                          w.hypertables.add(
                              World.wantedHypertable(
                                  DesiredHypertable.Convert.NEVER,
                                  null,
                                  Optional.empty(),
                                  Optional.empty()))),
              "refresh of weekly (job 77) from 60 days ago empties their buckets"),
          told(
              "paused, nothing is lost for now",
              t(live(job("30 days")).andThen(aggregate(WEEKLY, T, paused("60 days"))))
                  .andThen(
                      w ->
                          w.hypertables.add(
                              World.wantedHypertable(
                                  DesiredHypertable.Convert.NEVER,
                                  null,
                                  Optional.empty(),
                                  Optional.empty()))),
              "would empty their buckets"),
          refused(
              "our window widened by hand under onDrift: Report",
              daily(Daily.ourJob(), Daily.job(1002, "60 days", "30 days", Optional.empty()))
                  .andThen(live(job("30 days"))),
              "refresh of daily from 60 days ago empties their buckets"),
          refused(
              "retention made by hand on our own aggregate, and one above it",
              daily(Daily.ourJob())
                  .andThen(
                      w ->
                          w.moreNodes.add(
                              node(
                                  new Relation("tenant_a", "daily"),
                                  T,
                                  true,
                                  true,
                                  List.of(drops("30 days")),
                                  from("7 days"))))
                  .andThen(aggregate(WEEKLY, new Relation("tenant_a", "daily"), from("60 days"))),
              "retention of daily drops rows after 30 days, and refresh of weekly (job 77) from 60"
                  + " days ago empties their buckets"),
          told(
              "its own retention is no matter to its own window",
              t(
                  w -> {
                    w.moreNodes.add(
                        node(HOURLY, T, true, true, List.of(drops("1 day")), from("7 days")));
                    w.moreNodes.add(node(WEEKLY, HOURLY, true, true, List.of(), open()));
                  }),
              "retention of hourly drops rows after 1 day, and refresh of weekly"));

  @TestFactory
  Stream<DynamicTest> specAndGraphGivePlan() {
    return Stream.of(OURS, WINDOWS, HAND_MADE)
        .flatMap(List::stream)
        .map(row -> DynamicTest.dynamicTest(row.says(), () -> check(row)));
  }

  private static void check(Row row) {
    World world = new World();
    world.onDestructive = OnDestructive.ALLOW;
    row.world().accept(world);
    TenantPlan plan = world.tenantPlan();
    assertThat(plan.findings()).extracting(Finding::reason).doesNotContain(Reason.InternalError);
    assertThat(plan.changes()).extracting(Object::getClass).isEqualTo(row.changes());
    assertThat(plan.findings())
        .filteredOn(finding -> finding.reason() != Reason.DefinitionDiffers)
        .extracting(Finding::verdict)
        .containsExactlyInAnyOrderElementsOf(row.findings());
    if (!row.sentence().isEmpty()) {
      assertThat(plan.findings())
          .anySatisfy(
              finding ->
                  assertThat(finding.message()).startsWith("tenant_a: ").contains(row.sentence()));
    }
  }

  @Test
  void two_tenants_are_judged_each_for_itself() {
    World world = new World();
    world.onDestructive = OnDestructive.ALLOW;
    world.schemas.add("tenant_b");
    t(declared("30 days").andThen(aggregate(WEEKLY, T, from("60 days")))).accept(world);

    List<TenantPlan> plans = world.plan().tenants();

    assertThat(plans.get(0).state()).isEqualTo(TenantState.FAILED);
    assertThat(plans.get(1).changes()).hasExactlyElementsOfTypes(AddPolicy.class);
    assertThat(plans.get(1).findings()).isEmpty();
  }

  @Test
  void integer_time_is_compared_with_integer_time() {
    for (String dropAfter : List.of("300", "301")) {
      World world = new World();
      world.onDestructive = OnDestructive.ALLOW;
      world.timeType = "bigint";
      world.hypertable =
          Optional.of(
              new ObservedHypertable(
                  "ts",
                  true,
                  new TimeSpan.Whole(100),
                  false,
                  Optional.empty(),
                  Optional.empty(),
                  0,
                  Optional.empty(),
                  List.of()));
      declared(dropAfter).accept(world);
      world.moreNodes.add(
          new Node(
              WEEKLY,
              Kind.CONTINUOUS_AGGREGATE,
              true,
              true,
              List.of(new Read(T, true)),
              List.of(),
              List.of(from("300"))));

      assertThat(world.tenantPlan().changes()).hasSize(dropAfter.equals("300") ? 0 : 1);
    }
  }

  @Test
  void a_mark_of_another_owner_changes_nothing_about_the_rows() {
    World world = new World();
    world.onDestructive = OnDestructive.ALLOW;
    Optional<Mark> others =
        Optional.of(new Mark("x/y", "refresh", "daily", "0123456789abcdef", Origin.MADE, false));
    daily(Daily.job(9, "60 days", "1 hour", others)).andThen(declared("30 days")).accept(world);

    assertThat(world.tenantPlan().changes()).isEmpty();
    assertThat(world.tenantPlan().findings())
        .extracting(Finding::reason)
        .contains(Reason.Conflict, Reason.RefreshWindowInvalid);
  }

  @Test
  void retentionThatLeftTheSpecIsPrunedFirstAndThenTheAggregateIsMade() {
    World world = new World();
    daily().andThen(live(ofOlderSpec("3 days"))).andThen(RetentionPlanTest::prune).accept(world);
    TenantPlan plan = world.tenantPlan();

    assertThat(plan.changes()).hasExactlyElementsOfTypes(DropPolicy.class);
    assertThat(plan.findings())
        .filteredOn(finding -> finding.reason() == Reason.RefreshWindowInvalid)
        .singleElement()
        .satisfies(
            finding -> {
              assertThat(finding.verdict()).isEqualTo(Verdict.NOTE);
              assertThat(finding.message())
                  .endsWith(
                      "That ends when t retention is dropped, which the spec declares no more.");
            });
  }

  @Test
  void anAggregateThatLeftTheSpecIsPrunedFirstAndThenTheRetentionIsAdded() {
    World world = new World();
    t(declared("3 days"))
        .andThen(
            w -> {
              w.undeclaredAggregates.add(
                  Daily.continuous(
                      Daily.TEXT,
                      Optional.of(Daily.mark(Origin.MADE, true)),
                      ours("7 days", "1 hour")));
              w.undeclared.add(
                  World.relation("daily", ObservedTable.Kind.CONTINUOUS_AGGREGATE, "app"));
              w.moreNodes.add(
                  node(
                      new Relation("tenant_a", "daily"),
                      T,
                      true,
                      true,
                      List.of(),
                      new Window(
                          1001,
                          Beginning.OFFSET,
                          Optional.of(World.span("7 days")),
                          Optional.of(World.span("1 hour")),
                          true)));
            })
        .andThen(RetentionPlanTest::prune)
        .accept(world);

    assertThat(world.tenantPlan().changes()).hasExactlyElementsOfTypes(DropAggregate.class);
    world.prune = Prune.DISABLED;
    assertThat(world.tenantPlan().changes()).isEmpty();
    assertThat(world.tenantPlan().state()).isEqualTo(TenantState.FAILED);
  }

  private static void prune(World world) {
    world.prune = Prune.OWNED_ONLY;
    world.onDestructive = OnDestructive.ALLOW;
  }
}
