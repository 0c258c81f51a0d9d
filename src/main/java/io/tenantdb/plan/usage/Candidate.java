package io.tenantdb.plan.usage;

import io.tenantdb.model.IndexShape;
import java.util.Comparator;
import java.util.Optional;

/**
 * An index as it is compared with the others of its table.
 *
 * @param definition equal for equal indexes
 * @param needed whether something beside the queries needs it
 * @param declared whether the spec names it
 * @param otherOwner {@code ownerId} of another resource whose mark it bears
 */
record Candidate(
    String name,
    String definition,
    IndexShape shape,
    boolean needed,
    boolean declared,
    Optional<String> otherOwner) {

  /** Of two that serve the same, the first one stays. */
  static final Comparator<Candidate> KEPT_FIRST =
      Comparator.comparing((Candidate c) -> !c.needed())
          .thenComparing(c -> !c.shape().unique())
          .thenComparing(c -> !c.declared())
          .thenComparing(Candidate::name);

  boolean same(Candidate other) {
    return definition.equals(other.definition);
  }

  /** True where the other one adds nothing to this one. */
  boolean covers(Candidate other) {
    return same(other) || shape.covers(other.shape);
  }

  /** True where the other one could go because of this one. */
  boolean outlives(Candidate other) {
    return covers(other) && (!other.covers(this) || KEPT_FIRST.compare(this, other) < 0);
  }
}
