package io.tenantdb.plan.usage;

import io.tenantdb.model.Desired;
import io.tenantdb.model.IndexBody;
import io.tenantdb.model.IndexReport;
import io.tenantdb.model.IndexReport.Index;
import io.tenantdb.model.IndexTemplate;
import io.tenantdb.model.IndexUsage;
import io.tenantdb.model.Observed;
import io.tenantdb.model.ObservedIndex;
import io.tenantdb.model.ObservedTable;
import io.tenantdb.model.ObservedTenant;
import io.tenantdb.model.ObservedUsage;
import java.time.Duration;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/** Makes the report on the indexes of the tables that the spec names. */
public final class IndexReporter {
  private static final Duration UNUSED = Duration.ofDays(14);

  private final Desired desired;
  private final Observed observed;
  private final ObservedUsage reading;
  private final IndexTally tally;

  /**
   * A declared index by table and name, an undeclared one with its body, too: what happens to bear
   * the same name in two tenants is not the same index.
   */
  private record Line(
      String table,
      String name,
      boolean declared,
      Optional<String> owner,
      Optional<IndexBody> body) {

    static Line of(IndexTemplate template) {
      return template.declared()
          ? declared(template.table(), template.name())
          : new Line(template.table(), template.name(), false, template.owner(), template.body());
    }

    static Line declared(String table, String name) {
      return new Line(table, name, true, Optional.empty(), Optional.empty());
    }
  }

  /**
   * The report of a reading.
   *
   * @param tally what the live indexes count as
   */
  public IndexReporter(
      Desired desired, Observed observed, IndexTally tally, ObservedUsage reading) {
    this.desired = desired;
    this.observed = observed;
    this.tally = tally;
    this.reading = reading;
  }

  /** The report. */
  public IndexReport report() {
    return new IndexReport(
        reading.now(),
        reading.since(),
        reading.everReset(),
        indexes(),
        new RedundancyCount(desired, tally, observed, reading).redundancies());
  }

  private List<Index> indexes() {
    Set<Line> needed = needed();
    Map<Line, IndexUsage> usage = new HashMap<>();
    Map<Line, String> definitions = new HashMap<>();
    Map<Line, Integer> otherNames = new HashMap<>();
    desired
        .indexes()
        .forEach(index -> usage.put(Line.declared(index.table(), index.name()), IndexUsage.NONE));
    reading
        .usage()
        .forEach(
            (template, one) -> {
              Line line = Line.of(template);
              usage.merge(line, one, IndexUsage::and);
              otherNames.merge(line, template.otherName() ? one.tenants() : 0, Integer::sum);
              template
                  .body()
                  .map(body -> body.summary())
                  .ifPresent(text -> definitions.merge(line, text, IndexReporter::first));
            });
    return usage.keySet().stream()
        .map(
            line ->
                new Index(
                    line.table(),
                    line.name(),
                    line.declared(),
                    otherNames.getOrDefault(line, 0),
                    line.owner(),
                    definitions.getOrDefault(line, ""),
                    usage.get(line),
                    !needed.contains(line) && unused(usage.get(line))))
        .sorted(
            Comparator.comparing((Index index) -> !index.declared())
                .thenComparing(Index::table)
                .thenComparing(Index::name)
                .thenComparing(Index::definition)
                .thenComparing(index -> index.owner().orElse("")))
        .toList();
  }

  /** Those that something beside the queries needs in some tenant. */
  private Set<Line> needed() {
    Set<Line> needed = new HashSet<>();
    for (ObservedTenant tenant : observed.tenants().values()) {
      for (ObservedTable table : desired.indexed(tenant)) {
        for (ObservedIndex index : table.indexes()) {
          if (index.needed() || index.body().filter(IndexBody::unique).isPresent()) {
            tally.of(index).map(Line::of).ifPresent(needed::add);
          }
        }
      }
    }
    return needed;
  }

  private boolean unused(IndexUsage usage) {
    return usage.tenants() > 0
        && usage.unscannedTenants() == usage.tenants()
        && reading.since().filter(since -> !since.isAfter(reading.now().minus(UNUSED))).isPresent();
  }

  private static String first(String a, String b) {
    return a.compareTo(b) <= 0 ? a : b;
  }
}
