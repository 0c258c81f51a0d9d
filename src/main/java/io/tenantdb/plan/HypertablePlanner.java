package io.tenantdb.plan;

import io.tenantdb.model.Canonical;
import io.tenantdb.model.Declaration;
import io.tenantdb.model.Desired;
import io.tenantdb.model.Desired.WhenTimescaleMissing;
import io.tenantdb.model.DesiredHypertable;
import io.tenantdb.model.Finding.Verdict;
import io.tenantdb.model.HypertableChange.ConvertTable;
import io.tenantdb.model.HypertableChange.SetChunkInterval;
import io.tenantdb.model.IntegerNow;
import io.tenantdb.model.ObservedHypertable;
import io.tenantdb.model.ObservedHypertable.Job;
import io.tenantdb.model.ObservedTable;
import io.tenantdb.model.Reason;
import io.tenantdb.model.ServerInfo;
import io.tenantdb.model.ServerInfo.Edition;
import io.tenantdb.model.TimeSpan;
import io.tenantdb.plan.ConversionObstacles.Found;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * Plans that a table is a hypertable, its chunk interval and, through {@link PolicyPlanner}, its
 * policies.
 */
final class HypertablePlanner {

  private static final Set<String> INTEGERS = Set.of("smallint", "integer", "bigint");

  private final Desired desired;
  private final ServerInfo server;
  private final Canonical canonical;
  private final ConversionObstacles obstacles;

  HypertablePlanner(
      Desired desired, ServerInfo server, Canonical canonical, ConversionObstacles obstacles) {
    this.obstacles = obstacles;
    this.desired = desired;
    this.server = server;
    this.canonical = canonical;
  }

  /** Plans the conversion and the chunk interval, which come before the table's indexes. */
  void prepare(TenantDraft draft, DesiredHypertable wanted, ObservedTable table) {
    if (server.timescale().schema().isEmpty()) {
      if (desired.whenTimescaleMissing() == WhenTimescaleMissing.FAIL) {
        draft.find(
            Verdict.FAILED,
            table.name(),
            Reason.TimescaleMissing,
            table.name()
                + " cannot be a hypertable: the database has no TimescaleDB, and spec.timescale.whenMissing is Fail.");
      }
      return;
    }
    if (table.hypertable().isPresent()) {
      chunkInterval(draft, wanted, table, table.hypertable().get());
    } else {
      convert(draft, wanted, table);
    }
  }

  /** Plans compression and retention, which come after the table's indexes. */
  void policies(TenantDraft draft, DesiredHypertable wanted, ObservedTable table) {
    if (server.timescale().schema().isEmpty()) {
      return;
    }
    boolean declared = wanted.compression().isPresent() || wanted.retention().isPresent();
    if (server.timescale().edition() != Edition.COMMUNITY) {
      if (declared && desired.whenTimescaleMissing() == WhenTimescaleMissing.FAIL) {
        draft.find(
            Verdict.FAILED,
            table.name(),
            Reason.TimescaleLicense,
            table.name()
                + " cannot have policies under TimescaleDB's Apache licence, and spec.timescale.whenMissing is Fail.");
      }
      table
          .hypertable()
          .filter(hypertable -> declared)
          .ifPresent(hypertable -> hypertable.jobs().forEach(job -> idle(draft, table, job)));
      return;
    }
    Optional<ObservedHypertable> live = table.hypertable();
    if (live.isPresent() && !live.get().timeColumn().equals(wanted.timeColumn())) {
      return;
    }
    if (!draft.isHypertable(table)) {
      return;
    }
    boolean integerTime =
        live.map(ObservedHypertable::integerTime)
            .orElseGet(() -> integerTime(draft, wanted, table));
    IntegerNow integerNow =
        live.map(ObservedHypertable::integerNow)
            .orElse(integerTime ? IntegerNow.UNSET : IntegerNow.NOT_NEEDED);
    new PolicyPlanner(desired, server, canonical, draft, table, wanted, integerTime, integerNow)
        .plan();
  }

  private static void idle(TenantDraft draft, ObservedTable table, Job job) {
    String object = table.name() + " " + job.kind().markName();
    draft.find(
        Verdict.NOTE,
        object,
        Reason.TimescaleLicense,
        "job "
            + job.id()
            + " ("
            + object
            + ") fails at every run under TimescaleDB's Apache licence; install the community"
            + " edition.");
  }

  /** True where the declared time column is an integer. */
  static boolean integerTime(TenantDraft draft, DesiredHypertable wanted, ObservedTable table) {
    return INTEGERS.contains(draft.columnType(table, wanted.timeColumn()));
  }

