package io.tenantdb.model;

import java.util.Optional;

/**
 * What keeps a job from running, or from coming to its end, whatever it does; as its own row and
 * its statistics say.
 *
 * @param neverStarts {@code next_start} is {@code infinity}
 * @param givenUp TimescaleDB unscheduled it, because it failed {@code max_retries} times in a row
 * @param cutShort {@code max_runtime} is less than a second: it is ended before its work is done
 * @param failing how it ended of late; empty where its last run succeeded, and where what failed it
 *     passes by itself
 */
public record JobState(
    boolean neverStarts, boolean givenUp, boolean cutShort, Optional<Failing> failing) {

  /** Nothing keeps it. */
  public static final JobState SOUND = new JobState(false, false, false, Optional.empty());

  /**
   * Runs that failed.
   *
   * @param runs how many in a row
   * @param sqlState of the last one
   */
  public record Failing(int runs, String sqlState) {}
}
