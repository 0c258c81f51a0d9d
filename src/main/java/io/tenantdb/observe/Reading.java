package io.tenantdb.observe;

import io.tenantdb.database.DatabaseException;
import io.tenantdb.model.Desired;
import io.tenantdb.model.DesiredAggregate;
import io.tenantdb.model.DesiredHypertable;
import io.tenantdb.model.DesiredIndex;
import io.tenantdb.model.Observed;
import io.tenantdb.model.ObservedAggregate;
import io.tenantdb.model.ObservedHypertable;
import io.tenantdb.model.ObservedTable;
import io.tenantdb.model.ObservedTable.Kind;
import io.tenantdb.model.ObservedTenant;
import io.tenantdb.model.Reason;
import io.tenantdb.model.ServerInfo;
import io.tenantdb.model.ServerInfo.Edition;
import io.tenantdb.model.SourceGraph;
import io.tenantdb.model.TableLayout;
import io.tenantdb.observe.ContinuousReader.Sorted;
import io.tenantdb.observe.ConversionReader.Obstacles;
import io.tenantdb.observe.HypertableReader.Name;
import io.tenantdb.observe.IndexReader.Index;
import io.tenantdb.observe.LockReader.Locks;
import io.tenantdb.observe.OwnerReader.Owner;
import io.tenantdb.observe.OwnerReader.Place;
import io.tenantdb.observe.OwnerReader.Places;
import io.tenantdb.observe.SchemaReader.Schema;
import io.tenantdb.observe.TableReader.Columns;
import io.tenantdb.observe.TableReader.Table;
import java.sql.SQLException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.stream.Collectors;

/** One reading: asks every reader once for all tenants, and joins the answers. */
final class Reading {
  private final Catalog catalog;
  private final ServerInfo server;
  private final Desired desired;
  private final Set<String> relationNames;

  /** What was read, and what was deparsed for it. */
  record Result(Observed observed, Deparsed deparsed) {}

  Reading(Catalog catalog, ServerInfo server, Desired desired) {
    this.catalog = catalog;
    this.server = server;
    this.desired = desired;
    this.relationNames = desired.relations();
  }

  Result read(Deparsed known) throws SQLException {
    Instant now =
        Micros.at(
            catalog
                .rows("SELECT (extract(epoch FROM now()) * 1000000)::bigint", row -> row.getLong(1))
                .get(0));
    SchemaReader schemaReader = new SchemaReader(catalog);
    TenantSelector selector = new TenantSelector(desired.tenants());
    List<Schema> all = schemaReader.schemas();
    Map<Long, Schema> schemas = new HashMap<>();
    all.stream()
        .filter(schema -> selector.selects(schema.name()))
        .forEach(schema -> schemas.put(schema.oid(), schema));

    TableReader tableReader = new TableReader(catalog);
    Map<Long, Table> found = new LinkedHashMap<>();
    tableReader
        .tables(schemas.keySet(), relationNames)
        .forEach(table -> found.put(table.oid(), table));
    Sorted sorted = sorted(tableReader, all, found);
    Optional<HypertableReader> hypertableReader = hypertableReader();
    UndeclaredRelations others =
        new UndeclaredRelations(catalog, tableReader, desired, schemas, sorted.tables());
    Sorted aggregatesLeft = others.aggregates(all, timescale());
    Map<Long, Table> undeclared = others.tables(hypertableReader, aggregatesLeft);
    Map<Long, Table> tables = new LinkedHashMap<>(sorted.tables());
    tables.putAll(undeclared);
    Map<String, Columns> columns = columns(tableReader, tables.values());

    LockReader lockReader = new LockReader(catalog);
    Locks locks = lockReader.locks();
    List<Index> indexes = new IndexReader(catalog, timescale()).indexes(tables.keySet());
    if (indexes.stream().anyMatch(index -> !index.valid())) {
      locks = lockReader.locks().and(locks);
    }
    IndexBodies bodies = known.bodies().refreshed(catalog, indexes, tables, locks.exclusive());

    Map<Name, ObservedHypertable> hypertables = hypertables(hypertableReader, undeclared.values());
    Parts parts =
        Parts.read(catalog, tables.values(), among(schemas, tables.values(), hypertables));
    OwnerReader ownerReader = new OwnerReader(catalog, timescale());
    Set<Long> roles = tables.values().stream().map(Table::owner).collect(Collectors.toSet());
    roles.addAll(parts.owners());
    Map<Long, Owner> owners = ownerReader.owners(roles);
    Places places =
        ownerReader.places(
            tables.values().stream().map(t -> new Place(t.schema(), t.owner())).toList());
    Map<Long, Set<String>> usableBy = bySchema(places.usable(), owners);
    Map<Long, Set<String>> enterableBy = bySchema(places.enterable(), owners);

    AggregateReader.Result aggregates =
        new AggregateReader(catalog, aggregateNames(desired))
            .read(sorted, schemas, owners, known.texts(), locks.exclusive());
    Map<Long, List<ObservedAggregate>> leaving =
        new AggregateReader(catalog, names(aggregatesLeft.tables().values()))
            .withoutTexts(aggregatesLeft, owners);
    Set<Long> convertible = convertible(schemas, tables, hypertables);
    Obstacles obstacles = new ConversionReader(catalog).obstacles(convertible, locks.exclusive());

    TableJoin join =
        new TableJoin(
            schemas, columns, owners, locks, bodies, hypertables, convertible, obstacles, parts);
    Map<Long, List<Index>> byTable = indexes.stream().collect(Collectors.groupingBy(Index::table));
    Map<Long, Map<String, ObservedTable>> bySchema = join.join(sorted.tables().values(), byTable);
    Map<Long, Map<String, ObservedTable>> more = join.join(undeclared.values(), byTable);
    TakenNames names = new TakenNames(desired);
    names.read(schemaReader, schemas.keySet(), tables, indexes);
    Map<Long, String> localObjects = schemaReader.localObjects(schemas.keySet());

    SortedMap<String, ObservedTenant> tenants = new TreeMap<>();
    for (Schema schema : schemas.values()) {
      Map<String, ObservedTable> own = bySchema.getOrDefault(schema.oid(), Map.of());
      tenants.put(
          schema.name(),
          new ObservedTenant(
              schema.name(),
              own,
              aggregates.in(schema.oid()),
              others.ours(more.getOrDefault(schema.oid(), Map.of()).values()),
              leaving.getOrDefault(schema.oid(), List.of()),
              names.in(schema.oid()),
              localObjects.getOrDefault(schema.oid(), ""),
              usableBy.getOrDefault(schema.oid(), Set.of()),
              enterableBy.getOrDefault(schema.oid(), Set.of())));
    }
    Observed observed =
        new Observed(
            server,
            now,
            tenants,
            selector.missing(all.stream().map(Schema::name).collect(Collectors.toSet())),
            layouts(columns),
            new JobOwners(ownerReader)
                .with(
                    owners.values().stream().collect(Collectors.toMap(Owner::name, Owner::rights)),
                    tenants.values()),
            graph());
    return new Result(observed, new Deparsed(bodies, aggregates.texts()));
  }

