package io.tenantdb.plan;

import io.tenantdb.model.DesiredIndex;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** An index over {@code lower(b), upper(b)}. */
final class Expressions {

  private Expressions() {}

  /** With these targets declared. */
  static DesiredIndex index(String name, Optional<Integer> first, Optional<Integer> second) {
    return new DesiredIndex(
        name,
        "t",
        List.of(key("lower(b)", first), key("upper(b)", second)),
        "btree",
        false,
        false,
        List.of(),
        Optional.empty(),
        Map.of(),
        "00000000000000e0");
  }

  private static DesiredIndex.Key key(String expression, Optional<Integer> statistics) {
    return new DesiredIndex.Key(
        Optional.empty(),
        Optional.of(expression),
        false,
        Optional.empty(),
        Optional.empty(),
        Optional.empty(),
        Map.of(),
        statistics);
  }
}
