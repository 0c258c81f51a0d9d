package io.tenantdb.cli;

import io.tenantdb.model.Finding;
import io.tenantdb.model.Hazard;
import io.tenantdb.model.OneLine;
import io.tenantdb.model.Plan;
import io.tenantdb.model.Template;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/** How numbers, names and tables are written for people. */
final class Text {
  private Text() {}

  /** {@code 1 schema}, {@code 4,982 schemas}. */
  static String count(long n, String one, String many) {
    return String.format(Locale.ROOT, "%,d ", n) + (n == 1 ? one : many);
  }

  /** {@code create batches.ix_batches_intake_date}: the kind's verb and the object. */
  static String sentence(Template template) {
    String verb =
        template.kind().chars().skip(1).anyMatch(Character::isUpperCase)
            ? template.kind().replaceFirst("(?<=.)[A-Z].*", "")
            : template.kind();
    return verb.toLowerCase(Locale.ROOT) + " " + printable(template.object());
  }

  /** {@code 4,982 schemas}, or the name where there is one. */
  static String tenants(List<String> schemas) {
    return schemas.size() == 1
        ? printable(schemas.get(0))
        : count(schemas.size(), "schema", "schemas");
  }

  /** What is said of drift that is left alone: no failure, though a person must act. */
  static Set<String> drifted(Plan plan) {
    return plan.tenants().stream()
        .flatMap(tenant -> tenant.findings().stream())
        .filter(finding -> finding.verdict() == Finding.Verdict.DRIFTED)
        .map(Finding::message)
        .collect(Collectors.toSet());
  }

  /** What a hazard means, in a few words. */
  static String hazard(Hazard hazard) {
    return switch (hazard) {
      case NONE -> "";
      case BLOCKS_WRITES -> "writers wait";
      case TAKES_OVER -> "TAKES OVER";
      case DROPS_OBJECT -> "DROPS IT";
      case DELETES_DATA -> "DELETES ROWS";
    };
  }

  /** What is meant by it. */
  static String meaning(Hazard hazard) {
    return switch (hazard) {
      case NONE -> "";
      case BLOCKS_WRITES -> "writers of the table wait while it runs";
      case TAKES_OVER ->
          "an object of the declared name that the operator did not make is replaced";
      case DROPS_OBJECT -> "an object that queries may rely on is gone, for a while or for good";
      case DELETES_DATA -> "rows are gone afterwards";
    };
  }

  /** {@code PENDING} as {@code pending}. */
  static String lower(Enum<?> value) {
    return value.name().toLowerCase(Locale.ROOT);
  }

  /** Names come from a database that others write to: no control character reaches a terminal. */
  static String printable(String text) {
    return text.replaceAll("[\\p{Cntrl}&&[^\\n]]", "�");
  }

  /** On one line, cut to a length. */
  static String cut(String text, int length) {
    return OneLine.of(printable(text)).cut(length);
  }

  /**
   * Columns as wide as their widest cell, two blanks apart; columns that are all empty left out.
   */
  static List<String> table(List<List<String>> rows) {
    int columns = rows.stream().mapToInt(List::size).max().orElse(0);
    int[] widths =
        IntStream.range(0, columns)
            .map(c -> rows.stream().skip(1).mapToInt(row -> row.get(c).length()).max().orElse(0))
            .toArray();
    boolean[] shown = new boolean[columns];
    IntStream.range(0, columns)
        .forEach(
            c -> {
              shown[c] = widths[c] > 0;
              widths[c] = Math.max(widths[c], rows.get(0).get(c).length());
            });
    List<String> lines = new ArrayList<>();
    for (List<String> row : rows) {
      lines.add(
          IntStream.range(0, columns)
              .filter(c -> shown[c])
              .mapToObj(c -> pad(row.get(c), widths[c]))
              .collect(Collectors.joining("  "))
              .stripTrailing());
    }
    return lines;
  }

  /** Rows without a heading. */
  static List<String> columns(List<List<String>> rows) {
    if (rows.isEmpty()) {
      return List.of();
    }
    List<List<String>> headed = new ArrayList<>();
    headed.add(rows.get(0).stream().map(cell -> "").toList());
    headed.addAll(rows);
    List<String> lines = table(headed);
    return lines.subList(1, lines.size());
  }

  /** Every line behind the same margin. */
  static String indent(String text, String margin) {
    return Arrays.stream(text.split("\n", -1))
        .map(line -> margin + line)
        .collect(Collectors.joining("\n"));
  }

  private static String pad(String text, int width) {
    return text + " ".repeat(Math.max(0, width - text.length()));
  }
}
