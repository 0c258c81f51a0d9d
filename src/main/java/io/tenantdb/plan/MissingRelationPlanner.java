package io.tenantdb.plan;

import io.tenantdb.model.CanonicalAggregate.Refused;
import io.tenantdb.model.Desired;
import io.tenantdb.model.DesiredAggregate;
import io.tenantdb.model.Finding.Verdict;
import io.tenantdb.model.Reason;
import io.tenantdb.model.TenantSelection.OnMissingTable;
import java.util.Optional;

/** Says why an aggregate's query is refused; where a relation is missing, what is done about it. */
final class MissingRelationPlanner {

  private static final String UNDEFINED_TABLE = "42P01";

  private final Desired desired;

  MissingRelationPlanner(Desired desired) {
    this.desired = desired;
  }

  void refused(TenantDraft draft, DesiredAggregate aggregate, Refused refused) {
    String name = aggregate.name();
    boolean tableMissing = refused.sqlState().equals(UNDEFINED_TABLE);
    if (!tableMissing || desired.tenants().onMissingTable() != OnMissingTable.SKIP) {
      // Once the query can be had it is to be made of all rows.
      aggregate.mentions().forEach(draft::holdRetention);
    }
    if (!tableMissing) {
      draft.find(
          Verdict.FAILED,
          name,
          refused.reason(),
          refused.sqlState(),
          "aggregate " + name + " is refused: " + refused.message());
      return;
    }
    Optional<String> parent =
        desired.aggregates().stream()
            .map(DesiredAggregate::name)
            .filter(other -> !other.equals(name) && aggregate.mentions().contains(other))
            .filter(other -> draft.tenant().table(other).isEmpty())
            .findFirst();
    if (parent.isPresent()) {
      draft.find(
          Verdict.NOTE,
          name,
          Reason.WaitingForTable,
          "aggregate " + name + " is planned once " + parent.get() + " is there.");
      return;
    }
    switch (desired.tenants().onMissingTable()) {
      case WAIT ->
          draft.find(
              Verdict.WAITING,
              name,
              Reason.WaitingForTable,
              refused.sqlState(),
              "aggregate " + name + " waits for what its query reads: " + refused.message());
      case SKIP ->
          draft.find(
              Verdict.NOTE,
              name,
              Reason.TableSkipped,
              refused.sqlState(),
              "aggregate " + name + " is skipped for what its query reads: " + refused.message());
      case FAIL ->
          draft.find(
              Verdict.FAILED,
              name,
              Reason.TableMissing,
              refused.sqlState(),
              "aggregate "
                  + name
                  + " lacks what its query reads: "
                  + refused.message()
                  + "; create it, exclude the tenant, or set spec.tenants.onMissingTable.");
    }
  }
}
