package io.tenantdb.plan;

import io.tenantdb.model.Canonical;
import io.tenantdb.model.Canonical.AggregateKey;
import io.tenantdb.model.Canonical.IndexKey;
import io.tenantdb.model.CanonicalAggregate;
import io.tenantdb.model.CanonicalIndex;
import io.tenantdb.model.CanonicalInterval;
import io.tenantdb.model.CanonicalInterval.Parts;
import io.tenantdb.model.Desired;
import io.tenantdb.model.Desired.OnDestructive;
import io.tenantdb.model.Desired.OnDrift;
import io.tenantdb.model.Desired.Prune;
import io.tenantdb.model.Desired.Safety;
import io.tenantdb.model.Desired.WhenTimescaleMissing;
import io.tenantdb.model.DesiredAggregate;
import io.tenantdb.model.DesiredHypertable;
import io.tenantdb.model.DesiredHypertable.Compression;
import io.tenantdb.model.DesiredHypertable.Convert;
import io.tenantdb.model.DesiredHypertable.Retention;
import io.tenantdb.model.DesiredIndex;
import io.tenantdb.model.DesiredTenant;
import io.tenantdb.model.Hashes;
import io.tenantdb.model.IndexBody;
import io.tenantdb.model.Mark;
import io.tenantdb.model.Observed;
import io.tenantdb.model.Observed.OwnerRights;
import io.tenantdb.model.ObservedAggregate;
import io.tenantdb.model.ObservedHypertable;
import io.tenantdb.model.ObservedHypertable.Job;
import io.tenantdb.model.ObservedIndex;
import io.tenantdb.model.ObservedTable;
import io.tenantdb.model.ObservedTenant;
import io.tenantdb.model.ObservedTenant.NamedRelation;
import io.tenantdb.model.Partition;
import io.tenantdb.model.PartitionKey;
import io.tenantdb.model.Plan;
import io.tenantdb.model.PolicyKind;
import io.tenantdb.model.PolicyState;
import io.tenantdb.model.ServerInfo;
import io.tenantdb.model.ServerInfo.Edition;
import io.tenantdb.model.ServerInfo.Timescale;
import io.tenantdb.model.SourceGraph;
import io.tenantdb.model.SourceGraph.Basis;
import io.tenantdb.model.SourceGraph.Beginning;
import io.tenantdb.model.SourceGraph.Node;
import io.tenantdb.model.SourceGraph.Read;
import io.tenantdb.model.SourceGraph.Relation;
import io.tenantdb.model.SourceGraph.Window;
import io.tenantdb.model.TableLayout;
import io.tenantdb.model.TableLayout.Column;
import io.tenantdb.model.TenantHistory;
import io.tenantdb.model.TenantPlan;
import io.tenantdb.model.TenantSelection;
import io.tenantdb.model.TenantSelection.OnMissingTable;
import io.tenantdb.model.TimeSpan;
import java.time.Duration;
import java.time.Instant;
import java.time.Period;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;

/**
 * A small world for tables of (spec, catalog) → plan: one tenant {@code tenant_a} with one table
 * {@code t(ts, a, b)}, unless the test says otherwise. Mutable, and one a test.
 */
final class World {

  static final String OWNER_ID = "platform/test";
  static final Instant NOW = Instant.parse("2026-06-01T00:00:00Z");

  /** All that is declared had been so in every tenant. */
  static final TenantHistory HAD_BEEN = new TenantHistory(Set.of(), (schema, declaration) -> true);

  final List<DesiredIndex> indexes = new ArrayList<>();
  final List<DesiredHypertable> hypertables = new ArrayList<>();
  final List<DesiredAggregate> aggregates = new ArrayList<>();
  final List<ObservedTable> moreTables = new ArrayList<>();
  final List<ObservedTable> undeclared = new ArrayList<>();
  final List<ObservedAggregate> liveAggregates = new ArrayList<>();
  final Map<String, CanonicalAggregate> queries = new HashMap<>();
  final List<ObservedAggregate> undeclaredAggregates = new ArrayList<>();
  final List<Node> moreNodes = new ArrayList<>();
  final List<String> schemas = new ArrayList<>(List.of("tenant_a"));
  final List<ObservedIndex> liveIndexes = new ArrayList<>();
  final Map<String, NamedRelation> names = new HashMap<>();
  final Map<String, CanonicalIndex> canonicalIndexes = new HashMap<>();
  final Map<String, OwnerRights> owners = new HashMap<>();
  final Set<String> usableBy = new HashSet<>(Set.of("app"));
  final Set<String> enterableBy = new HashSet<>(Set.of("app"));
  final List<String> foreignKeys = new ArrayList<>();
  final List<Partition> partitions = new ArrayList<>();
  PartitionKey partitionKey = PartitionKey.NONE;
  Instant now = NOW;
  OnMissingTable onMissing = OnMissingTable.WAIT;
  OnDestructive onDestructive = OnDestructive.DENY;
  OnDrift onDrift = OnDrift.CORRECT;
  Prune prune = Prune.DISABLED;
  boolean allowSuperuserOwned = false;
  boolean deletion = false;
  WhenTimescaleMissing whenMissing = WhenTimescaleMissing.SKIP;
  Edition edition = Edition.COMMUNITY;
  String timescaleVersion = "2.23.0";
  Optional<ObservedHypertable> hypertable = Optional.empty();
  ObservedTable.Kind kind = ObservedTable.Kind.ORDINARY;
  TenantHistory history = TenantHistory.NONE;
  String timeType = "timestamp with time zone";
  long pages = 0;
  boolean published = false;
  boolean tablePresent = true;
  boolean columnsPresent = true;

