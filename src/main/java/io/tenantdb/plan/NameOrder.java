package io.tenantdb.plan;

import io.tenantdb.model.Change;
import io.tenantdb.model.Dependencies;
import io.tenantdb.model.IndexChange.RenameIndex;
import io.tenantdb.model.IndexSetting.SetAsideIndex;
import io.tenantdb.model.Mark;
import io.tenantdb.model.ObservedIndex;
import io.tenantdb.model.ReservedName;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * Puts a tenant's changes in the order in which names become free, and else leaves them as they
 * were planned. Only renaming can wait for itself in a circle: there one of the circle steps aside
 * to a reserved name first.
 */
final class NameOrder {

  private final TenantDraft draft;
  private final Safeguards safeguards;
  private final List<Change> waiting;
  private final List<Change> sorted = new ArrayList<>();

  NameOrder(TenantDraft draft, Safeguards safeguards) {
    this.draft = draft;
    this.safeguards = safeguards;
    this.waiting = new ArrayList<>(draft.changes());
  }

  List<Change> sorted() {
    if (waiting.stream().allMatch(change -> change.frees().isEmpty())) {
      return waiting;
    }
    while (!waiting.isEmpty()) {
      Change next =
          waiting.stream().filter(this::isReady).findFirst().orElseGet(this::outOfTheCircle);
      waiting.remove(next);
      sorted.add(next);
    }
    return sorted;
  }

  private boolean isReady(Change change) {
    boolean before = true;
    for (Change other : waiting) {
      if (other == change) {
        before = false;
      } else if (before ? Dependencies.needs(change, other) : waitsForName(change, other)) {
        return false;
      }
    }
    return true;
  }

  private static boolean waitsForName(Change change, Change other) {
    return other.frees().stream().anyMatch(change.takes()::contains);
  }

  /** What comes next where each waits for another one. */
  private Change outOfTheCircle() {
    for (Change change : waiting) {
      if (change instanceof RenameIndex rename
          && safeguards.withholds(rename).isEmpty()
          && waiting.stream().anyMatch(other -> other.takes().contains(rename.liveName()))) {
        Optional<SetAsideIndex> aside = aside(rename);
        if (aside.isPresent()) {
          waiting.set(
              waiting.indexOf(change),
              new RenameIndex(
                  rename.target(),
                  aside.get().reservedName(),
                  rename.name(),
                  rename.mark(),
                  rename.body()));
          return aside.get();
        }
      }
    }
    return waiting.get(0);
  }

  private Optional<SetAsideIndex> aside(RenameIndex rename) {
    String table = rename.target().table();
    Optional<Mark> mark =
        draft
            .tenant()
            .relation(table)
            .flatMap(t -> t.index(rename.liveName()))
            .flatMap(ObservedIndex::mark);
    return mark.map(
        m ->
            new SetAsideIndex(
                rename.target(),
                rename.liveName(),
                ReservedName.aside(table, rename.name()).text(),
                m,
                false));
  }
}
