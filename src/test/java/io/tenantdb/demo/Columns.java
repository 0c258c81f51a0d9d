package io.tenantdb.demo;

import java.util.ArrayList;
import java.util.List;

/** Lines up cells. */
final class Columns {

  private Columns() {}

  /** One line a row, every column as wide as its widest cell. */
  static List<String> lines(List<List<String>> rows) {
    int count = rows.get(0).size();
    int[] widths = new int[count];
    for (List<String> row : rows) {
      for (int i = 0; i < count; i++) {
        widths[i] = Math.max(widths[i], row.get(i).length());
      }
    }
    List<String> lines = new ArrayList<>();
    for (List<String> row : rows) {
      StringBuilder line = new StringBuilder();
      for (int i = 0; i < count; i++) {
        line.append(row.get(i)).append(" ".repeat(widths[i] - row.get(i).length() + 3));
      }
      lines.add(line.toString().stripTrailing());
    }
    return lines;
  }
}
