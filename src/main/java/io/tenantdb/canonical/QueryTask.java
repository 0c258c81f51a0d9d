package io.tenantdb.canonical;

import io.tenantdb.model.DesiredAggregate;
import java.util.List;
import java.util.Optional;

/**
 * One query over one set of tables.
 *
 * @param aggregate name of the declared aggregate, for messages
 * @param field of the spec that has the query
 * @param continuous what it is to be where TimescaleDB is; empty for the query of a view
 * @param sites where it may be tried
 */
record QueryTask(
    String aggregate,
    String field,
    String query,
    Optional<Continuous> continuous,
    List<ViewSite> sites) {

  /** A continuous aggregate, and the schema of the extension. */
  record Continuous(DesiredAggregate aggregate, String extensionSchema) {}

  QueryTask {
    sites = List.copyOf(sites);
  }
}
