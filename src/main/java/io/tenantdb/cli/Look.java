package io.tenantdb.cli;

import io.tenantdb.fleet.Gate;
import io.tenantdb.fleet.Outcome;
import io.tenantdb.fleet.PassListener;
import io.tenantdb.model.Reason;
import java.io.PrintWriter;
import java.time.Duration;

/** Looks at the database without changing it; twice, where a new tenant has to settle. */
final class Look {
  private final Surroundings surroundings;
  private final PrintWriter err;

  Look(Surroundings surroundings, PrintWriter err) {
    this.surroundings = surroundings;
    this.err = err;
  }

  Outcome at(EngineSession session, Duration settle) throws InterruptedException {
    Outcome first = session.pass(Gate.OBSERVE, PassListener.NONE);
    long settling =
        first.plan().tenants().stream()
            .filter(t -> t.findings().stream().anyMatch(f -> f.reason() == Reason.Settling))
            .count();
    if (settling == 0) {
      return first;
    }
    Duration wait = first.settling().orElse(settle);
    err.printf(
        "%s new: looking again in %d s, to see that nobody is still making the tables"
            + " (--no-settle: do not wait).%n",
        Text.count(settling, "tenant is", "tenants are"), Math.max(1, wait.toSeconds()));
    err.flush();
    // A second more: the two looks are compared by the server's clock, not by ours.
    surroundings.sleeper().sleep(wait.plusSeconds(1));
    return session.pass(Gate.OBSERVE, PassListener.NONE);
  }
}
