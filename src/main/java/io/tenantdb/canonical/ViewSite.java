package io.tenantdb.canonical;

import io.tenantdb.model.Identifiers;
import io.tenantdb.model.TableLayout;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;

/**
 * Where a query is tried as a view: as which tenant's, and by whom.
 *
 * @param schema the tenant
 * @param owner owner of a table that the query mentions, whose role is taken; ourselves when empty
 * @param continuousAggregates those of the tenant that the query mentions: views to PostgreSQL
 * @param hypertables those that the query mentions, continuous aggregates and tables that are to be
 *     hypertables among them, by name
 * @param searchPath where names are looked up after the tenant's schema
 */
record ViewSite(
    String schema,
    Optional<String> owner,
    Set<String> continuousAggregates,
    Map<String, Hypertable> hypertables,
    List<String> searchPath) {

  /**
   * A table that a continuous aggregate may read.
   *
   * @param timeColumn as it is declared
   */
  record Hypertable(TableLayout layout, Optional<String> timeColumn) {}

  /** The path by which the real one will be made, and never a temporary object first. */
  String path() {
    return Identifiers.list(
        Stream.concat(Stream.concat(Stream.of(schema), searchPath.stream()), Stream.of("pg_temp"))
            .toList());
  }
}
