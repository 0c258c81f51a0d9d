package io.tenantdb.desired;

import io.tenantdb.api.v1alpha1.Grammar;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.function.BiFunction;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/**
 * Reads fields of a spec and notes what is wrong with them. A field that is wrong reads as a
 * stand-in, so that the reading goes on; the resolution ends without a result as soon as one
 * problem was noted.
 */
final class Fields {
  private static final Pattern CONTROL = Pattern.compile("[\\x00-\\x1f\\x7f]");
  private static final int NAME_BYTES = 63;

  private final Problems problems;

  Fields(Problems problems) {
    this.problems = problems;
  }

  Problems problems() {
    return problems;
  }

  /** Every element read by the function, which gets its path; nulls noted and left out. */
  <T, R> List<R> each(String path, List<T> list, BiFunction<String, T, R> read) {
    List<R> results = new ArrayList<>();
    for (int i = 0; list != null && i < list.size(); i++) {
      if (list.get(i) == null) {
        problems.add(at(path, i), "is empty: give it a value or remove it.");
      } else {
        results.add(read.apply(at(path, i), list.get(i)));
      }
    }
    return results;
  }

  /** A list as a set would be: an element that is there twice is noted. */
  List<String> distinct(String path, List<String> list, BiFunction<String, String, String> read) {
    Set<String> seen = new HashSet<>();
    return each(
        path,
        list,
        (at, element) -> {
          if (!seen.add(element)) {
            problems.add(at, Problems.shown(element) + " is in the list twice: remove one.");
          }
          return read.apply(at, element);
        });
  }

  /** A required name of PostgreSQL's: 1 to 63 bytes, no control characters. */
  String name(String path, String value) {
    if (required(path, value)) {
      if (CONTROL.matcher(value).find()) {
        problems.add(path, "must not have control characters.");
      }
      unicode(path, value);
      if (value.getBytes(StandardCharsets.UTF_8).length > NAME_BYTES) {
        problems.add(path, Grammar.BYTES_MESSAGE);
      }
    }
    return Objects.requireNonNullElse(value, "");
  }

  /** The name of a schema that may be a tenant, or stand in its search path. */
  String schema(String path, String value) {
    String name = name(path, value);
    if (name.startsWith("pg_")
        || name.equals("information_schema")
        || name.startsWith("_timescaledb_")) {
      problems.add(path, Grammar.SYSTEM_SCHEMA_MESSAGE);
    }
    return name;
  }

  /** A required text of one pattern and at most so many characters. */
  String text(String path, String value, String pattern, int maxLength, String meaning) {
    if (required(path, value)
        && (value.length() > maxLength || !Pattern.compile(pattern).matcher(value).matches())) {
      problems.add(
          path,
          "must be "
              + meaning
              + ", at most "
              + maxLength
              + " characters; it is "
              + Problems.shown(value)
              + ".");
    }
    return Objects.requireNonNullElse(value, "");
  }

  /** A fragment of SQL, white space around it removed; empty where it is absent. */
  Optional<String> fragment(String path, String value) {
    if (value == null) {
      return Optional.empty();
    }
    if (value.isBlank()) {
      problems.add(path, "is blank: write the SQL or remove the field.");
    }
    if (value.indexOf('\0') >= 0) {
      problems.add(path, "must not have the NUL character.");
    }
    unicode(path, value);
    return Optional.of(value.strip());
  }

  /** A whole number within bounds, or the default. */
  int number(String path, Integer value, int absent, int min, int max) {
    if (value != null && (value < min || value > max)) {
      problems.add(path, "must be between " + min + " and " + max + "; it is " + value + ".");
    }
    return value == null ? absent : value;
  }

  /** One of the words, or the default. The words are given in the order in which to name them. */
  <E> E word(String path, String value, String absent, Map<String, E> words) {
    E parsed = words.get(value == null ? absent : value);
    if (parsed == null) {
      problems.add(
          path,
          "must be one of "
              + words.keySet().stream().sorted().collect(Collectors.joining(", "))
              + "; it is "
              + Problems.shown(value)
              + ".");
      return words.get(absent);
    }
    return parsed;
  }

  /** Half a surrogate pair has no UTF-8: it would reach the server as a question mark. */
  void unicode(String path, String value) {
    if (!StandardCharsets.UTF_8.newEncoder().canEncode(value)) {
      problems.add(path, "must be Unicode: it has half of a surrogate pair.");
    }
  }

  private boolean required(String path, String value) {
    if (value == null || value.isEmpty()) {
      problems.add(path, "is required.");
      return false;
    }
    return true;
  }

  static String at(String path, int index) {
    return path + "[" + index + "]";
  }
}
