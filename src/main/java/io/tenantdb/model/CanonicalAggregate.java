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
   * @param bucket width of its buckets as a continuous aggregate, in TimescaleDB's own words; empty
   *     where it has none, or could not be asked
   * @param tenantCode a function, operator, type or view that is neither PostgreSQL's nor an
   *     extension's, for people; such a query never runs in a session that could take another role
   * @param notContinuous why TimescaleDB takes it for no continuous aggregate, or not with its
   *     refresh policy; empty where it does, or could not be asked
   */
  record Buildable(
      ViewText text,
      List<String> columns,
      List<Source> sources,
      Optional<TimeSpan> bucket,
      Optional<String> tenantCode,
      Optional<Refused> notContinuous)
      implements CanonicalAggregate {

    /** TimescaleDB has nothing against it. */
    public Buildable(
        ViewText text,
        List<String> columns,
        List<Source> sources,
        Optional<TimeSpan> bucket,
        Optional<String> tenantCode) {
      this(text, columns, sources, bucket, tenantCode, Optional.empty());
    }

    public Buildable {
      columns = List.copyOf(columns);
      sources = List.copyOf(sources);
    }

    /** The same with buckets of this width. */
    public Buildable withBucket(Optional<TimeSpan> width) {
      return new Buildable(text, columns, sources, width, tenantCode, notContinuous);
    }

    /** The same, refused by TimescaleDB. */
    public Buildable refusedAs(Refused refused) {
      return new Buildable(text, columns, sources, bucket, tenantCode, Optional.of(refused));
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
