package io.tenantdb.plan.usage;

import io.tenantdb.model.IndexReport.Kind;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** Finds the indexes of one table that add nothing to another one. */
final class Redundancies {

  private Redundancies() {}

  /**
   * An index that could go.
   *
   * @param by one that stays, itself not redundant
   */
  record Pair(Kind kind, Candidate index, Candidate by) {}

  static List<Pair> of(List<Candidate> indexes) {
    List<Pair> pairs = new ArrayList<>();
    for (Candidate index : indexes) {
      // Covering is transitive and outliving has no circle: where any outlives it, one that stays
      // does.
      Optional<Candidate> by =
          indexes.stream()
              .filter(other -> other.outlives(index))
              .filter(other -> stays(other, indexes))
              .min(Candidate.KEPT_FIRST);
      by.ifPresent(
          other ->
              pairs.add(new Pair(index.same(other) ? Kind.DUPLICATE : Kind.PREFIX, index, other)));
    }
    return pairs;
  }

  private static boolean stays(Candidate index, List<Candidate> indexes) {
    return indexes.stream().noneMatch(other -> other.outlives(index));
  }
}
