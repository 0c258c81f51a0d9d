package io.tenantdb.bench;

/**
 * One figure.
 *
 * @param what what the engine did
 * @param seconds how long it took
 * @param baseline what it is compared with
 * @param baselineSeconds how long that took in the same run
 * @param goal the ratio that is aimed at
 */
record Measured(String what, double seconds, String baseline, double baselineSeconds, double goal) {

  double ratio() {
    return seconds / baselineSeconds;
  }
}
