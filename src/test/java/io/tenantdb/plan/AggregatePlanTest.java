package io.tenantdb.plan;

import static org.assertj.core.api.Assertions.assertThat;

import io.tenantdb.model.AggregateChange.CreateAggregate;
import io.tenantdb.model.AggregateChange.FillAggregate;
import io.tenantdb.model.AggregateChange.MarkAggregate;
import io.tenantdb.model.AggregateChange.SetMaterializedOnly;
import io.tenantdb.model.CanonicalAggregate;
import io.tenantdb.model.CanonicalAggregate.Refused;
import io.tenantdb.model.CanonicalAggregate.Source;
import io.tenantdb.model.CanonicalAggregate.Unknown;
import io.tenantdb.model.Change;
import io.tenantdb.model.Desired.WhenTimescaleMissing;
import io.tenantdb.model.DesiredAggregate;
import io.tenantdb.model.DesiredAggregate.Fallback;
import io.tenantdb.model.DesiredAggregate.Refresh;
import io.tenantdb.model.DesiredHypertable;
import io.tenantdb.model.Finding;
import io.tenantdb.model.HypertableChange.ConvertTable;
import io.tenantdb.model.IndexChange.CreateIndex;
import io.tenantdb.model.IndexChange.MarkIndex;
import io.tenantdb.model.Mark;
import io.tenantdb.model.Mark.Origin;
import io.tenantdb.model.MaterializedViewChange.CreateMaterializedView;
import io.tenantdb.model.Observed.OwnerRights;
import io.tenantdb.model.ObservedAggregate;
import io.tenantdb.model.ObservedAggregate.RefreshJob;
import io.tenantdb.model.ObservedHypertable;
import io.tenantdb.model.ObservedHypertable.Job;
import io.tenantdb.model.ObservedTable;
import io.tenantdb.model.ObservedTenant.NamedRelation;
import io.tenantdb.model.PolicyChange.AddPolicy;
import io.tenantdb.model.PolicyChange.RemovePolicy;
import io.tenantdb.model.PolicyKind;
import io.tenantdb.model.Reason;
import io.tenantdb.model.RefreshPolicyChange.AddRefreshPolicy;
import io.tenantdb.model.RefreshPolicyChange.AlterRefreshPolicy;
import io.tenantdb.model.ServerInfo.Edition;
import io.tenantdb.model.TenantPlan;
import io.tenantdb.model.TenantSelection.OnMissingTable;
import io.tenantdb.model.TenantState;
import io.tenantdb.model.TimeSpan;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;

/** (declared aggregates, live catalog) → plan. */
class AggregatePlanTest {

  private static final Optional<Mark> MADE = Optional.of(Daily.mark(Origin.MADE, false));
  private static final Optional<Mark> FILLED = Optional.of(Daily.mark(Origin.MADE, true));
  private static final Optional<Mark> FOREIGN =
      Optional.of(new Mark("x/y", "daily", "-", Daily.SPEC, Origin.MADE, false));

  private record Row(
      String says,
      Consumer<World> world,
      List<Class<? extends Change>> changes,
      List<Reason> findings,
      TenantState state) {}

  private static Row row(
      String says,
      Consumer<World> world,
      List<Class<? extends Change>> changes,
      List<Reason> findings,
      TenantState state) {
    return new Row(says, world, changes, findings, state);
  }

  private static Row changed(
      String says, Consumer<World> world, List<Class<? extends Change>> changes) {
    return row(says, world, changes, List.of(), TenantState.PENDING);
  }

  private static Row failed(String says, Consumer<World> world, Reason reason) {
    return row(says, world, List.of(), List.of(reason), TenantState.FAILED);
  }

  private static Row failed(
      String says, Consumer<World> world, List<Class<? extends Change>> changes, Reason reason) {
    return row(says, world, changes, List.of(reason), TenantState.FAILED);
  }

  private static Row noted(String says, Consumer<World> world, Reason reason) {
    return row(says, world, List.of(), List.of(reason), TenantState.SYNCED);
  }

  private static Consumer<World> skip(Refresh refresh, Consumer<World> more) {
    return w -> {
      Daily.declare(w, Fallback.SKIP, refresh);
      more.accept(w);
    };
  }

  private static Consumer<World> skip(Consumer<World> more) {
    return skip(Daily.REFRESH, more);
  }

  private static Consumer<World> view(Consumer<World> more) {
    return w -> {
      Daily.declare(w, Fallback.MATERIALIZED_VIEW, Daily.REFRESH);
      more.accept(w);
    };
  }

  /** Without TimescaleDB, so that the materialized view serves. */
  private static Consumer<World> plainView(Consumer<World> more) {
    return view(
        w -> {
          w.edition = Edition.NONE;
          w.hypertable = Optional.empty();
          more.accept(w);
        });
  }

  private static Consumer<World> stands(ObservedAggregate live) {
    return w -> Daily.stands(w, live);
  }

  private static Consumer<World> jobs(RefreshJob... jobs) {
    return stands(Daily.continuous(Daily.TEXT, FILLED, jobs));
  }

