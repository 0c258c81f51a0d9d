package io.tenantdb.demo;

import java.io.PrintStream;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.function.Supplier;

/** Prints each step as ok or FAILED with what was seen, and remembers whether all held. */
final class Steps {
  private static final Duration PAUSE = Duration.ofSeconds(1);

  private final PrintStream out;
  private boolean allHeld = true;

  Steps(PrintStream out) {
    this.out = out;
  }

  /** What a step found out, against what it should have. */
  record Finding(boolean held, String seen) {
    static Finding ok(String seen) {
      return new Finding(true, seen);
    }

    static Finding failed(String seen) {
      return new Finding(false, seen);
    }
  }

  /** True when no step has failed. */
  boolean allHeld() {
    return allHeld;
  }

  void say(String line) {
    out.println(line);
  }

  /** A step whose failure the next ones can live with. */
  void check(String name, Callable<Finding> step) throws InterruptedException {
    Instant start = Instant.now();
    Finding finding;
    try {
      finding = step.call();
    } catch (InterruptedException e) {
      throw e;
    } catch (Exception e) {
      finding = Finding.failed(oneLine(e));
    }
    allHeld &= finding.held();
    out.printf(
        "%-6s  %s: %s (%.1f s)%n",
        finding.held() ? "ok" : "FAILED",
        name,
        finding.seen(),
        Duration.between(start, Instant.now()).toMillis() / 1000.0);
  }

  /** A step that gives the next ones something to work with; its exception ends the demo. */
  <R> R need(String name, Callable<R> step, java.util.function.Function<R, String> seen)
      throws Exception {
    Instant start = Instant.now();
    try {
      R result = step.call();
      out.printf(
          "%-6s  %s: %s (%.1f s)%n",
          "ok",
          name,
          seen.apply(result),
          Duration.between(start, Instant.now()).toMillis() / 1000.0);
      return result;
    } catch (Exception e) {
      allHeld = false;
      out.printf("FAILED  %s: %s%n", name, oneLine(e));
      throw e;
    }
  }

  private static String oneLine(Exception e) {
    return String.valueOf(e.getMessage()).replaceAll("\\s*\\n\\s*", "; ");
  }

  /**
   * Asks until the answer holds, saying on the way what changes.
   *
   * @param progress one line about where things stand
   */
  Finding await(Duration limit, Supplier<Finding> question, Supplier<Optional<String>> progress)
      throws InterruptedException {
    Instant end = Instant.now().plus(limit);
    String said = "";
    while (true) {
      Optional<String> line = progress.get().filter(text -> !text.isBlank());
      if (line.isPresent() && !line.get().equals(said)) {
        said = line.get();
        out.println("        … " + said);
      }
      Finding answer = question.get();
      if (answer.held()) {
        return answer;
      }
      if (Instant.now().isAfter(end)) {
        return Finding.failed(answer.seen() + " (after " + limit.toSeconds() + " s)");
      }
      Thread.sleep(PAUSE.toMillis());
    }
  }
}
