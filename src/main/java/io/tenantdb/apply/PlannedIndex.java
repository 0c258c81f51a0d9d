package io.tenantdb.apply;

import io.tenantdb.model.IndexReplacement;
import io.tenantdb.model.IndexReplacement.Replaced;
import io.tenantdb.model.IndexTie;
import io.tenantdb.model.Mark;
import io.tenantdb.model.Reason;
import java.util.Optional;

/** The index that a replacement is to retire, as the plan saw it. */
record PlannedIndex(IndexReplacement change) {

  /**
   * Holds what is live now against what was planned. What a person wrote on the index meanwhile,
   * and whether CLUSTER goes by it, are no reason to stop: they are carried over as they are now.
   *
   * @param found empty where the index is gone
   * @return the change with what is carried over
   * @throws ApplyException when it may not be replaced any more, or need not be
   */
  IndexReplacement still(Optional<LiveIndex> found) {
    LiveIndex live =
        found.orElseThrow(
            () ->
                new ApplyException(
                    Reason.Gone,
                    "the index was dropped since this was planned; the next pass plans it anew"));
    Optional<String> ties =
        IndexTie.against(live.ties(), IndexTie.Use.REPLACE, change.build().index());
    if (ties.isPresent()) {
      throw changed("stands behind " + ties.get() + " since");
    }
    if (live.valid() != old().valid() || live.body().filter(old().body()::equals).isEmpty()) {
      throw changed("has another definition, or has become valid or invalid, since");
    }
    if (!live.mark().equals(Mark.parse(old().comment()))) {
      throw changed("has another mark than when");
    }
    return change.with(
        new Replaced(
            old().body(),
            old().valid(),
            old().retiredName(),
            old().was(),
            old().takeOver(),
            old().concurrently(),
            live.comment(),
            old().statistics(),
            live.clustered(),
            old().stays()));
  }

  private Replaced old() {
    return change.old();
  }

  private static ApplyException changed(String how) {
    return new ApplyException(
        Reason.Progressing,
        "the index "
            + how
            + " this was planned; it is left alone, and the next pass plans it anew");
  }
}