  private static Consumer<World> form(CanonicalAggregate form) {
    return w -> {
      w.queries.put(Daily.QUERY, form);
      w.queries.put(Daily.FALLBACK_QUERY, form);
    };
  }

  private static Consumer<World> retention(String dropAfter) {
    return w ->
        w.hypertables.add(
            World.wantedHypertable(
                DesiredHypertable.Convert.NEVER,
                null,
                Optional.empty(),
                Optional.of(World.retention(dropAfter))));
  }

  private static Consumer<World> liveRetention(String dropAfter) {
    return w ->
        w.hypertable(
            "7 days",
            Optional.empty(),
            World.job(PolicyKind.RETENTION, dropAfter, Optional.empty()));
  }

  private static Consumer<World> owner(boolean login, boolean superuser, boolean settable) {
    return w -> w.owners.put("app", new OwnerRights(login, superuser, settable));
  }

  /** Integer time, and buckets of 100. */
  private static void integerTime(World w) {
    w.timeType = "bigint";
    w.hypertable = w.hypertable.map(AggregatePlanTest::integer);
    form(Daily.form(Optional.of(new TimeSpan.Whole(100)), Optional.empty(), own("t"))).accept(w);
  }

  private static ObservedHypertable integer(ObservedHypertable table, Job... jobs) {
    return new ObservedHypertable(
        table.timeColumn(),
        true,
        new TimeSpan.Whole(1000),
        false,
        Optional.empty(),
        Optional.empty(),
        1,
        Optional.empty(),
        List.of(jobs));
  }

  private static Source own(String table) {
    return new Source(Optional.empty(), table);
  }

  private static final Refused NO_TABLE =
      new Refused(Reason.DefinitionRefused, "42P01", "relation \"u\" does not exist");
  private static final List<Class<? extends Change>> MADE_AND_FILLED =
      List.of(CreateAggregate.class, FillAggregate.class);
  private static final Optional<TimeSpan> DAY = Optional.of(new TimeSpan.Interval("1 day"));

  private static final List<Row> MAKING =
      List.of(
          changed("nothing there: made and filled", skip(w -> {}), MADE_AND_FILLED),
          row(
              "it was there before: drift",
              skip(w -> w.history = World.HAD_BEEN),
              MADE_AND_FILLED,
              List.of(),
              TenantState.DRIFTED),
          changed("without a refresh policy", skip(null, w -> {}), MADE_AND_FILLED),
          changed(
              "the source is converted by this very plan",
              skip(
                  w -> {
                    w.hypertable = Optional.empty();
                    w.hypertables.add(
                        World.wantedHypertable(
                            DesiredHypertable.Convert.WHEN_EMPTY,
                            "7 days",
                            Optional.empty(),
                            Optional.empty()));
                  }),
              List.of(ConvertTable.class, CreateAggregate.class, FillAggregate.class)),
          changed(
              "over another continuous aggregate",
              skip(
                  w -> {
                    w.hypertable = Optional.empty();
                    w.aggregates.clear();
                    w.aggregates.add(mentioning("t", "hourly"));
                    w.moreTables.add(
                        World.relation("hourly", ObservedTable.Kind.CONTINUOUS_AGGREGATE, "app"));
                    form(Daily.form(DAY, Optional.empty(), own("hourly"), own("t"))).accept(w);
                  }),
              MADE_AND_FILLED),
          row(
              "a tenant's own code: made, and its fill left to the owner",
              skip(form(Daily.form(DAY, Optional.of("function f"), own("t")))),
              List.of(CreateAggregate.class),
              List.of(Reason.FillLeftToOwner),
              TenantState.PENDING),
          changed(
              "retention comes after the fill",
              skip(retention("30 days")),
              List.of(CreateAggregate.class, FillAggregate.class, AddPolicy.class)),
          changed(
              "retention waits for the mark, without which nobody knows of a fill",
              skip(
                  retention("30 days")
                      .andThen(
                          w ->
                              Daily.stands(
                                  w,
                                  Daily.continuous(Daily.TEXT, Optional.empty(), Daily.ourJob())))),
              List.of(MarkAggregate.class)),
          failed(
              "no bucket",
              skip(form(Daily.refused(Reason.DefinitionRefused, "no bucket"))),
              Reason.DefinitionRefused),
          changed(
              "could not be asked whether it has a bucket: it is tried",
              skip(form(Daily.form(Optional.empty(), Optional.empty(), own("t")))),
              MADE_AND_FILLED),
          failed(
              "reads nothing of the tenant's own",
              skip(form(Daily.form(DAY, Optional.empty(), new Source(Optional.of("public"), "t")))),
              Reason.NotSupported),
          failed(
              "a table bears the name",
              skip(
                  w ->
                      w.moreTables.add(
                          World.relation("daily", ObservedTable.Kind.ORDINARY, "app"))),
              Reason.NameTaken),
          failed(
              "an index bears the name",
              skip(
                  w -> w.names.put("daily", new NamedRelation("daily", "index", Optional.of("t")))),
              Reason.NameTaken),
          failed(
              "a materialized view bears the name, and is no declared fallback",
              skip(stands(Daily.view(Daily.TEXT, Optional.empty()))),
              Reason.NameTaken),
          failed("a superuser's table", skip(owner(true, true, true)), Reason.SuperuserOwned),
          failed(
              "the owner has no LOGIN: nothing half-made",
              skip(owner(false, false, true)),
              Reason.OwnerCannotLogin),
          changed(
              "the owner has no LOGIN, and needs none",
              skip(null, owner(false, false, true)),
              MADE_AND_FILLED),
          failed(
              "a role that we may not take",
              skip(owner(true, false, false)),
              Reason.InsufficientPrivilege),
          failed(
              "an owner without rights on the schema",
              skip(w -> w.usableBy.clear()),
              Reason.InsufficientPrivilege));

