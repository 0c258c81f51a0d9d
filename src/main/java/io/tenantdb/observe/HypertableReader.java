package io.tenantdb.observe;

import io.tenantdb.model.IntegerNow;
import io.tenantdb.model.ObservedHypertable;
import io.tenantdb.model.ServerInfo.Timescale;
import io.tenantdb.model.TimeSpan;
import java.sql.SQLException;
import java.time.Instant;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * Reads the hypertable side of the declared and mentioned tables. TimescaleDB's views are read one
 * at a time and joined here: joined with each other in SQL they take seconds for 1,000 tenants.
 * Columns that all versions from 2.10 on have.
 */
final class HypertableReader {

  /** A hypertable. */
  record Name(String schema, String table) {}

  private record Dimension(Name name, int number, String column, boolean integer, TimeSpan span) {}

  private record Column(Name name, String column) {}

  private record Chunks(long count, Optional<Instant> oldestEnd) {}

  private static final String HYPERTABLES =
      """
      SELECT hypertable_schema, hypertable_name, compression_enabled
      FROM timescaledb_information.hypertables WHERE hypertable_name = ANY (?::name[])
      """;

  private static final String DIMENSIONS =
      """
      SELECT hypertable_schema, hypertable_name, dimension_number, column_name,
             time_interval::text, integer_interval
      FROM timescaledb_information.dimensions
      WHERE dimension_type = 'Time' AND hypertable_name = ANY (?::name[])
      """;

  private static final String COLUMNS =
      """
      SELECT hypertable_schema, hypertable_name, column_name
      FROM timescaledb_information.dimensions WHERE hypertable_name = ANY (?::name[])
      """;

  private static final String CHUNKS =
      """
      SELECT hypertable_schema, hypertable_name, count(*),
             (extract(epoch FROM min(range_end) FILTER (WHERE isfinite(range_end))) * 1000000)::bigint
      FROM timescaledb_information.chunks
      WHERE hypertable_name = ANY (?::name[])
      GROUP BY hypertable_schema, hypertable_name
      """;

  private final Catalog catalog;
  private final CompressionReader compression;
  private final JobReader jobs;

  HypertableReader(Catalog catalog, Timescale timescale) {
    this.catalog = catalog;
    this.compression = new CompressionReader(catalog, timescale);
    this.jobs = new JobReader(catalog);
  }

  /**
   * The hypertables that bear one of the names, in all schemas.
   *
   * @param tables names of the declared and mentioned tables
   * @param withChunks those of them whose chunks are looked at too
   */
  Map<Name, ObservedHypertable> hypertables(Collection<String> tables, Set<String> withChunks)
      throws SQLException {
    String names = Catalog.names(tables);
    Map<Name, Boolean> compressed = new HashMap<>();
    catalog
        .rows(
            HYPERTABLES,
            row -> Map.entry(name(row.getString(1), row.getString(2)), row.getBoolean(3)),
            names)
        .forEach(e -> compressed.put(e.getKey(), e.getValue()));
    Map<Name, Dimension> dimensions = dimensions(names);
    Map<Name, Set<String>> columns = columns(names);
    Map<Name, Chunks> chunks = chunks(withChunks);
    Map<Name, CompressionReader.Settings> settings = compression.settings(names);
    Map<Name, List<ObservedHypertable.Job>> policies = jobs.jobs(names);
    Map<Name, IntegerNow> integerNow =
        dimensions.values().stream().anyMatch(Dimension::integer) ? integerNow(names) : Map.of();
    Map<Name, ObservedHypertable> hypertables = new HashMap<>();
    compressed.forEach(
        (name, enabled) -> {
          Dimension dimension = dimensions.get(name);
          if (dimension != null) {
            Chunks bounds = chunks.getOrDefault(name, new Chunks(0, Optional.empty()));
            CompressionReader.Settings set =
                settings.getOrDefault(name, CompressionReader.Settings.NONE);
            hypertables.put(
                name,
                new ObservedHypertable(
                    dimension.column(),
                    dimension.integer(),
                    dimension.span(),
                    enabled,
                    set.segmentBy(),
                    set.orderBy(),
                    bounds.count(),
                    dimension.integer() ? Optional.empty() : bounds.oldestEnd(),
                    policies.getOrDefault(name, List.of()),
                    columns.getOrDefault(name, Set.of(dimension.column())),
                    dimension.integer()
                        ? integerNow.getOrDefault(name, IntegerNow.UNSET)
                        : IntegerNow.NOT_NEEDED));
          }
        });
    return hypertables;
  }

  /**
   * Other hypertables that have a policy with a mark of the owner.
   *
   * @param tables names of those that are read anyway
   */
  List<Name> othersWithMarkOf(String ownerId, Collection<String> tables) throws SQLException {
    return jobs.othersWithMarkOf(ownerId, Catalog.names(tables));
  }

  private Map<Name, IntegerNow> integerNow(String names) throws SQLException {
    Map<Integer, IntegerNow> byId = new IntegerNowReader(catalog).hypertables();
    Map<Name, IntegerNow> found = new HashMap<>();
    jobs.ids(names)
        .forEach(
            (id, name) -> {
              IntegerNow now = byId.get(Integer.valueOf(id));
              if (now != null) {
                found.put(name, now);
              }
            });
    return found;
  }

  private Map<Name, Dimension> dimensions(String names) throws SQLException {
    Map<Name, Dimension> first = new HashMap<>();
    for (Dimension dimension :
        catalog.rows(
            DIMENSIONS,
            row -> {
              String interval = row.getString(5);
              return new Dimension(
                  name(row.getString(1), row.getString(2)),
                  row.getInt(3),
                  catalog.intern(row.getString(4)),
                  interval == null,
                  interval == null
                      ? new TimeSpan.Whole(row.getLong(6))
                      : new TimeSpan.Interval(catalog.intern(interval)));
            },
            names)) {
      first.merge(dimension.name(), dimension, (a, b) -> a.number() <= b.number() ? a : b);
    }
    return first;
  }

  /** The columns of all dimensions, those that are hashed among them. */
  private Map<Name, Set<String>> columns(String names) throws SQLException {
    Map<Name, Set<String>> columns = new HashMap<>();
    catalog
        .rows(
            COLUMNS,
            row -> new Column(name(row.getString(1), row.getString(2)), row.getString(3)),
            names)
        .forEach(c -> columns.computeIfAbsent(c.name(), n -> new HashSet<>()).add(c.column()));
    return columns;
  }

  private Map<Name, Chunks> chunks(Set<String> tables) throws SQLException {
    Map<Name, Chunks> chunks = new HashMap<>();
    catalog
        .rows(
            CHUNKS,
            row -> {
              Name name = name(row.getString(1), row.getString(2));
              long count = row.getLong(3);
              long micros = row.getLong(4);
              return Map.entry(
                  name,
                  new Chunks(
                      count, row.wasNull() ? Optional.empty() : Optional.of(Micros.at(micros))));
            },
            Catalog.names(tables))
        .forEach(e -> chunks.put(e.getKey(), e.getValue()));
    return chunks;
  }

  private Name name(String schema, String table) {
    return new Name(schema, catalog.intern(table));
  }
}
