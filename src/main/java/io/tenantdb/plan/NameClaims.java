package io.tenantdb.plan;

import io.tenantdb.model.AggregateChange;
import io.tenantdb.model.Change;
import io.tenantdb.model.Desired.Prune;
import io.tenantdb.model.Desired.Safety;
import io.tenantdb.model.Finding.Verdict;
import io.tenantdb.model.IndexChange.CreateIndex;
import io.tenantdb.model.IndexChange.PublishIndex;
import io.tenantdb.model.IndexSetting.DropIndex;
import io.tenantdb.model.IndexSetting.SetAsideIndex;
import io.tenantdb.model.Mark;
import io.tenantdb.model.ObservedAggregate;
import io.tenantdb.model.ObservedIndex;
import io.tenantdb.model.ObservedTable;
import io.tenantdb.model.ObservedTenant.NamedRelation;
import io.tenantdb.model.Reason;
import io.tenantdb.model.ReservedName;
import java.util.List;
import java.util.Optional;

/**
 * Settles who gets which name of a tenant's schema, once all that is declared is planned. A change
 * that takes a name which another relation bears is made after the change that frees it. Where none
 * does, what left the spec makes room: an index serves on under a reserved name, until pruning
 * drops it; an aggregate goes first. Without leave to prune, and for what is not ours, a person is
 * told.
 */
final class NameClaims {

  private final Prune prune;
  private final Safeguards safeguards;
  private final LeavingIndexes indexes;
  private final LeavingAggregates aggregates;

  NameClaims(Safety safety, LeavingIndexes indexes, LeavingAggregates aggregates) {
    this.prune = safety.prune();
    this.safeguards = new Safeguards(safety);
    this.indexes = indexes;
    this.aggregates = aggregates;
  }

  /**
   * What bears a name that a change takes.
   *
   * @param words for people, without its name
   */
  private record Holder(String name, String words, Optional<ObservedTable> table) {
    Optional<ObservedIndex> index() {
      return table.flatMap(t -> t.index(name));
    }
  }

  void settle(TenantDraft draft) {
    // Each change that is settled may take the ground from under another one.
    boolean again;
    do {
      again = List.copyOf(draft.changes()).stream().anyMatch(change -> settled(draft, change));
    } while (again);
    draft.order(new NameOrder(draft, safeguards).sorted());
  }

  /** Returns true where the plan is another one since. */
  private boolean settled(TenantDraft draft, Change change) {
    for (String name : change.takes()) {
      if (!change.frees().contains(name) && !name.startsWith(ReservedName.PREFIX)) {
        Optional<Holder> holder = holder(draft, name);
        if (holder.isPresent() && !isFreed(draft, name)) {
          settle(draft, change, holder.get());
          return true;
        }
      }
    }
    return false;
  }

  private static boolean isFreed(TenantDraft draft, String name) {
    return draft.changes().stream().anyMatch(change -> change.frees().contains(name));
  }

  private static Optional<Holder> holder(TenantDraft draft, String name) {
    NamedRelation named = draft.tenant().names().get(name);
    if (named == null) {
      return draft
          .tenant()
          .table(name)
          .map(table -> new Holder(name, words(table.kind()), Optional.empty()));
    }
    return Optional.of(
        new Holder(
            name,
            named.kind() + named.table().map(t -> " of " + t).orElse(""),
            named.table().flatMap(draft.tenant()::relation)));
  }

  private void settle(TenantDraft draft, Change change, Holder holder) {
    Optional<ObservedAggregate> leavingAggregate = leavingAggregate(draft, holder);
    if (leavingAggregate.isPresent()) {
      afterDrop(draft, change, holder, leavingAggregate.get());
      return;
    }
    Optional<Leaving> leaving =
        holder
            .index()
            .flatMap(index -> indexes.leaving(draft, holder.table().orElseThrow(), index));
    if (leaving.isEmpty()) {
      taken(draft, change, holder, whose(holder) + "; rename one of them");
    } else if (leaving.get() instanceof Leaving.Drop drop) {
      if (prune == Prune.OWNED_ONLY) {
        makeRoom(draft, change, holder, drop);
      } else {
        taken(draft, change, holder, ", which the spec declares no more; " + wayOut());
      }
    } else if (leaving.get() instanceof Leaving.Keep keep) {
      taken(
          draft,
          change,
          holder,
          ", which the spec declares no more and which stays: "
              + keep.why()
              + "; rename one of them");
    } else if (leaving.get() instanceof Leaving.Held held) {
      draft.find(
          held.verdict(),
          change.object(),
          held.reason(),
          "the name " + holder.name() + " is not free: " + held.sentence());
      draft.leaveOut(change, held.reason());
    } else {
      taken(
          draft,
          change,
          holder,
          ", which the spec declares no more and which was adopted, so that it is never dropped;"
              + " rename or drop it");
    }
  }