  private static final List<Row> QUERIES =
      List.of(
          row(
              "a relation is missing, Wait",
              skip(form(NO_TABLE)),
              List.of(),
              List.of(Reason.WaitingForTable),
              TenantState.WAITING),
          noted(
              "a relation is missing, Skip",
              skip(form(NO_TABLE)).andThen(w -> w.onMissing = OnMissingTable.SKIP),
              Reason.TableSkipped),
          failed(
              "a relation is missing, Fail",
              skip(form(NO_TABLE)).andThen(w -> w.onMissing = OnMissingTable.FAIL),
              Reason.TableMissing),
          failed(
              "a column is missing",
              skip(form(new Refused(Reason.DefinitionRefused, "42703", "no column x"))),
              Reason.DefinitionRefused),
          row(
              "cannot be judged now",
              skip(form(new Unknown(Reason.Busy, "locked"))),
              List.of(),
              List.of(Reason.Busy),
              TenantState.PENDING),
          row(
              "cannot be judged now: its rows are kept",
              skip(form(new Unknown(Reason.Busy, "locked"))).andThen(retention("30 days")),
              List.of(),
              List.of(Reason.Busy),
              TenantState.PENDING),
          row(
              "refused: what it is to be made of once it is mended is kept",
              skip(form(new Refused(Reason.DefinitionRefused, "42703", "no such column")))
                  .andThen(retention("30 days")),
              List.of(),
              List.of(Reason.DefinitionRefused),
              TenantState.FAILED),
          row(
              "skipped for want of a table: retention goes on",
              skip(form(NO_TABLE))
                  .andThen(w -> w.onMissing = OnMissingTable.SKIP)
                  .andThen(retention("30 days")),
              List.of(AddPolicy.class),
              List.of(Reason.TableSkipped),
              TenantState.PENDING),
          row(
              "cannot be made for want of a bucket: its rows are kept",
              skip(form(Daily.refused(Reason.DefinitionRefused, "no bucket")))
                  .andThen(retention("30 days")),
              List.of(),
              List.of(Reason.DefinitionRefused),
              TenantState.FAILED),
          failed(
              "cannot be judged without a person",
              skip(form(new Unknown(Reason.InsufficientPrivilege, "no"))),
              Reason.InsufficientPrivilege),
          row(
              "was not looked at",
              skip(w -> w.queries.clear()),
              List.of(),
              List.of(Reason.InternalError),
              TenantState.PENDING));

  private static final List<Row> EDITIONS =
      List.of(
          noted(
              "no hypertable, fallback Skip",
              skip(w -> w.hypertable = Optional.empty()),
              Reason.AggregateSkipped),
          noted(
              "no TimescaleDB, fallback Skip",
              skip(w -> w.edition = Edition.NONE),
              Reason.AggregateSkipped),
          noted(
              "the Apache licence, fallback Skip",
              skip(w -> w.edition = Edition.APACHE),
              Reason.AggregateSkipped),
          failed(
              "no TimescaleDB, fallback Skip, whenMissing Fail",
              skip(
                  w -> {
                    w.edition = Edition.NONE;
                    w.whenMissing = WhenTimescaleMissing.FAIL;
                  }),
              Reason.TimescaleMissing),
          failed(
              "the Apache licence, fallback Skip, whenMissing Fail",
              skip(
                  w -> {
                    w.edition = Edition.APACHE;
                    w.whenMissing = WhenTimescaleMissing.FAIL;
                  }),
              Reason.TimescaleLicense),
          changed(
              "the fallback serves where TimescaleDB is missing, whatever whenMissing says",
              plainView(w -> w.whenMissing = WhenTimescaleMissing.FAIL),
              List.of(CreateMaterializedView.class)),
          noted(
              "the licence became Apache: a live one is left alone",
              view(stands(Daily.continuous(Daily.OTHER, FILLED)))
                  .andThen(w -> w.edition = Edition.APACHE),
              Reason.TimescaleLicense),
          noted(
              "skipped, and its indexes with it",
              skip(stands(Daily.continuous(Daily.TEXT, FILLED)))
                  .andThen(
                      w -> {
                        w.edition = Edition.APACHE;
                        w.indexes.add(Daily.index("ix", false, "n"));
                      }),
              Reason.TimescaleLicense),
          changed(
              "no hypertable: the fallback is made",
              view(w -> w.hypertable = Optional.empty()),
              List.of(CreateMaterializedView.class)),
          row(
              "the fallback serves where a continuous aggregate could be",
              view(w -> Daily.stands(w, Daily.view(Daily.TEXT, FILLED), Daily.liveUnique())),
              List.of(),
              List.of(Reason.FallbackServes),
              TenantState.SYNCED),
          changed(
              "a continuous aggregate is made where it can be, whatever the fallback",
              view(w -> {}),
              MADE_AND_FILLED));

