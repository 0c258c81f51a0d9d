package io.tenantdb.model;

import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The name that {@code REINDEX … CONCURRENTLY} gives the index that it builds ({@code ccnew}) or
 * replaces ({@code ccold}), and that stays when it is killed. Source: {@code ChooseRelationName}
 * and {@code makeObjectName} of PostgreSQL: a number follows where the name is taken, and the
 * index's own name is cut so that all of it fits.
 *
 * @param stem the beginning of the index's name
 * @param label what follows it: {@code ccnew}, {@code ccold2}, …
 */
public record ReindexLeftover(String stem, String label) {

  private static final Pattern NAME =
      Pattern.compile("(.+)_(cc(?:new|old)(?:[1-9][0-9]*)?)", Pattern.DOTALL);

  /** The parts of such a name; empty for any other name. */
  public static Optional<ReindexLeftover> parse(String name) {
    Matcher m = NAME.matcher(name);
    return m.matches()
        ? Optional.of(new ReindexLeftover(m.group(1), m.group(2)))
        : Optional.empty();
  }

  /** True when a REINDEX of the index would give this name. */
  public boolean isOf(String index) {
    return stem.equals(Identifiers.cut(index, Identifiers.MAX_BYTES - 1 - label.length()));
  }
}
