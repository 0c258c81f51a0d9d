package io.tenantdb.operator;

import io.tenantdb.api.v1alpha1.TenantDatabase;
import io.tenantdb.desired.DeletionPolicy;
import io.tenantdb.desired.Resolution;
import io.tenantdb.model.Reason;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;

/** Says when a resource that is being deleted may go, and with which words. Pure. */
final class Deletions {

  /**
   * How long what was made is tried to be taken back. A namespace that is deleted must not hang for
   * ever, and longer than most transactions that a drop has to wait for.
   */
  static final Duration DEADLINE = Duration.ofMinutes(30);

  private static final int NAMED = 5;

  private static final String STAYS = " What it made in the database stays, with its marks.";

  private Deletions() {}

  /**
   * The last word on a resource that may go; empty while something is still to be taken back.
   *
   * @param assignment what its worker has to do
   * @param snapshot what its worker has done
   */
  static Optional<Notice> over(
      TenantDatabase resource, Assignment assignment, Snapshot snapshot, Instant now) {
    if (Resolution.deletionPolicy(resource.getSpec()) == DeletionPolicy.RETAIN) {
      return Optional.of(
          Notice.normal(Reason.NotTakenBack, "spec.safety.deletionPolicy is Retain." + STAYS));
    }
    if (assignment instanceof Assignment.Blocked blocked) {
      return beyondHelp(blocked.problem());
    }
    if (snapshot.takenBack()) {
      return Optional.of(
          Notice.normal(
              Reason.TakenBack,
              "What it made in %s is taken back; what it adopted lost its mark."
                  .formatted(Look.tenants(snapshot.look().map(Look::tenants).orElse(0)))));
    }
    Optional<Problem> problem = snapshot.deleting() ? snapshot.problem() : Optional.empty();
    if (problem.filter(p -> p.reason() == Reason.DatabaseNotFound).isPresent()) {
      return beyondHelp(problem.get());
    }
    return now.isBefore(deadline(resource))
        ? Optional.empty()
        : Optional.of(
            Notice.warning(
                Reason.NotTakenBack,
                "It was tried for %d minutes (%s): %s What is left stays in the database%s."
                    .formatted(
                        DEADLINE.toMinutes(),
                        Verdict.of(snapshot).reason(),
                        Verdict.of(snapshot).message(),
                        left(snapshot))));
  }

  private static String left(Snapshot snapshot) {
    List<String> objects =
        snapshot.deleting()
            ? snapshot.look().stream()
                .flatMap(look -> look.plan().templates().stream())
                .map(line -> line.object() + " in " + Look.tenants(line.tenants()))
                .toList()
            : List.of();
    return objects.isEmpty()
        ? ""
        : ": "
            + objects.stream().limit(NAMED).collect(Collectors.joining(", "))
            + Looks.more(objects.size() - NAMED);
  }

  /** When it may go at the latest. */
  static Instant deadline(TenantDatabase resource) {
    return Times.parse(resource.getMetadata().getDeletionTimestamp())
        .orElse(Instant.MIN)
        .plus(DEADLINE);
  }

  /** Where the way to the database is gone for good, waiting would take nothing back. */
  private static Optional<Notice> beyondHelp(Problem problem) {
    return Optional.of(
        Notice.warning(Reason.NotTakenBack, problem.reason() + ": " + problem.message() + STAYS));
  }
}
