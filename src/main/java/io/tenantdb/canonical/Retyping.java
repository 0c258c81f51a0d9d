package io.tenantdb.canonical;

import io.tenantdb.model.Identifiers;
import io.tenantdb.model.IndexBody;
import io.tenantdb.model.TableLayout;
import io.tenantdb.model.TableLayout.Column;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/**
 * A past that a table may have had: columns that were of another type when its index was made.
 * {@code ALTER COLUMN … TYPE} reads the printed definition again, so that casts of the old type
 * stay in it which an index that is made today does not have: {@code status IN ('a', 'b')} from the
 * days of {@code varchar}, {@code id IN (1, 2)} from those of {@code int}. It is the same index.
 *
 * @param formerTypes what the columns were of another type than today
 */
record Retyping(Map<Column, String> formerTypes) {

  /** How many pasts are tried of one definition. */
  private static final int LIMIT = 64;

  private static final Pattern CAST =
      Pattern.compile(
          "::(?:character varying|double precision|timestamp without time zone|[^\\s()\\[\\],]+)"
              + "(?:\\([\\d,]+\\))?(?:\\[])*");

  private static final Pattern QUOTED_NUMBER = Pattern.compile("'(-?[\\d.]+)'");

  /** Types between which a column can go without a change of what its expressions mean. */
  private static final Map<String, List<String>> FORMER =
      Map.of(
          "text", List.of("character varying"),
          "character varying", List.of("text"),
          "bigint", List.of("integer", "smallint"),
          "integer", List.of("smallint", "bigint"),
          "numeric", List.of("integer", "bigint"),
          "double precision", List.of("real"),
          "timestamp without time zone", List.of("date"));

  /**
   * The pasts to try, those with the fewest changes first.
   *
   * @param definition as printed; what it does not mention makes no difference to it
   */
  static List<Retyping> of(TableLayout layout, String definition) {
    List<Retyping> pasts = new ArrayList<>(List.of(new Retyping(Map.of())));
    layout.columns().stream()
        .filter(column -> mentions(definition, column))
        .forEach(
            column -> {
              List<Retyping> more = new ArrayList<>();
              for (String former : FORMER.getOrDefault(withoutModifier(column.type()), List.of())) {
                pasts.stream().limit(LIMIT).forEach(past -> more.add(past.and(column, former)));
              }
              pasts.addAll(more);
            });
    return pasts.stream()
        .skip(1)
        .sorted(Comparator.comparing(past -> past.formerTypes().size()))
        .limit(LIMIT)
        .toList();
  }

  private Retyping and(Column column, String former) {
    Map<Column, String> types = new LinkedHashMap<>(formerTypes);
    types.put(column, former);
    return new Retyping(types);
  }

  /**
   * Whether another past can be all that a live index differs by: casts, and how constants are
   * written. To try the pasts costs many times what the index itself does, and most that differ
   * were declared otherwise.
   */
  static boolean mayExplain(IndexBody live, IndexBody printed) {
    return live.unique() == printed.unique()
        && withoutCasts(live.text()).equals(withoutCasts(printed.text()));
  }

  private static String withoutCasts(String text) {
    String bare = CAST.matcher(text).replaceAll("");
    return QUOTED_NUMBER.matcher(bare).replaceAll("$1").replaceAll("[()\\s]| ?00:00:00(?=')", "");
  }

  /** Makes the columns what they were. */
  String back(String relation) {
    return alter(relation, Map.Entry::getValue);
  }

  /** Makes them what they are. */
  String forth(String relation) {
    return alter(relation, change -> change.getKey().type());
  }

  private String alter(String relation, Function<Map.Entry<Column, String>, String> type) {
    return "ALTER TABLE "
        + relation
        + formerTypes.entrySet().stream()
            .map(change -> alter(change.getKey(), type.apply(change)))
            .collect(Collectors.joining(","));
  }

  private static String alter(Column column, String type) {
    return " ALTER COLUMN "
        + Identifiers.quote(column.name())
        + " TYPE "
        + type
        + (column.collation().isEmpty() ? "" : " COLLATE " + column.collation());
  }

  private static String withoutModifier(String type) {
    return type.replaceFirst("\\([\\d,]+\\)", "");
  }

  /** Too often rather than too seldom: a past that changes nothing costs a moment. */
  private static boolean mentions(String definition, Column column) {
    return Pattern.compile(
            "(?<![\\w$\"])\"?"
                + Pattern.quote(column.name().replace("\"", "\"\""))
                + "\"?(?![\\w$\"])",
            Pattern.UNICODE_CHARACTER_CLASS)
        .matcher(definition)
        .find();
  }
}