  World() {
    owners.put("app", new OwnerRights(true, false, true));
  }

  static TenantHistory settling() {
    return new TenantHistory(Set.of("tenant_a"), TenantHistory.NONE.asDeclared());
  }

  static DesiredIndex index(String name, String... columns) {
    return index(name, false, columns);
  }

  static DesiredIndex index(String name, boolean unique, String... columns) {
    List<DesiredIndex.Key> keys = new ArrayList<>();
    for (String column : columns) {
      keys.add(
          new DesiredIndex.Key(
              Optional.of(column),
              Optional.empty(),
              false,
              Optional.empty(),
              Optional.empty(),
              Optional.empty()));
    }
    return new DesiredIndex(
        name,
        "t",
        keys,
        "btree",
        unique,
        false,
        List.of(),
        Optional.empty(),
        Map.of(),
        Hashes.hex16(name + List.of(columns)));
  }

  static DesiredIndex expressionIndex(String name, String expression) {
    DesiredIndex.Key key =
        new DesiredIndex.Key(
            Optional.empty(),
            Optional.of(expression),
            false,
            Optional.empty(),
            Optional.empty(),
            Optional.empty());
    return new DesiredIndex(
        name,
        "t",
        List.of(key),
        "btree",
        false,
        false,
        List.of(),
        Optional.empty(),
        Map.of(),
        Hashes.hex16(expression));
  }

  static IndexBody body(DesiredIndex index) {
    return new IndexBody(
        index.unique(),
        "USING btree ("
            + String.join(
                ", ",
                index.keys().stream().map(k -> k.column().or(k::expression).orElseThrow()).toList())
            + ")");
  }

  static Mark mark(DesiredIndex index, Mark.Origin origin) {
    return new Mark(OWNER_ID, index.name(), index.table(), index.specHash(), origin, false);
  }

  static ObservedIndex live(String name, IndexBody body, Optional<Mark> mark) {
    return new ObservedIndex(
        1,
        name,
        Optional.of(body),
        true,
        false,
        Optional.empty(),
        body.unique() ? Set.of("a") : Set.of(),
        mark.map(Mark::text).orElse(""),
        mark);
  }

  static ObservedIndex invalid(ObservedIndex index) {
    return new ObservedIndex(
        index.oid(),
        index.name(),
        index.body(),
        false,
        index.building(),
        index.constraint(),
        index.uniqueColumns(),
        index.comment(),
        index.mark());
  }

  static ObservedIndex building(ObservedIndex index) {
    return new ObservedIndex(
        index.oid(),
        index.name(),
        index.body(),
        false,
        true,
        index.constraint(),
        index.uniqueColumns(),
        index.comment(),
        index.mark());
  }

  static ObservedIndex constrained(ObservedIndex index, String constraint) {
    return new ObservedIndex(
        index.oid(),
        index.name(),
        index.body(),
        index.valid(),
        index.building(),
        Optional.of(constraint),
        index.uniqueColumns(),
        index.comment(),
        index.mark());
  }

  static DesiredHypertable wantedHypertable(
      Convert convert,
      String chunkInterval,
      Optional<Compression> compression,
      Optional<Retention> retention) {
    return new DesiredHypertable(
        "t",
        "ts",
        convert,
        Optional.ofNullable(chunkInterval).map(World::span),
        compression,
        retention);
  }

  static TimeSpan span(String text) {
    return text.chars().allMatch(Character::isDigit)
        ? new TimeSpan.Whole(Long.parseLong(text))
        : new TimeSpan.Interval(text);
  }

