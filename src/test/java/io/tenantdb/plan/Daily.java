package io.tenantdb.plan;

import io.tenantdb.model.CanonicalAggregate.Buildable;
import io.tenantdb.model.CanonicalAggregate.Refused;
import io.tenantdb.model.CanonicalAggregate.Source;
import io.tenantdb.model.DesiredAggregate;
import io.tenantdb.model.DesiredAggregate.Fallback;
import io.tenantdb.model.DesiredAggregate.Refresh;
import io.tenantdb.model.DesiredIndex;
import io.tenantdb.model.IndexBody;
import io.tenantdb.model.Mark;
import io.tenantdb.model.ObservedAggregate;
import io.tenantdb.model.ObservedAggregate.Kind;
import io.tenantdb.model.ObservedAggregate.Materialization;
import io.tenantdb.model.ObservedAggregate.RefreshJob;
import io.tenantdb.model.ObservedIndex;
import io.tenantdb.model.ObservedTable;
import io.tenantdb.model.Reason;
import io.tenantdb.model.TimeSpan;
import io.tenantdb.model.ViewText;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/** The aggregate {@code daily} over {@code t}, declared and live, for tables of plans. */
final class Daily {

  static final String QUERY = "SELECT time_bucket('1 day', ts) AS day, count(*) AS n FROM t";
  static final String FALLBACK_QUERY = "SELECT date_bin('1 day', ts) AS day, count(*) AS n FROM t";
  static final String SPEC = "00000000000000a0";
  static final String OLD_SPEC = "00000000000000a1";
  static final String REFRESH_SPEC = "00000000000000b0";
  static final ViewText TEXT = new ViewText("SELECT printed FROM t");
  static final ViewText OTHER = new ViewText("SELECT other FROM t");
  static final Materialization AT =
      new Materialization(42, "_timescaledb_internal", "_materialized_hypertable_42");
  static final DesiredIndex UNIQUE = index("daily_day", true, "day");
  static final Refresh REFRESH = refresh("7 days", "1 hour");

  private Daily() {}

  static DesiredIndex index(String name, boolean unique, String... columns) {
    DesiredIndex on = World.index(name, unique, columns);
    return new DesiredIndex(
        on.name(),
        "daily",
        on.keys(),
        on.method(),
        on.unique(),
        false,
        List.of(),
        Optional.empty(),
        on.with(),
        on.specHash());
  }

  static Refresh refresh(String start, String end) {
    return new Refresh(
        "1 hour", Optional.ofNullable(start).map(World::span), World.span(end), REFRESH_SPEC);
  }

  static DesiredAggregate declared(Fallback fallback, Refresh refresh) {
    boolean view = fallback == Fallback.MATERIALIZED_VIEW;
    return new DesiredAggregate(
        "daily",
        QUERY,
        true,
        Optional.ofNullable(refresh),
        fallback,
        view ? Optional.of(FALLBACK_QUERY) : Optional.empty(),
        view ? Optional.of(UNIQUE) : Optional.empty(),
        Set.of("t", "day", "ts", "n"),
        SPEC);
  }

  static Buildable form(ViewText text) {
    return new Buildable(
        text,
        List.of("day", "n"),
        List.of(new Source(Optional.empty(), "t")),
        Optional.of(new TimeSpan.Interval("1 day")),
        Optional.empty());
  }

  static Buildable form(Optional<TimeSpan> bucket, Optional<String> code, Source... sources) {
    return new Buildable(TEXT, List.of("day", "n"), List.of(sources), bucket, code);
  }

  /** What TimescaleDB takes for no continuous aggregate, or not with its refresh. */
  static Buildable refused(Reason reason, String words) {
    return form(TEXT).refusedAs(new Refused(reason, "22023", words));
  }

  static Mark mark(Mark.Origin origin, boolean filled) {
    return new Mark(World.OWNER_ID, "daily", Mark.NO_TABLE, SPEC, origin, filled);
  }

  static Mark refreshMark(String spec) {
    return new Mark(World.OWNER_ID, Mark.REFRESH, "daily", spec, Mark.Origin.MADE, false);
  }

  static RefreshJob job(int id, String start, String end, Optional<Mark> mark) {
    return new RefreshJob(
        id,
        Optional.ofNullable(start).map(World::span),
        Optional.ofNullable(end).map(World::span),
        "01:00:00",
        true,
        "app",
        mark);
  }

  static RefreshJob ourJob() {
    return job(1001, "7 d", "01:00:00", Optional.of(refreshMark(REFRESH_SPEC)));
  }

  static ObservedAggregate continuous(ViewText text, Optional<Mark> mark, RefreshJob... jobs) {
    return live(Kind.CONTINUOUS, Optional.of(text), true, mark, jobs);
  }

  static ObservedAggregate view(ViewText text, Optional<Mark> mark) {
    return live(Kind.MATERIALIZED_VIEW, Optional.of(text), true, mark);
  }

  static ObservedAggregate live(
      Kind kind,
      Optional<ViewText> text,
      boolean populated,
      Optional<Mark> mark,
      RefreshJob... jobs) {
    return new ObservedAggregate(
        9,
        "daily",
        kind,
        "app",
        text,
        populated,
        true,
        kind == Kind.CONTINUOUS ? Optional.of(AT) : Optional.empty(),
        List.of(jobs),
        mark.map(Mark::text).orElse(""),
        mark);
  }

  /** {@code spec.aggregates} has it; {@code t} is a hypertable. */
  static void declare(World world, Fallback fallback, Refresh refresh) {
    world.aggregates.add(declared(fallback, refresh));
    world.queries.put(QUERY, form(TEXT));
    world.queries.put(FALLBACK_QUERY, form(TEXT));
    world.hypertable("7 days", Optional.of(World.NOW.minus(Duration.ofDays(2))));
  }

  /** It is live, with these indexes on it. */
  static void stands(World world, ObservedAggregate live, ObservedIndex... indexes) {
    world.liveAggregates.add(live);
    world.moreTables.add(
        World.relation(
            "daily",
            live.kind() == Kind.CONTINUOUS
                ? ObservedTable.Kind.CONTINUOUS_AGGREGATE
                : ObservedTable.Kind.MATERIALIZED_VIEW,
            live.owner(),
            indexes));
  }

  /** The unique index of the materialized view, made by us. */
  static ObservedIndex liveUnique() {
    return live(UNIQUE, UNIQUE.name());
  }

  static ObservedIndex live(DesiredIndex index, String name) {
    return World.live(
        name, World.body(index), Optional.of(index.mark(World.OWNER_ID, Mark.Origin.MADE)));
  }

  static ObservedIndex unmarked(DesiredIndex index, String name) {
    IndexBody body = World.body(index);
    return World.live(name, body, Optional.empty());
  }

  /** The last slot of the hour for {@code tenant_a}. */
  static Instant slot(Instant now) {
    return new RefreshSlots(3600, "tenant_a").latest(now);
  }
}
