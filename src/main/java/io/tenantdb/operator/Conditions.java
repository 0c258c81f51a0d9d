package io.tenantdb.operator;

import io.fabric8.kubernetes.api.model.Condition;
import io.fabric8.kubernetes.api.model.ConditionBuilder;
import io.tenantdb.model.Reason;
import java.time.Instant;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * Conditions by type. The transition time of a condition is kept while its status stays, and the
 * order is that of the types, so that an unchanged state makes the same bytes.
 */
final class Conditions {
  static final String READY = "Ready";
  static final String RECONCILING = "Reconciling";
  static final String STALLED = "Stalled";
  static final String CONNECTED = "Connected";
  static final String TIMESCALE = "TimescaleAvailable";
  static final String DRIFT = "DriftDetected";

  private static final int LONGEST = 512;

  private final SortedMap<String, Condition> conditions = new TreeMap<>();
  private final Map<String, Condition> before = new TreeMap<>();
  private final Instant now;

  Conditions(Collection<Condition> before, Instant now) {
    before.forEach(condition -> this.before.put(condition.getType(), condition));
    this.now = now;
  }

  /** What a condition says. */
  enum Truth {
    TRUE("True"),
    FALSE("False"),
    UNKNOWN("Unknown");

    private final String status;

    Truth(String status) {
      this.status = status;
    }

    static Truth of(boolean value) {
      return value ? TRUE : FALSE;
    }
  }

  void set(String type, Truth truth, Reason reason, String message, long generation) {
    String since =
        previous(type)
            .filter(condition -> truth.status.equals(condition.getStatus()))
            .map(Condition::getLastTransitionTime)
            .orElseGet(() -> Times.text(now));
    conditions.put(
        type,
        new ConditionBuilder()
            .withType(type)
            .withStatus(truth.status)
            .withReason(reason.name())
            .withMessage(Texts.cut(message, LONGEST))
            .withObservedGeneration(generation)
            .withLastTransitionTime(since)
            .build());
  }

  /** Leaves a condition as it was, where there was one: nothing newer is known. */
  void keep(String type) {
    previous(type).ifPresent(condition -> conditions.put(type, condition));
  }

  void remove(String type) {
    conditions.remove(type);
  }

  Optional<Condition> previous(String type) {
    return Optional.ofNullable(before.get(type));
  }

  List<Condition> list() {
    return List.copyOf(conditions.values());
  }
}
