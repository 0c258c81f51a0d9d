package io.tenantdb.bench;

import java.util.List;

/**
 * How a figure grows with the fleet.
 *
 * @param what what the engine did
 * @param from tenants of the smaller fleet
 * @param to tenants of the larger one
 * @param seconds how long it took in the smaller one
 * @param moreSeconds how long it took in the larger one
 */
record Growth(String what, int from, int to, double seconds, double moreSeconds) {

  /** A fifth more than the fleet itself grows by. */
  private static final double SLACK = 1.2;

  /** The growth of each thing that the engine did, against whatever it was compared with. */
  static List<Growth> between(int from, List<Measured> small, int to, List<Measured> large) {
    return small.stream()
        .map(Measured::what)
        .distinct()
        .map(what -> new Growth(what, from, to, seconds(small, what), seconds(large, what)))
        .toList();
  }

  private static double seconds(List<Measured> measured, String what) {
    return measured.stream().filter(m -> m.what().equals(what)).findFirst().orElseThrow().seconds();
  }

  double factor() {
    return moreSeconds / seconds;
  }

  /** The factor that is aimed at. */
  double goal() {
    return SLACK * to / from;
  }
}
