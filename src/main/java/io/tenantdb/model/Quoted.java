package io.tenantdb.model;

/** Literals and quoted names in SQL that PostgreSQL has printed. */
final class Quoted {

  private Quoted() {}

  /**
   * Where a literal or a quoted name ends. A quote that is written twice begins the next part at
   * once, which comes to the same.
   *
   * @param start its opening quote
   * @return the position behind its closing quote
   */
  static int end(String text, int start) {
    char quote = text.charAt(start);
    boolean escapes = quote == '\'' && start > 0 && text.charAt(start - 1) == 'E';
    int i = start + 1;
    while (i < text.length() && text.charAt(i) != quote) {
      i += escapes && text.charAt(i) == '\\' ? 2 : 1;
    }
    return Math.min(i + 1, text.length());
  }
}
