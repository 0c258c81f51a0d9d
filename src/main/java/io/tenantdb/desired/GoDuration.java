package io.tenantdb.desired;

import io.tenantdb.api.v1alpha1.Grammar;
import java.time.Duration;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Operator time: Go durations of whole units, readable with the database down. */
final class GoDuration {
  private static final int MAX_LENGTH = 24;
  private static final Pattern WHOLE = Pattern.compile(Grammar.DURATION_OR_ZERO);
  private static final Pattern TERM = Pattern.compile("([0-9]+)(ms|s|m|h)");
  private static final Map<String, Duration> UNITS =
      Map.of(
          "ms", Duration.ofMillis(1),
          "s", Duration.ofSeconds(1),
          "m", Duration.ofMinutes(1),
          "h", Duration.ofHours(1));

  private final Problems problems;

  GoDuration(Problems problems) {
    this.problems = problems;
  }

  /**
   * The duration, or the default's.
   *
   * @param message said when it is not between the bounds, both included
   */
  Duration read(
      String path, String value, String absent, Duration min, Duration max, String message) {
    if (value != null && (value.length() > MAX_LENGTH || !WHOLE.matcher(value).matches())) {
      problems.add(
          path,
          "must be a Go duration of whole units, for example 90s or 1h30m; it is "
              + Problems.shown(value)
              + ".");
      return parse(absent);
    }
    Duration duration = parse(value == null ? absent : value);
    if (duration.compareTo(min) < 0 || duration.compareTo(max) > 0) {
      problems.add(path, message);
    }
    return duration;
  }

  private static Duration parse(String text) {
    Duration sum = Duration.ZERO;
    Matcher term = TERM.matcher(text);
    while (term.find()) {
      sum = sum.plus(UNITS.get(term.group(2)).multipliedBy(Long.parseLong(term.group(1))));
    }
    return sum;
  }
}