  private static final List<Row> LIVE =
      List.of(
          row(
              "as declared, ours and filled",
              skip(jobs(Daily.ourJob())),
              List.of(),
              List.of(),
              TenantState.SYNCED),
          changed(
              "ours and not filled",
              skip(stands(Daily.continuous(Daily.TEXT, MADE, Daily.ourJob()))),
              List.of(FillAggregate.class)),
          row(
              "ours, not filled, and a tenant's own code",
              skip(stands(Daily.continuous(Daily.TEXT, MADE, Daily.ourJob())))
                  .andThen(form(Daily.form(DAY, Optional.of("function f"), own("t")))),
              List.of(),
              List.of(Reason.FillLeftToOwner),
              TenantState.SYNCED),
          failed(
              "ours, not filled, and given to a superuser",
              skip(stands(Daily.continuous(Daily.TEXT, MADE, Daily.ourJob())))
                  .andThen(owner(true, true, true)),
              Reason.SuperuserOwned),
          changed(
              "made by hand: adopted with its policy, and never filled",
              skip(
                  stands(
                      Daily.continuous(
                          Daily.TEXT,
                          Optional.empty(),
                          Daily.job(7, "7 days", "1 hour", Optional.empty())))),
              List.of(MarkAggregate.class, AlterRefreshPolicy.class)),
          row(
              "adopted: never filled",
              skip(
                  stands(
                      Daily.continuous(
                          Daily.TEXT,
                          Optional.of(Daily.mark(Origin.ADOPTED, false)),
                          Daily.ourJob()))),
              List.of(),
              List.of(),
              TenantState.SYNCED),
          changed(
              "of an older spec of ours: marked anew",
              skip(
                  stands(
                      Daily.continuous(
                          Daily.TEXT,
                          FILLED.map(m -> m.withSpec(Daily.OLD_SPEC)),
                          Daily.ourJob()))),
              List.of(MarkAggregate.class)),
          failed(
              "another owner's",
              skip(stands(Daily.continuous(Daily.TEXT, FOREIGN, Daily.ourJob()))),
              Reason.Conflict),
          row(
              "locked",
              skip(
                  stands(
                      Daily.live(
                          ObservedAggregate.Kind.CONTINUOUS, Optional.empty(), true, FILLED))),
              List.of(),
              List.of(Reason.Busy),
              TenantState.PENDING),
          row(
              "another query: drift, and nothing of it is touched",
              skip(stands(Daily.continuous(Daily.OTHER, MADE))),
              List.of(),
              List.of(Reason.DefinitionDiffers),
              TenantState.DRIFTED),
          row(
              "another query, and not filled yet: the rows are kept",
              skip(stands(Daily.continuous(Daily.OTHER, MADE))).andThen(retention("30 days")),
              List.of(),
              List.of(Reason.DefinitionDiffers),
              TenantState.DRIFTED),
          row(
              "another query, and filled: retention is no business of it",
              skip(stands(Daily.continuous(Daily.OTHER, FILLED))).andThen(retention("30 days")),
              List.of(AddPolicy.class),
              List.of(Reason.DefinitionDiffers),
              TenantState.DRIFTED),
          row(
              "another query, and the source is no hypertable",
              skip(stands(Daily.continuous(Daily.OTHER, MADE)))
                  .andThen(w -> w.hypertable = Optional.empty()),
              List.of(),
              List.of(Reason.DefinitionDiffers),
              TenantState.DRIFTED),
          row(
              "real-time, and declared materialized only",
              skip(stands(realTime(FILLED))),
              List.of(SetMaterializedOnly.class),
              List.of(),
              TenantState.DRIFTED),
          changed(
              "real-time by an older spec: no drift",
              skip(stands(realTime(FILLED.map(m -> m.withSpec(Daily.OLD_SPEC))))),
              List.of(SetMaterializedOnly.class)));

