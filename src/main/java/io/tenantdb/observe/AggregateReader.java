package io.tenantdb.observe;

import io.tenantdb.model.IntegerNow;
import io.tenantdb.model.Mark;
import io.tenantdb.model.ObservedAggregate;
import io.tenantdb.model.ObservedAggregate.RefreshJob;
import io.tenantdb.model.ObservedTable.Kind;
import io.tenantdb.observe.ContinuousReader.Continuous;
import io.tenantdb.observe.ContinuousReader.Sorted;
import io.tenantdb.observe.OwnerReader.Owner;
import io.tenantdb.observe.SchemaReader.Schema;
import io.tenantdb.observe.TableReader.Table;
import io.tenantdb.observe.ViewTexts.Stamp;
import io.tenantdb.observe.ViewTexts.View;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Collectors;

/** Reads the aggregate side of what bears a declared aggregate's name. */
final class AggregateReader {

  /**
   * What was read.
   *
   * @param bySchema the aggregates of each schema, by name
   */
  record Result(Map<Long, Map<String, ObservedAggregate>> bySchema, ViewTexts texts) {
    static final Result NONE = new Result(Map.of(), ViewTexts.none());

    Map<String, ObservedAggregate> in(long schema) {
      return bySchema.getOrDefault(schema, Map.of());
    }
  }

  /**
   * A continuous aggregate or a materialized view.
   *
   * @param view oid of what people query
   * @param printed oid of the view whose definition is its query
   */
  private record Relation(Table table, long view, long printed, Optional<Continuous> continuous) {}

  private record Row(long view, boolean populated, String rule, String comment) {}

  /**
   * What there is of continuous aggregates alone.
   *
   * @param jobs by the id of what keeps their rows
   * @param integerNow by that id
   * @param unreadable by the oid of the view that has the query
   */
  private record Continuity(
      Map<Integer, List<RefreshJob>> jobs,
      Map<Integer, IntegerNow> integerNow,
      Map<Long, List<String>> unreadable) {
    static final Continuity NONE = new Continuity(Map.of(), Map.of(), Map.of());
  }

  // A view reads with the rights of its owner. What a query needs stands in the dependencies of its
  // rule, column by column; what is PostgreSQL's own does not.
  private static final String UNREADABLE =
      """
      SELECT u.view, u.name
      FROM (
        SELECT v.oid AS view,
               CASE WHEN d.refclassid = 'pg_class'::regclass
                    THEN 'SELECT on ' || t.oid::regclass::text
                    ELSE 'EXECUTE on ' || p.oid::regprocedure::text END AS name,
               CASE WHEN d.refclassid = 'pg_proc'::regclass
                    THEN has_function_privilege(v.relowner, p.oid, 'EXECUTE')
                    WHEN d.refobjsubid > 0
                    THEN has_column_privilege(v.relowner, t.oid, d.refobjsubid::smallint, 'SELECT')
                    ELSE has_any_column_privilege(v.relowner, t.oid, 'SELECT') END AS permitted
        FROM unnest(?::oid[]) AS w(view)
        JOIN pg_class v ON v.oid = w.view
        JOIN pg_rewrite r ON r.ev_class = v.oid
        JOIN pg_depend d ON d.classid = 'pg_rewrite'::regclass AND d.objid = r.oid
        LEFT JOIN pg_class t ON d.refclassid = 'pg_class'::regclass AND t.oid = d.refobjid
        LEFT JOIN pg_proc p ON d.refclassid = 'pg_proc'::regclass AND p.oid = d.refobjid
        WHERE COALESCE(t.oid, p.oid) IS NOT NULL AND d.refobjid <> v.oid
      ) AS u
      WHERE NOT u.permitted
      GROUP BY u.view, u.name
      ORDER BY u.view, u.name
      """;

  private static final String VIEWS =
      """
      SELECT v.view, c.relispopulated, r.xmin::text, d.description
      FROM unnest(?::oid[], ?::oid[]) AS v(view, printed)
      JOIN pg_class c ON c.oid = v.view
      JOIN pg_rewrite r ON r.ev_class = v.printed AND r.rulename = '_RETURN'
      LEFT JOIN pg_description d
        ON d.objoid = c.oid AND d.classoid = 'pg_class'::regclass AND d.objsubid = 0
      """;

  private final Catalog catalog;
  private final Set<String> declared;

  /**
   * A reader of aggregates.
   *
   * @param declared names
   */
  AggregateReader(Catalog catalog, Set<String> declared) {
    this.catalog = catalog;
    this.declared = declared;
  }

  /**
   * Reads them.
   *
   * @param known texts of the last reading
   * @param locked relations that another session holds or awaits in ACCESS EXCLUSIVE
   */
  Result read(
      Sorted sorted,
      Map<Long, Schema> schemas,
      Map<Long, Owner> owners,
      ViewTexts known,
      Set<Long> locked)
      throws SQLException {
    List<Relation> relations = relations(sorted);
    if (relations.isEmpty()) {
      return Result.NONE;
    }
    Map<Long, Row> rows = rows(relations);
    relations.removeIf(
        relation ->
            !rows.containsKey(relation.view()) || !owners.containsKey(relation.table().owner()));
    Map<Long, String> columns = columns(sorted.tables().values());
    List<View> views = new ArrayList<>();
    for (Relation relation : relations) {
      long schema = relation.table().schema();
      views.add(
          new View(
              relation.printed(),
              new Stamp(rows.get(relation.view()).rule(), columns.get(schema)),
              schemas.get(schema).quoted()));
    }
    ViewTexts texts = known.refreshed(catalog, views, locked);
    Continuity continuity = continuity(relations, true);
    Map<Long, Map<String, ObservedAggregate>> bySchema = new HashMap<>();
    for (Relation relation : relations) {
      Table table = relation.table();
      bySchema
          .computeIfAbsent(table.schema(), schema -> new TreeMap<>())
          .put(
              table.name(),
              aggregate(
                  relation,
                  rows.get(relation.view()),
                  owners.get(table.owner()).name(),
                  texts,
                  continuity));
    }
    return new Result(bySchema, texts);
  }

