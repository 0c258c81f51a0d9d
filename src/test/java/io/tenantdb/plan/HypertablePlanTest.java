package io.tenantdb.plan;

import static org.assertj.core.api.Assertions.assertThat;

import io.tenantdb.model.Change;
import io.tenantdb.model.Desired.OnDestructive;
import io.tenantdb.model.Desired.WhenTimescaleMissing;
import io.tenantdb.model.DesiredHypertable.Convert;
import io.tenantdb.model.Finding;
import io.tenantdb.model.HypertableChange.ConvertTable;
import io.tenantdb.model.HypertableChange.SetChunkInterval;
import io.tenantdb.model.HypertableChange.SetCompression;
import io.tenantdb.model.IndexChange;
import io.tenantdb.model.IndexChange.CreateIndex;
import io.tenantdb.model.Mark;
import io.tenantdb.model.Observed.OwnerRights;
import io.tenantdb.model.ObservedHypertable.Job;
import io.tenantdb.model.ObservedTable;
import io.tenantdb.model.PolicyChange.AddPolicy;
import io.tenantdb.model.PolicyChange.AlterPolicy;
import io.tenantdb.model.PolicyChange.RemovePolicy;
import io.tenantdb.model.PolicyKind;
import io.tenantdb.model.Reason;
import io.tenantdb.model.ServerInfo.Edition;
import io.tenantdb.model.Statement;
import io.tenantdb.model.TenantPlan;
import io.tenantdb.model.TenantState;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;

/** (declared hypertables, live catalog) → plan. */
class HypertablePlanTest {

  private static final Instant OLD = World.NOW.minus(Duration.ofDays(400));
  private static final Instant RECENT = World.NOW.minus(Duration.ofDays(2));

  /** A minute inside the 30 days: not due now, but before a job runs that starts later. */
  private static final Instant DUE_WITHIN_SECONDS =
      World.NOW.minus(Duration.ofDays(30)).plus(Duration.ofMinutes(1));

  private static final Optional<Mark> OURS =
      Optional.of(World.policyMark(PolicyKind.RETENTION, "00000000000000d0"));

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

  private static Consumer<World> retention(
      String dropAfter, OnDestructive onDestructive, Optional<Instant> oldest, Job... jobs) {
    return w -> {
      w.onDestructive = onDestructive;
      w.hypertable("7 days", oldest, jobs);
      w.hypertables.add(
          World.wantedHypertable(
              Convert.NEVER, null, Optional.empty(), Optional.of(World.retention(dropAfter))));
    };
  }

  private static Consumer<World> convert(Convert convert, Consumer<World> more) {
    return w -> {
      w.hypertables.add(
          World.wantedHypertable(convert, "7 days", Optional.empty(), Optional.empty()));
      more.accept(w);
    };
  }

