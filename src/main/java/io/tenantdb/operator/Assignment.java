package io.tenantdb.operator;

import io.tenantdb.database.ConnectionSettings;
import io.tenantdb.model.Desired;
import java.time.Duration;

/**
 * What the reconciler hands to the worker of a resource. Equal assignments need no new pass before
 * the interval is over.
 */
sealed interface Assignment {

  /** {@code metadata.generation} of the resource that it was made from. */
  long generation();

  /** Time between two passes. */
  Duration interval();

  /**
   * Make the database what the spec says.
   *
   * @param suspended observe and report, change nothing
   * @param claims what older resources declare, and this one must leave alone
   * @param deleting take back what the resource made, which is being deleted
   */
  record Work(
      long generation,
      Duration interval,
      Desired desired,
      ConnectionSettings settings,
      boolean suspended,
      Claims claims,
      boolean deleting)
      implements Assignment {

    /** Of a resource that stays. */
    Work(
        long generation,
        Duration interval,
        Desired desired,
        ConnectionSettings settings,
        boolean suspended,
        Claims claims) {
      this(generation, interval, desired, settings, suspended, claims, false);
    }

    /** The same work on another declaration. */
    Work with(Desired other) {
      return new Work(generation, interval, other, settings, suspended, claims, deleting);
    }
  }

  /** Nothing can be done before somebody mends the problem. */
  record Blocked(long generation, Duration interval, Problem problem) implements Assignment {}
}
