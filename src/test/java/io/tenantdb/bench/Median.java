package io.tenantdb.bench;

import java.util.Arrays;

/** Of what is measured several times the middle one counts: a disturbed run changes nothing. */
final class Median {

  private Median() {}

  /** Something that is measured, in seconds. */
  @FunctionalInterface
  interface Measurement {
    double seconds() throws Exception;
  }

  /** Measures {@code times} times. */
  static double of(int times, Measurement measurement) throws Exception {
    double[] all = new double[times];
    for (int i = 0; i < times; i++) {
      all[i] = measurement.seconds();
    }
    return of(all);
  }

  /** The middle one; of an even number the mean of the middle two. */
  static double of(double... values) {
    if (values.length == 0) {
      throw new IllegalArgumentException("nothing was measured");
    }
    double[] sorted = values.clone();
    Arrays.sort(sorted);
    int middle = sorted.length / 2;
    return sorted.length % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
  }
}
