package io.tenantdb.bench;

import java.util.OptionalDouble;

/**
 * One figure.
 *
 * @param what what the engine did
 * @param seconds how long it took
 * @param baseline what it is compared with
 * @param baselineSeconds how long that took in the same run
 * @param goal the ratio that is aimed at; empty where the comparison only tells how to read another
 */
record Measured(
    String what, double seconds, String baseline, double baselineSeconds, OptionalDouble goal) {

  Measured(String what, double seconds, String baseline, double baselineSeconds, double goal) {
    this(what, seconds, baseline, baselineSeconds, OptionalDouble.of(goal));
  }

  double ratio() {
    return seconds / baselineSeconds;
  }
}
