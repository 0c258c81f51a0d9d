package io.tenantdb.observe;

import io.tenantdb.model.PolicyKind;
import io.tenantdb.model.SourceGraph;
import io.tenantdb.model.SourceGraph.Basis;
import io.tenantdb.model.SourceGraph.Beginning;
import io.tenantdb.model.SourceGraph.Kind;
import io.tenantdb.model.SourceGraph.Node;
import io.tenantdb.model.SourceGraph.Read;
import io.tenantdb.model.SourceGraph.Relation;
import io.tenantdb.model.SourceGraph.Retention;
import io.tenantdb.model.SourceGraph.Window;
import io.tenantdb.model.TimeSpan;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * Reads which continuous aggregates of the database read what, and the policies on both. All of the
 * database, for an aggregate of any schema may read a tenant's table; in a fixed number of queries,
 * each of which takes time in the number of aggregates. Columns that all versions from 2.10 on
 * have.
 */
final class SourceGraphReader {

  private record Aggregate(int id, int rawId, Relation view, String direct, boolean filledOnly) {}

  private record Hypertable(int id, Relation relation, boolean integerTime) {}

  private record Dependency(String direct, Relation source) {}

  private static final String AGGREGATES =
      """
      SELECT mat_hypertable_id, raw_hypertable_id, user_view_schema, user_view_name,
             direct_view_name, materialized_only
      FROM _timescaledb_catalog.continuous_agg
      """;

  // An open dimension has no slices; the first one is that of time.
  private static final String HYPERTABLES =
      """
      SELECT h.id, h.schema_name, h.table_name,
             coalesce(d.column_type::oid::regtype::text IN ('smallint', 'integer', 'bigint'), false)
      FROM _timescaledb_catalog.hypertable h
      LEFT JOIN (
        SELECT DISTINCT ON (hypertable_id) hypertable_id, column_type
        FROM _timescaledb_catalog.dimension WHERE num_slices IS NULL
        ORDER BY hypertable_id, id) d ON d.hypertable_id = h.id
      WHERE h.id::text = ANY (?::text[]) OR h.table_name = ANY (?::name[])
      """;

  // The name has the hypertable's id in it and is the only one of it in the database, unless
  // somebody makes another: the schema tells. Before PostgreSQL 16 a view depends on itself.
  private static final String READS =
      """
      SELECT v.relname, n.nspname, s.relname
      FROM pg_class v
      JOIN pg_rewrite r ON r.ev_class = v.oid
      JOIN pg_depend d ON d.classid = 'pg_rewrite'::regclass AND d.objid = r.oid
        AND d.refclassid = 'pg_class'::regclass AND d.deptype = 'n'
      JOIN pg_class s ON s.oid = d.refobjid AND s.oid <> v.oid
      JOIN pg_namespace n ON n.oid = s.relnamespace
      WHERE v.relkind = 'v' AND v.relname = ANY (?::name[])
        AND v.relnamespace = '_timescaledb_internal'::regnamespace
        AND s.relkind IN ('r', 'p', 'v', 'm', 'f')
      GROUP BY 1, 2, 3
      """;

  private static final String JOBS =
      """
      SELECT job_id, proc_name, scheduled,
             coalesce(config->>'hypertable_id', ''), coalesce(config->>'mat_hypertable_id', ''),
             jsonb_typeof(config->'drop_after'), config->>'drop_after',
             config->'drop_created_before' IS NOT NULL,
             jsonb_typeof(config->'start_offset'), config->>'start_offset',
             jsonb_typeof(config->'end_offset'), config->>'end_offset'
      FROM timescaledb_information.jobs
      WHERE proc_name IN ('policy_retention', 'policy_refresh_continuous_aggregate')
        AND proc_schema IN ('_timescaledb_internal', '_timescaledb_functions')
      ORDER BY job_id
      """;

  private final Catalog catalog;
  private final JobConfig config;
  private final Map<String, List<Retention>> retentions = new HashMap<>();
  private final Map<String, List<Window>> windows = new HashMap<>();

  SourceGraphReader(Catalog catalog) {
    this.catalog = catalog;
    this.config = new JobConfig(catalog);
  }

  /**
   * Reads it.
   *
   * @param declared whether aggregates are declared, so that retention matters where none is there
   */
  SourceGraph read(boolean declared) throws SQLException {
    List<Aggregate> aggregates =
        catalog.rows(
            AGGREGATES,
            row ->
                new Aggregate(
                    row.getInt(1),
                    row.getInt(2),
                    relation(row.getString(3), row.getString(4)),
                    row.getString(5),
                    row.getBoolean(6)));
    if (aggregates.isEmpty() && !declared) {
      return SourceGraph.EMPTY;
    }
    catalog.rows(JOBS, this::job);
    Map<String, Set<Relation>> reads = dependencies(aggregates);
    return SourceGraph.of(nodes(aggregates, hypertables(aggregates, reads.values()), reads));
  }

