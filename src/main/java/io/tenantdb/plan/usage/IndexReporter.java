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
import java.util.stream.Stream;

/** Makes the report on the indexes of the tables that the spec names. */
public final class IndexReporter {
  private static final Duration UNUSED = Duration.ofDays(14);
  private static final int DEFINITION = 1000;

  private final Desired desired;
  private final Observed observed;
  private final ObservedUsage reading;
  private final DeclaredIndexes declared;

  /**
   * A declared index by table and name, an undeclared one with its body, too: what happens to bear
   * the same name in two tenants is not the same index.
   */
  private record Line(String table, String name, boolean declared, Optional<IndexBody> body) {}

  /** The report of a reading. */
  public IndexReporter(Desired desired, Observed observed, ObservedUsage reading) {
    this.desired = desired;
    this.observed = observed;
    this.reading = reading;
    this.declared = new DeclaredIndexes(desired);
  }

  /** The report. */
  public IndexReport report() {
    return new IndexReport(
        reading.now(),
        reading.since(),
        reading.everReset(),
        indexes(),
        new RedundancyCount(desired, declared, observed, reading).redundancies());
  }

  private List<Index> indexes() {
    Set<Line> needed = needed();
    Map<Line, IndexUsage> usage = new HashMap<>();
    Map<Line, String> definitions = new HashMap<>();
    declared
        .all()
        .forEach(
            index ->
                usage.put(
                    new Line(index.table(), index.name(), true, Optional.empty()),
                    IndexUsage.NONE));
    reading
        .usage()
        .forEach(
            (template, one) -> {
              Line line = line(template);
              usage.merge(line, one, IndexUsage::and);
              template
                  .body()
                  .map(body -> body.summary(DEFINITION))
                  .ifPresent(text -> definitions.merge(line, text, IndexReporter::first));
            });
    return usage.keySet().stream()
        .map(
            line ->
                new Index(
                    line.table(),
                    line.name(),
                    line.declared(),
                    definitions.getOrDefault(line, ""),
                    usage.get(line),
                    !needed.contains(line) && unused(usage.get(line))))
        .sorted(
            Comparator.comparing((Index index) -> !index.declared())
                .thenComparing(Index::table)
                .thenComparing(Index::name)
                .thenComparing(Index::definition))
        .toList();
  }

  /** Those that something beside the queries needs in some tenant. */
  private Set<Line> needed() {
    Set<Line> needed = new HashSet<>();
    for (ObservedTenant tenant : observed.tenants().values()) {
      for (ObservedTable table : tables(tenant)) {
        for (ObservedIndex index : table.indexes()) {
          if (index.needed() || index.body().filter(IndexBody::unique).isPresent()) {
            needed.add(line(IndexTemplate.of(table, index)));
          }
        }
      }
    }
    return needed;
  }

  private List<ObservedTable> tables(ObservedTenant tenant) {
    return desired.indexedRelations().stream()
        .flatMap(name -> Stream.ofNullable(tenant.tables().get(name)))
        .toList();
  }

  private Line line(IndexTemplate template) {
    boolean ours = declared.has(template.table(), template.name());
    return new Line(
        template.table(), template.name(), ours, ours ? Optional.empty() : template.body());
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