  private static final List<Row> POLICIES =
      List.of(
          changed("no policy: added", skip(jobs()), List.of(AddRefreshPolicy.class)),
          row(
              "no policy any more: drift",
              skip(jobs()).andThen(w -> w.history = World.HAD_BEEN),
              List.of(AddRefreshPolicy.class),
              List.of(),
              TenantState.DRIFTED),
          failed(
              "no policy, and the owner has no LOGIN",
              skip(jobs()).andThen(owner(false, false, true)),
              Reason.OwnerCannotLogin),
          row(
              "not declared: not managed",
              skip(null, jobs(Daily.job(7, null, null, Optional.empty()))),
              List.of(),
              List.of(),
              TenantState.SYNCED),
          row(
              "another offset: drift",
              skip(jobs(job("8 days", "1 hour"))),
              List.of(AlterRefreshPolicy.class),
              List.of(),
              TenantState.DRIFTED),
          row(
              "no start",
              skip(jobs(job(null, "1 hour"))),
              List.of(AlterRefreshPolicy.class),
              List.of(),
              TenantState.DRIFTED),
          row(
              "no end",
              skip(jobs(job("7 days", null))),
              List.of(AlterRefreshPolicy.class),
              List.of(),
              TenantState.DRIFTED),
          row(
              "one month is not 30 days",
              skip(Daily.refresh("1 month", "1 hour"), jobs(job("30 days", "1 hour"))),
              List.of(AlterRefreshPolicy.class),
              List.of(),
              TenantState.DRIFTED),
          changed(
              "another offset by an older spec of ours: no drift",
              skip(
                  jobs(
                      Daily.job(
                          7, "8 days", "1 hour", Optional.of(Daily.refreshMark(Daily.OLD_SPEC))))),
              List.of(AlterRefreshPolicy.class)),
          changed(
              "as declared by an older spec: marked anew",
              skip(
                  jobs(
                      Daily.job(
                          7, "7 days", "1 hour", Optional.of(Daily.refreshMark(Daily.OLD_SPEC))))),
              List.of(AlterRefreshPolicy.class)),
          row(
              "another schedule",
              skip(jobs(with(job("7 days", "1 hour"), "1 day", true, "app"))),
              List.of(AlterRefreshPolicy.class),
              List.of(),
              TenantState.DRIFTED),
          noted(
              "paused by a person",
              skip(jobs(with(Daily.ourJob(), "01:00:00", false, "app"))),
              Reason.JobPaused),
          failed(
              "the job of another role",
              skip(jobs(with(job("8 days", "1 hour"), "01:00:00", true, "former"))),
              Reason.InsufficientPrivilege),
          failed(
              "the job of another role, as declared",
              skip(jobs(with(Daily.ourJob(), "01:00:00", true, "former"))),
              Reason.InsufficientPrivilege),
          failed(
              "another owner's job",
              skip(
                  jobs(
                      Daily.job(
                          7,
                          "8 days",
                          "1 hour",
                          Optional.of(
                              new Mark(
                                  "x/y", "refresh", "daily", Daily.SPEC, Origin.MADE, false))))),
              Reason.Conflict),
          row(
              "several, ours among them",
              skip(jobs(Daily.job(7, "70 days", "7 days", Optional.empty()), Daily.ourJob())),
              List.of(),
              List.of(),
              TenantState.SYNCED),
          changed(
              "several, one of which has the declared offsets: adopted",
              skip(
                  jobs(
                      Daily.job(7, "70 days", "7 days", Optional.empty()),
                      Daily.job(8, "7 days", "1 hour", Optional.empty()))),
              List.of(AlterRefreshPolicy.class)),
          row(
              "several, and none fits",
              skip(
                  jobs(
                      Daily.job(7, "70 days", "7 days", Optional.empty()),
                      Daily.job(8, "6 days", "1 hour", Optional.empty()))),
              List.of(),
              List.of(Reason.DefinitionDiffers),
              TenantState.PENDING));

