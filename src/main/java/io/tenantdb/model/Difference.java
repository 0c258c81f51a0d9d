package io.tenantdb.model;

import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Two texts of SQL for people, each on one line and cut to a length where they are alike: what
 * differs stays. Two that differ are never the same afterwards.
 *
 * @param before what is there
 * @param after what will be
 */
public record Difference(String before, String after) {
  private static final String CUT = "…";

  /** Words that are kept beside what differs, the most first. */
  private static final int[] CONTEXT = {
    64, 48, 32, 24, 20, 16, 14, 12, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0
  };

  private static final int SHORT = 12;

  /** Longer ones are compared by their beginnings and ends alone. */
  private static final int COMPARED = 4_000_000;

  private static final Pattern WORD =
      Pattern.compile(
          "\\s+|'(?:[^']|'')*+'|\"(?:[^\"]|\"\")*+\"|[\\p{L}\\p{N}_$.]+|.", Pattern.DOTALL);

  /**
   * The texts side by side.
   *
   * @param limit characters that each may have
   */
  public static Difference of(String before, String after, int limit) {
    String a = OneLine.ofSql(before).text();
    String b = OneLine.ofSql(after).text();
    if (a.length() <= limit && b.length() <= limit) {
      return new Difference(a, b);
    }
    if (a.equals(b) || a.length() <= SHORT || b.length() <= SHORT) {
      // A single word says all of what differs: "absent".
      return distinct(a, b, new OneLine(a).middleCut(limit), new OneLine(b).middleCut(limit));
    }
    Words words = Words.of(a, b);
    Difference shown = words.shortened(limit);
    return distinct(a, b, shown.before(), shown.after());
  }

  private static Difference distinct(String a, String b, String shortA, String shortB) {
    return !a.equals(b) && shortA.equals(shortB)
        ? new Difference(a, b)
        : new Difference(shortA, shortB);
  }

  /** The words of both texts, and which of them are in both, in this order. */
  private static final class Words {
    private static final int HEAD = 4;

    private final List<String> a;
    private final List<String> b;
    private final boolean[] sameA;
    private final boolean[] sameB;

    private Words(List<String> a, List<String> b) {
      this.a = a;
      this.b = b;
      this.sameA = new boolean[a.size()];
      this.sameB = new boolean[b.size()];
    }

    static Words of(String before, String after) {
      Words words = new Words(split(before), split(after));
      words.compare();
      return words;
    }

    private void compare() {
      int from = 0;
      while (from < Math.min(a.size(), b.size()) && a.get(from).equals(b.get(from))) {
        sameA[from] = true;
        sameB[from] = true;
        from++;
      }
      int endA = a.size();
      int endB = b.size();
      while (endA > from && endB > from && a.get(endA - 1).equals(b.get(endB - 1))) {
        endA--;
        endB--;
        sameA[endA] = true;
        sameB[endB] = true;
      }
      if ((long) (endA - from) * (endB - from) <= COMPARED) {
        align(from, endA, endB);
      }
    }

    /** Marks the longest common sequence of what lies between. */
    private void align(int from, int endA, int endB) {
      int[][] longest = new int[endA - from + 1][endB - from + 1];
      for (int i = endA - from - 1; i >= 0; i--) {
        for (int j = endB - from - 1; j >= 0; j--) {
          longest[i][j] =
              a.get(from + i).equals(b.get(from + j))
                  ? longest[i + 1][j + 1] + 1
                  : Math.max(longest[i + 1][j], longest[i][j + 1]);
        }
      }
      int i = 0;
      int j = 0;
      while (from + i < endA && from + j < endB) {
        if (a.get(from + i).equals(b.get(from + j))) {
          sameA[from + i++] = true;
          sameB[from + j++] = true;
        } else if (longest[i + 1][j] >= longest[i][j + 1]) {
          i++;
        } else {
          j++;
        }
      }
    }

    private static List<String> split(String text) {
      List<String> words = new ArrayList<>();
      Matcher word = WORD.matcher(text);
      while (word.find()) {
        words.add(word.group());
      }
      return words;
    }

    /** With as many words beside what differs, on both sides, as there is room for. */
    Difference shortened(int limit) {
      boolean[] hotA = hot(sameA, sameB);
      boolean[] hotB = hot(sameB, sameA);
      for (int context : CONTEXT) {
        String before = around(a, hotA, context);
        String after = around(b, hotB, context);
        if (before.length() <= limit && after.length() <= limit) {
          return new Difference(before, after);
        }
      }
      String before = String.join("", a);
      String after = String.join("", b);
      return new Difference(
          fromFirstDifference(before, after, limit), fromFirstDifference(after, before, limit));
    }

    /**
     * Where something differs: at 2n + 1 the word n, at 2n the place before it, where the other
     * text has words of its own.
     */
    private static boolean[] hot(boolean[] same, boolean[] others) {
      boolean[] hot = new boolean[2 * same.length + 1];
      int i = 0;
      int j = 0;
      while (i < same.length || j < others.length) {
        if (i < same.length && !same[i]) {
          hot[2 * i + 1] = true;
          i++;
        } else if (j < others.length && !others[j]) {
          hot[2 * i] = true;
          j++;
        } else {
          i++;
          j++;
        }
      }
      return hot;
    }

    private static String around(List<String> words, boolean[] hot, int context) {
      StringBuilder out = new StringBuilder();
      boolean cut = false;
      for (int i = 0; i < words.size(); i++) {
        // The first words say what it is.
        if (i < Math.min(context, HEAD) || near(hot, i, context)) {
          cut = false;
          out.append(words.get(i));
        } else if (!cut) {
          cut = true;
          out.append(CUT);
        }
      }
      return out.toString();
    }

    private static boolean near(boolean[] hot, int word, int context) {
      int at = 2 * word + 1;
      int last = Math.min(hot.length - 1, at + 2 * context);
      for (int i = Math.max(0, at - 2 * context); i <= last; i++) {
        if (hot[i]) {
          return true;
        }
      }
      return false;
    }

    /** What differs is itself too long: from shortly before the first character that does. */
    private static String fromFirstDifference(String text, String other, int limit) {
      int equal = 0;
      while (equal < Math.min(text.length(), other.length())
          && text.charAt(equal) == other.charAt(equal)) {
        equal++;
      }
      int from = equal - limit / 3;
      if (from <= 0) {
        return new OneLine(text).cut(limit);
      }
      return CUT + new OneLine(text.substring(from)).cut(limit - 1);
    }
  }
}
