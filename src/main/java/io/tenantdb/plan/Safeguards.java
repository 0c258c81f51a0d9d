package io.tenantdb.plan;

import io.tenantdb.model.Change;
import io.tenantdb.model.Desired.OnDestructive;
import io.tenantdb.model.Desired.OnDrift;
import io.tenantdb.model.Desired.Safety;
import io.tenantdb.model.Difference;
import io.tenantdb.model.Finding.Verdict;
import io.tenantdb.model.IndexChange.CreateIndex;
import io.tenantdb.model.IndexChange.PublishIndex;
import io.tenantdb.model.IndexReplacement.RebuildIndex;
import io.tenantdb.model.IndexSetting.SetAsideIndex;
import io.tenantdb.model.Reason;
import java.util.Optional;

/** Holds changes to {@code spec.safety}. */
final class Safeguards {

  private static final int SHOWN = 160;

  private final Safety safety;

  Safeguards(Safety safety) {
    this.safety = safety;
  }

  /** Why a change is not made, as a finding. */
  record Withheld(Verdict verdict, Reason reason, String sentence) {}

  /** Why the change is not made; empty where it may be. */
  Optional<Withheld> withholds(Change change) {
    if (change.hazard().destructive() && safety.onDestructive() == OnDestructive.DENY) {
      return Optional.of(denied(change));
    }
    if (change.drift() && safety.onDrift() == OnDrift.REPORT) {
      return Optional.of(
          new Withheld(
              Verdict.DRIFTED,
              Reason.DriftReported,
              change.object()
                  + " is "
                  + shown(change).before()
                  + " and must be "
                  + shown(change).after()
                  + "; somebody changed it, and spec.safety.onDrift: Report leaves it so: mend it by"
                  + " hand, or set Correct."));
    }
    return Optional.empty();
  }

  private static Withheld denied(Change change) {
    Verdict verdict = change.drift() ? Verdict.DRIFTED : Verdict.REFUSED;
    String object = change.object();
    return switch (change.hazard()) {
      case TAKES_OVER ->
          new Withheld(
              verdict,
              Reason.Conflict,
              object
                  + " is there and is not the operator's; declare it as it is, or rename or drop it,"
                  + " or set spec.safety.onDestructive: Allow, which builds the declared one beside"
                  + " it and drops this one (live: "
                  + shown(change).before()
                  + "; declared: "
                  + shown(change).after()
                  + ").");
      case DROPS_OBJECT ->
          new Withheld(
              verdict,
              Reason.DestructiveDenied,
              object
                  + " ("
                  + shown(change).before()
                  + ") "
                  + (displaced(change).isPresent()
                      ? "needs the name of "
                          + displaced(change).get()
                          + ", which is not declared any more and would be dropped for it;"
                      : change instanceof RebuildIndex
                          ? "must be dropped before it can be built anew, because this TimescaleDB cannot"
                              + " tell two equal indexes of a hypertable apart, and queries lack it"
                              + " meanwhile;"
                          : "is not declared any more and would be dropped;")
                  + " spec.safety.onDestructive: Allow permits it.");
      case DELETES_DATA ->
          new Withheld(
              verdict,
              Reason.DestructiveDenied,
              object
                  + " "
                  + change.after()
                  + " would drop chunks at its next run; spec.safety.onDestructive: Allow permits"
                  + " it.");
      case NONE, BLOCKS_WRITES ->
          throw new IllegalArgumentException(change.kind() + " is not destructive");
    };
  }

  private static Optional<String> displaced(Change change) {
    Optional<SetAsideIndex> other =
        change instanceof CreateIndex create
            ? create.displaces()
            : change instanceof PublishIndex publish ? publish.displaces() : Optional.empty();
    return other.map(SetAsideIndex::object);
  }

  private static Difference shown(Change change) {
    return Difference.of(change.before(), change.after(), SHOWN);
  }
}
