package io.tenantdb.desired;

import io.tenantdb.model.Identifiers;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The identifiers of a query, key words included: the relations that it reads are among them.
 * Follows the rules of PostgreSQL's own scanner ({@code src/backend/parser/scan.l}) with {@code
 * standard_conforming_strings = on}. A text that is no SQL has names all the same: PostgreSQL
 * refuses it later, in its own words.
 */
final class QueryNames {
  private static final Pattern UESCAPE = Pattern.compile("(?i)\\s*+UESCAPE\\s*+'([^'])'");

  private final String text;
  private final Set<String> names = new TreeSet<>();
  private int at;

  private QueryNames(String text) {
    this.text = text;
  }

  /** The names as PostgreSQL keeps them: unquoted ones in lower case, long ones cut. */
  static Set<String> of(String query) {
    QueryNames scanner = new QueryNames(query);
    while (scanner.at < query.length()) {
      scanner.token();
    }
    return scanner.names;
  }

  private void token() {
    char c = text.charAt(at);
    if (text.startsWith("--", at)) {
      skipLineComment();
    } else if (text.startsWith("/*", at)) {
      skipBlockComment();
    } else if (isNameStart(c)) {
      word();
    } else if (isDigit(c)) {
      skipNumber();
    } else {
      switch (c) {
        case '\'' -> skipLiteral(false);
        case '"' -> add(quoted());
        case '$' -> skipDollar();
        default -> at++;
      }
    }
  }

  private void word() {
    int start = at;
    while (at < text.length() && isNamePart(text.charAt(at))) {
      at++;
    }
    String word = text.substring(start, at);
    if (word.equalsIgnoreCase("e") && next('\'')) {
      skipLiteral(true);
    } else if (word.equalsIgnoreCase("u") && text.startsWith("&\"", at)) {
      at++;
      unicodeName();
    } else {
      add(folded(word));
    }
  }

  /** The name between the quotes, where a quote is written twice. */
  private String quoted() {
    StringBuilder name = new StringBuilder();
    at++;
    while (at < text.length() && (text.charAt(at) != '"' || text.startsWith("\"\"", at))) {
      at += text.startsWith("\"\"", at) ? 1 : 0;
      name.append(text.charAt(at));
      at++;
    }
    at++;
    return name.toString();
  }

  /** {@code U&"d\0061ta"}, with another escape character where UESCAPE says so. */
  private void unicodeName() {
    String name = quoted();
    Matcher other = UESCAPE.matcher(text).region(Math.min(at, text.length()), text.length());
    String escape = Pattern.quote(other.lookingAt() ? other.group(1) : "\\");
    add(
        Pattern.compile(escape + "(?:(" + escape + ")|([0-9A-Fa-f]{4})|\\+([0-9A-Fa-f]{6}))")
            .matcher(name)
            .replaceAll(
                found ->
                    Matcher.quoteReplacement(
                        found.group(1) != null
                            ? found.group(1)
                            : unit(found.group(2) != null ? found.group(2) : found.group(3)))));
  }

  private static String unit(String hex) {
    int codePoint = Integer.parseInt(hex, 16);
    return Character.isValidCodePoint(codePoint) ? Character.toString(codePoint) : "";
  }

  private void add(String name) {
    if (!name.isEmpty()) {
      names.add(Identifiers.cut(name, Identifiers.MAX_BYTES));
    }
  }

  /** In UTF-8 PostgreSQL folds the letters of ASCII alone. */
  private static String folded(String word) {
    StringBuilder out = new StringBuilder(word);
    for (int i = 0; i < out.length(); i++) {
      char c = out.charAt(i);
      if (c >= 'A' && c <= 'Z') {
        out.setCharAt(i, (char) (c - 'A' + 'a'));
      }
    }
    return out.toString();
  }

  private void skipNumber() {
    while (at < text.length() && isNamePart(text.charAt(at))) {
      at++;
    }
  }

  private void skipLineComment() {
    while (at < text.length() && !isNewline(text.charAt(at))) {
      at++;
    }
  }

  private void skipBlockComment() {
    int depth = 0;
    do {
      if (text.startsWith("/*", at)) {
        depth++;
        at += 2;
      } else if (text.startsWith("*/", at)) {
        depth--;
        at += 2;
      } else {
        at++;
      }
    } while (depth > 0 && at < text.length());
  }

  /** A literal; one that goes on after a line break keeps its kind. */
  private void skipLiteral(boolean escapes) {
    do {
      at++;
      while (at < text.length() && text.charAt(at) != '\'') {
        at += escapes && text.charAt(at) == '\\' ? 2 : 1;
      }
      at++;
    } while (next('\'') || continues());
  }

  /** Moves to the next part of a literal, where white space with a line break leads to one. */
  private boolean continues() {
    int before = at;
    boolean newline = false;
    while (at < text.length()) {
      if (text.startsWith("--", at)) {
        skipLineComment();
      } else if (isSpace(text.charAt(at))) {
        newline |= isNewline(text.charAt(at));
        at++;
      } else {
        break;
      }
    }
    if (newline && next('\'')) {
      return true;
    }
    at = before;
    return false;
  }

  private void skipDollar() {
    int end = at + 1;
    if (end < text.length() && !isDigit(text.charAt(end))) {
      while (end < text.length() && text.charAt(end) != '$' && isNamePart(text.charAt(end))) {
        end++;
      }
      if (end < text.length() && text.charAt(end) == '$') {
        String delimiter = text.substring(at, end + 1);
        int close = text.indexOf(delimiter, end + 1);
        at = close < 0 ? text.length() : close + delimiter.length();
        return;
      }
    }
    at++;
  }

  private boolean next(char c) {
    return at < text.length() && text.charAt(at) == c;
  }

  private static boolean isDigit(char c) {
    return c >= '0' && c <= '9';
  }

  private static boolean isSpace(char c) {
    return c == ' ' || (c >= '\t' && c <= '\r');
  }

  private static boolean isNewline(char c) {
    return c == '\n' || c == '\r';
  }

  private static boolean isNameStart(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || c >= 0x80;
  }

  private static boolean isNamePart(char c) {
    return isNameStart(c) || isDigit(c) || c == '$';
  }
}
