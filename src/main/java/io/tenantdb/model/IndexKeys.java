package io.tenantdb.model;

import java.util.ArrayList;
import java.util.List;

/**
 * The keys in a printed body. PostgreSQL's own printing has neither comments nor dollar quotes, so
 * that commas, brackets, literals and quoted names are all that has to be told apart.
 */
final class IndexKeys {

  private final String text;
  private final List<String> keys = new ArrayList<>();
  private int depth;
  private int start;

  private IndexKeys(String text) {
    this.text = text;
  }

  /**
   * The keys, in order, each as it is printed.
   *
   * @param text from {@code USING} on
   */
  static List<String> of(String text) {
    IndexKeys reading = new IndexKeys(text);
    reading.read();
    return List.copyOf(reading.keys);
  }

  private void read() {
    int i = 0;
    while (i < text.length()) {
      switch (text.charAt(i)) {
        case '\'' -> i = Quoted.end(text, i);
        case '"' -> i = Quoted.end(text, i);
        case '(', '[' -> {
          depth++;
          i++;
          if (depth == 1) {
            start = i;
          }
        }
        case ')', ']' -> {
          depth--;
          if (depth == 0) {
            keys.add(text.substring(start, i).strip());
            return;
          }
          i++;
        }
        case ',' -> {
          if (depth == 1) {
            keys.add(text.substring(start, i).strip());
            start = i + 1;
          }
          i++;
        }
        default -> i++;
      }
    }
  }
}