  static Compression compression(String after, List<String> segmentBy) {
    return new Compression(
        PolicyState.PRESENT,
        Optional.of(span(after)),
        segmentBy.isEmpty() ? Optional.empty() : Optional.of(segmentBy),
        Optional.empty(),
        Optional.empty(),
        "00000000000000c0");
  }

  static Retention retention(String dropAfter) {
    return new Retention(
        PolicyState.PRESENT, Optional.of(span(dropAfter)), Optional.empty(), "00000000000000d0");
  }

  static Retention noRetention() {
    return new Retention(
        PolicyState.ABSENT, Optional.empty(), Optional.empty(), "00000000000000d1");
  }

  static Job job(PolicyKind kind, String after, Optional<Mark> mark) {
    return new Job(1000, kind, Optional.of(span(after)), "1 day", true, "app", mark);
  }

  static Mark policyMark(PolicyKind kind, String spec) {
    return new Mark(OWNER_ID, kind.markName(), "t", spec, Mark.Origin.MADE, false);
  }

  void hypertable(String chunkInterval, Optional<Instant> oldestChunkEnd, Job... jobs) {
    hypertable =
        Optional.of(
            new ObservedHypertable(
                "ts",
                false,
                span(chunkInterval),
                false,
                Optional.empty(),
                Optional.empty(),
                oldestChunkEnd.isPresent() ? 1 : 0,
                oldestChunkEnd,
                List.of(jobs)));
  }

  /** The relation of a live aggregate, which has no columns but those of {@code "agg"}. */
  static ObservedTable relation(
      String name, ObservedTable.Kind kind, String owner, ObservedIndex... indexes) {
    return new ObservedTable(
        8,
        name,
        kind,
        owner,
        "agg",
        "con",
        1,
        false,
        List.of(),
        false,
        List.of(indexes),
        Optional.empty());
  }

  Plan plan() {
    Desired desired =
        new Desired(
            OWNER_ID,
            new TenantSelection(
                List.of(),
                List.of("tenant_*"),
                List.of(),
                List.of("public"),
                Duration.ZERO,
                onMissing),
            indexes,
            hypertables,
            aggregates,
            List.of(),
            whenMissing,
            new Safety(
                onDestructive,
                onDrift,
                prune,
                allowSuperuserOwned,
                Duration.ofSeconds(3),
                Duration.ofHours(2)));
    Observed observed = observed();
    return deletion
        ? new Planner(desired.forDeletion(), observed, canonical(observed), history)
            .plan(schema -> new DesiredTenant(List.of(), List.of()))
        : new Planner(desired, observed, canonical(observed), history)
            .plan(schema -> new DesiredTenant(indexes, hypertables));
  }

  TenantPlan tenantPlan() {
    return plan().tenants().get(0);
  }

  private Observed observed() {
    Map<String, ObservedTable> tables = new HashMap<>();
    if (tablePresent) {
      tables.put(
          "t",
          new ObservedTable(
              7,
              "t",
              kind,
              "app",
              "sig",
              "con",
              pages,
              false,
              foreignKeys,
              published,
              liveIndexes,
              hypertable,
              partitions,
              partitionKey));
    }
    moreTables.forEach(table -> tables.put(table.name(), table));
    Map<String, ObservedAggregate> live = new HashMap<>();
    liveAggregates.forEach(aggregate -> live.put(aggregate.name(), aggregate));
    Timescale timescale =
        edition == Edition.NONE
            ? new Timescale(edition, Optional.empty(), Optional.empty())
            : new Timescale(edition, Optional.of(timescaleVersion), Optional.of("public"));
    ServerInfo server =
        new ServerInfo(
            "17.5", 170005, timescale, Optional.empty(), 5, true, "operator", false, true, true);
    TreeMap<String, ObservedTenant> tenants = new TreeMap<>();
    for (String schema : schemas) {
      tenants.put(
          schema,
          new ObservedTenant(
              schema,
              tables,
              live,
              undeclared,
              undeclaredAggregates,
              names,
              "",
              usableBy,
              enterableBy));
    }
    return new Observed(
        server,
        now,
        tenants,
        Set.of(),
        columnsPresent
            ? Map.of(
                "sig",
                new TableLayout(
                    List.of(
                        new Column("ts", timeType, "", true),
                        new Column("a", "integer", "", false),
                        new Column("b", "text", "", false))))
            : Map.of(),
        owners,
        graph(tables));
  }

