package io.tenantdb.model;

import java.util.List;
import java.util.Optional;

/** What PostgreSQL makes of an aggregate's query in one tenant, and in all that are like it. */
public sealed interface CanonicalAggregate {

  /**
   * It is a view that can be made.
   *
   * @param text the query as PostgreSQL prints it
   * @param columns names of the result's columns, in order
   * @param sources the relations that it reads
   * @param bucket width of its {@code time_bucket}; empty where it has none
   * @param tenantCode a function, operator, type or view that is neither PostgreSQL's nor an
   *     extension's, for people; such a query never runs in a session that could take another role
   */
  record Buildable(
      ViewText text,
      List<String> columns,
      List<Source> sources,
      Optional<TimeSpan> bucket,
      Optional<String> tenantCode)
      implements CanonicalAggregate {

    public Buildable {
      columns = List.copyOf(columns);
      sources = List.copyOf(sources);
    }
  }

  /**
   * A relation that a query reads.
   *
   * @param schema empty for the tenant's own
   */
  record Source(Optional<String> schema, String name) {}

  /**
   * It cannot be made.
   *
   * @param sqlState of PostgreSQL's error; empty text where we refused it ourselves
   * @param message PostgreSQL's own words, or ours
   */
  record Refused(Reason reason, String sqlState, String message) implements CanonicalAggregate {}

  /** It could not be found out now. */
  record Unknown(Reason reason, String message) implements CanonicalAggregate {}
}
