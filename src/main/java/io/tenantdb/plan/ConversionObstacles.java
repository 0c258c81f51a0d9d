package io.tenantdb.plan;

import io.tenantdb.model.Desired.Prune;
import io.tenantdb.model.DesiredHypertable;
import io.tenantdb.model.DesiredIndex;
import io.tenantdb.model.DesiredTenant;
import io.tenantdb.model.ObservedIndex;
import io.tenantdb.model.ObservedTable;
import io.tenantdb.model.ServerInfo.Timescale;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** Finds what keeps a table from becoming a hypertable. */
final class ConversionObstacles {

  private final Prune prune;
  private final Timescale timescale;
  private final List<DesiredIndex> declared;
  private final List<DesiredHypertable> hypertables;
  private final LeavingIndexes leaving;

  ConversionObstacles(
      Prune prune, Timescale timescale, DesiredTenant wanted, LeavingIndexes leaving) {
    this.prune = prune;
    this.timescale = timescale;
    this.declared = wanted.indexes();
    this.hypertables = wanted.hypertables();
    this.leaving = leaving;
  }

  /**
   * What was found.
   *
   * @param lasting what a person must take away, in words
   * @param passing indexes that are about to go: they left the spec and are pruned
   * @param replaced indexes that are about to be replaced as declared
   */
  record Found(List<String> lasting, List<String> passing, List<String> replaced) {
    boolean isEmpty() {
      return lasting.isEmpty() && passing.isEmpty() && replaced.isEmpty();
    }
  }

  Found of(TenantDraft draft, DesiredHypertable wanted, ObservedTable table) {
    Found found = new Found(new ArrayList<>(), new ArrayList<>(), new ArrayList<>());
    List<String> lasting = found.lasting();
    String column = wanted.timeColumn();
    if (table.kind() != ObservedTable.Kind.ORDINARY) {
      lasting.add("it is no ordinary table");
      return found;
    }
    if (!draft.hasColumn(table, column)) {
      lasting.add("it has no column " + column);
    }
    if (table.pages() > 0) {
      lasting.add(
          "it holds rows ("
              + table.pages()
              + " pages): convert it by hand with create_hypertable(…, migrate_data => true), or"
              + " VACUUM it if they are all dead");
    }
    table.indexes().stream()
        .filter(index -> !index.uniqueColumns().isEmpty())
        .filter(index -> !index.uniqueColumns().contains(column))
        .forEach(index -> unique(draft, table, index, column, found));
    table.referencedBy().forEach(key -> reference(draft, key).ifPresent(lasting::add));
    if (table.published()) {
      lasting.add("it is in a publication");
    }
    return found;
  }

  /**
   * From 2.16 on a foreign key may point at a hypertable, but not from one. Before that, one that
   * is converted under a foreign key is never found by it again.
   */
  private Optional<String> reference(TenantDraft draft, String key) {
    if (!timescale.atLeast(2, 16)) {
      return Optional.of(
          "the foreign key "
              + key
              + " points at it, which TimescaleDB has no hypertables for before 2.16");
    }
    return hypertables.stream()
            .map(hypertable -> draft.schema() + "." + hypertable.table() + ".")
            .anyMatch(key::startsWith)
        ? Optional.of(
            "the foreign key "
                + key
                + " points at it from a table that is declared a hypertable, too")
        : Optional.empty();
  }

  private void unique(
      TenantDraft draft, ObservedTable table, ObservedIndex index, String column, Found found) {
    boolean leaves =
        leaving.leaving(draft, table, index).filter(Leaving.Drop.class::isInstance).isPresent();
    if (leaves && prune == Prune.OWNED_ONLY) {
      found.passing().add(index.name());
    } else if (!index.needed() && becomesOther(table, index, column)) {
      found.replaced().add(index.name());
    } else {
      found
          .lasting()
          .add(
              "the unique index "
                  + index.name()
                  + " lacks "
                  + column
                  + (leaves && prune == Prune.DISABLED
                      ? " (spec.safety.prune: OwnedOnly and onDestructive: Allow drop it, which is"
                          + " declared no more)"
                      : ""));
    }
  }

  /** True where the index of that name is declared as one that does not stand in the way. */
  private boolean becomesOther(ObservedTable table, ObservedIndex live, String column) {
    return declared.stream()
        .filter(index -> index.table().equals(table.name()) && index.name().equals(live.name()))
        .anyMatch(
            index ->
                !index.unique()
                    || index.keys().stream()
                        .anyMatch(key -> key.column().filter(column::equals).isPresent()));
  }
}
