package io.tenantdb.canonical;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Optional;

/**
 * Looks whether a piece of SQL stays within the parentheses that it is put into. Follows the rules
 * of PostgreSQL's own scanner ({@code src/backend/parser/scan.l}) with {@code
 * standard_conforming_strings = on}: the driver's differs from it in details, such as {@code /*}
 * followed by a slash.
 */
final class FragmentScanner {
  private final String text;
  private final Deque<Character> open = new ArrayDeque<>();
  private int at;
  private boolean anything;

  private FragmentScanner(String text) {
    this.text = text;
  }

  /** What is wrong with the fragment; empty where nothing is. */
  static Optional<String> problem(String fragment) {
    return new FragmentScanner(fragment).scan();
  }

  private Optional<String> scan() {
    while (at < text.length()) {
      Optional<String> problem = token();
      if (problem.isPresent()) {
        return problem;
      }
    }
    if (!open.isEmpty()) {
      return Optional.of("has an opening " + open.peek() + " that it does not close");
    }
    return anything ? Optional.empty() : Optional.of("is empty");
  }

  private Optional<String> token() {
    char c = text.charAt(at);
    if (text.startsWith("--", at)) {
      skipLineComment();
      return Optional.empty();
    }
    if (text.startsWith("/*", at)) {
      return skipBlockComment();
    }
    anything |= !isSpace(c);
    if (isNameStart(c)) {
      int start = at;
      while (at < text.length() && isNamePart(text.charAt(at))) {
        at++;
      }
      boolean escapes = text.substring(start, at).equalsIgnoreCase("e") && next('\'');
      return escapes ? skipLiteral(true) : Optional.empty();
    }
    return switch (c) {
      case '\'' -> skipLiteral(false);
      case '"' -> skipUntil("\"", "a quoted name");
      case '$' -> skipDollar();
      case '(', '[' -> {
        open.push(c);
        at++;
        yield Optional.empty();
      }
      case ')', ']' -> close(c);
      case ';' -> Optional.of("has a semicolon; leave it out");
      case '\0' -> Optional.of("has the NUL character");
      default -> {
        at++;
        yield Optional.empty();
      }
    };
  }

  private Optional<String> close(char c) {
    char wanted = c == ')' ? '(' : '[';
    if (open.isEmpty() || open.pop() != wanted) {
      return Optional.of("has a closing " + c + " that it does not open");
    }
    at++;
    return Optional.empty();
  }

  private void skipLineComment() {
    while (at < text.length() && !isNewline(text.charAt(at))) {
      at++;
    }
  }

  private Optional<String> skipBlockComment() {
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
    return depth == 0 ? Optional.empty() : Optional.of("has a comment that it does not close");
  }

  /** A literal; one that goes on after a line break keeps its kind. */
  private Optional<String> skipLiteral(boolean escapes) {
    do {
      at++;
      while (at < text.length() && text.charAt(at) != '\'') {
        at += escapes && text.charAt(at) == '\\' ? 2 : 1;
      }
      if (at >= text.length()) {
        return Optional.of("has a literal that it does not close");
      }
      at++;
    } while (next('\'') || continues());
    return Optional.empty();
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

  private Optional<String> skipDollar() {
    int end = at + 1;
    if (end < text.length() && Character.isDigit(text.charAt(end))) {
      return Optional.of("has a parameter ($1); values are written as literals");
    }
    while (end < text.length() && text.charAt(end) != '$' && isNamePart(text.charAt(end))) {
      end++;
    }
    if (end < text.length() && text.charAt(end) == '$') {
      String delimiter = text.substring(at, end + 1);
      at = end;
      return skipUntil(delimiter, "a literal");
    }
    at++;
    return Optional.empty();
  }

  private Optional<String> skipUntil(String delimiter, String what) {
    int end = text.indexOf(delimiter, at + 1);
    if (end < 0) {
      return Optional.of("has " + what + " that it does not close");
    }
    at = end + delimiter.length();
    return Optional.empty();
  }

  private boolean next(char c) {
    return at < text.length() && text.charAt(at) == c;
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
    return isNameStart(c) || (c >= '0' && c <= '9') || c == '$';
  }
}
