package io.tenantdb.fleet;

import io.tenantdb.model.Change;
import io.tenantdb.model.Reason;
import java.time.Duration;
import java.util.Optional;
import java.util.function.LongSupplier;

/**
 * Closes a gate after a while. Refreshes that fell due in thousands of tenants, after a night
 * without an operator, would keep drift and new tenants waiting for hours: between two shifts is
 * another look at everything. The change that is running goes on to its end, and the first one
 * always may start.
 */
final class Shift implements Gate {
  static final Duration LENGTH = Duration.ofMinutes(2);

  private final Gate gate;
  private final LongSupplier nanoTime;
  private final long begin;
  private volatile boolean over;

  Shift(Gate gate, LongSupplier nanoTime) {
    this.gate = gate;
    this.nanoTime = nanoTime;
    this.begin = nanoTime.getAsLong();
  }

  @Override
  public Optional<Reason> closed(Change change) {
    return gate.closed(change)
        .or(() -> isUp() ? Optional.of(Reason.Progressing) : Optional.empty());
  }

  private boolean isUp() {
    over = over || nanoTime.getAsLong() - begin >= LENGTH.toNanos();
    return over;
  }

  /** True when it kept something back that the gate would have let through. */
  boolean over() {
    return over;
  }
}
