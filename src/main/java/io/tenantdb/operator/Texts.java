package io.tenantdb.operator;

/** Cuts texts that go into status and events. */
final class Texts {
  private static final String CUT = "…";

  private Texts() {}

  /** At most so many characters, on one line; a text that was cut ends in an ellipsis. */
  static String cut(String text, int longest) {
    String line = text.replaceAll("\\s+", " ").strip();
    if (line.codePointCount(0, line.length()) <= longest) {
      return line;
    }
    return line.substring(0, line.offsetByCodePoints(0, longest - 1)) + CUT;
  }

  /**
   * The same with its end: there a sentence says what to do, and what an object is and should be.
   */
  static String cutInTheMiddle(String text, int longest) {
    String line = text.replaceAll("\\s+", " ").strip();
    if (line.codePointCount(0, line.length()) <= longest) {
      return line;
    }
    int end = longest / 2;
    return line.substring(0, line.offsetByCodePoints(0, longest - 1 - end))
        + CUT
        + line.substring(line.offsetByCodePoints(line.length(), -end));
  }
}
