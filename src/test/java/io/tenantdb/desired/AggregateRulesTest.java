package io.tenantdb.desired;

import static io.tenantdb.desired.Refusals.aggregate;
import static io.tenantdb.desired.Refusals.problems;
import static org.assertj.core.api.Assertions.assertThat;

import io.tenantdb.api.v1alpha1.Grammar;
import java.util.List;
import java.util.Random;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

class AggregateRulesTest {
  private static final String REFRESH = "refresh: {every: 1 hour, endOffset: 1 hour}";

  @Test
  void nameAndQueryAreRequired() {
    assertThat(problems(Specs.BASE + "aggregates: [{}]"))
        .containsExactly(
            "spec.aggregates[0].name: is required.", "spec.aggregates[0].query: is required.");
    assertThat(aggregate("query: ' '"))
        .containsExactly("spec.aggregates[0].query: is blank: write the SQL or remove the field.");
    assertThat(aggregate("query: SELECT 1, refresh: {}"))
        .containsExactly(
            "spec.aggregates[0].refresh.every: is required.",
            "spec.aggregates[0].refresh.endOffset: is required.");
  }

  @Test
  void reservedAndLongNamesAreRefused() {
    for (String name : List.of("_tdb_x", "_timescaledb_x")) {
      assertThat(problems(Specs.BASE + "aggregates: [{name: " + name + ", query: TABLE t}]"))
          .containsExactly(
              "spec.aggregates[0].name: must not start with '_tdb_' or '_timescaledb_': these"
                  + " prefixes are reserved.");
    }
    assertThat(
            problems(Specs.BASE + "aggregates: [{name: " + "é".repeat(32) + ", query: TABLE t}]"))
        .hasSize(1);
    assertThat(
            problems(
                Specs.BASE + "aggregates: [{name: a, query: TABLE t}, {name: a, query: TABLE u}]"))
        .containsExactly(
            "spec.aggregates[1].name: \"a\" is the name of spec.aggregates[0] too: an aggregate's"
                + " name is unique in its schema.");
  }

  @Test
  void aQueryHasNoSemicolonAtItsEnd() {
    assertThat(aggregate("query: 'SELECT 1;'"))
        .containsExactly(
            "spec.aggregates[0].query: must be one SELECT without a semicolon at its end.");
    assertThat(aggregate("query: \"SELECT 1 ; \\n\"")).hasSize(1);
    assertThat(aggregate("query: \"SELECT ';'\\n\"")).isEmpty();
    assertThat(aggregate("query: \"SELECT 1 -- not;\"")).isEmpty();
    assertThat(aggregate("query: \"SELECT 1 - 2 /* ; */\"")).isEmpty();
    assertThat(aggregate("query: \"SELECT 1 -- a\\n  - 2 -;\"")).hasSize(1);
    assertThat(aggregate("query: \"SELECT 'a\\0'\"")).hasSize(1);
    assertThat(aggregate(fallback("fallbackQuery: 'SELECT 1;', uniqueColumns: [a]")))
        .containsExactly(
            "spec.aggregates[0].fallbackQuery: must be one SELECT without a semicolon at its end.");
  }

  @Test
  void aQueryIsReadWhateverItsLength() {
    String long1 = "SELECT " + "a - b + ".repeat(2_000) + "c";
    assertThat(aggregate("query: \"" + long1 + "\"")).isEmpty();
    assertThat(aggregate("query: \"" + long1 + ";\"")).hasSize(1);
    assertThat(aggregate("query: \"" + long1 + " --;\"")).isEmpty();
  }

  @Test
  void theSchemaAndWeMeanTheSameSemicolon() {
    Pattern schemas =
        Pattern.compile(
            Grammar.NO_SEMICOLON
                .replaceFirst("^!self.matches\\('", "")
                .replaceFirst("'\\)$", "")
                .replace("\\\\", "\\"));
    Pattern ours = Pattern.compile(Grammar.SEMICOLON);
    Random random = new Random(7);
    for (int draw = 0; draw < 20_000; draw++) {
      String text =
          random
              .ints(random.nextInt(9), 0, 5)
              .mapToObj(c -> "a-; \n".substring(c, c + 1))
              .collect(Collectors.joining());
      assertThat(ours.matcher(text).find()).as(text).isEqualTo(schemas.matcher(text).find());
    }
  }

  @Test
  void theFallbackNeedsAScheduleAndAUniqueIndex() {
    String sentence =
        "spec.aggregates[0]: fallback MaterializedView needs refresh and uniqueColumns: the operator"
            + " refreshes the view on that schedule, and without a unique index every refresh would"
            + " block its readers.";
    assertThat(aggregate("query: TABLE t, fallback: MaterializedView, " + REFRESH))
        .containsExactly(sentence);
    assertThat(aggregate("query: TABLE t, fallback: MaterializedView, uniqueColumns: [a]"))
        .containsExactly(sentence);
    assertThat(aggregate(fallback("uniqueColumns: []"))).containsExactly(sentence);
    assertThat(aggregate(fallback("uniqueColumns: [a]"))).isEmpty();
    assertThat(aggregate(fallback("uniqueColumns: [a, a]")))
        .containsExactly(
            "spec.aggregates[0].uniqueColumns[1]: \"a\" is in the list twice: remove one.");
  }