  private static final List<Row> TABLE =
      List.of(
          row(
              "a plain table, Never",
              convert(Convert.NEVER, w -> {}),
              List.of(),
              Reason.NotHypertable,
              TenantState.FAILED),
          row(
              "an empty table, WhenEmpty: converted",
              convert(Convert.WHEN_EMPTY, w -> {}),
              List.of(ConvertTable.class),
              null,
              TenantState.PENDING),
          row(
              "rows",
              convert(Convert.WHEN_EMPTY, w -> w.pages = 3),
              List.of(),
              Reason.ConversionBlocked,
              TenantState.FAILED),
          row(
              "a lock hides whether there are rows",
              convert(Convert.WHEN_EMPTY, w -> w.pages = ObservedTable.UNKNOWN_PAGES),
              List.of(),
              Reason.Busy,
              TenantState.PENDING),
          row(
              "a lock hides whether there are rows, and something else stands in the way",
              convert(
                  Convert.WHEN_EMPTY,
                  w -> {
                    w.pages = ObservedTable.UNKNOWN_PAGES;
                    w.published = true;
                  }),
              List.of(),
              Reason.ConversionBlocked,
              TenantState.FAILED),
          row(
              "a table without columns",
              convert(Convert.WHEN_EMPTY, w -> w.columnsPresent = false),
              List.of(),
              Reason.ConversionBlocked,
              TenantState.FAILED),
          row(
              "a unique index without the time column",
              convert(
                  Convert.WHEN_EMPTY,
                  w ->
                      w.liveIndexes.add(
                          World.live(
                              "t_pkey",
                              World.body(World.index("x", true, "a")),
                              Optional.empty()))),
              List.of(),
              Reason.ConversionBlocked,
              TenantState.FAILED),
          row(
              "a foreign key that points at it, before 2.16",
              convert(
                  Convert.WHEN_EMPTY,
                  w -> {
                    w.timescaleVersion = "2.15.3";
                    w.foreignKeys.add("tenant_a.u.u_t_fkey");
                  }),
              List.of(),
              Reason.ConversionBlocked,
              TenantState.FAILED),
          row(
              "a foreign key of its own that points at it",
              convert(
                  Convert.WHEN_EMPTY,
                  w -> {
                    w.timescaleVersion = "2.22.1";
                    w.foreignKeys.add("tenant_a.t.t_t_fkey");
                  }),
              List.of(),
              Reason.ConversionBlocked,
              TenantState.FAILED),
          row(
              "published",
              convert(Convert.WHEN_EMPTY, w -> w.published = true),
              List.of(),
              Reason.ConversionBlocked,
              TenantState.FAILED),
          row(
              "an interval for integer time",
              convert(Convert.WHEN_EMPTY, w -> w.timeType = "bigint"),
              List.of(),
              Reason.IntervalTypeDiffers,
              TenantState.FAILED),
          row(
              "no TimescaleDB, Skip",
              convert(Convert.WHEN_EMPTY, w -> w.edition = Edition.NONE),
              List.of(),
              null,
              TenantState.SYNCED),
          row(
              "no TimescaleDB, Fail",
              convert(
                  Convert.WHEN_EMPTY,
                  w -> {
                    w.edition = Edition.NONE;
                    w.whenMissing = WhenTimescaleMissing.FAIL;
                  }),
              List.of(),
              Reason.TimescaleMissing,
              TenantState.FAILED),
          row(
              "the Apache licence: converted all the same",
              convert(Convert.WHEN_EMPTY, w -> w.edition = Edition.APACHE),
              List.of(ConvertTable.class),
              null,
              TenantState.PENDING),
          row(
              "the same chunk interval",
              convert(Convert.NEVER, w -> w.hypertable("7 days", Optional.empty())),
              List.of(),
              null,
              TenantState.SYNCED),
          row(
              "another chunk interval",
              convert(Convert.NEVER, w -> w.hypertable("1 day", Optional.empty())),
              List.of(SetChunkInterval.class),
              null,
              TenantState.PENDING),
          row(
              "no retention yet, and nothing to drop",
              retention("30 days", OnDestructive.DENY, Optional.of(RECENT)),
              List.of(AddPolicy.class),
              null,
              TenantState.PENDING),
          row(
              "no retention yet, and its first run would drop a chunk: denied",
              retention("30 days", OnDestructive.DENY, Optional.of(OLD)),
              List.of(),
              Reason.DestructiveDenied,
              TenantState.PENDING),
          row(
              "no retention yet, and its first run would drop a chunk: allowed",
              retention("30 days", OnDestructive.ALLOW, Optional.of(OLD)),
              List.of(AddPolicy.class),
              null,
              TenantState.PENDING),
          row(
              "no retention yet, and a chunk falls due before its first run: denied",
              retention("30 days", OnDestructive.DENY, Optional.of(DUE_WITHIN_SECONDS)),
              List.of(),
              Reason.DestructiveDenied,
              TenantState.PENDING),
          row(
              "shortened, and a chunk falls due before the next run: denied",
              retention(
                  "30 days",
                  OnDestructive.DENY,
                  Optional.of(DUE_WITHIN_SECONDS),
                  World.job(PolicyKind.RETENTION, "2 years", OURS)),
              List.of(),
              Reason.DestructiveDenied,
              TenantState.DRIFTED),
          row(
              "a timestamp without time zone may be a day nearer than it looks: denied",
              retention(
                      "30 days",
                      OnDestructive.DENY,
                      Optional.of(World.NOW.minus(Duration.ofDays(30)).plus(Duration.ofHours(24))))
                  .andThen(w -> w.timeType = "timestamp without time zone"),
              List.of(),
              Reason.DestructiveDenied,
              TenantState.PENDING),
          row(
              "the job of another role than the table's owner",
              retention(
                  "2 years",
                  OnDestructive.DENY,
                  Optional.of(RECENT),
                  new Job(
                      7,
                      PolicyKind.RETENTION,
                      Optional.of(World.span("30 days")),
                      "1 day",
                      true,
                      "former_owner",
                      OURS)),
              List.of(),
              Reason.InsufficientPrivilege,
              TenantState.FAILED),
          row(
              "as declared",
              retention(
                  "30 days",
                  OnDestructive.DENY,
                  Optional.of(OLD),
                  World.job(PolicyKind.RETENTION, "30 days", OURS)),
              List.of(),
              null,
              TenantState.SYNCED),
          row(
              "one month is not 30 days",
              retention(
                  "1 month",
                  OnDestructive.DENY,
                  Optional.of(RECENT),
                  World.job(PolicyKind.RETENTION, "30 days", OURS)),
              List.of(AlterPolicy.class),
              null,
              TenantState.DRIFTED),
          row(
              "1 mon is one month",
              retention(
                  "1 month",
                  OnDestructive.DENY,
                  Optional.of(RECENT),
                  World.job(PolicyKind.RETENTION, "1 mon", OURS)),
              List.of(),
              null,
              TenantState.SYNCED),
          row(
              "shortened so that a chunk goes: denied",
              retention(
                  "30 days",
                  OnDestructive.DENY,
                  Optional.of(OLD),
                  World.job(PolicyKind.RETENTION, "2 years", OURS)),
              List.of(),
              Reason.DestructiveDenied,
              TenantState.DRIFTED),
          row(
              "lengthened: never destructive",
              retention(
                  "2 years",
                  OnDestructive.DENY,
                  Optional.of(OLD),
                  World.job(PolicyKind.RETENTION, "30 days", OURS)),
              List.of(AlterPolicy.class),
              null,
              TenantState.DRIFTED),
          row(
              "made by an older spec of ours: pending, not drifted",
              retention(
                  "2 years",
                  OnDestructive.DENY,
                  Optional.of(RECENT),
                  World.job(
                      PolicyKind.RETENTION,
                      "30 days",
                      Optional.of(World.policyMark(PolicyKind.RETENTION, "0123456789abcdef")))),
              List.of(AlterPolicy.class),
              null,
              TenantState.PENDING),
          row(
              "another owner's policy",
              retention(
                  "30 days",
                  OnDestructive.DENY,
                  Optional.of(RECENT),
                  World.job(
                      PolicyKind.RETENTION,
                      "2 years",
                      Optional.of(
                          new Mark(
                              "x/y",
                              "retention",
                              "t",
                              "0123456789abcdef",
                              Mark.Origin.MADE,
                              false)))),
              List.of(),
              Reason.Conflict,
              TenantState.FAILED),
          row(
              "a whole number for timestamps",
              retention("100", OnDestructive.ALLOW, Optional.of(RECENT)),
              List.of(),
              Reason.IntervalTypeDiffers,
              TenantState.FAILED),
          row(
              "policies under the Apache licence are skipped",
              retention("30 days", OnDestructive.DENY, Optional.of(RECENT))
                  .andThen(w -> w.edition = Edition.APACHE),
              List.of(),
              null,
              TenantState.SYNCED),
          row(
              "a live policy under the Apache licence is told",
              retention(
                      "30 days",
                      OnDestructive.DENY,
                      Optional.of(RECENT),
                      World.job(PolicyKind.RETENTION, "30 days", Optional.empty()))
                  .andThen(w -> w.edition = Edition.APACHE),
              List.of(),
              Reason.TimescaleLicense,
              TenantState.SYNCED),
          row(
              "the owner has no LOGIN",
              retention("30 days", OnDestructive.DENY, Optional.of(RECENT))
                  .andThen(w -> w.owners.put("app", new OwnerRights(false, false, true))),
              List.of(),
              Reason.OwnerCannotLogin,
              TenantState.FAILED),
          row(
              "retention declared Absent removes it, whoever made it",
              w -> {
                w.hypertable(
                    "7 days",
                    Optional.of(OLD),
                    World.job(PolicyKind.RETENTION, "30 days", Optional.empty()));
                w.hypertables.add(
                    World.wantedHypertable(
                        Convert.NEVER, null, Optional.empty(), Optional.of(World.noRetention())));
              },
              List.of(RemovePolicy.class),
              null,
              TenantState.PENDING),
          row(
              "compression: settings first, then the policy",
              w -> {
                w.hypertable("7 days", Optional.of(RECENT));
                w.hypertables.add(
                    World.wantedHypertable(
                        Convert.NEVER,
                        null,
                        Optional.of(World.compression("30 days", List.of("a"))),
                        Optional.empty()));
              },
              List.of(SetCompression.class, AddPolicy.class),
              null,
              TenantState.PENDING),
          row(
              "compression by a column that is not there",
              w -> {
                w.hypertable("7 days", Optional.of(RECENT));
                w.hypertables.add(
                    World.wantedHypertable(
                        Convert.NEVER,
                        null,
                        Optional.of(World.compression("30 days", List.of("nope"))),
                        Optional.empty()));
              },
              List.of(),
              Reason.DefinitionRefused,
              TenantState.FAILED));

