package io.tenantdb.operator;

import io.fabric8.kubernetes.api.model.Condition;
import io.tenantdb.api.v1alpha1.TenantDatabaseStatus;
import io.tenantdb.api.v1alpha1.TenantDatabaseStatus.ConvergenceStatus;
import io.tenantdb.api.v1alpha1.TenantDatabaseStatus.FailureStatus;
import io.tenantdb.fleet.Convergence;
import io.tenantdb.model.Reason;
import java.time.Instant;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.stream.Stream;

/** Reads back what the status tells of the time before this process. */
final class Memories {

  private Memories() {}

  /**
   * @param generation of the resource's spec; of another one nothing is known to have been made
   */
  static Memory of(Optional<TenantDatabaseStatus> status, Long generation, Instant now) {
    Optional<Condition> ready =
        all(status.map(TenantDatabaseStatus::conditions))
            .filter(condition -> Conditions.READY.equals(condition.getType()))
            .findFirst();
    boolean converged = ready.filter(condition -> "True".equals(condition.getStatus())).isPresent();
    return new Memory(
        converged,
        converged ? Optional.empty() : ready.map(Condition::getReason).flatMap(Memories::reason),
        all(status.map(TenantDatabaseStatus::failures))
            .flatMap(failure -> failure(failure, now).stream())
            .toList(),
        status
            .flatMap(written -> Optional.ofNullable(written.convergence()))
            .filter(had -> Objects.equals(had.generation(), generation))
            .flatMap(Memories::convergence));
  }

  /** Empty where a field is missing, as no operator writes it. */
  private static Optional<Convergence> convergence(ConvergenceStatus had) {
    return had.database() == null || had.declarations() == null || had.digests() == null
        ? Optional.empty()
        : Optional.of(
            new Convergence(
                had.database(),
                had.declarations(),
                Objects.requireNonNullElse(had.except(), List.of()),
                had.digests()));
  }

  private static Optional<Failure> failure(FailureStatus status, Instant now) {
    return reason(status.reason())
        .map(
            reason ->
                new Failure(
                    Objects.requireNonNullElse(status.schema(), ""),
                    Objects.requireNonNullElse(status.object(), ""),
                    reason,
                    Objects.requireNonNullElse(status.sqlState(), ""),
                    Objects.requireNonNullElse(status.message(), ""),
                    Times.parse(status.since()).orElse(now)));
  }

  /** Empty for a reason that this version does not know. */
  private static Optional<Reason> reason(String name) {
    return Stream.of(Reason.values()).filter(reason -> reason.name().equals(name)).findFirst();
  }

  private static <T> Stream<T> all(Optional<List<T>> list) {
    return list.stream().flatMap(List::stream);
  }
}