  private static final List<Row> WINDOWS =
      List.of(
          failed(
              "retention shorter than the window: neither is touched",
              skip(retention("6 days")),
              Reason.RefreshWindowInvalid),
          failed(
              "retention as long as the window",
              skip(retention("7 days")),
              Reason.RefreshWindowInvalid),
          changed(
              "retention a day longer",
              skip(retention("8 days")),
              List.of(CreateAggregate.class, FillAggregate.class, AddPolicy.class)),
          failed(
              "no start, and retention",
              skip(Daily.refresh(null, "1 hour"), retention("30 days")),
              Reason.RefreshWindowInvalid),
          changed(
              "no start, and no retention",
              skip(Daily.refresh(null, "1 hour"), w -> {}),
              MADE_AND_FILLED),
          failed(
              "live retention that is not declared: only the aggregate is refused",
              skip(liveRetention("6 days")),
              Reason.RefreshWindowInvalid),
          row(
              "live retention that goes: first that, then the aggregate",
              skip(liveRetention("6 days"))
                  .andThen(
                      w ->
                          w.hypertables.add(
                              World.wantedHypertable(
                                  DesiredHypertable.Convert.NEVER,
                                  null,
                                  Optional.empty(),
                                  Optional.of(World.noRetention())))),
              List.of(RemovePolicy.class),
              List.of(Reason.Progressing),
              TenantState.PENDING),
          failed(
              "a live aggregate, and retention shortened below its window",
              skip(jobs(job("8 days", "1 hour")))
                  .andThen(liveRetention("30 days"))
                  .andThen(retention("6 days")),
              Reason.RefreshWindowInvalid),
          failed(
              "by length a month is 30 days, on the calendar it may be 31",
              skip(Daily.refresh("30 days", "1 hour"), retention("1 month")),
              Reason.RefreshWindowInvalid),
          failed(
              "29 days before 1 March are longer than a month",
              skip(Daily.refresh("29 days", "1 hour"), retention("1 month"))
                  .andThen(w -> w.now = Instant.parse("2026-03-01T00:00:00Z")),
              Reason.RefreshWindowInvalid),
          changed(
              "integer time",
              skip(Daily.refresh("300", "100"), AggregatePlanTest::integerTime),
              MADE_AND_FILLED),
          failed(
              "integer time, and not two buckets",
              skip(Daily.refresh("299", "100"), AggregatePlanTest::integerTime)
                  .andThen(form(Daily.refused(Reason.RefreshWindowInvalid, "too small"))),
              Reason.RefreshWindowInvalid),
          failed(
              "integer time, and an interval",
              skip(AggregatePlanTest::integerTime),
              Reason.IntervalTypeDiffers),
          failed(
              "integer time of a table that is converted by this very plan",
              skip(
                  w -> {
                    w.timeType = "bigint";
                    w.hypertable = Optional.empty();
                    w.hypertables.add(
                        World.wantedHypertable(
                            DesiredHypertable.Convert.WHEN_EMPTY,
                            "7",
                            Optional.empty(),
                            Optional.empty()));
                  }),
              List.of(ConvertTable.class),
              Reason.IntervalTypeDiffers),
          failed(
              "integer retention shorter than the window",
              skip(Daily.refresh("300", "100"), AggregatePlanTest::integerTime)
                  .andThen(
                      w ->
                          w.hypertable =
                              w.hypertable.map(
                                  h ->
                                      integer(
                                          h,
                                          World.job(
                                              PolicyKind.RETENTION, "300", Optional.empty())))),
              Reason.RefreshWindowInvalid),
          failed(
              "not two buckets",
              skip(
                  Daily.refresh("2 days", "1 hour"),
                  form(Daily.refused(Reason.RefreshWindowInvalid, "too small"))),
              Reason.RefreshWindowInvalid),
          failed(
              "not two buckets any more",
              skip(jobs(Daily.ourJob()))
                  .andThen(form(Daily.refused(Reason.RefreshWindowInvalid, "too small"))),
              Reason.RefreshWindowInvalid),
          changed(
              "just two buckets",
              skip(Daily.refresh("49 hours", "1 hour"), w -> {}),
              MADE_AND_FILLED),
          failed(
              "a whole number for timestamps, at the end",
              skip(Daily.refresh("7 days", "3"), w -> {}),
              Reason.IntervalTypeDiffers),
          failed(
              "a whole number for timestamps, at the start",
              skip(Daily.refresh("7", "1 hour"), w -> {}),
              Reason.IntervalTypeDiffers));

  private static final List<Row> VIEWS =
      List.of(
          row(
              "as declared",
              plainView(w -> Daily.stands(w, Daily.view(Daily.TEXT, MADE), Daily.liveUnique())),
              List.of(),
              List.of(),
              TenantState.SYNCED),
          changed(
              "made by hand: adopted with its index",
              plainView(
                  w ->
                      Daily.stands(
                          w,
                          Daily.view(Daily.TEXT, Optional.empty()),
                          Daily.unmarked(Daily.UNIQUE, "daily_day"))),
              List.of(MarkAggregate.class, MarkIndex.class)),
          changed(
              "without its unique index: built",
              plainView(stands(Daily.view(Daily.TEXT, MADE))),
              List.of(CreateIndex.class)),
          noted(
              "an equal unique index stands for it",
              plainView(
                  w ->
                      Daily.stands(
                          w,
                          Daily.view(Daily.TEXT, MADE),
                          Daily.unmarked(Daily.UNIQUE, "by_hand"))),
              Reason.SatisfiedBy),
          row(
              "another query: drift, and its indexes are left alone",
              plainView(stands(Daily.view(Daily.OTHER, MADE))),
              List.of(),
              List.of(Reason.DefinitionDiffers),
              TenantState.DRIFTED),
          failed(
              "another owner's",
              plainView(stands(Daily.view(Daily.TEXT, FOREIGN))),
              Reason.Conflict),
          failed(
              "the unique index's name is taken",
              plainView(
                  w ->
                      w.names.put(
                          "daily_day", new NamedRelation("daily_day", "index", Optional.of("t")))),
              Reason.NameTaken),
          failed(
              "uniqueColumns that the query does not have",
              plainView(
                  form(
                      new CanonicalAggregate.Buildable(
                          Daily.TEXT,
                          List.of("n"),
                          List.of(own("t")),
                          Optional.empty(),
                          Optional.empty()))),
              Reason.DefinitionRefused),
          changed(
              "it needs no bucket, no LOGIN and no window",
              plainView(form(Daily.form(Optional.empty(), Optional.of("function f"), own("t"))))
                  .andThen(owner(false, false, true)),
              List.of(CreateMaterializedView.class)),
          failed("a superuser's table", plainView(owner(true, true, true)), Reason.SuperuserOwned),
          failed(
              "given to a superuser: not refreshed",
              plainView(w -> Daily.stands(w, Daily.view(Daily.TEXT, MADE), Daily.liveUnique()))
                  .andThen(owner(true, true, true)),
              Reason.SuperuserOwned));

