package io.tenantdb.fleet;

import io.tenantdb.fleet.Outcome.Held;
import io.tenantdb.model.Change;
import io.tenantdb.model.Reason;
import io.tenantdb.model.ServerInfo;
import io.tenantdb.model.ServerInfo.Edition;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * What a pass may do about what it sees.
 *
 * @param held why no change may be made; empty when some may, or none is needed
 * @param changes true when some are needed and may be made
 * @param upkeep true when something is due and may be done
 */
record Admission(Optional<Held> held, boolean changes, boolean upkeep) {

  static Admission of(Look look, Gate gate) {
    Optional<Held> server = server(look.observed().server());
    if (server.isPresent()) {
      return new Admission(server, false, false);
    }
    List<Change> changes = look.plan().changes();
    Optional<Held> held = closed(changes, gate);
    return new Admission(
        held,
        held.isEmpty() && !changes.isEmpty(),
        look.plan().upkeep().due().stream().anyMatch(r -> gate.closed(r).isEmpty()));
  }

  /** True when there is something to do. */
  boolean acts() {
    return changes || upkeep;
  }

  private static Optional<Held> server(ServerInfo server) {
    if (!server.primary()) {
      return Optional.of(
          new Held(
              Reason.NotPrimary,
              "The server is a standby or read-only; nothing is changed until it is writable."));
    }
    if (server.timescale().edition() == Edition.BROKEN) {
      return Optional.of(
          new Held(
              Reason.TimescaleMissing,
              "TimescaleDB is created in the database but its library cannot be loaded; install the version that the extension has."));
    }
    return Optional.empty();
  }

  private static Optional<Held> closed(List<Change> changes, Gate gate) {
    List<Reason> closed = new ArrayList<>();
    for (Change change : changes) {
      Optional<Reason> reason = gate.closed(change);
      if (reason.isEmpty()) {
        return Optional.empty();
      }
      closed.add(reason.get());
    }
    return closed.stream()
        .findFirst()
        .map(reason -> new Held(reason, "Changes wait: " + reason + "."));
  }
}
