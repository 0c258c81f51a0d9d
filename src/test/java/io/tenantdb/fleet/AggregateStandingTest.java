package io.tenantdb.fleet;

import static org.assertj.core.api.Assertions.assertThat;

import io.tenantdb.model.Finding;
import io.tenantdb.model.Mark;
import io.tenantdb.model.MaterializedViewChange.RefreshMaterializedView;
import io.tenantdb.model.Observed;
import io.tenantdb.model.ObservedAggregate;
import io.tenantdb.model.ObservedAggregate.Kind;
import io.tenantdb.model.ObservedTenant;
import io.tenantdb.model.Plan;
import io.tenantdb.model.Reason;
import io.tenantdb.model.ServerInfo;
import io.tenantdb.model.Target;
import io.tenantdb.model.TenantPlan;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

class AggregateStandingTest {
  private static final Instant NOW = Instant.parse("2026-06-01T12:00:00Z");
  private static final Mark MADE =
      new Mark("o", "daily", Mark.NO_TABLE, "0123456789abcdef", Mark.Origin.MADE, false);

  private final SortedMap<String, ObservedTenant> tenants = new TreeMap<>();

  private void live(String schema, Kind kind, Optional<Mark> mark) {
    ObservedAggregate aggregate =
        new ObservedAggregate(
            1,
            "daily",
            kind,
            "app",
            Optional.empty(),
            true,
            true,
            Optional.empty(),
            List.of(),
            "",
            mark);
    tenants.put(
        schema,
        new ObservedTenant(schema, Map.of(), Map.of("daily", aggregate), Map.of(), "", Set.of()));
  }

  @Test
  void countsWhatIsThereWhatIsNotFilledWhatIsOverdueAndWhatIsSkipped() {
    Mark adopted = new Mark("o", "daily", "-", "0123456789abcdef", Mark.Origin.ADOPTED, false);
    live("t1", Kind.CONTINUOUS, Optional.of(MADE));
    live("t2", Kind.CONTINUOUS, Optional.of(MADE.withFilled()));
    live("t3", Kind.CONTINUOUS, Optional.of(adopted));
    live("t4", Kind.MATERIALIZED_VIEW, Optional.of(MADE.withRefreshed(NOW)));
    live("t5", Kind.MATERIALIZED_VIEW, Optional.of(MADE.withRefreshed(NOW.minusSeconds(60))));
    Finding skipped =
        new Finding(
            Finding.Verdict.NOTE, "daily", Reason.AggregateSkipped, "", "t6: no hypertable.");
    Plan plan =
        new Plan(
            List.of(new TenantPlan("t6", List.of(), List.of(skipped))),
            List.of(),
            List.of(),
            new Plan.Upkeep(
                List.of(
                    new RefreshMaterializedView(
                        new Target("t5", "daily", "app"), NOW, Optional.empty(), true, MADE, "")),
                Optional.of(NOW)));

    assertThat(AggregateStanding.of(observed(), plan))
        .containsExactly(
            new AggregateStanding(
                "daily",
                3,
                1,
                2,
                1,
                Optional.of(NOW.minusSeconds(60)),
                1,
                Optional.of("t6: no hypertable.")));
  }

  @Test
  void nothingDeclaredIsNothingSaid() {
    assertThat(AggregateStanding.of(observed(), new Plan(List.of(), List.of(), List.of())))
        .isEmpty();
  }

  private Observed observed() {
    ServerInfo server =
        new ServerInfo(
            "18.6",
            180006,
            new ServerInfo.Timescale(ServerInfo.Edition.NONE, Optional.empty(), Optional.empty()),
            Optional.empty(),
            1,
            true,
            "op",
            false,
            true,
            true);
    return new Observed(server, NOW, tenants, Set.of(), Map.of(), Map.of());
  }
}
