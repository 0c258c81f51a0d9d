package io.tenantdb.observe;

import io.tenantdb.model.Mark;
import io.tenantdb.model.TimeSpan;
import java.math.BigDecimal;
import java.util.Optional;

/**
 * Reads values of a job's config. Texts only: a config is the user's, and a cast that fails would
 * end the whole reading.
 */
final class JobConfig {
  private final Catalog catalog;

  JobConfig(Catalog catalog) {
    this.catalog = catalog;
  }

  /**
   * A lag or an offset; empty for JSON's null and for what is none.
   *
   * @param type {@code jsonb_typeof}; null where the key is missing
   */
  Optional<TimeSpan> span(String type, String text) {
    if ("string".equals(type)) {
      return Optional.of(new TimeSpan.Interval(catalog.intern(text)));
    }
    if ("number".equals(type)) {
      try {
        return Optional.of(new TimeSpan.Whole(new BigDecimal(text).longValueExact()));
      } catch (ArithmeticException notWhole) {
        return Optional.empty();
      }
    }
    return Optional.empty();
  }

  /**
   * A role's name.
   *
   * @param text a {@code regrole} as PostgreSQL prints it: quoted where SQL would need it
   */
  String role(String text) {
    boolean quoted = text.length() > 1 && text.startsWith("\"") && text.endsWith("\"");
    return catalog.intern(
        quoted ? text.substring(1, text.length() - 1).replace("\"\"", "\"") : text);
  }

  /**
   * The mark of the job; empty where it is about something else, because a config may have been
   * copied.
   *
   * @param managedBy null where the key is missing
   */
  Optional<Mark> mark(String managedBy, String name, String table) {
    return Optional.ofNullable(managedBy)
        .flatMap(Mark::parse)
        .filter(mark -> mark.table().equals(table))
        .filter(mark -> mark.name().equals(name));
  }
}
