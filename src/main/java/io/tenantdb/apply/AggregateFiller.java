package io.tenantdb.apply;

import io.tenantdb.database.Sql;
import io.tenantdb.database.SqlStates;
import io.tenantdb.database.TimeBuckets;
import io.tenantdb.model.AggregateChange.FillAggregate;
import io.tenantdb.model.BuildProgress;
import io.tenantdb.model.Change;
import io.tenantdb.model.Identifiers;
import io.tenantdb.model.Reason;
import io.tenantdb.model.Statement;
import io.tenantdb.model.TimeSpan;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.function.Consumer;
import java.util.function.Predicate;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Fills a continuous aggregate window by window, each committed by itself, and says so in its mark
 * at the end. What is filled already is known to TimescaleDB's invalidation log and costs nothing,
 * so that one that was stopped simply begins again.
 */
final class AggregateFiller {

  private static final Logger LOG = LoggerFactory.getLogger(AggregateFiller.class);

  /** Progress is told about once a second. */
  private static final long APART_NANOS = 1_000_000_000L;

  private static final String TIME_TYPE =
      """
      SELECT d.column_type::text
      FROM _timescaledb_catalog.continuous_agg ca
      JOIN _timescaledb_catalog.dimension d ON d.hypertable_id = ca.mat_hypertable_id
      WHERE d.num_slices IS NULL AND ca.user_view_schema = ? AND ca.user_view_name = ?""";

  private final WorkSession session;
  private final FillGuard guard;
  private final Consumer<BuildProgress> progress;
  private final Predicate<Change> mayGoOn;

  /**
   * @param progress hears how far a fill is
   * @param mayGoOn asked between two windows; a fill that may not stops there
   */
  AggregateFiller(
      WorkSession session, Consumer<BuildProgress> progress, Predicate<Change> mayGoOn) {
    this.session = session;
    this.guard = new FillGuard(session.connection());
    this.progress = progress;
    this.mayGoOn = mayGoOn;
  }

  void fill(FillAggregate change) throws SQLException {
    TimeType type = timeType(change);
    Optional<TimeSpan> bucket =
        TimeBuckets.width(session.connection(), change.target().schema(), change.target().table());
    Optional<IntegerClock.Answer> clock = clock(change, type);
    List<FillWindow> windows =
        new FillWindows(session.connection())
            .of(
                change,
                type,
                bucket,
                clock.map(IntegerClock.Answer::now).orElse(OptionalLong.empty()));
    String note =
        clock
            .flatMap(IntegerClock.Answer::unknown)
            .map(why -> "; that is its newest rows, for integer_now tells no endOffset: " + why)
            .orElse("");
    // Refreshes wait for each other, and inserts into the source may queue behind one that waits.
    session.with(
        "lock_timeout",
        WorkSession.millis(session.safety().lockTimeout()),
        WorkSession.millis(session.safety().buildTimeout()),
        () -> refresh(change, windows, type, note));
    session.transaction(Optional.of(change.isAnother()), List.of(change.filled()));
  }

  private TimeType timeType(FillAggregate change) throws SQLException {
    String printed =
        Sql.query(
                session.connection(),
                Statement.of(TIME_TYPE, change.target().schema(), change.target().table()),
                row -> row.getString(1))
            .stream()
            .findFirst()
            .orElseThrow(
                () ->
                    new ApplyException(
                        Reason.Gone, "there is no such continuous aggregate any more"));
    return TimeType.of(printed)
        .orElseThrow(
            () ->
                new ApplyException(
                    Reason.NotSupported,
                    "an aggregate by time of type "
                        + printed
                        + " is not filled by the operator; fill it by"
                        + " refresh_continuous_aggregate"));
  }

  /** Empty where none is needed. */
  private Optional<IntegerClock.Answer> clock(FillAggregate change, TimeType type)
      throws SQLException {
    if (!type.whole() || change.endOffset().isEmpty()) {
      return Optional.empty();
    }
    IntegerClock.Answer answer =
        new IntegerClock(session.connection(), session.database()).ask(change.target());
    answer
        .unknown()
        .ifPresent(
            why ->
                LOG.warn(
                    "{} is filled to its newest rows, for integer_now tells no endOffset: {}",
                    change.target().relation(),
                    why));
    return Optional.of(answer);
  }

  private void refresh(FillAggregate change, List<FillWindow> windows, TimeType type, String note)
      throws SQLException {
    long told = System.nanoTime() - APART_NANOS;
    for (int i = 0; i < windows.size(); i++) {
      if (i > 0 && !mayGoOn.test(change)) {
        throw new ApplyException(
            Reason.Progressing,
            "the fill was stopped after "
                + i
                + " of "
                + windows.size()
                + " windows; it goes on from there");
      }
      if (System.nanoTime() - told >= APART_NANOS) {
        told = System.nanoTime();
        progress.accept(progress(change, windows.get(i), 100 * i / windows.size(), note));
      }
      // At each: the owner may have put something there meanwhile.
      guard.check(change);
      refresh(change, windows.get(i), type);
    }
  }

  private static BuildProgress progress(
      FillAggregate change, FillWindow window, int percent, String note) {
    return new BuildProgress(
        change.target().schema(),
        change.object(),
        OptionalInt.of(percent),
        "filling, up to " + window.reached() + note,
        Optional.empty());
  }

  private void refresh(FillAggregate change, FillWindow window, TimeType type) throws SQLException {
    List<String> parameters = new ArrayList<>(List.of(change.target().relation()));
    String sql =
        "CALL "
            + Identifiers.qualified(change.extensionSchema(), "refresh_continuous_aggregate")
            + "(?::regclass, "
            + bound(window.from(), type, parameters)
            + ", "
            + bound(window.to(), type, parameters)
            + ")";
    long start = System.nanoTime();
    try {
      session.execute(new Statement(sql, parameters));
    } catch (SQLException e) {
      boolean timeIsUp = System.nanoTime() - start >= session.safety().buildTimeout().toNanos();
      if (timeIsUp && SqlStates.whileChanging(e) == Reason.Interrupted && !session.cancelled()) {
        throw new ApplyException(
            Reason.BuildTimeout, "one window took longer than spec.safety.buildTimeout");
      }
      throw e;
    }
  }

  private static String bound(Optional<String> at, TimeType type, List<String> parameters) {
    at.ifPresent(parameters::add);
    return at.map(text -> "?").orElse("NULL") + "::" + type.sql();
  }
}
