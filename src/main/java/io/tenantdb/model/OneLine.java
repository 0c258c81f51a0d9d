package io.tenantdb.model;

/** A text for people on one line: each run of white space is one blank. */
public record OneLine(String text) {
  private static final int CONTEXT = 24;

  /** The text on one line. */
  public static OneLine of(String text) {
    return new OneLine(text.replaceAll("\\s+", " "));
  }

  /** Its beginning, at most {@code limit} characters. */
  public String cut(int limit) {
    return text.length() <= limit ? text : text.substring(0, limit - 1) + "…";
  }

  /**
   * Cut to {@code limit} characters; where it is longer, it begins shortly before the first
   * difference from the other one.
   */
  public String difference(OneLine other, int limit) {
    int same = 0;
    while (same < Math.min(text.length(), other.text.length())
        && text.charAt(same) == other.text.charAt(same)) {
      same++;
    }
    int from = same - CONTEXT;
    if (text.length() <= limit || from <= 0) {
      return cut(limit);
    }
    int space = text.indexOf(' ', from);
    String rest = text.substring(space >= 0 && space < same ? space + 1 : from);
    return "…" + new OneLine(rest).cut(limit - 1);
  }
}
