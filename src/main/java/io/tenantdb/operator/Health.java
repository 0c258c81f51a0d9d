package io.tenantdb.operator;

import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Optional;
import java.util.Set;
import java.util.function.BooleanSupplier;
import java.util.function.Supplier;

/**
 * Answers the probes. Alive is a process whose informers work, or have not stopped working for
 * longer than the grace: an API server that restarts is no reason to be killed. Thread-safe.
 */
final class Health {
  private final BooleanSupplier started;
  private final Supplier<Set<String>> unhealthySources;
  private final Duration grace;
  private final InstantSource clock;
  private Optional<Instant> unhealthySince = Optional.empty();
  private volatile boolean stopping;

  Health(
      BooleanSupplier started,
      Supplier<Set<String>> unhealthySources,
      Duration grace,
      InstantSource clock) {
    this.started = started;
    this.unhealthySources = unhealthySources;
    this.grace = grace;
    this.clock = clock;
  }

  /** An answer: good or not, and a line that says why. */
  record Answer(boolean good, String text) {}

  /** From now on not ready. */
  void stopping() {
    stopping = true;
  }

  Answer startup() {
    return started.getAsBoolean()
        ? new Answer(true, "started")
        : new Answer(false, "the informers have not synced yet");
  }

  Answer ready() {
    return stopping ? new Answer(false, "stopping") : startup();
  }

  synchronized Answer live() {
    if (stopping || !started.getAsBoolean()) {
      return new Answer(true, "alive");
    }
    Set<String> unhealthy = unhealthySources.get();
    if (unhealthy.isEmpty()) {
      unhealthySince = Optional.empty();
      return new Answer(true, "alive");
    }
    Instant now = clock.instant();
    Instant since = unhealthySince.orElse(now);
    unhealthySince = Optional.of(since);
    String text = "informers that do not watch: " + String.join(", ", unhealthy);
    return new Answer(now.isBefore(since.plus(grace)), text);
  }
}
