package io.tenantdb.plan;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.tuple;

import io.tenantdb.model.AggregateChange.FillAggregate;
import io.tenantdb.model.CanonicalAggregate.Source;
import io.tenantdb.model.Change;
import io.tenantdb.model.Finding;
import io.tenantdb.model.Mark;
import io.tenantdb.model.Observed;
import io.tenantdb.model.ObservedTenant;
import io.tenantdb.model.Reason;
import io.tenantdb.model.ServerInfo;
import io.tenantdb.model.ServerInfo.Edition;
import io.tenantdb.model.ServerInfo.Timescale;
import io.tenantdb.model.Target;
import io.tenantdb.model.TenantHistory;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

class TenantDraftTest {

  private static final ObservedTenant TENANT =
      new ObservedTenant("tenant_a", Map.of(), Map.of(), "", Set.of());

  private final TenantDraft draft =
      new TenantDraft(
          TENANT,
          new Observed(
              new ServerInfo(
                  "17.5",
                  170005,
                  new Timescale(Edition.COMMUNITY, Optional.of("2.23.0"), Optional.of("public")),
                  Optional.empty(),
                  5,
                  true,
                  "operator",
                  false,
                  true,
                  true),
              World.NOW,
              new TreeMap<>(Map.of("tenant_a", TENANT)),
              Set.of(),
              Map.of(),
              Map.of()),
          TenantHistory.NONE);

  private static Change fill(String aggregate, String source) {
    return new FillAggregate(
        new Target("tenant_a", aggregate, "app"),
        new Source(Optional.empty(), source),
        Optional.empty(),
        new Mark("a/b", aggregate, Mark.NO_TABLE, "0123456789abcdef", Mark.Origin.MADE, false),
        "",
        "public");
  }

  @Test
  void eachThatIsNotMadeBecauseOneBelowItIsNotIsTold() {
    Change hourly = fill("hourly", "batches");
    Change other = fill("other", "batches");
    draft
        .changes()
        .addAll(List.of(hourly, other, fill("daily", "hourly"), fill("monthly", "daily")));

    draft.withdraw(List.of(hourly), Reason.RefreshWindowInvalid);

    assertThat(draft.changes()).containsExactly(other);
    assertThat(draft.findings())
        .as("of the first one enough is said by whoever takes it out")
        .extracting(Finding::reason, Finding::message)
        .containsExactly(
            tuple(
                Reason.RefreshWindowInvalid,
                "tenant_a: daily rows (FillAggregate) waits for hourly rows (FillAggregate), which"
                    + " is not made now."),
            tuple(
                Reason.RefreshWindowInvalid,
                "tenant_a: monthly rows (FillAggregate) waits for daily rows (FillAggregate), which"
                    + " is not made now."));
  }
}
