package io.tenantdb.operator;

import io.tenantdb.model.Change;
import io.tenantdb.model.HypertableChange;
import io.tenantdb.model.Reason;
import io.tenantdb.model.TenantSelection;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * What older resources of the same database declare. A hypertable has one set of settings, so of
 * two resources that declare it the older keeps it.
 *
 * @param older the older resources' claims, oldest first
 */
record Claims(List<Claim> older) {

  /** Nobody else declares anything. */
  static final Claims NONE = new Claims(List.of());

  Claims {
    older = List.copyOf(older);
  }

  /**
   * One resource's claim.
   *
   * @param resource namespace and name
   * @param tenants the schemas that it selects
   * @param tables the hypertables that it declares in each
   */
  record Claim(String resource, TenantSelection tenants, Set<String> tables) {}

  /** Why this resource must leave the change alone. */
  Optional<Reason> against(Change change) {
    return change instanceof HypertableChange && claimant(change).isPresent()
        ? Optional.of(Reason.Conflict)
        : Optional.empty();
  }

  /** The older resource that the change would interfere with. */
  Optional<String> claimant(Change change) {
    return older.stream()
        .filter(claim -> claim.tables().contains(change.target().table()))
        .filter(claim -> Selections.selects(claim.tenants(), change.target().schema()))
        .map(Claim::resource)
        .findFirst();
  }
}
