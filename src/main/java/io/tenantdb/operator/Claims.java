package io.tenantdb.operator;

import io.tenantdb.model.Desired;
import io.tenantdb.model.DesiredHypertable;
import io.tenantdb.model.Reason;
import io.tenantdb.model.TenantSelection;
import io.tenantdb.observe.TenantSelector;
import java.util.ArrayList;
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

  /** A hypertable of a tenant that an older resource declares too. */
  record Overlap(String schema, String table, String resource) {

    Failure failure(java.time.Instant since) {
      return new Failure(
          schema,
          table,
          Reason.Conflict,
          "",
          "%s: %s is declared by the older resource %s too, which keeps it; take the hypertable out of one of them."
              .formatted(schema, table, resource),
          since);
    }
  }

  /** Where the declaration overlaps with an older one, in these tenants. */
  List<Overlap> overlaps(Desired desired, Set<String> schemas) {
    List<Overlap> overlaps = new ArrayList<>();
    for (Claim claim : older) {
      TenantSelector selector = new TenantSelector(claim.tenants());
      Optional<String> shared = schemas.stream().filter(selector::selects).sorted().findFirst();
      shared.ifPresent(
          schema ->
              desired.hypertables().stream()
                  .map(DesiredHypertable::table)
                  .filter(claim.tables()::contains)
                  .forEach(table -> overlaps.add(new Overlap(schema, table, claim.resource()))));
    }
    return overlaps;
  }

  /** The same without hypertables that an older resource keeps; its indexes stay. */
  static Desired without(Desired desired, List<Overlap> overlaps) {
    Set<String> tables =
        overlaps.stream().map(Overlap::table).collect(java.util.stream.Collectors.toSet());
    return desired.withHypertables(
        desired.hypertables().stream()
            .filter(hypertable -> !tables.contains(hypertable.table()))
            .toList());
  }
}
