package io.tenantdb.model;

/** A text for people on one line. */
public record OneLine(String text) {

  private static final String CUT = "…";

  /** The text, each run of white space as one blank. */
  public static OneLine of(String text) {
    return new OneLine(text.replaceAll("\\s+", " "));
  }

  /**
   * Printed SQL: white space in a literal or a quoted name is a part of it, and stays; a line break
   * there is shown as {@code \n}.
   */
  public static OneLine ofSql(String sql) {
    StringBuilder out = new StringBuilder(sql.length());
    int i = 0;
    while (i < sql.length()) {
      char c = sql.charAt(i);
      if (c == '\'' || c == '"') {
        int end = Quoted.end(sql, i);
        out.append(sql.substring(i, end).replace("\r", "\\r").replace("\n", "\\n"));
        i = end;
      } else if (Character.isWhitespace(c)) {
        if (out.length() == 0 || out.charAt(out.length() - 1) != ' ') {
          out.append(' ');
        }
        i++;
      } else {
        out.append(c);
        i++;
      }
    }
    return new OneLine(out.toString());
  }

  /** Its beginning, at most {@code limit} characters. */
  public String cut(int limit) {
    return text.length() <= limit ? text : text.substring(0, before(limit - 1)) + CUT;
  }

  /** Its beginning and its end, at most {@code limit} characters: an end often says the most. */
  public String middleCut(int limit) {
    if (text.length() <= limit) {
      return text;
    }
    int tail = (limit - 1) / 3;
    return text.substring(0, before(limit - 1 - tail))
        + CUT
        + text.substring(before(text.length() - tail));
  }

  /** No surrogate pair is parted. */
  private int before(int index) {
    return index > 0
            && index < text.length()
            && Character.isLowSurrogate(text.charAt(index))
            && Character.isHighSurrogate(text.charAt(index - 1))
        ? index - 1
        : index;
  }
}
