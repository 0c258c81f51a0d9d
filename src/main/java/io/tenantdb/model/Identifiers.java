package io.tenantdb.model;

import java.nio.charset.StandardCharsets;
import java.util.Collection;
import java.util.stream.Collectors;

/**
 * Writes names and literals into SQL where parameters cannot stand (DDL). Source: PostgreSQL
 * documentation, section "Lexical Structure": a double quote in a quoted identifier, and a quote in
 * a literal, are written twice. Literals need {@code standard_conforming_strings = on}, which every
 * session of ours pins.
 */
public final class Identifiers {

  /** NAMEDATALEN - 1: PostgreSQL cuts longer names silently. */
  public static final int MAX_BYTES = 63;

  private Identifiers() {}

  /** The longest beginning of a name that has at most so many bytes in UTF-8. */
  public static String cut(String name, int bytes) {
    int end = name.length();
    while (name.substring(0, end).getBytes(StandardCharsets.UTF_8).length > bytes) {
      end = name.offsetByCodePoints(end, -1);
    }
    return name.substring(0, end);
  }

  /**
   * The name as a quoted identifier.
   *
   * @throws IllegalArgumentException on the NUL character, which no PostgreSQL name can hold
   */
  public static String quote(String name) {
    return '"' + withoutNul(name).replace("\"", "\"\"") + '"';
  }

  /** {@code "schema"."name"}. */
  public static String qualified(String schema, String name) {
    return quote(schema) + '.' + quote(name);
  }

  /** The names quoted, with commas between. */
  public static String list(Collection<String> names) {
    return names.stream().map(Identifiers::quote).collect(Collectors.joining(", "));
  }

  /** The text as a string literal. */
  public static String literal(String text) {
    return '\'' + withoutNul(text).replace("'", "''") + '\'';
  }

  private static String withoutNul(String text) {
    if (text.indexOf('\0') >= 0) {
      throw new IllegalArgumentException(
          "PostgreSQL names and texts cannot hold the NUL character");
    }
    return text;
  }
}