  /** What {@code observe} would say of the same relations, and {@link #moreNodes}. */
  private SourceGraph graph(Map<String, ObservedTable> tables) {
    Map<Relation, Node> nodes = new HashMap<>();
    for (String schema : schemas) {
      tables
          .values()
          .forEach(
              table ->
                  table
                      .hypertable()
                      .ifPresent(live -> put(nodes, hypertable(schema, table.name(), live))));
      List<ObservedAggregate> aggregates = new ArrayList<>(liveAggregates);
      aggregates.addAll(undeclaredAggregates);
      aggregates.stream()
          .filter(live -> live.kind() == ObservedAggregate.Kind.CONTINUOUS)
          .forEach(live -> put(nodes, aggregate(schema, live)));
    }
    moreNodes.forEach(node -> put(nodes, node));
    return SourceGraph.of(nodes.values());
  }

  private static void put(Map<Relation, Node> nodes, Node node) {
    nodes.put(node.relation(), node);
  }

  private static Node hypertable(String schema, String table, ObservedHypertable live) {
    return new Node(
        new Relation(schema, table),
        SourceGraph.Kind.HYPERTABLE,
        live.integerTime(),
        true,
        List.of(),
        live.jobs().stream()
            .filter(job -> job.kind() == PolicyKind.RETENTION)
            .map(
                job ->
                    new SourceGraph.Retention(
                        job.id(),
                        job.after().isPresent() ? Basis.AGE : Basis.CREATION,
                        job.after(),
                        job.scheduled()))
            .toList(),
        List.of());
  }

  private Node aggregate(String schema, ObservedAggregate live) {
    return new Node(
        new Relation(schema, live.name()),
        SourceGraph.Kind.CONTINUOUS_AGGREGATE,
        hypertable.filter(ObservedHypertable::integerTime).isPresent(),
        live.materializedOnly(),
        List.of(new Read(new Relation(schema, "t"), true)),
        List.of(),
        live.jobs().stream()
            .map(
                job ->
                    new Window(
                        job.id(),
                        job.startOffset().isPresent() ? Beginning.OFFSET : Beginning.OPEN,
                        job.startOffset(),
                        job.endOffset(),
                        job.scheduled()))
            .toList());
  }

  private Canonical canonical(Observed observed) {
    Map<IndexKey, CanonicalIndex> forms = new HashMap<>();
    List<DesiredIndex> all = new ArrayList<>(indexes);
    aggregates.forEach(aggregate -> aggregate.uniqueIndex().ifPresent(all::add));
    for (DesiredIndex index : all) {
      CanonicalIndex form =
          canonicalIndexes.getOrDefault(
              index.name(), new CanonicalIndex.Buildable(body(index), Set.of(body(index))));
      forms.put(new IndexKey("sig", "", index.specHash()), form);
      forms.put(new IndexKey("agg", "", index.specHash()), form);
    }
    Map<String, CanonicalInterval> intervals = new HashMap<>();
    for (int days = 0; days <= 400; days++) {
      intervals.put(days + " days", interval(0, days));
      intervals.put(days + " hours", hours(days));
    }
    intervals.put("1 hour", hours(1));
    intervals.put("01:00:00", hours(1));
    intervals.put(
        "unreadable",
        new CanonicalInterval("unreadable: x", Long.MAX_VALUE, Instant.MIN, Optional.empty()));
    intervals.put("7 d", interval(0, 7));
    intervals.put("1 day", interval(0, 1));
    intervals.put("1 mon", interval(1, 0));
    intervals.put("1 month", interval(1, 0));
    intervals.put("2 years", interval(24, 0));
    intervals.put("7 years", interval(84, 0));
    Map<AggregateKey, CanonicalAggregate> views = new HashMap<>();
    for (ObservedTenant tenant : observed.tenants().values()) {
      for (DesiredAggregate aggregate : aggregates) {
        for (String query : aggregate.queries()) {
          if (queries.containsKey(query)) {
            views.put(AggregateKey.of(tenant, aggregate, query), queries.get(query));
          }
        }
      }
    }
    return new Canonical(forms, views, intervals);
  }

  private CanonicalInterval hours(int hours) {
    return new CanonicalInterval(
        hours + "h",
        Duration.ofHours(hours).toMillis() * 1000,
        now.minus(Duration.ofHours(hours)),
        Optional.of(new Parts(0, 0, Duration.ofHours(hours).toMillis() * 1000)));
  }

  private CanonicalInterval interval(int months, int days) {
    return new CanonicalInterval(
        months + "/" + days,
        Duration.ofDays(months * 30L + days).toMillis() * 1000,
        now.atZone(java.time.ZoneOffset.UTC).minus(Period.of(0, months, days)).toInstant(),
        Optional.of(new Parts(months, days, 0)));
  }
}
