package io.tenantdb.fleet;

import io.tenantdb.model.Finding;
import io.tenantdb.model.Mark;
import io.tenantdb.model.MaterializedViewChange.RefreshMaterializedView;
import io.tenantdb.model.Observed;
import io.tenantdb.model.ObservedAggregate;
import io.tenantdb.model.ObservedAggregate.Kind;
import io.tenantdb.model.ObservedTenant;
import io.tenantdb.model.Plan;
import io.tenantdb.model.Reason;
import io.tenantdb.model.TenantPlan;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/**
 * Where one declared aggregate stands, over all tenants.
 *
 * @param continuous tenants that have it as a continuous aggregate
 * @param unfilled those of them that we made and whose first fill is not complete
 * @param materializedViews tenants that have it as a materialized view, which we refresh
 * @param overdue those of them whose scheduled refresh has not been made yet
 * @param oldestRefresh scheduled time of the refresh that is the longest ago
 * @param skipped tenants that do without it
 * @param why the first reason for that, as a sentence
 */
public record AggregateStanding(
    String name,
    int continuous,
    int unfilled,
    int materializedViews,
    int overdue,
    Optional<Instant> oldestRefresh,
    int skipped,
    Optional<String> why) {

  /** All that are there or skipped somewhere, by name. */
  static List<AggregateStanding> of(Observed observed, Plan plan) {
    Map<String, Count> counts = new TreeMap<>();
    for (ObservedTenant tenant : observed.tenants().values()) {
      tenant
          .aggregates()
          .values()
          .forEach(live -> counts.computeIfAbsent(live.name(), n -> new Count()).add(live));
    }
    for (TenantPlan tenant : plan.tenants()) {
      tenant.findings().stream()
          .filter(finding -> finding.reason() == Reason.AggregateSkipped)
          .forEach(f -> counts.computeIfAbsent(f.object(), n -> new Count()).skip(f));
    }
    for (RefreshMaterializedView due : plan.upkeep().due()) {
      counts.computeIfAbsent(due.target().table(), n -> new Count()).overdue++;
    }
    List<AggregateStanding> standings = new ArrayList<>();
    counts.forEach((name, count) -> standings.add(count.standing(name)));
    return standings;
  }

  private static final class Count {
    private int continuous;
    private int unfilled;
    private int materializedViews;
    private int overdue;
    private int skipped;
    private Optional<Instant> oldest = Optional.empty();
    private Optional<String> why = Optional.empty();

    void add(ObservedAggregate live) {
      if (live.kind() == Kind.CONTINUOUS) {
        continuous++;
        boolean toFill =
            live.mark()
                .filter(mark -> mark.origin() == Mark.Origin.MADE && !mark.filled())
                .isPresent();
        unfilled += toFill ? 1 : 0;
      } else {
        materializedViews++;
        live.mark()
            .flatMap(Mark::refreshed)
            .filter(at -> oldest.isEmpty() || at.isBefore(oldest.get()))
            .ifPresent(at -> oldest = Optional.of(at));
      }
    }

    void skip(Finding finding) {
      skipped++;
      why = why.or(() -> Optional.of(finding.message()));
    }

    AggregateStanding standing(String name) {
      return new AggregateStanding(
          name, continuous, unfilled, materializedViews, overdue, oldest, skipped, why);
    }
  }
}
