package io.tenantdb.fleet;

import io.tenantdb.model.Change;
import io.tenantdb.model.Reason;
import java.util.Optional;

/**
 * Answers whether a change may start now. Asked before each change, so that a gate that closes
 * stops a pass.
 */
@FunctionalInterface
public interface Gate {

  /** Everything may start. */
  Gate OPEN = change -> Optional.empty();

  /** Nothing may start: observe and plan only. */
  Gate OBSERVE = change -> Optional.of(Reason.Suspended);

  /** Why the change may not start now; empty when it may. */
  Optional<Reason> closed(Change change);
}
