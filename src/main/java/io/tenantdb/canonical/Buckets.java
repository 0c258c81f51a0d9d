package io.tenantdb.canonical;

import io.tenantdb.model.TimeSpan;
import io.tenantdb.model.ViewText;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Finds the width of {@code time_bucket} in a query as PostgreSQL prints it. */
final class Buckets {

  private static final Pattern INTERVAL =
      Pattern.compile("(?<![\\w$])time_bucket\\('((?:[^']|'')+)'::interval(?: \\w+)*,");

  private static final Pattern WHOLE =
      Pattern.compile("(?<![\\w$])time_bucket\\(\\(*'?(\\d{1,18})'?\\)*(?:::\\w+)?\\)*,");

  private Buckets() {}

  /**
   * The width of the first one, of those that rows are grouped by where there are some: a query may
   * call the function elsewhere too. Empty where there is none, or none that is a literal.
   */
  static Optional<TimeSpan> width(ViewText view) {
    int grouping = view.text().lastIndexOf("GROUP BY ");
    return first(view.text().substring(Math.max(0, grouping))).or(() -> first(view.text()));
  }

  private static Optional<TimeSpan> first(String text) {
    Matcher interval = INTERVAL.matcher(text);
    if (interval.find()) {
      return Optional.of(new TimeSpan.Interval(interval.group(1)));
    }
    Matcher whole = WHOLE.matcher(text);
    return whole.find()
        ? Optional.of(new TimeSpan.Whole(Long.parseLong(whole.group(1))))
        : Optional.empty();
  }
}