  private static Map<Long, Set<String>> bySchema(Set<Place> places, Map<Long, Owner> owners) {
    return places.stream()
        .filter(place -> owners.containsKey(place.owner()))
        .collect(
            Collectors.groupingBy(
                Place::schema,
                Collectors.mapping(place -> owners.get(place.owner()).name(), Collectors.toSet())));
  }

  private Map<String, Columns> columns(TableReader reader, Iterable<Table> tables)
      throws SQLException {
    List<Table> list = new ArrayList<>();
    tables.forEach(list::add);
    Map<String, Columns> columns = reader.columns(list);
    for (Table table : list) {
      if (!table.columnSignature().isEmpty() && !columns.containsKey(table.columnSignature())) {
        throw new DatabaseException(
            Reason.Busy,
            "",
            "The columns of table "
                + table.name()
                + " changed while they were read; the next pass reads them again.",
            null);
      }
    }
    return columns;
  }

  private Optional<HypertableReader> hypertableReader() {
    return timescale()
        ? Optional.of(new HypertableReader(catalog, server.timescale()))
        : Optional.empty();
  }

  private Map<Name, ObservedHypertable> hypertables(
      Optional<HypertableReader> reader, Collection<Table> undeclared) throws SQLException {
    if (reader.isEmpty()) {
      return Map.of();
    }
    Set<String> withChunks =
        desired.hypertables().stream().map(DesiredHypertable::table).collect(Collectors.toSet());
    Set<String> read = new HashSet<>(relationNames);
    read.addAll(names(undeclared));
    return reader.get().hypertables(read, withChunks);
  }

  private SourceGraph graph() throws SQLException {
    return timescale()
        ? new SourceGraphReader(catalog).read(!desired.aggregates().isEmpty())
        : SourceGraph.EMPTY;
  }

  private static Set<String> names(Collection<Table> tables) {
    return tables.stream().map(Table::name).collect(Collectors.toSet());
  }

  /**
   * Those of the declared tables that are hypertables and may have declared indexes, and the
   * hypertables that keep such aggregates' rows.
   */
  private Set<Long> among(
      Map<Long, Schema> schemas, Collection<Table> tables, Map<Name, ?> hypertables) {
    Set<String> indexed =
        desired.indexes().stream().map(DesiredIndex::table).collect(Collectors.toSet());
    return tables.stream()
        .filter(table -> indexed.contains(table.name()))
        .filter(
            table ->
                table.kind() == Kind.CONTINUOUS_AGGREGATE
                    || (table.kind() == Kind.ORDINARY
                        && hypertables.containsKey(
                            new Name(schemas.get(table.schema()).name(), table.name()))))
        .map(Table::oid)
        .collect(Collectors.toSet());
  }

  private boolean timescale() {
    Edition edition = server.timescale().edition();
    return edition == Edition.COMMUNITY || edition == Edition.APACHE;
  }

  private Sorted sorted(TableReader reader, List<Schema> schemas, Map<Long, Table> tables)
      throws SQLException {
    return desired.aggregates().isEmpty() || !timescale()
        ? new Sorted(tables, Map.of())
        : new ContinuousReader(catalog, reader).sort(relationNames, schemas, tables);
  }

  private Set<Long> convertible(
      Map<Long, Schema> schemas,
      Map<Long, Table> tables,
      Map<Name, ObservedHypertable> hypertables) {
    Set<String> declared =
        desired.hypertables().stream()
            .filter(h -> h.convert() == DesiredHypertable.Convert.WHEN_EMPTY)
            .map(DesiredHypertable::table)
            .collect(Collectors.toSet());
    Set<Long> convertible = new HashSet<>();
    for (Table table : tables.values()) {
      Name name = new Name(schemas.get(table.schema()).name(), table.name());
      if (table.kind() == Kind.ORDINARY
          && declared.contains(table.name())
          && !hypertables.containsKey(name)) {
        convertible.add(table.oid());
      }
    }
    return convertible;
  }

  private static Set<String> aggregateNames(Desired desired) {
    return desired.aggregates().stream().map(DesiredAggregate::name).collect(Collectors.toSet());
  }

  private static Map<String, TableLayout> layouts(Map<String, Columns> columns) {
    Map<String, TableLayout> layouts = new HashMap<>();
    columns.forEach((signature, c) -> layouts.put(signature, c.layout()));
    return layouts;
  }
}
