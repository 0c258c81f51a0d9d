package io.tenantdb.operator;

import io.tenantdb.fleet.Convergence;
import io.tenantdb.model.Reason;
import java.util.List;
import java.util.Optional;

/**
 * What a worker remembers of the time before it: read from the live status when the operator
 * starts, so that a restart neither tells twice nor forgets since when something fails.
 *
 * @param converged whether all tenants were as declared
 * @param problem why the resource was not ready; empty when it was, or nothing is known
 * @param failures what failed
 * @param convergence what of the present spec which tenants have had as declared
 */
record Memory(
    boolean converged,
    Optional<Reason> problem,
    List<Failure> failures,
    Optional<Convergence> convergence) {

  /** Nothing is remembered. */
  static final Memory NONE = new Memory(false, Optional.empty(), List.of(), Optional.empty());

  Memory {
    failures = List.copyOf(failures);
  }
}
