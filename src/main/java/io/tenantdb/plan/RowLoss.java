package io.tenantdb.plan;

import io.tenantdb.model.SourceGraph.Basis;
import io.tenantdb.model.SourceGraph.Relation;
import io.tenantdb.model.SourceGraph.Retention;
import io.tenantdb.model.SourceGraph.Window;
import io.tenantdb.model.TimeSpan;
import io.tenantdb.plan.PlannedGraph.Reader;
import io.tenantdb.plan.WindowFit.Fit;

/**
 * Rows that go while a window still reads them.
 *
 * @param source whose rows go
 * @param fit never {@link Fit#OUTLIVES}
 */
record RowLoss(Relation source, Retention retention, Reader reader, Window window, Fit fit) {

  /** True where both policies run. */
  boolean goesOn() {
    return retention.scheduled() && window.scheduled();
  }

  /**
   * The sentence.
   *
   * @param here the tenant
   * @param declared whether the window is one of the spec's
   * @param now whether both policies are live
   */
  String sentence(String here, boolean declared, boolean now) {
    String offset = declared ? "refresh.startOffset" : "start_offset";
    String from = source.in(here);
    String refresh = "refresh of " + reader.aggregate().in(here) + job(window.job(), declared);
    String does = now && goesOn() ? " empties" : " would empty";
    String drops =
        retention.basis() == Basis.AGE
            ? "retention of "
                + from
                + " drops rows after "
                + retention.after().map(TimeSpan::text).orElseThrow()
            : "retention of "
                + from
                + (retention.basis() == Basis.CREATION
                    ? " goes by the creation of chunks, not by their data"
                    : job(retention.job(), false) + " has no drop_after that can be read");
    if (!reader.byTime()) {
      return drops
          + ", and "
          + refresh
          + ", which joins them to others,"
          + does
          + " buckets for want of them; remove the retention, or read "
          + from
          + " in another way.";
    }
    if (retention.basis() != Basis.AGE) {
      return drops
          + ", which cannot be compared with what "
          + refresh
          + " reads; remove that policy, or let it go by age (drop_after).";
    }
    String through =
        reader
            .through()
            .map(between -> ", through " + between.in(here) + " that nothing refreshes,")
            .orElse("");
    return drops
        + switch (window.beginning()) {
          case OPEN ->
              ", and "
                  + refresh
                  + through
                  + " without "
                  + (declared ? "startOffset" : "start_offset")
                  + does
                  + " their buckets; set "
                  + offset
                  + ", shorter than that.";
          case UNREADABLE ->
              ", and how far back "
                  + refresh
                  + through
                  + " reads cannot be told; set its start_offset.";
          case OFFSET -> {
            String start = window.startOffset().map(TimeSpan::text).orElseThrow();
            yield fit == Fit.UNKNOWN
                ? ", which cannot be compared with "
                    + start
                    + ", from when on "
                    + refresh
                    + through
                    + " reads; correct one of them."
                : ", and "
                    + refresh
                    + through
                    + " from "
                    + start
                    + " ago"
                    + does
                    + " their buckets; lengthen the retention, or shorten "
                    + offset
                    + ".";
          }
        };
  }

  private static String job(int id, boolean declared) {
    return declared || id == 0 ? "" : " (job " + id + ")";
  }
}
