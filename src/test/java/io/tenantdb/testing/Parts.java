package io.tenantdb.testing;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.concurrent.ConcurrentSkipListSet;

/**
 * What this JVM used of the real parts, what it could not have, and what it therefore left untried.
 */
final class Parts {

  private static final Map<String, Set<String>> USED = new ConcurrentSkipListMap<>();
  private static final Map<String, String> MISSING = new ConcurrentSkipListMap<>();
  private static final Set<Untried> UNTRIED =
      new ConcurrentSkipListSet<>(Comparator.comparing(Untried::toString));

  private Parts() {}

  /**
   * A test that was skipped.
   *
   * @param test its class and name
   * @param reason what it lacked
   */
  record Untried(String test, String reason) {}

  static void used(String part, String version) {
    USED.computeIfAbsent(part, p -> new ConcurrentSkipListSet<>()).add(version);
  }

  static void missing(String part, String reason) {
    MISSING.put(part, reason);
  }

  static void untried(String test, String reason) {
    UNTRIED.add(new Untried(test, reason));
  }

  /** Tells the person who waits what takes so long. */
  static void say(String line) {
    System.out.println("[parts] " + line);
  }

  /** Whether a part that cannot be had makes tests fail, instead of skipping them. */
  static boolean demanded() {
    return "true".equals(System.getenv("CI"))
        || KubernetesBinaries.Mode.current() == KubernetesBinaries.Mode.DEMAND;
  }

  static boolean silent() {
    return USED.isEmpty() && MISSING.isEmpty() && UNTRIED.isEmpty();
  }

  /** The lines to print at the end. */
  static List<String> report() {
    ArrayList<String> lines = new ArrayList<>();
    lines.add("Real parts of this run");
    USED.forEach((part, versions) -> lines.add("  used      " + part + ": " + join(versions)));
    MISSING.forEach((part, reason) -> lines.add("  NOT HAD   " + part + ": " + reason));
    UNTRIED.forEach(it -> lines.add("  NOT TRIED " + it.test() + ": " + it.reason()));
    return lines;
  }

  private static String join(Set<String> versions) {
    return String.join(", ", versions);
  }
}
