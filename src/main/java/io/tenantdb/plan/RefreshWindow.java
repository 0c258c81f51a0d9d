package io.tenantdb.plan;

import io.tenantdb.model.Canonical;
import io.tenantdb.model.CanonicalInterval;
import io.tenantdb.model.DesiredAggregate.Refresh;
import io.tenantdb.model.DesiredHypertable;
import io.tenantdb.model.DesiredTenant;
import io.tenantdb.model.Finding.Verdict;
import io.tenantdb.model.ObservedHypertable;
import io.tenantdb.model.ObservedHypertable.Job;
import io.tenantdb.model.ObservedTable;
import io.tenantdb.model.PolicyKind;
import io.tenantdb.model.PolicyState;
import io.tenantdb.model.Reason;
import io.tenantdb.model.TimeSpan;
import java.util.Optional;

/**
 * The rules between the window that a policy refreshes and the retention of the rows that it reads.
 * A refresh of buckets whose rows were dropped empties them.
 */
final class RefreshWindow {

  private final Canonical canonical;
  private final DesiredTenant wanted;

  RefreshWindow(Canonical canonical, DesiredTenant wanted) {
    this.canonical = canonical;
    this.wanted = wanted;
  }

  /** True when the rules hold; else says which does not, and keeps the source's retention back. */
  boolean holds(AggregateTask task, Refresh refresh) {
    boolean integerTime = integerTime(task);
    return fits(task, "refresh.endOffset", refresh.endOffset(), integerTime)
        && refresh
            .startOffset()
            .map(start -> fits(task, "refresh.startOffset", start, integerTime))
            .orElse(true)
        && isLongEnough(task, refresh)
        && outlivedByRetention(task, refresh);
  }

  private boolean integerTime(AggregateTask task) {
    ObservedTable source = task.source();
    return source
        .hypertable()
        .map(ObservedHypertable::integerTime)
        .or(() -> declared(source).map(h -> HypertablePlanner.integerTime(task.draft(), h, source)))
        .orElseGet(() -> task.form().bucket().filter(TimeSpan.Whole.class::isInstance).isPresent());
  }

  private static boolean fits(
      AggregateTask task, String field, TimeSpan offset, boolean integerTime) {
    boolean fits = offset instanceof TimeSpan.Whole == integerTime;
    if (!fits) {
      task.find(
          Verdict.FAILED,
          Reason.IntervalTypeDiffers,
          task.source().name()
              + (integerTime ? " has integer time" : " has no integer time")
              + ", so "
              + field
              + " of "
              + task.name()
              + " must be "
              + (integerTime ? "a whole number" : "an interval such as 1 hour")
              + ", not "
              + offset.text()
              + ".");
    }
    return fits;
  }

  /**
   * TimescaleDB compares the window with two buckets, and takes a month for as many days as its
   * version does.
   */
  private static boolean isLongEnough(AggregateTask task, Refresh refresh) {
    return task.form()
            .notContinuous()
            .filter(refused -> refused.reason() == Reason.RefreshWindowInvalid)
            .isEmpty()
        || refuse(
            task,
            "refresh of "
                + task.name()
                + " would have a window from "
                + refresh.startOffset().map(TimeSpan::text).orElse("the beginning")
                + " to "
                + refresh.endOffset().text()
                + " ago, which is shorter than two buckets"
                + task.form().bucket().map(bucket -> " of " + bucket.text()).orElse("")
                + " for this TimescaleDB; lengthen refresh.startOffset, or shorten refresh.endOffset.");
  }

  private boolean outlivedByRetention(AggregateTask task, Refresh refresh) {
    Optional<TimeSpan> retention = retention(task.source());
    if (retention.isEmpty()) {
      return true;
    }
    String drops =
        "retention of " + task.source().name() + " drops rows after " + retention.get().text();
    if (refresh.startOffset().isEmpty()) {
      return refuse(
          task,
          drops
              + ", and refresh of "
              + task.name()
              + " without startOffset would empty their buckets; set refresh.startOffset, shorter than that.");
    }
    TimeSpan start = refresh.startOffset().get();
    if (isLonger(retention.get(), start)) {
      return true;
    }
    return refuse(
        task,
        drops
            + ", and refresh of "
            + task.name()
            + " from "
            + start.text()
            + " ago would empty their buckets; lengthen the retention, or shorten refresh.startOffset.");
  }

  private static boolean refuse(AggregateTask task, String sentence) {
    task.draft().holdRetention(task.source().name());
    task.find(Verdict.FAILED, Reason.RefreshWindowInvalid, sentence);
    return false;
  }

  /** The declared retention, else the live one. */
  private Optional<TimeSpan> retention(ObservedTable source) {
    return declared(source)
        .flatMap(DesiredHypertable::retention)
        .map(r -> r.state() == PolicyState.ABSENT ? Optional.<TimeSpan>empty() : r.dropAfter())
        .orElseGet(
            () ->
                source.hypertable().flatMap(h -> h.job(PolicyKind.RETENTION)).flatMap(Job::after));
  }

  private Optional<DesiredHypertable> declared(ObservedTable source) {
    return wanted.hypertables().stream().filter(h -> h.table().equals(source.name())).findFirst();
  }

  /** By length and by the calendar: {@code 1 month} is longer than {@code 29 days} not always. */
  private boolean isLonger(TimeSpan retention, TimeSpan start) {
    if (retention instanceof TimeSpan.Interval && start instanceof TimeSpan.Interval) {
      CanonicalInterval r = canonical.interval(retention.text());
      CanonicalInterval s = canonical.interval(start.text());
      return r.micros() > s.micros() && r.before().isBefore(s.before());
    }
    return retention instanceof TimeSpan.Whole r
        && start instanceof TimeSpan.Whole s
        && r.units() > s.units();
  }
}