  @Test
  void whatIsForTheFallbackIsRefusedWithoutIt() {
    assertThat(aggregate("query: TABLE t, uniqueColumns: [a], fallbackQuery: TABLE u"))
        .containsExactly(
            "spec.aggregates[0]: uniqueColumns is only allowed with fallback MaterializedView: a"
                + " continuous aggregate takes no unique index.",
            "spec.aggregates[0]: fallbackQuery is only allowed with fallback MaterializedView.");
    assertThat(aggregate("query: TABLE t, fallback: View"))
        .containsExactly(
            "spec.aggregates[0].fallback: must be one of MaterializedView, Skip; it is \"View\".");
  }

  @Test
  void theWindowBeginsBeforeItEnds() {
    for (String window :
        List.of(
            "startOffset: 1 day, endOffset: 1 day",
            "startOffset: 24 hours, endOffset: 1 day",
            "startOffset: 29 days, endOffset: 1 mon",
            "startOffset: 1 hour, endOffset: 90 min",
            "startOffset: 9, endOffset: 10")) {
      assertThat(window(window))
          .as(window)
          .containsExactly(
              "spec.aggregates[0].refresh: startOffset must be longer than endOffset: the refreshed"
                  + " window begins at the one and ends at the other, both counted back from now.");
    }
    for (String window :
        List.of(
            "endOffset: 1 day",
            "startOffset: 2 days, endOffset: 1 day",
            "startOffset: 1 day 1 us, endOffset: 1 day",
            "startOffset: 10, endOffset: 9")) {
      assertThat(window(window)).as(window).isEmpty();
    }
  }

  @Test
  void offsetsAreOfOneKind() {
    for (String window :
        List.of("startOffset: 1 day, endOffset: 10", "startOffset: 1000, endOffset: 1 hour")) {
      assertThat(window(window))
          .as(window)
          .containsExactly(
              "spec.aggregates[0].refresh: startOffset and endOffset must both be whole numbers (for"
                  + " an integer time column) or both be intervals.");
    }
    assertThat(window("endOffset: 0")).hasSize(1);
    assertThat(window("endOffset: 6m")).hasSize(1);
  }

  @Test
  void theScheduleDoesNotMixMonthsAndDays() {
    assertThat(aggregate("query: TABLE t, refresh: {every: 1 month 2 days, endOffset: 1 day}"))
        .containsExactly(
            "spec.aggregates[0].refresh.every: months and years cannot be mixed with shorter units"
                + " in a schedule: TimescaleDB refuses it.");
  }

  @Test
  void anAggregateSharesItsNameWithNothing() {
    assertThat(
            problems(
                Specs.BASE
                    + """
                    aggregates: [{name: a, query: TABLE t}, {name: b, query: TABLE t}]
                    indexes: [{name: a, table: t, columns: [x]}, {name: c, table: b, columns: [x]}]
                    hypertables: [{table: b, timeColumn: at}]
                    """))
        .containsExactly(
            "spec.aggregates[0].name: An index and an aggregate cannot have the same name: both are"
                + " relations of one schema.",
            "spec.aggregates[1].name: A hypertable and an aggregate cannot have the same name:"
                + " TimescaleDB keeps an aggregate in a hypertable of its own.");
  }

  @Test
  void theUniqueIndexOfTheFallbackSharesItsNameWithNothing() {
    assertThat(taken("indexes: [{name: daily_key, table: t, columns: [x]}]"))
        .containsExactly(
            "spec.aggregates[0].uniqueColumns: the unique index of the aggregate \"daily\" is named"
                + " \"daily_key\", and so is an index of spec.indexes: rename one.");
    assertThat(taken("indexes: [{name: ix, table: daily_key, columns: [x]}]"))
        .singleElement()
        .asString()
        .contains("and so is the table of an index");
    assertThat(taken("hypertables: [{table: daily_key, timeColumn: at}]"))
        .singleElement()
        .asString()
        .contains("and so is a table of spec.hypertables");
    assertThat(taken("indexes: [{name: daily, table: t, columns: [x]}]")).hasSize(1);
    assertThat(taken("indexes: [{name: ix, table: daily, columns: [x]}]")).isEmpty();

    String fields = ", query: TABLE t, " + fallback("uniqueColumns: [a]").substring(16);
    String base = "x".repeat(59);
    assertThat(
            problems(
                Specs.BASE
                    + "aggregates: [{name: %1$s1%2$s}, {name: %1$s2%2$s}, {name: %1$s_key, query: TABLE t}]"
                        .formatted(base, fields)))
        .hasSize(2)
        .last()
        .asString()
        .startsWith(
            "spec.aggregates[1].uniqueColumns: the unique index of the aggregate \"" + base);
  }

  private static List<String> taken(String others) {
    return problems(
        Specs.BASE
            + "aggregates: [{name: daily, "
            + fallback("uniqueColumns: [a]")
            + "}]\n"
            + others);
  }

  private static String fallback(String fields) {
    return "query: TABLE t, fallback: MaterializedView, " + REFRESH + ", " + fields;
  }

  private static List<String> window(String fields) {
    return aggregate("query: TABLE t, refresh: {every: 1 hour, " + fields + "}");
  }
}
