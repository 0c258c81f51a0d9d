package io.tenantdb.plan;

import io.tenantdb.model.DesiredAggregate.Refresh;
import io.tenantdb.model.DesiredHypertable;
import io.tenantdb.model.DesiredTenant;
import io.tenantdb.model.Finding.Verdict;
import io.tenantdb.model.ObservedHypertable;
import io.tenantdb.model.ObservedTable;
import io.tenantdb.model.Reason;
import io.tenantdb.model.TimeSpan;
import java.util.Optional;

/**
 * What the window of a refresh policy must be for TimescaleDB to take it. That retention outlives
 * it is for {@link RetentionJudge} to see.
 */
final class RefreshWindow {

  private final DesiredTenant wanted;

  RefreshWindow(DesiredTenant wanted) {
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
        && isLongEnough(task, refresh);
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

  private static boolean refuse(AggregateTask task, String sentence) {
    task.draft().holdRetention(task.source().name());
    task.find(Verdict.FAILED, Reason.RefreshWindowInvalid, sentence);
    return false;
  }

  private Optional<DesiredHypertable> declared(ObservedTable source) {
    return wanted.hypertables().stream().filter(h -> h.table().equals(source.name())).findFirst();
  }
}
