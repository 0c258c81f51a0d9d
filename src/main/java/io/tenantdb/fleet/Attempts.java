package io.tenantdb.fleet;

import io.tenantdb.model.AggregateChange.CreateAggregate;
import io.tenantdb.model.Change;
import io.tenantdb.model.ChangeResult;
import io.tenantdb.model.ChangeResult.Status;
import io.tenantdb.model.Desired;
import io.tenantdb.model.Reason;
import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Remembers which lasting changes failed, so that one that rows or definitions forbid is not
 * repeated over a whole table at every look: after 10 seconds, then twice as long each time, an
 * hour at most. A changed spec forgets them. Goes by the server's clock.
 */
final class Attempts {

  private static final Duration FIRST_PAUSE = Duration.ofSeconds(10);
  private static final Duration LONGEST_PAUSE = Duration.ofHours(1);

  /** One change of one object, whichever pass plans it. */
  record Key(String schema, String kind, String object) {
    static Key of(Change change) {
      return new Key(change.target().schema(), change.kind(), change.object());
    }
  }

  private record Failed(ChangeResult last, int count, Instant notBefore) {}

  private final Map<Key, Failed> failed = new HashMap<>();
  private Optional<Desired> lastDesired = Optional.empty();

  void begin(Desired desired) {
    if (!lastDesired.equals(Optional.of(desired))) {
      failed.clear();
      lastDesired = Optional.of(desired);
    }
  }

  /** How the build ended last time, where it is too early to try it again. */
  Optional<ChangeResult> resting(Change change, Instant now) {
    return Optional.ofNullable(failed.get(Key.of(change)))
        .filter(f -> now.isBefore(f.notBefore()))
        .map(Failed::last);
  }

  void note(List<ChangeResult> results, Instant now) {
    for (ChangeResult result : results) {
      if (rests(result.change())) {
        Key key = Key.of(result.change());
        if (worthAPause(result)) {
          int count = Optional.ofNullable(failed.get(key)).map(Failed::count).orElse(0) + 1;
          failed.put(key, new Failed(result, count, now.plus(pause(count))));
        } else {
          failed.remove(key);
        }
      }
    }
  }

  /** An aggregate keeps writers out for a moment each time that it is tried. */
  private static boolean rests(Change change) {
    return change.lasting() || change instanceof CreateAggregate;
  }

  private static boolean worthAPause(ChangeResult result) {
    return result.status() == Status.FAILED || result.reason() == Reason.BuildTimeout;
  }

  private static Duration pause(int count) {
    Duration pause = FIRST_PAUSE.multipliedBy(1L << Math.min(count - 1, 16));
    return pause.compareTo(LONGEST_PAUSE) > 0 ? LONGEST_PAUSE : pause;
  }
}
