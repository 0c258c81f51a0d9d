package io.tenantdb.cli;

import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Sentences under a heading, the first of each kind: 5,000 of the same say no more. */
final class Repeated {
  private static final int MOST = 20;

  private final String heading;
  private final Map<String, List<String>> kinds = new LinkedHashMap<>();

  Repeated(String heading) {
    this.heading = heading;
  }

  /**
   * Adds a sentence.
   *
   * @param what it is about, without the tenant
   * @param message of the same kind where it is the same but for the tenant that it begins with
   */
  void add(String what, String message, String shown) {
    String kind = what + "\0" + message.substring(message.indexOf(": ") + 1);
    kinds.computeIfAbsent(kind, k -> new ArrayList<>()).add(shown);
  }

  /** All sentences, of whatever kind. */
  int size() {
    return kinds.values().stream().mapToInt(List::size).sum();
  }

  /** Nothing where there are none. */
  void print(PrintWriter out, Width width) {
    if (kinds.isEmpty()) {
      return;
    }
    out.println(heading);
    int most = width.shown(MOST);
    kinds.values().stream()
        .limit(most)
        .forEach(
            sentences -> {
              out.println("  " + Text.printable(sentences.get(0)));
              if (sentences.size() > 1) {
                out.println(
                    "    and likewise in "
                        + Text.count(sentences.size() - 1, "more tenant", "more tenants"));
              }
            });
    if (kinds.size() > most) {
      out.println(
          "  and "
              + Text.count(kinds.size() - most, "more kind", "more kinds")
              + " (--wide or -o json has them all)");
    }
  }
}