  private static DesiredAggregate mentioning(String... names) {
    DesiredAggregate daily = Daily.declared(Fallback.SKIP, Daily.REFRESH);
    return new DesiredAggregate(
        daily.name(),
        daily.query(),
        true,
        daily.refresh(),
        daily.fallback(),
        Optional.empty(),
        Optional.empty(),
        Set.of(names),
        daily.specHash());
  }

  private static RefreshJob job(String start, String end) {
    return Daily.job(7, start, end, Optional.of(Daily.refreshMark(Daily.REFRESH_SPEC)));
  }

  private static RefreshJob with(RefreshJob job, String every, boolean scheduled, String owner) {
    return new RefreshJob(
        job.id(), job.startOffset(), job.endOffset(), every, scheduled, owner, job.mark());
  }

  private static ObservedAggregate realTime(Optional<Mark> mark) {
    ObservedAggregate live = Daily.continuous(Daily.TEXT, mark, Daily.ourJob());
    return new ObservedAggregate(
        live.oid(),
        live.name(),
        live.kind(),
        live.owner(),
        live.definition(),
        true,
        false,
        live.materialization(),
        live.jobs(),
        live.comment(),
        live.mark());
  }

  @TestFactory
  Stream<DynamicTest> specAndCatalogGivePlan() {
    return Stream.of(MAKING, QUERIES, EDITIONS, LIVE, POLICIES, WINDOWS, VIEWS)
        .flatMap(List::stream)
        .map(row -> DynamicTest.dynamicTest(row.says(), () -> check(row)));
  }

  private static void check(Row row) {
    World world = new World();
    row.world().accept(world);

    TenantPlan plan = world.tenantPlan();

    assertThat(plan.changes().stream().map(Object::getClass).toList()).isEqualTo(row.changes());
    assertThat(plan.findings().stream().map(Finding::reason).toList()).isEqualTo(row.findings());
    assertThat(plan.state()).isEqualTo(row.state());
    assertThat(plan.findings())
        .allSatisfy(f -> assertThat(f.message()).startsWith("tenant_a: ").endsWith("."));
  }

  private static TenantPlan plan(Consumer<World> rules) {
    World world = new World();
    rules.accept(world);
    return world.tenantPlan();
  }

  private static String sentence(Consumer<World> rules) {
    return plan(rules).findings().get(0).message();
  }

  @Test
  void whatIsMadeBelongsToTheOwnerOfItsSource() {
    CreateAggregate made =
        (CreateAggregate)
            plan(skip(
                    w -> {
                      w.aggregates.clear();
                      w.aggregates.add(mentioning("t", "a_table"));
                      w.owners.put("other", new OwnerRights(true, false, true));
                      w.moreTables.add(
                          World.relation("a_table", ObservedTable.Kind.ORDINARY, "other"));
                      form(Daily.form(DAY, Optional.empty(), own("a_table"), own("t"))).accept(w);
                    }))
                .changes()
                .get(0);

    assertThat(made.target().owner()).isEqualTo("app");
    assertThat(made.target().table()).isEqualTo("daily");
    assertThat(made.source()).isEqualTo("t");
    assertThat(made.searchPath()).containsExactly("tenant_a", "public");
    assertThat(made.mark()).isEqualTo(Daily.mark(Origin.MADE, false));
    assertThat(made.refreshMark()).isEqualTo(Daily.refreshMark(Daily.REFRESH_SPEC));
    assertThat(made.refreshStartInSeconds()).isBetween(0L, 3599L);
  }

  @Test
  void aViewBelongsToTheOwnerOfItsFirstSource() {
    CreateMaterializedView made =
        (CreateMaterializedView)
            plan(plainView(
                    w -> {
                      w.owners.put("other", new OwnerRights(true, false, true));
                      w.usableBy.add("other");
                      w.moreTables.add(World.relation("n", ObservedTable.Kind.ORDINARY, "other"));
                      form(Daily.form(DAY, Optional.empty(), own("t"), own("n"))).accept(w);
                    }))
                .changes()
                .get(0);

    assertThat(made.target().owner()).isEqualTo("other");
  }

  @Test
  void aViewThatIsMadeNowHasServedTheSlotThatHasPassed() {
    CreateMaterializedView made =
        (CreateMaterializedView) plan(plainView(w -> {})).changes().get(0);

    assertThat(made.mark().refreshed()).contains(Daily.slot(World.NOW));
    assertThat(made.indexMark()).isEqualTo(Daily.UNIQUE.mark(World.OWNER_ID, Origin.MADE));
  }

  @Test
  void aNewMarkKeepsWhatIsKnownOfTheRows() {
    Mark old = Daily.mark(Origin.MADE, true).withRefreshed(World.NOW).withSpec(Daily.OLD_SPEC);

    MarkAggregate mark =
        (MarkAggregate)
            plan(skip(stands(Daily.continuous(Daily.TEXT, Optional.of(old), Daily.ourJob()))))
                .changes()
                .get(0);

    assertThat(mark.mark()).isEqualTo(old.withSpec(Daily.SPEC));
  }

