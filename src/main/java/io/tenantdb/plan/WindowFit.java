package io.tenantdb.plan;

import io.tenantdb.model.Canonical;
import io.tenantdb.model.SourceGraph;
import io.tenantdb.model.SourceGraph.Basis;
import io.tenantdb.model.SourceGraph.Node;
import io.tenantdb.model.SourceGraph.Relation;
import io.tenantdb.model.SourceGraph.Retention;
import io.tenantdb.model.SourceGraph.Window;
import io.tenantdb.model.TimeSpan;
import io.tenantdb.plan.PlannedGraph.Reader;
import java.util.HashMap;
import java.util.Map;

/**
 * Compares retention with the windows behind which it deletes. TimescaleDB drops chunks that ended
 * before {@code now() - drop_after} and refreshes buckets that begin after {@code now() -
 * start_offset}; both move on by the clock.
 */
final class WindowFit {

  /** What a retention is to a window. */
  enum Fit {
    OUTLIVES,
    /** Nothing is lost, and there is nothing to spare. */
    EQUALS,
    EMPTIES,
    /** Nobody can tell. */
    UNKNOWN
  }

  private record Spans(TimeSpan retention, TimeSpan start) {}

  private final Canonical canonical;
  private final SourceGraph live;
  private final Map<Spans, Fit> known = new HashMap<>();

  WindowFit(Canonical canonical, SourceGraph live) {
    this.canonical = canonical;
    this.live = live;
  }

  Fit of(Relation source, Retention retention, Reader reader, Window window) {
    if (!reader.byTime()) {
      return Fit.EMPTIES;
    }
    if (retention.basis() != Basis.AGE) {
      return Fit.UNKNOWN;
    }
    return switch (window.beginning()) {
      case OPEN -> Fit.EMPTIES;
      case UNREADABLE -> Fit.UNKNOWN;
      case OFFSET -> {
        Spans spans =
            new Spans(retention.after().orElseThrow(), window.startOffset().orElseThrow());
        yield isOfItsTime(source, spans.retention())
                && isOfItsTime(reader.aggregate(), spans.start())
            ? known.computeIfAbsent(spans, this::compare)
            : Fit.UNKNOWN;
      }
    };
  }

  /** TimescaleDB takes a number on timestamps for microseconds. */
  private boolean isOfItsTime(Relation relation, TimeSpan span) {
    return live.node(relation)
        .map(Node::integerTime)
        .filter(whole -> whole != span instanceof TimeSpan.Whole)
        .isEmpty();
  }

  private Fit compare(Spans spans) {
    if (spans.retention() instanceof TimeSpan.Whole r
        && spans.start() instanceof TimeSpan.Whole s) {
      return r.units() > s.units()
          ? Fit.OUTLIVES
          : r.units() == s.units() ? Fit.EQUALS : Fit.EMPTIES;
    }
    if (spans.retention() instanceof TimeSpan.Interval r
        && spans.start() instanceof TimeSpan.Interval s) {
      var retention = canonical.interval(r.text());
      var start = canonical.interval(s.text());
      if (retention.parts().isEmpty() || start.parts().isEmpty()) {
        return Fit.UNKNOWN;
      }
      return retention.outlasts(start)
          ? Fit.OUTLIVES
          : retention.sameAndSteady(start) ? Fit.EQUALS : Fit.EMPTIES;
    }
    return Fit.UNKNOWN;
  }
}