  private void chunkInterval(
      TenantDraft draft, DesiredHypertable wanted, ObservedTable table, ObservedHypertable live) {
    if (!live.timeColumn().equals(wanted.timeColumn())) {
      draft.find(
          Verdict.FAILED,
          table.name(),
          Reason.TimeColumnDiffers,
          table.name()
              + " is a hypertable by "
              + live.timeColumn()
              + ", not by "
              + wanted.timeColumn()
              + "; correct timeColumn, or migrate the table.");
      return;
    }
    if (wanted.chunkInterval().isEmpty()) {
      return;
    }
    TimeSpan interval = wanted.chunkInterval().get();
    Declaration declaration = Declaration.chunkInterval(table.name(), interval);
    if (interval instanceof TimeSpan.Whole != live.integerTime()) {
      typeDiffers(draft, table, "chunkInterval", interval, live.integerTime());
    } else if (sameLength(interval, live.chunkInterval())) {
      draft.asDeclared(declaration);
    } else {
      draft.change(
          table,
          new SetChunkInterval(
              draft.target(table),
              live.chunkInterval(),
              interval,
              server.timescale().schema().orElseThrow(),
              draft.wasAsDeclared(declaration)));
    }
  }

  /**
   * TimescaleDB stores chunk intervals as microseconds, so that PostgreSQL's {@code =} is the right
   * comparison.
   */
  private boolean sameLength(TimeSpan wanted, TimeSpan live) {
    if (wanted instanceof TimeSpan.Interval && live instanceof TimeSpan.Interval) {
      return canonical.interval(wanted.text()).micros() == canonical.interval(live.text()).micros();
    }
    return wanted.equals(live);
  }

  private void convert(TenantDraft draft, DesiredHypertable wanted, ObservedTable table) {
    Found found = obstacles.of(draft, wanted, table);
    if (wanted.convert() == DesiredHypertable.Convert.NEVER) {
      draft.find(
          Verdict.FAILED,
          table.name(),
          Reason.NotHypertable,
          table.name()
              + " is no hypertable; set convert: WhenEmpty, or convert it with create_hypertable.");
      return;
    }
    if (!found.isEmpty()) {
      blocked(draft, table, found);
      return;
    }
    if (table.pages() == ObservedTable.UNKNOWN_PAGES) {
      draft.find(
          Verdict.POSTPONED,
          table.name(),
          Reason.Busy,
          table.name()
              + " cannot become a hypertable now: another session holds it locked, so that nobody can tell whether it is empty; it is tried again.");
      return;
    }
    boolean integerTime = integerTime(draft, wanted, table);
    Optional<TimeSpan> interval = wanted.chunkInterval();
    if (interval.isPresent() && interval.get() instanceof TimeSpan.Whole != integerTime) {
      typeDiffers(draft, table, "chunkInterval", interval.get(), integerTime);
      return;
    }
    if (integerTime && interval.isEmpty()) {
      draft.find(
          Verdict.FAILED,
          table.name(),
          Reason.IntervalTypeDiffers,
          table.name() + " has integer time, for which chunkInterval must be declared; add it.");
      return;
    }
    draft.change(
        table,
        new ConvertTable(
            draft.target(table),
            wanted.timeColumn(),
            interval,
            server.timescale().schema().orElseThrow()));
  }

  /** What is about to go is waited for; only what stays is a person's matter. */
  private static void blocked(TenantDraft draft, ObservedTable table, Found found) {
    if (!found.lasting().isEmpty()) {
      draft.find(
          Verdict.FAILED,
          table.name(),
          Reason.ConversionBlocked,
          table.name()
              + " cannot become a hypertable: "
              + String.join("; ", found.lasting())
              + ".");
      return;
    }
    draft.awaitConversion(table);
    found.passing().forEach(draft::awaitDrop);
    draft.find(
        Verdict.NOTE,
        table.name(),
        Reason.WaitingForTable,
        table.name()
            + " becomes a hypertable once "
            + Stream.concat(
                    found.replaced().stream()
                        .map(name -> "the unique index " + name + " is replaced as declared"),
                    found.passing().stream()
                        .map(
                            name ->
                                "the unique index "
                                    + name
                                    + ", which the spec declares no more, is dropped"))
                .collect(Collectors.joining(" and "))
            + ".");
  }

  /**
   * A lag of the wrong type is accepted by TimescaleDB and read as microseconds: it could erase
   * data.
   */
  static void typeDiffers(
      TenantDraft draft, ObservedTable table, String field, TimeSpan span, boolean integerTime) {
    draft.find(
        Verdict.FAILED,
        table.name(),
        Reason.IntervalTypeDiffers,
        table.name()
            + (integerTime ? " has integer time" : " has no integer time")
            + ", so "
            + field
            + " must be "
            + (integerTime ? "a whole number" : "an interval such as 7 days")
            + ", not "
            + span.text()
            + ".");
  }
}
