package io.tenantdb.desired;

import java.util.ArrayList;
import java.util.List;

/** Collects what is wrong with a spec, so that its author hears everything at once. */
final class Problems {
  private final List<String> all = new ArrayList<>();

  /** A broken rule: the field's path, and a sentence that says what to do. */
  void add(String path, String sentence) {
    all.add(path + ": " + sentence);
  }

  int count() {
    return all.size();
  }

  /** Ends the resolution when anything is wrong. */
  void refuse() {
    if (!all.isEmpty()) {
      throw new InvalidSpecException(all);
    }
  }

  /** A value of the spec, fit for a sentence: quoted, one line, not longer than a name. */
  static String shown(Object value) {
    String text = String.valueOf(value);
    StringBuilder out = new StringBuilder("\"");
    text.codePoints()
        .limit(63)
        .forEach(c -> out.appendCodePoint(Character.isISOControl(c) ? '\uFFFD' : c));
    return out.append(text.codePointCount(0, text.length()) > 63 ? "…\"" : "\"").toString();
  }
}
