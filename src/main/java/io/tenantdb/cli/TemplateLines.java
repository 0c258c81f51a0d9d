package io.tenantdb.cli;

import io.tenantdb.model.Difference;
import io.tenantdb.model.OneLine;
import io.tenantdb.model.Template;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/**
 * Templates as lines: side by side what fits, what is there and what will be below each other where
 * it does not. What must be cut is cut where it is the same, and no two templates look alike.
 */
final class TemplateLines {
  private static final List<String> HEADINGS = List.of("CHANGE", "TENANTS", "HAZARD", "FROM", "TO");
  private static final int FROM = HEADINGS.indexOf("FROM");
  private static final String MARGIN = "  ";
  private static final String BEFORE = MARGIN + "    from  ";
  private static final String AFTER = MARGIN + "    to    ";
  private static final int LEAST = 40;

  private final List<Template> templates;
  private final Width width;
  private final boolean[] beside;
  private final List<Difference> shown;
  private final List<String> rows;

  TemplateLines(List<Template> templates, Width width) {
    this.templates = templates;
    this.width = width;
    this.beside = new boolean[templates.size()];
    placeBeside();
    this.shown =
        IntStream.range(0, templates.size()).mapToObj(this::shortened).collect(Collectors.toList());
    keepApart();
    this.rows =
        Text.table(
            Stream.concat(
                    Stream.of(HEADINGS), IntStream.range(0, templates.size()).mapToObj(this::cells))
                .toList());
  }

  /** The headings of the columns. */
  String heading() {
    return MARGIN + rows.get(0);
  }

  /** The lines of one template. */
  List<String> of(int template) {
    String row = MARGIN + rows.get(template + 1);
    if (beside[template]) {
      return List.of(row);
    }
    Difference texts = shown.get(template);
    return List.of(row, BEFORE + texts.before(), AFTER + texts.after());
  }

  /** True where something is not shown whole. */
  boolean cut() {
    return IntStream.range(0, templates.size()).anyMatch(i -> !shown.get(i).equals(whole(i)));
  }

  private Difference whole(int template) {
    Template one = templates.get(template);
    return new Difference(line(one.before()), line(one.after()));
  }

  private static String line(String text) {
    return OneLine.ofSql(Text.printable(text)).text();
  }

  /** The shortest first, as long as the table is no wider than the terminal. */
  private void placeBeside() {
    List<List<String>> rest = new ArrayList<>();
    rest.add(HEADINGS.subList(0, FROM));
    templates.forEach(template -> rest.add(what(template)));
    int room =
        width.columns() - MARGIN.length() - longest(Text.table(rest).stream()) - 2 * "  ".length();
    List<Integer> shortest =
        IntStream.range(0, templates.size())
            .boxed()
            .sorted(Comparator.comparing(i -> size(whole(i))))
            .toList();
    int before = HEADINGS.get(FROM).length();
    int after = HEADINGS.get(FROM + 1).length();
    for (int i : shortest) {
      Difference whole = whole(i);
      int widerBefore = Math.max(before, whole.before().length());
      int widerAfter = Math.max(after, whole.after().length());
      if (widerBefore + widerAfter <= room) {
        beside[i] = true;
        before = widerBefore;
        after = widerAfter;
      }
    }
  }

  private static int size(Difference texts) {
    return texts.before().length() + texts.after().length();
  }

  private static int longest(Stream<String> lines) {
    return lines.mapToInt(String::length).max().orElse(0);
  }

  private static List<String> what(Template template) {
    return List.of(
        Text.sentence(template),
        "in " + Text.tenants(template.schemas()),
        Text.hazard(template.hazard()));
  }

  private String sentence(int template) {
    return Text.sentence(templates.get(template));
  }

  private Difference shortened(int template) {
    if (beside[template] || !width.cuts()) {
      return whole(template);
    }
    int limit = Math.max(LEAST, width.columns() - AFTER.length());
    Difference whole = whole(template);
    // Where nothing is there yet, it is another template of the same object that it differs from.
    return IntStream.range(0, templates.size())
        .filter(other -> other != template && whole.before().equals(whole(other).before()))
        .filter(other -> sentence(template).equals(sentence(other)))
        .mapToObj(
            other ->
                new Difference(
                    Difference.of(whole.before(), whole.after(), limit).before(),
                    Difference.of(whole.after(), whole(other).after(), limit).before()))
        .findFirst()
        .orElseGet(() -> Difference.of(whole.before(), whole.after(), limit));
  }

  /** Where two would be printed alike, they are printed whole. */
  private void keepApart() {
    for (int i = 0; i < templates.size(); i++) {
      for (int j = 0; j < i; j++) {
        if (alike(i, j)) {
          shown.set(i, whole(i));
          shown.set(j, whole(j));
        }
      }
    }
  }

  private boolean alike(int one, int other) {
    return shown.get(one).equals(shown.get(other)) && sentence(one).equals(sentence(other));
  }

  private List<String> cells(int template) {
    Template one = templates.get(template);
    boolean sameWords =
        IntStream.range(0, templates.size())
            .anyMatch(other -> other != template && alike(template, other));
    List<String> cells = new ArrayList<>(what(one));
    if (sameWords) {
      cells.set(0, cells.get(0) + " (" + one.kind() + ")");
    }
    cells.add(beside[template] ? shown.get(template).before() : "");
    cells.add(beside[template] ? shown.get(template).after() : "");
    return cells;
  }
}