  /** An index has rows of its own and serves on; who asks for an aggregate asks by its name. */
  private void makeRoom(TenantDraft draft, Change change, Holder holder, Leaving.Drop drop) {
    ObservedTable table = drop.table();
    Mark mark = holder.index().flatMap(ObservedIndex::mark).orElseThrow();
    String aside = ReservedName.aside(table.name(), mark.name()).text();
    if (!(drop.change() instanceof DropIndex) || draft.tenant().names().containsKey(aside)) {
      draft.awaitDrop(aside);
      waits(draft, change, holder, "another one that had the name is dropped");
      return;
    }
    SetAsideIndex other = new SetAsideIndex(draft.target(table), holder.name(), aside, mark, true);
    boolean sameOwner = change.target().owner().equals(table.owner());
    if (sameOwner && change instanceof CreateIndex create) {
      draft.replace(change, create.displacing(other));
    } else if (sameOwner && change instanceof PublishIndex publish) {
      draft.replace(change, publish.displacing(other));
    } else if (!draft.change(table, other)) {
      draft.leaveOut(change, Reason.InsufficientPrivilege);
      draft.waits(change, other, Reason.InsufficientPrivilege);
    }
  }

  private void afterDrop(
      TenantDraft draft, Change change, Holder holder, ObservedAggregate aggregate) {
    Optional<String> kept = aggregates.kept(aggregate);
    String words = ", part of the aggregate " + aggregate.name();
    String of = aggregate.name().equals(holder.name()) ? "" : words;
    if (kept.isPresent()) {
      taken(
          draft,
          change,
          holder,
          of
              + ", which the spec declares no more and which stays: "
              + kept.get()
              + "; rename one of them");
    } else if (!LeavingAggregates.isMade(aggregate)) {
      taken(
          draft,
          change,
          holder,
          of
              + ", which the spec declares no more and which was adopted, so that it is never"
              + " dropped; rename or drop it");
    } else if (prune == Prune.OWNED_ONLY) {
      draft.awaitDrop(aggregate.name());
      waits(
          draft,
          change,
          holder,
          "the aggregate " + aggregate.name() + ", which the spec declares no more, is dropped");
    } else {
      taken(draft, change, holder, of + ", which the spec declares no more; " + wayOut());
    }
  }

  private Optional<ObservedAggregate> leavingAggregate(TenantDraft draft, Holder holder) {
    String relation = holder.table().map(ObservedTable::name).orElse(holder.name());
    return aggregates.ours(draft).filter(live -> live.name().equals(relation)).findFirst();
  }

  private String wayOut() {
    return prune == Prune.SUSPENDED
        ? "it stays as long as another resource has the same ownerId or keeps a hypertable of this"
            + " one; rename one of them"
        : "set spec.safety.prune: OwnedOnly and onDestructive: Allow, and it makes room and is"
            + " dropped; or rename one of them";
  }

  /** What a person can go by to find it. */
  private static String whose(Holder holder) {
    return holder
        .index()
        .flatMap(ObservedIndex::mark)
        .map(
            mark ->
                mark.name().equals(holder.name())
                    ? " that belongs to " + mark.owner()
                    : " that was made as " + mark.name() + " for " + mark.owner())
        .orElse("");
  }

  private static void taken(TenantDraft draft, Change change, Holder holder, String why) {
    draft.find(
        Verdict.FAILED,
        change.object(),
        Reason.NameTaken,
        (change instanceof AggregateChange
                ? "aggregate " + change.object() + " cannot be made: the name "
                : "the name ")
            + holder.name()
            + " is taken by "
            + NamedRelation.article(holder.words())
            + holder.words()
            + why
            + ".");
    draft.leaveOut(change, Reason.NameTaken);
  }

  private static void waits(TenantDraft draft, Change change, Holder holder, String until) {
    draft.find(
        Verdict.NOTE,
        change.object(),
        Reason.LeftSpec,
        change.object()
            + " gets the name "
            + holder.name()
            + " once "
            + until
            + "; that waits for all else that is declared.");
    draft.leaveOut(change, Reason.LeftSpec);
  }

  private static String words(ObservedTable.Kind kind) {
    return switch (kind) {
      case ORDINARY -> "table";
      case PARTITIONED -> "partitioned table";
      case MATERIALIZED_VIEW -> "materialized view";
      case CONTINUOUS_AGGREGATE -> "continuous aggregate";
      case OTHER -> "relation";
    };
  }
}