  @TestFactory
  Stream<DynamicTest> specAndCatalogGivePlan() {
    return TABLE.stream()
        .map(
            row ->
                DynamicTest.dynamicTest(
                    row.says(),
                    () -> {
                      World world = new World();
                      row.world().accept(world);

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
  void aRefusedChangeIsInThePlanAndItsHash() {
    World world = new World();
    retention("30 days", OnDestructive.DENY, Optional.of(OLD)).accept(world);

    assertThat(world.plan().refusedTemplates()).hasSize(1);
    assertThat(world.plan().empty()).isFalse();
    assertThat(world.plan().hash()).isNotEqualTo(new World().plan().hash());
  }

  @Test
  void indexesOfATableThatIsConvertedComeAfterItAndAreBuiltChunkByChunk() {
    World world = new World();
    convert(Convert.WHEN_EMPTY, w -> w.indexes.add(World.index("ix", "a"))).accept(world);

    List<Change> changes = world.tenantPlan().changes();

    assertThat(changes.get(0)).isInstanceOf(ConvertTable.class);
    assertThat(((CreateIndex) changes.get(1)).build()).isEqualTo(IndexChange.Build.PER_CHUNK);
  }

  @Test
  void aPolicyIsAlteredInPlaceAndKeepsTheRestOfItsConfig() {
    World world = new World();
    retention(
            "2 years",
            OnDestructive.DENY,
            Optional.of(RECENT),
            World.job(PolicyKind.RETENTION, "30 days", OURS))
        .accept(world);

    String sql =
        world.tenantPlan().changes().get(0).statements().stream()
            .map(Statement::display)
            .collect(Collectors.joining());

    assertThat(sql)
        .contains(
            "\"public\".\"alter_job\"(j.job_id, config => j.config || jsonb_build_object('drop_after'")
        .contains("WHERE j.job_id = '1000'::integer")
        .doesNotContain("schedule_interval");
  }

  @Test
  void aJobPausedByAPersonIsReportedAndStaysPaused() {
    World world = new World();
    retention(
            "30 days",
            OnDestructive.DENY,
            Optional.of(RECENT),
            new Job(
                1,
                PolicyKind.RETENTION,
                Optional.of(World.span("30 days")),
                "1 day",
                false,
                "app",
                OURS))
        .accept(world);

    assertThat(world.tenantPlan().changes()).isEmpty();
    assertThat(world.tenantPlan().findings())
        .extracting(Finding::reason)
        .containsExactly(Reason.JobPaused);
    assertThat(world.tenantPlan().state()).isEqualTo(TenantState.SYNCED);
  }

  private static World compressed(String spec, String owner) {
    World world = new World();
    Mark mark = new Mark(owner, "compression", "t", spec, Mark.Origin.MADE, false);
    world.hypertable(
        "7 days",
        Optional.of(RECENT),
        World.job(PolicyKind.COMPRESSION, "30 days", Optional.of(mark)));
    world.hypertables.add(
        World.wantedHypertable(
            Convert.NEVER,
            null,
            Optional.of(World.compression("30 days", List.of("a"))),
            Optional.empty()));
    return world;
  }

  @Test
  void theSettingsOfAnothersCompressionAreLeftAloneWithItsPolicy() {
    World world = compressed("0123456789abcdef", "x/y");

    assertThat(world.tenantPlan().changes()).isEmpty();
    assertThat(world.tenantPlan().findings())
        .extracting(Finding::reason)
        .containsExactly(Reason.Conflict);
  }

  @Test
  void theMarkThatVouchesForSettingsAloneIsWrittenWithThem() {
    assertThat(compressed("0123456789abcdef", World.OWNER_ID).tenantPlan().changes())
        .singleElement()
        .isInstanceOf(SetCompression.class)
        .satisfies(
            set -> {
              assertThat(set.statements())
                  .extracting(Statement::marking)
                  .containsExactly(false, true);
              assertThat(set.statements().get(1).sql()).contains("alter_job");
              assertThat(set.anyTenant().script()).doesNotContain("1000");
            });
    assertThat(compressed("00000000000000c0", World.OWNER_ID).tenantPlan().changes())
        .as("the settings alone were changed by hand")
        .singleElement()
        .satisfies(set -> assertThat(set.statements()).hasSize(1));
  }

  @Test
  void rowsThatForbidAConversionAreNotTheEndOfTheSentence() {
    World world = new World();
    convert(Convert.WHEN_EMPTY, w -> w.pages = 3).accept(world);

    assertThat(world.tenantPlan().findings())
        .extracting(Finding::message)
        .containsExactly(
            "tenant_a: t cannot become a hypertable: it holds rows (3 pages): convert it by hand with"
                + " create_hypertable(…, migrate_data => true), or VACUUM it if they are all dead.");
  }
}
