package io.tenantdb.plan;

import io.tenantdb.model.CanonicalIndex;
import io.tenantdb.model.CanonicalIndex.Buildable;
import io.tenantdb.model.Desired;
import io.tenantdb.model.DesiredIndex;
import io.tenantdb.model.IndexTie;
import io.tenantdb.model.Mark;
import io.tenantdb.model.ObservedIndex;
import io.tenantdb.model.ObservedTable;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/** Finds the indexes of ours that somebody renamed and that are to get their names back. */
final class RenamedIndexes {

  private final Desired desired;
  private final List<DesiredIndex> declared;
  private final Forms forms;

  /** What an index of a table would look like. */
  @FunctionalInterface
  interface Forms {
    CanonicalIndex of(TenantDraft draft, ObservedTable table, DesiredIndex index);
  }

  RenamedIndexes(Desired desired, List<DesiredIndex> declared, Forms forms) {
    this.desired = desired;
    this.declared = List.copyOf(declared);
    this.forms = forms;
  }

  /** The one that was made for the declared index and bears another name. */
  Optional<ObservedIndex> of(TenantDraft draft, ObservedTable table, DesiredIndex index) {
    return candidate(draft, table, index)
        .filter(live -> declared(table, live.name()).isEmpty() || isAnothers(draft, table, live));
  }

  /**
   * True where the live index bears a name that is declared on its table, and is to give it back to
   * bear its own.
   */
  boolean isAnothers(TenantDraft draft, ObservedTable table, ObservedIndex live) {
    if (live.mark().filter(mark -> !mark.name().equals(live.name())).isEmpty()) {
      return false;
    }
    Set<String> seen = new HashSet<>();
    Optional<ObservedIndex> next = Optional.of(live);
    while (next.isPresent() && seen.add(next.get().name())) {
      Optional<DesiredIndex> own = own(draft, table, next.get());
      if (own.isEmpty()) {
        return false;
      }
      // Who has that name must give it up in turn.
      next = table.index(own.get().name());
    }
    return true;
  }

  /** What one was made for that bears the name of another one and is not like that. */
  private Optional<DesiredIndex> own(TenantDraft draft, ObservedTable table, ObservedIndex live) {
    return live.mark()
        .filter(mark -> !mark.name().equals(live.name()))
        .flatMap(mark -> declared(table, mark.name()))
        .filter(
            own ->
                candidate(draft, table, own).filter(c -> c.name().equals(live.name())).isPresent())
        .filter(
            own ->
                declared(table, live.name())
                    .filter(other -> isLike(draft, table, live, other))
                    .isEmpty());
  }

  private Optional<ObservedIndex> candidate(
      TenantDraft draft, ObservedTable table, DesiredIndex index) {
    // A constraint may have taken it over, or its person renamed what we only adopted: not ours to
    // rename.
    return table.indexes().stream()
        .filter(live -> !live.name().equals(index.name()))
        .filter(live -> live.valid() && !live.building())
        .filter(live -> IndexTie.against(live.ties(), IndexTie.Use.RENAME).isEmpty())
        .filter(live -> live.mark().filter(mark -> isMadeFor(mark, index)).isPresent())
        .filter(live -> isLike(draft, table, live, index))
        .findFirst();
  }

  private boolean isMadeFor(Mark mark, DesiredIndex index) {
    return mark.owner().equals(desired.ownerId())
        && mark.name().equals(index.name())
        && mark.origin() == Mark.Origin.MADE;
  }

  private boolean isLike(
      TenantDraft draft, ObservedTable table, ObservedIndex live, DesiredIndex index) {
    return forms.of(draft, table, index) instanceof Buildable form
        && live.body().filter(form.accepted()::contains).isPresent();
  }

  private Optional<DesiredIndex> declared(ObservedTable table, String name) {
    return declared.stream()
        .filter(index -> index.table().equals(table.name()) && index.name().equals(name))
        .findFirst();
  }
}
