package io.tenantdb.observe;

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
    Map<Integer, List<RefreshJob>> jobs = jobs(relations);
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
                  jobs));
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
    Map<Integer, List<RefreshJob>> jobs = jobs(relations);
    Map<Long, List<ObservedAggregate>> bySchema = new HashMap<>();
    for (Relation relation : relations) {
      Row row = rows.get(relation.view());
      Owner owner = owners.get(relation.table().owner());
      if (row != null && owner != null) {
        bySchema
            .computeIfAbsent(relation.table().schema(), schema -> new ArrayList<>())
            .add(aggregate(relation, row, owner.name(), ViewTexts.none(), jobs));
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

  private Map<Integer, List<RefreshJob>> jobs(List<Relation> relations) throws SQLException {
    Map<Integer, String> names = new HashMap<>();
    for (Relation relation : relations) {
      relation
          .continuous()
          .ifPresent(c -> names.put(c.materialization().id(), relation.table().name()));
    }
    return names.isEmpty() ? Map.of() : new RefreshJobReader(catalog).jobs(names);
  }

  private static ObservedAggregate aggregate(
      Relation relation,
      Row row,
      String owner,
      ViewTexts texts,
      Map<Integer, List<RefreshJob>> jobs) {
    Optional<Continuous> continuous = relation.continuous();
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
        continuous
            .map(c -> jobs.getOrDefault(c.materialization().id(), List.of()))
            .orElse(List.of()),
        row.comment(),
        Mark.parse(row.comment()).filter(mark -> mark.table().equals(Mark.NO_TABLE)));
  }
}
