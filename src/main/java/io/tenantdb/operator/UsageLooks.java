package io.tenantdb.operator;

import io.tenantdb.database.DatabaseException;
import io.tenantdb.fleet.Outcome;
import io.tenantdb.model.Desired;
import io.tenantdb.model.IndexReport;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Reads how the indexes are used: at the first pass of a generation that leaves nothing to be done
 * and no tenant to settle, and then once an hour at most. No pass depends on it. Used by the
 * worker's own thread only.
 */
final class UsageLooks {
  private static final Logger LOG = LoggerFactory.getLogger(UsageLooks.class);
  static final Duration APART = Duration.ofHours(1);

  private final Passes passes;
  private final InstantSource clock;
  private Optional<IndexReport> report = Optional.empty();
  private long generation;
  private Instant due;

  UsageLooks(Passes passes, InstantSource clock) {
    this.passes = passes;
    this.clock = clock;
    this.due = clock.instant().plus(APART);
  }

  /** What is known after the pass. */
  Optional<IndexReport> after(Assignment.Work work, Desired desired, Outcome outcome) {
    Instant now = clock.instant();
    boolean settled =
        generation != work.generation()
            && outcome.plan().changes().isEmpty()
            && outcome.settling().isEmpty();
    if (!settled && now.isBefore(due)) {
      return report;
    }
    // Also where it fails: what is only of interest is not tried again at each pass.
    generation = work.generation();
    due = now.plus(APART);
    try {
      report = Optional.of(passes.indexes(work.settings(), desired, outcome.observed()));
    } catch (DatabaseException e) {
      LOG.warn("How the indexes are used could not be read: {}: {}", e.reason(), e.getMessage());
    }
    return report;
  }
}
