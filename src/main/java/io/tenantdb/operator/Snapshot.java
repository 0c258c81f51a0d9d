package io.tenantdb.operator;

import io.tenantdb.model.BuildProgress;
import io.tenantdb.model.IndexReport;
import io.tenantdb.model.Reason;
import java.util.List;
import java.util.Optional;

/**
 * What a worker knows of its resource. Immutable; the status is made from it.
 *
 * @param generation the generation of the spec that it speaks of; 0 before the first verdict
 * @param running true while a pass goes on
 * @param suspended whether that pass was told to change nothing
 * @param problem why the last pass could not be made; empty when it was
 * @param look what the last pass that reached the database saw, perhaps of an older generation
 * @param indexes how the indexes were used when that was last read; empty where it was not yet
 * @param progress the builds that run now, sorted
 * @param deleting true for a pass that takes back what a deleted resource made
 */
record Snapshot(
    long generation,
    boolean running,
    boolean suspended,
    Optional<Problem> problem,
    Optional<Look> look,
    Optional<IndexReport> indexes,
    List<BuildProgress> progress,
    boolean deleting) {

  /** Nothing is known yet. */
  static final Snapshot NONE =
      new Snapshot(0, false, false, Optional.empty(), Optional.empty(), List.of());

  Snapshot {
    progress = List.copyOf(progress);
  }

  /** Of a resource that stays, before it was read how the indexes are used. */
  Snapshot(
      long generation,
      boolean running,
      boolean suspended,
      Optional<Problem> problem,
      Optional<Look> look,
      List<BuildProgress> progress) {
    this(generation, running, suspended, problem, look, Optional.empty(), progress, false);
  }

  /**
   * True when a pass has found nothing more to take back. A schema that is not there has nothing of
   * ours either.
   */
  boolean takenBack() {
    return deleting
        && !running
        && problem.isEmpty()
        && look.filter(seen -> seen.open() == 0 && seen.held().isEmpty())
            .filter(
                seen -> seen.failures().stream().allMatch(f -> f.reason() == Reason.SchemaMissing))
            .isPresent();
  }

  /** True when there is a verdict on the generation. */
  boolean evaluated(long wanted) {
    return generation == wanted && (problem.isPresent() || look.isPresent());
  }
}
