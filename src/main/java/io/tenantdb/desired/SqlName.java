package io.tenantdb.desired;

import io.tenantdb.api.v1alpha1.Grammar;
import io.tenantdb.model.Identifiers;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/**
 * An operator class or collation as SQL writes it, made harmless: read as one or two identifiers by
 * PostgreSQL's rules (plain ones are folded to lower case) and written back quoted.
 */
final class SqlName {
  private static final Pattern WHOLE = Pattern.compile(Grammar.SQL_NAME);
  private static final Pattern PART =
      Pattern.compile("\\G\\.?(?:([A-Za-z_][A-Za-z0-9_$]*)|\"((?:[^\"]|\"\")++)\")");
  private static final int NAME_BYTES = 63;
  // Two names of doubled quotes, in quotes, and their dot.
  private static final int MAX_LENGTH = 2 * (2 * NAME_BYTES + 2) + 1;

  private SqlName() {}

  /** The name with every part quoted; empty where the text is no such name. */
  static Optional<String> quoted(String text) {
    if (text.length() > MAX_LENGTH || !WHOLE.matcher(text).matches()) {
      return Optional.empty();
    }
    List<String> parts = new ArrayList<>();
    Matcher part = PART.matcher(text);
    while (part.find()) {
      parts.add(
          part.group(1) != null
              ? part.group(1).toLowerCase(Locale.ROOT)
              : part.group(2).replace("\"\"", "\""));
    }
    if (parts.stream().anyMatch(p -> p.getBytes(StandardCharsets.UTF_8).length > NAME_BYTES)) {
      return Optional.empty();
    }
    return Optional.of(parts.stream().map(Identifiers::quote).collect(Collectors.joining(".")));
  }
}