  private boolean job(ResultSet row) throws SQLException {
    int id = row.getInt(1);
    boolean scheduled = row.getBoolean(3);
    if (row.getString(2).equals(PolicyKind.RETENTION.procedure())) {
      Optional<TimeSpan> after = config.span(row.getString(6), row.getString(7));
      Basis basis =
          after.isPresent() ? Basis.AGE : row.getBoolean(8) ? Basis.CREATION : Basis.UNREADABLE;
      return add(retentions, row.getString(4), new Retention(id, basis, after, scheduled));
    }
    String type = row.getString(9);
    Optional<TimeSpan> start = config.span(type, row.getString(10));
    Beginning beginning =
        start.isPresent()
            ? Beginning.OFFSET
            : type == null || type.equals("null") ? Beginning.OPEN : Beginning.UNREADABLE;
    Optional<TimeSpan> end = config.span(row.getString(11), row.getString(12));
    return add(windows, row.getString(5), new Window(id, beginning, start, end, scheduled));
  }

  private static <T> boolean add(Map<String, List<T>> policies, String hypertable, T policy) {
    return policies.computeIfAbsent(hypertable, id -> new ArrayList<>()).add(policy);
  }

  /** Those that keep the rows of an aggregate, that one reads, or that have retention. */
  private Map<Integer, Hypertable> hypertables(
      List<Aggregate> aggregates, Collection<Set<Relation>> reads) throws SQLException {
    Set<Relation> sources = reads.stream().flatMap(Set::stream).collect(Collectors.toSet());
    Set<String> ids = new HashSet<>(retentions.keySet());
    aggregates.forEach(
        aggregate -> {
          ids.add(Integer.toString(aggregate.id()));
          ids.add(Integer.toString(aggregate.rawId()));
        });
    Map<Integer, Hypertable> hypertables = new HashMap<>();
    catalog
        .rows(
            HYPERTABLES,
            row ->
                new Hypertable(
                    row.getInt(1), relation(row.getString(2), row.getString(3)), row.getBoolean(4)),
            Catalog.names(ids),
            Catalog.names(sources.stream().map(Relation::name).collect(Collectors.toSet())))
        .stream()
        .filter(
            hypertable ->
                ids.contains(Integer.toString(hypertable.id()))
                    || sources.contains(hypertable.relation()))
        .forEach(hypertable -> hypertables.put(hypertable.id(), hypertable));
    return hypertables;
  }

  /** What the queries read, by the name of the view that has the query as it was written. */
  private Map<String, Set<Relation>> dependencies(List<Aggregate> aggregates) throws SQLException {
    if (aggregates.isEmpty()) {
      return Map.of();
    }
    Map<String, Set<Relation>> reads = new HashMap<>();
    catalog
        .rows(
            READS,
            row -> new Dependency(row.getString(1), relation(row.getString(2), row.getString(3))),
            Catalog.names(aggregates.stream().map(Aggregate::direct).toList()))
        .forEach(d -> reads.computeIfAbsent(d.direct(), view -> new HashSet<>()).add(d.source()));
    return reads;
  }

  private List<Node> nodes(
      List<Aggregate> aggregates,
      Map<Integer, Hypertable> hypertables,
      Map<String, Set<Relation>> dependencies) {
    Map<Integer, Relation> names = new HashMap<>();
    hypertables.forEach((id, hypertable) -> names.put(id, hypertable.relation()));
    aggregates.forEach(aggregate -> names.put(aggregate.id(), aggregate.view()));
    Map<Relation, Node> nodes = new HashMap<>();
    for (Aggregate aggregate : aggregates) {
      Optional<Relation> byTime = Optional.ofNullable(names.get(aggregate.rawId()));
      List<Read> reads = new ArrayList<>();
      byTime.ifPresent(source -> reads.add(new Read(source, true)));
      dependencies.getOrDefault(aggregate.direct(), Set.of()).stream()
          .filter(source -> byTime.filter(source::equals).isEmpty())
          .sorted()
          .forEach(source -> reads.add(new Read(source, false)));
      Hypertable rows = hypertables.get(aggregate.id());
      String id = Integer.toString(aggregate.id());
      nodes.put(
          aggregate.view(),
          new Node(
              aggregate.view(),
              Kind.CONTINUOUS_AGGREGATE,
              rows != null && rows.integerTime(),
              aggregate.filledOnly(),
              reads,
              retentions.getOrDefault(id, List.of()),
              windows.getOrDefault(id, List.of())));
    }
    hypertables.forEach(
        (id, hypertable) ->
            nodes.putIfAbsent(
                names.get(id),
                new Node(
                    names.get(id),
                    Kind.HYPERTABLE,
                    hypertable.integerTime(),
                    true,
                    List.of(),
                    retentions.getOrDefault(Integer.toString(id), List.of()),
                    List.of())));
    return List.copyOf(nodes.values());
  }

  private Relation relation(String schema, String name) {
    return new Relation(catalog.intern(schema), catalog.intern(name));
  }
}
