package io.tenantdb.cli;

import io.tenantdb.model.IndexReport;
import io.tenantdb.model.IndexReport.Index;
import io.tenantdb.model.IndexReport.Redundancy;
import io.tenantdb.model.IndexUsage;
import java.io.PrintWriter;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;

/** How the indexes are used, on one screen. */
final class IndexesText {
  private static final int MOST = 20;
  private static final List<String> UNITS = List.of("B", "KiB", "MiB", "GiB", "TiB", "PiB");

  private final PrintWriter out;
  private final int most;

  IndexesText(PrintWriter out, Width width) {
    this.out = out;
    this.most = width.shown(MOST);
  }

  void print(String title, IndexReport report) {
    out.println(title);
    table("Declared:", report.declared(), Integer.MAX_VALUE);
    table(
        "Not declared here, on the same tables (the largest first):",
        report.indexes().stream()
            .filter(index -> !index.declared())
            .sorted(Comparator.comparing((Index index) -> -index.usage().bytes()))
            .toList(),
        most);
    redundancies(report.redundancies());
    out.println(counted(report));
    out.println(
        "A standby counts its own scans: look there, too, before you drop what serves reads there.");
    out.flush();
  }

  private void table(String heading, List<Index> indexes, int limit) {
    if (indexes.isEmpty()) {
      return;
    }
    out.println(heading);
    List<List<String>> rows = new ArrayList<>();
    rows.add(
        List.of("INDEX", "TENANTS", "SIZE", "LARGEST", "SCANS", "NEVER IN", "LAST SCAN", "NOTE"));
    indexes.stream().limit(limit).forEach(index -> rows.add(row(index)));
    Text.table(rows).forEach(line -> out.println("  " + line));
    more(indexes.size() - limit);
    out.println();
  }

  private static List<String> row(Index index) {
    IndexUsage usage = index.usage();
    return List.of(
        Text.printable(index.table() + "." + index.name()),
        "%,d".formatted(usage.tenants()),
        bytes(usage.bytes()),
        bytes(usage.largestBytes()),
        "%,d".formatted(usage.scans()),
        usage.unscannedTenants() == 0 ? "" : "%,d".formatted(usage.unscannedTenants()),
        usage.lastScan().map(IndexesText::day).orElse(""),
        note(index));
  }

  private static String note(Index index) {
    List<String> notes = new ArrayList<>();
    if (index.unused()) {
      notes.add("unused");
    }
    if (index.otherNames() > 0) {
      notes.add("under another name in %,d".formatted(index.otherNames()));
    }
    index.owner().ifPresent(owner -> notes.add("marked by " + Text.printable(owner)));
    return String.join(", ", notes);
  }

  private void redundancies(List<Redundancy> redundancies) {
    if (redundancies.isEmpty()) {
      return;
    }
    out.println("Worth a look:");
    redundancies.stream()
        .sorted(Comparator.comparing((Redundancy redundancy) -> -redundancy.tenants()))
        .limit(most)
        .forEach(
            one -> out.println("  %s: %s".formatted(where(one), Text.printable(one.message()))));
    more(redundancies.size() - most);
    out.println();
  }

  private static String where(Redundancy redundancy) {
    String live = "in " + Text.count(redundancy.tenants(), "tenant", "tenants");
    if (!redundancy.bySpec()) {
      return live;
    }
    return redundancy.tenants() == 0 ? "by the spec" : "by the spec, " + live;
  }

  private void more(int left) {
    if (left > 0) {
      out.println(
          "  and " + Text.count(left, "more", "more") + " (--wide or -o json has them all)");
    }
  }

  private static String counted(IndexReport report) {
    String why =
        report.everReset()
            ? "the last reset of the statistics or crash"
            : "the server's first start or last crash, for nobody reset the statistics";
    String since =
        report
            .since()
            .map(at -> " since %s, %s".formatted(at.truncatedTo(ChronoUnit.SECONDS), why))
            .orElse("");
    return "Scans are counted on this server%s; of a younger index, since it was made."
        .formatted(since);
  }

  private static String day(Instant time) {
    return time.truncatedTo(ChronoUnit.SECONDS).toString().substring(0, 10);
  }

  /** Two digits: {@code 1.2 GiB}, {@code 64 MiB}. */
  static String bytes(long bytes) {
    double size = bytes;
    int unit = 0;
    while (size >= 1024 && unit < UNITS.size() - 1) {
      size /= 1024;
      unit++;
    }
    return String.format(
        Locale.ROOT, unit == 0 || size >= 9.95 ? "%.0f %s" : "%.1f %s", size, UNITS.get(unit));
  }
}