  @Test
  void aFillGoesOnUnderTheMarkThatWillBeThere() {
    FillAggregate fill =
        (FillAggregate)
            plan(skip(
                    stands(
                        Daily.continuous(
                            Daily.TEXT,
                            MADE.map(m -> m.withSpec(Daily.OLD_SPEC)),
                            Daily.ourJob()))))
                .changes()
                .get(1);

    assertThat(fill.mark()).isEqualTo(MADE.get());
    assertThat(fill.source()).isEqualTo(own("t"));
    assertThat(fill.endOffset()).contains(new TimeSpan.Interval("1 hour"));
  }

  @Test
  void aRightThatMakingItLacksIsNamedRatherThanWhatTheServerSaid() {
    CanonicalAggregate denied =
        new Unknown(Reason.InsufficientPrivilege, "permission denied for table t");

    assertThat(sentence(skip(form(denied)).andThen(owner(true, false, false))))
        .contains("GRANT \"app\" TO \"operator\"");
    assertThat(sentence(skip(form(denied)))).contains("permission denied for table t");
  }

  @Test
  void onlyWhatDiffersOfAPolicyIsSet() {
    AlterRefreshPolicy offsets =
        (AlterRefreshPolicy) plan(skip(jobs(job("8 days", "1 hour")))).changes().get(0);
    AlterRefreshPolicy schedule =
        (AlterRefreshPolicy)
            plan(skip(jobs(with(job("7 days", "1 hour"), "1 day", true, "app")))).changes().get(0);

    assertThat(offsets.offsets()).isTrue();
    assertThat(offsets.every()).isEmpty();
    assertThat(offsets.jobId()).isEqualTo(7);
    assertThat(offsets.before()).isEqualTo("every 01:00:00, from 8 days ago to 1 hour ago");
    assertThat(schedule.offsets()).isFalse();
    assertThat(schedule.every()).contains("1 hour");
  }

  @Test
  void anAggregateOverOneThatIsNotThereYetIsPlannedLater() {
    World world = new World();
    Daily.declare(world, Fallback.SKIP, Daily.REFRESH);
    world.aggregates.add(
        new DesiredAggregate(
            "monthly",
            "SELECT FROM daily",
            true,
            Optional.empty(),
            Fallback.SKIP,
            Optional.empty(),
            Optional.empty(),
            Set.of("daily"),
            Daily.SPEC));
    world.queries.put(
        "SELECT FROM daily",
        new Refused(Reason.DefinitionRefused, "42P01", "relation \"daily\" does not exist"));

    assertThat(world.tenantPlan().state()).isEqualTo(TenantState.PENDING);
    assertThat(world.tenantPlan().findings())
        .extracting(Finding::message)
        .containsExactly("tenant_a: aggregate monthly is planned once daily is there.");
  }

  @Test
  void indexesOnWhatIsNotThereYetAreNoTrouble() {
    assertThat(
            plan(skip(w -> w.indexes.add(Daily.index("ix", false, "n")))).changes().stream()
                .map(Object::getClass)
                .toList())
        .isEqualTo(MADE_AND_FILLED);
  }

  @Test
  void sentencesSayWhatToDo() {
    assertThat(sentence(skip(w -> w.hypertable = Optional.empty())))
        .isEqualTo(
            "tenant_a: t is no hypertable, so daily cannot be a continuous aggregate:"
                + " declare it in spec.hypertables, or set fallback: MaterializedView.");
    assertThat(sentence(skip(form(Daily.refused(Reason.DefinitionRefused, "no bucket")))))
        .isEqualTo("tenant_a: aggregates[daily].query is refused by TimescaleDB: no bucket.");
    assertThat(sentence(skip(form(Daily.refused(Reason.RefreshWindowInvalid, "too small")))))
        .isEqualTo(
            "tenant_a: refresh of daily would have a window from 7 days to 1 hour ago, which is"
                + " shorter than two buckets of 1 day for this TimescaleDB; lengthen"
                + " refresh.startOffset, or shorten refresh.endOffset.");
    assertThat(sentence(skip(retention("6 days"))))
        .isEqualTo(
            "tenant_a: retention of t drops rows after 6 days, and refresh of daily from 7 days ago"
                + " would empty their buckets; lengthen the retention, or shorten"
                + " refresh.startOffset.");
    assertThat(sentence(skip(stands(Daily.continuous(Daily.OTHER, MADE)))))
        .contains("live: SELECT other FROM t; declared: SELECT printed FROM t");
    assertThat(
            sentence(
                skip(
                    jobs(
                        Daily.job(7, "70 days", "7 days", Optional.empty()),
                        Daily.job(8, "6 days", "1 hour", Optional.empty())))))
        .contains("jobs 7, 8");
    assertThat(sentence(skip(form(new Refused(Reason.DefinitionRefused, "42703", "no column x")))))
        .isEqualTo("tenant_a: aggregate daily is refused: no column x.");
  }
}
