package io.tenantdb.model;

import java.util.List;
import java.util.Optional;

/**
 * One table that must be a hypertable, with its policies. What is empty is not managed.
 *
 * @param timeColumn partitioning column
 * @param convert what to do with a table that is no hypertable yet
 */
public record DesiredHypertable(
    String table,
    String timeColumn,
    Convert convert,
    Optional<TimeSpan> chunkInterval,
    Optional<Compression> compression,
    Optional<Retention> retention) {

  /** True where the spec says something of the policy; one that is declared ABSENT is too. */
  public boolean declares(PolicyKind policy) {
    return switch (policy) {
      case COMPRESSION -> compression.isPresent();
      case RETENTION -> retention.isPresent();
    };
  }

  /** {@code hypertables[].convert}. */
  public enum Convert {
    NEVER,
    WHEN_EMPTY
  }

  /**
   * Compression settings and policy.
   *
   * @param state ABSENT removes the policy, and every other field is then empty
   * @param after chunks whose end is older are compressed; present unless ABSENT
   * @param segmentBy {@code compress_segmentby}; not managed when empty
   * @param orderBy {@code compress_orderby}; not managed when empty
   * @param every schedule interval of the job; not managed when empty
   * @param specHash hash over the resolved item
   */
  public record Compression(
      PolicyState state,
      Optional<TimeSpan> after,
      Optional<List<String>> segmentBy,
      Optional<List<OrderBy>> orderBy,
      Optional<String> every,
      String specHash) {}

  /**
   * Retention policy.
   *
   * @param state ABSENT removes the policy, and every other field is then empty
   * @param dropAfter chunks whose end is older are dropped; present unless ABSENT
   * @param every schedule interval of the job; not managed when empty
   * @param specHash hash over the resolved item
   */
  public record Retention(
      PolicyState state, Optional<TimeSpan> dropAfter, Optional<String> every, String specHash) {}
}
