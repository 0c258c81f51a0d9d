package io.tenantdb.model;

import java.util.regex.Pattern;

/**
 * Whether TimescaleDB would have to compute the width of a bucket when it makes a continuous
 * aggregate: it calls for that what stands in the width, and nothing else of a query.
 */
public final class BucketWidths {

  private static final Pattern CALL = Pattern.compile("(?<![\\w$])time_bucket\\w*\"?\\(");

  private static final String LITERAL =
      "(?:'(?:[^']|'')*'|\\(*'?\\d{1,18}'?\\)*)(?:::\\w+(?: \\w+)*)?\\)*";

  private static final Pattern WRITTEN =
      Pattern.compile(CALL.pattern() + "(?:bucket_width => )?" + LITERAL + "[,)]");

  private BucketWidths() {}

  /** True where every width of the printed query is a literal. */
  public static boolean areWritten(ViewText query) {
    return CALL.matcher(query.text()).results().count()
        == WRITTEN.matcher(query.text()).results().count();
  }
}