  /** Reads them without their queries, which are of no interest where nothing is declared. */
  Map<Long, List<ObservedAggregate>> withoutTexts(Sorted sorted, Map<Long, Owner> owners)
      throws SQLException {
    List<Relation> relations = relations(sorted);
    if (relations.isEmpty()) {
      return Map.of();
    }
    Map<Long, Row> rows = rows(relations);
    Continuity continuity = continuity(relations, false);
    Map<Long, List<ObservedAggregate>> bySchema = new HashMap<>();
    for (Relation relation : relations) {
      Row row = rows.get(relation.view());
      Owner owner = owners.get(relation.table().owner());
      if (row != null && owner != null) {
        bySchema
            .computeIfAbsent(relation.table().schema(), schema -> new ArrayList<>())
            .add(aggregate(relation, row, owner.name(), ViewTexts.none(), continuity));
      }
    }
    return bySchema;
  }

  private List<Relation> relations(Sorted sorted) {
    List<Relation> relations = new ArrayList<>();
    for (Table table : sorted.tables().values()) {
      if (declared.contains(table.name())) {
        Continuous continuous = sorted.continuous().get(table.oid());
        if (continuous != null) {
          relations.add(
              new Relation(
                  table, continuous.view(), continuous.directView(), Optional.of(continuous)));
        } else if (table.kind() == Kind.MATERIALIZED_VIEW) {
          relations.add(new Relation(table, table.oid(), table.oid(), Optional.empty()));
        }
      }
    }
    return relations;
  }

  private Map<Long, Row> rows(List<Relation> relations) throws SQLException {
    return catalog
        .rows(
            VIEWS,
            row ->
                new Row(
                    row.getLong(1),
                    row.getBoolean(2),
                    row.getString(3),
                    row.getString(4) == null ? "" : catalog.intern(row.getString(4))),
            Catalog.oids(relations.stream().map(Relation::view).toList()),
            Catalog.oids(relations.stream().map(Relation::printed).toList()))
        .stream()
        .collect(Collectors.toMap(Row::view, row -> row));
  }

  /** The columns of all that was read of each schema, as one text. */
  private Map<Long, String> columns(Collection<Table> tables) {
    Map<Long, String> columns = new HashMap<>();
    tables.stream()
        .sorted(Comparator.comparing(Table::name))
        .map(table -> Map.entry(table.schema(), table.name() + ' ' + table.columnSignature()))
        .forEach(e -> columns.merge(e.getKey(), e.getValue(), (a, b) -> a + ' ' + b));
    columns.replaceAll((schema, text) -> catalog.intern(text));
    return columns;
  }

  /**
   * @param declared false where it is of no interest whether they can be refreshed
   */
  private Continuity continuity(List<Relation> relations, boolean declared) throws SQLException {
    Map<Integer, String> names = new HashMap<>();
    List<Relation> continuous =
        relations.stream().filter(relation -> relation.continuous().isPresent()).toList();
    continuous.forEach(
        relation ->
            names.put(
                relation.continuous().orElseThrow().materialization().id(),
                relation.table().name()));
    if (names.isEmpty()) {
      return Continuity.NONE;
    }
    Map<Integer, List<RefreshJob>> jobs = new RefreshJobReader(catalog).jobs(names);
    return declared
        ? new Continuity(jobs, new IntegerNowReader(catalog).aggregates(), unreadable(continuous))
        : new Continuity(jobs, Map.of(), Map.of());
  }

  private Map<Long, List<String>> unreadable(List<Relation> continuous) throws SQLException {
    Map<Long, List<String>> found = new HashMap<>();
    catalog
        .rows(
            UNREADABLE,
            row -> Map.entry(row.getLong(1), row.getString(2)),
            Catalog.oids(continuous.stream().map(Relation::printed).toList()))
        .forEach(e -> found.computeIfAbsent(e.getKey(), v -> new ArrayList<>()).add(e.getValue()));
    return found;
  }

  private static ObservedAggregate aggregate(
      Relation relation, Row row, String owner, ViewTexts texts, Continuity continuity) {
    Optional<Continuous> continuous = relation.continuous();
    Optional<Integer> id = continuous.map(c -> c.materialization().id());
    return new ObservedAggregate(
        relation.view(),
        relation.table().name(),
        continuous.isPresent()
            ? ObservedAggregate.Kind.CONTINUOUS
            : ObservedAggregate.Kind.MATERIALIZED_VIEW,
        owner,
        texts.text(relation.printed()),
        row.populated(),
        continuous.map(Continuous::materializedOnly).orElse(false),
        continuous.map(Continuous::materialization),
        id.map(i -> continuity.jobs().getOrDefault(i, List.of())).orElse(List.of()),
        row.comment(),
        Mark.parse(row.comment()).filter(mark -> mark.table().equals(Mark.NO_TABLE)),
        id.map(continuity.integerNow()::get).orElse(IntegerNow.NOT_NEEDED),
        continuity.unreadable().getOrDefault(relation.printed(), List.of()));
  }
}
