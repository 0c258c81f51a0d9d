package io.tenantdb.operator;

import io.tenantdb.fleet.Outcome;
import io.tenantdb.model.Reason;
import java.time.Instant;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * What failed or cannot be done, and since when.
 *
 * @param schema the tenant
 * @param object without the tenant
 * @param message one sentence that names tenant and object
 */
record Failure(
    String schema, String object, Reason reason, String sqlState, String message, Instant since) {

  /** By tenant and object. */
  static final Comparator<Failure> ORDER =
      Comparator.comparing(Failure::schema)
          .thenComparing(Failure::object)
          .thenComparing(Failure::reason);

  /** The same thing failing for the same reason is the same failure, whatever the words. */
  record Key(String schema, String object, Reason reason) {}

  static Failure of(Outcome.Failure failure, Instant since) {
    return new Failure(
        failure.schema(),
        failure.object(),
        failure.reason(),
        failure.sqlState(),
        failure.message(),
        since);
  }

  Key key() {
    return new Key(schema, object, reason);
  }

  /** What was found now, in order; what was there before with its old time. */
  static List<Failure> dated(List<Failure> found, List<Failure> before) {
    Map<Key, Instant> known = new HashMap<>();
    before.forEach(failure -> known.put(failure.key(), failure.since()));
    return found.stream()
        .map(failure -> failure.since(known.getOrDefault(failure.key(), failure.since())))
        .sorted(ORDER)
        .toList();
  }

  Failure since(Instant earlier) {
    return new Failure(schema, object, reason, sqlState, message, earlier);
  }
}
