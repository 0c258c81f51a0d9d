package io.tenantdb.plan;

import io.tenantdb.model.CanonicalIndex.Buildable;
import io.tenantdb.model.Declaration;
import io.tenantdb.model.Desired;
import io.tenantdb.model.DesiredIndex;
import io.tenantdb.model.Difference;
import io.tenantdb.model.Finding.Verdict;
import io.tenantdb.model.IndexBody;
import io.tenantdb.model.IndexTie;
import io.tenantdb.model.IndexTie.Use;
import io.tenantdb.model.Mark;
import io.tenantdb.model.ObservedIndex;
import io.tenantdb.model.ObservedIndex.Uneven;
import io.tenantdb.model.ObservedTable;
import io.tenantdb.model.Reason;
import java.util.Optional;

/** Judges the live index that a declaration is about. */
final class IndexJudge {

  private static final int SHOWN = 400;

  private final Desired desired;

  IndexJudge(Desired desired) {
    this.desired = desired;
  }

  /** What is to become of a live index. */
  sealed interface Judgement {

    /** Nothing now: a finding says why. */
    record LeftAlone() implements Judgement {}

    /**
     * It stays.
     *
     * @param mark the one that it is to bear and does not
     * @param drift what else of it differs was changed by somebody
     */
    record AsDeclared(Optional<Mark> mark, boolean drift) implements Judgement {}

    /**
     * Another one is to take its place.
     *
     * @param was what it is, and what is wrong with it, without the tenant
     * @param broken it is valid nowhere, or not everywhere; otherwise it is another one than
     *     declared
     * @param takeOver it is not ours
     * @param drift it had been as declared
     */
    record ToReplace(String was, boolean broken, boolean takeOver, boolean drift)
        implements Judgement {}
  }

  /** The judgement; where nothing is done now, it is said why. */
  Judgement judge(
      TenantDraft draft,
      ObservedTable table,
      DesiredIndex index,
      Buildable form,
      ObservedIndex live) {
    String object = table.name() + "." + index.name();
    String subject = "index " + index.name() + " on " + table.name();
    Optional<Mark> mark = live.mark();
    if (mark.isPresent() && !mark.get().owner().equals(desired.ownerId())) {
      draft.find(
          Verdict.FAILED,
          object,
          Reason.Conflict,
          subject + " belongs to " + mark.get().owner() + "; declare it in one resource only.");
      return new Judgement.LeftAlone();
    }
    if (live.body().isEmpty() || live.building()) {
      draft.find(
          Verdict.POSTPONED,
          object,
          Reason.Busy,
          subject + " is locked or being built by another session.");
      return new Judgement.LeftAlone();
    }
    Optional<String> defect = defect(index, form, live);
    boolean drift = draft.wasAsDeclared(Declaration.of(index), mark);
    if (defect.isEmpty()) {
      return new Judgement.AsDeclared(missingMark(index, live), drift);
    }
    Optional<String> ties = ties(table, index, live);
    if (ties.isPresent()) {
      Difference shown = Difference.of(defect.get(), form.printed().summary(), SHOWN);
      draft.find(
          Verdict.FAILED,
          object,
          Reason.Conflict,
          subject
              + " differs and is never replaced, because "
              + ties.get()
              + " rests on it; declare it as it is, or take that away (live: "
              + shown.before()
              + "; declared: "
              + shown.after()
              + ").");
      return new Judgement.LeftAlone();
    }
    return new Judgement.ToReplace(
        defect.get(), !live.valid() || live.missingParts() > 0, mark.isEmpty(), drift);
  }

  /** What keeps another one from taking its place. */
  private static Optional<String> ties(
      ObservedTable table, DesiredIndex index, ObservedIndex live) {
    boolean aggregate = table.kind() == ObservedTable.Kind.CONTINUOUS_AGGREGATE;
    return IndexTie.against(live.ties(), aggregate ? Use.MAKE_WAY : Use.REPLACE, index);
  }

  /** What it is, where that is not what is declared; without numbers, which differ by tenant. */
  private static Optional<String> defect(DesiredIndex index, Buildable form, ObservedIndex live) {
    IndexBody body = live.body().orElseThrow();
    if (live.valid()
        && live.missingParts() == 0
        && isWhereDeclared(live, index)
        && form.accepted().contains(body)
        && unevenParts(live, index).isEmpty()) {
      return Optional.empty();
    }
    String is = body.summary();
    if (!live.valid()) {
      return Optional.of("invalid: " + is);
    }
    if (live.missingParts() > 0) {
      return Optional.of("parts missing: " + is);
    }
    if (!isWhereDeclared(live, index)) {
      return Optional.of("in tablespace " + live.settings().tablespace() + ": " + is);
    }
    return Optional.of(
        form.accepted().contains(body)
            ? unevenParts(live, index).map(what -> what + ": " + is).orElse(is)
            : is);
  }

  /**
   * What of it not all parts have. The tablespace is nobody's concern where none is declared: then
   * TimescaleDB chooses one for each chunk.
   */
  private static Optional<String> unevenParts(ObservedIndex live, DesiredIndex index) {
    Uneven uneven = live.settings().uneven();
    if (uneven.parameters()) {
      return Optional.of("parts with other storage parameters");
    }
    return uneven.tablespace() && index.tablespace().isPresent()
        ? Optional.of("parts in another tablespace")
        : Optional.empty();
  }

  /** True where it is not known to be kept elsewhere than is declared. */
  static boolean isWhereDeclared(ObservedIndex live, DesiredIndex index) {
    String tablespace = live.settings().tablespace();
    return tablespace.isEmpty() || index.tablespace().map(tablespace::equals).orElse(true);
  }

  /** A constraint's index bears none: it belongs to the constraint. */
  private Optional<Mark> missingMark(DesiredIndex index, ObservedIndex live) {
    Mark wanted =
        index.mark(desired.ownerId(), live.mark().map(Mark::origin).orElse(Mark.Origin.ADOPTED));
    return live.constraint().isPresent() || live.mark().equals(Optional.of(wanted))
        ? Optional.empty()
        : Optional.of(wanted);
  }
}
