package io.tenantdb.bench;

import java.util.Optional;
import java.util.OptionalDouble;

/**
 * One figure of the operator at rest.
 *
 * @param what what was measured
 * @param value how much
 * @param unit of the value
 * @param goal the value that is aimed at, in the same unit
 * @param note what it says, or is compared with
 */
record Figure(String what, double value, String unit, OptionalDouble goal, Optional<String> note) {

  static Figure of(String what, double value, String unit) {
    return new Figure(what, value, unit, OptionalDouble.empty(), Optional.empty());
  }

  Figure aim(double most) {
    return new Figure(what, value, unit, OptionalDouble.of(most), note);
  }

  Figure note(String text) {
    return new Figure(what, value, unit, goal, Optional.of(text));
  }
}
