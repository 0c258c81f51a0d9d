package io.tenantdb.operator;

import io.tenantdb.model.Reason;
import io.tenantdb.model.TenantState;
import java.util.Optional;

/**
 * Whether the resource is ready, why, and who has to act.
 *
 * @param ready nothing failed, is pending or drifted; waiting and skipped tenants don't count
 * @param reason the gravest
 * @param message one sentence
 * @param progressing true while something goes on, or will without a person
 */
record Verdict(boolean ready, Reason reason, String message, boolean progressing) {

  /** True when it cannot go on without a person. */
  boolean stalled() {
    return !progressing && reason.stalls();
  }

  static Verdict of(Snapshot snapshot) {
    Verdict verdict = ofPass(snapshot);
    boolean nothingWrong =
        verdict.reason() == Reason.Converged || verdict.reason() == Reason.Progressing;
    return snapshot.deleting() && nothingWrong
        ? new Verdict(
            false,
            Reason.Deleting,
            "The resource is being deleted; what it made in the database is taken back.",
            true)
        : verdict;
  }

  private static Verdict ofPass(Snapshot snapshot) {
    if (snapshot.problem().isPresent()) {
      Problem problem = snapshot.problem().get();
      return new Verdict(
          false, problem.reason(), problem.message(), Looks.passing(problem.reason()));
    }
    return snapshot
        .look()
        .map(look -> of(snapshot, look))
        .orElseGet(
            () ->
                new Verdict(
                    false, Reason.Pending, "The database has not been looked at yet.", true));
  }

  private static Verdict of(Snapshot snapshot, Look look) {
    Optional<Failure> gravest = Looks.gravest(look.failures());
    boolean open = look.open() > 0 && !snapshot.suspended();
    if (gravest.isPresent()) {
      Failure failure = gravest.get();
      boolean passing = look.failures().stream().allMatch(other -> Looks.passing(other.reason()));
      return new Verdict(
          false,
          failure.reason(),
          Looks.withoutStop(failure.message()) + Looks.more(look.failures().size() - 1) + ".",
          open || (passing && !snapshot.suspended()));
    }
    if (look.converged()) {
      return new Verdict(true, Reason.Converged, look.summary(), false);
    }
    if (look.held().isPresent() && !snapshot.running()) {
      return new Verdict(
          false,
          look.held().get().reason(),
          look.held().get().message(),
          !snapshot.suspended() && !look.held().get().reason().stalls());
    }
    return new Verdict(
        false,
        snapshot.suspended() ? Reason.Suspended : Reason.Progressing,
        pending(snapshot, look),
        !snapshot.suspended());
  }

  private static String pending(Snapshot snapshot, Look look) {
    int left = look.count(TenantState.PENDING) + look.count(TenantState.DRIFTED);
    String changes =
        look.plan().templates().stream()
            .findFirst()
            .map(line -> ", first " + line.object())
            .orElse("");
    return snapshot.suspended()
        ? "%s of %d differ from the spec%s; spec.suspend holds the changes back."
            .formatted(Look.tenants(left), look.tenants(), changes)
        : "%s of %d are being made as declared%s."
            .formatted(Look.tenants(left), look.tenants(), changes);
  }
}
