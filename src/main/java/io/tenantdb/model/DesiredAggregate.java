package io.tenantdb.model;

import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;

/**
 * One aggregate that every tenant must have: a continuous aggregate where its source is a
 * hypertable and TimescaleDB community is there, else what {@code fallback} says.
 *
 * @param name of the view, unique in its schema
 * @param query one SELECT; its names are looked up in the tenant's schema, then along {@code
 *     searchPath}
 * @param materializedOnly {@code timescaledb.materialized_only}
 * @param refresh the refresh policy, or the operator's schedule for the fallback; not managed when
 *     empty, and never empty with {@link Fallback#MATERIALIZED_VIEW}
 * @param fallback what to do where no continuous aggregate can be
 * @param fallbackQuery the fallback's query where it is another one
 * @param uniqueIndex on the materialized view of the fallback, which lets it refresh without
 *     blocking readers; present with {@link Fallback#MATERIALIZED_VIEW}
 * @param mentions every identifier of the queries, as PostgreSQL folds it: the tables that they
 *     read are among them
 * @param specHash hash over the item without its refresh
 */
public record DesiredAggregate(
    String name,
    String query,
    boolean materializedOnly,
    Optional<Refresh> refresh,
    Fallback fallback,
    Optional<String> fallbackQuery,
    Optional<DesiredIndex> uniqueIndex,
    Set<String> mentions,
    String specHash) {

  public DesiredAggregate {
    mentions = Set.copyOf(mentions);
  }

  /** {@code aggregates[].fallback}. */
  public enum Fallback {
    SKIP,
    MATERIALIZED_VIEW
  }

  /**
   * When it is refreshed.
   *
   * @param every time between two refreshes
   * @param startOffset how far back the refreshed window begins; from the beginning when empty
   * @param endOffset how long before now the refreshed window ends
   * @param specHash hash over these fields
   */
  public record Refresh(
      String every, Optional<TimeSpan> startOffset, TimeSpan endOffset, String specHash) {}

  /** The query of the materialized view that stands in for the continuous aggregate. */
  public String viewQuery() {
    return fallbackQuery.orElse(query);
  }

  /** The queries, one or two. */
  public List<String> queries() {
    return fallbackQuery.map(other -> List.of(query, other)).orElse(List.of(query));
  }

  /** The mark of the aggregate itself. */
  public Mark mark(String ownerId, Mark.Origin origin) {
    return new Mark(ownerId, name, Mark.NO_TABLE, specHash, origin, false);
  }

  /** The identifiers and the name itself, sorted: relations that matter for it. */
  public Set<String> relations() {
    Set<String> relations = new TreeSet<>(mentions);
    relations.add(name);
    return relations;
  }
}
