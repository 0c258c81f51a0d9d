package io.tenantdb.model;

/**
 * One thing that a spec declares of each tenant. Two are the same where the spec says the same of
 * the same object: another value is another declaration, which no tenant had before.
 *
 * @param table the relation that it is about: what was so of one that was dropped says nothing of
 *     another that bears its name now. For an aggregate itself the one that it reads
 * @param name of the index or aggregate; empty text where a table has one such thing
 * @param spec hash of the resolved item, or the value where the item has none
 */
public record Declaration(Kind kind, String table, String name, String spec) {

  /** What is declared. */
  public enum Kind {
    INDEX,
    CHUNK_INTERVAL,
    COMPRESSION_SETTINGS,
    COMPRESSION,
    RETENTION,
    CONTINUOUS_AGGREGATE,
    MATERIALIZED_VIEW,
    MATERIALIZED_ONLY,
    REFRESH
  }

  /** A declared index. */
  public static Declaration of(DesiredIndex index) {
    return new Declaration(Kind.INDEX, index.table(), index.name(), index.specHash());
  }

  /** The chunk interval of a hypertable. */
  public static Declaration chunkInterval(String table, TimeSpan interval) {
    return new Declaration(Kind.CHUNK_INTERVAL, table, "", interval.text());
  }

  /** The settings of compression: a policy that is declared with other values is another one. */
  public static Declaration settings(String table, DesiredHypertable.Compression compression) {
    return new Declaration(Kind.COMPRESSION_SETTINGS, table, "", compression.specHash());
  }

  /** A policy, or that there is none. */
  public static Declaration policy(String table, PolicyKind kind, String specHash) {
    return new Declaration(
        kind == PolicyKind.COMPRESSION ? Kind.COMPRESSION : Kind.RETENTION, table, "", specHash);
  }

  /** The aggregate as one of the two kinds that it can be. */
  public static Declaration of(
      DesiredAggregate aggregate, ObservedAggregate.Kind kind, String source) {
    return new Declaration(
        kind == ObservedAggregate.Kind.CONTINUOUS
            ? Kind.CONTINUOUS_AGGREGATE
            : Kind.MATERIALIZED_VIEW,
        source,
        aggregate.name(),
        aggregate.specHash());
  }

  /** Whether it shows rows that are not materialized yet. */
  public static Declaration materializedOnly(DesiredAggregate aggregate) {
    return new Declaration(Kind.MATERIALIZED_ONLY, aggregate.name(), "", aggregate.specHash());
  }

  /** Its refresh policy. */
  public static Declaration refresh(DesiredAggregate aggregate, DesiredAggregate.Refresh refresh) {
    return new Declaration(Kind.REFRESH, aggregate.name(), "", refresh.specHash());
  }
}
