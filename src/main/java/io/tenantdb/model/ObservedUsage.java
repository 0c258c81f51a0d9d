package io.tenantdb.model;

import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * What an {@link Observed} does not tell of the tenants' indexes: read seldom, for the report only.
 *
 * @param now the server's {@code now()} at the reading
 * @param since from when on the counters count at least; empty where the server does not say
 * @param everReset whether somebody reset the database's statistics ({@code
 *     pg_stat_database.stats_reset})
 * @param usage by template; an index that went meanwhile is left out
 * @param shapes of the distinct indexes
 * @param foreignKeys by the oid of the table whose columns they constrain
 */
public record ObservedUsage(
    Instant now,
    Optional<Instant> since,
    boolean everReset,
    Map<IndexTemplate, IndexUsage> usage,
    Map<Definition, IndexShape> shapes,
    Map<Long, List<ForeignKey>> foreignKeys) {

  /** What an index's shape depends on: nothing of one tenant. */
  public record Definition(String table, String columnSignature, IndexBody body) {

    /** Of a live index; empty where its body could not be read. */
    public static Optional<Definition> of(ObservedTable table, ObservedIndex index) {
      return index.body().map(body -> new Definition(table.name(), table.columnSignature(), body));
    }
  }

  /**
   * A foreign key.
   *
   * @param columns of the referencing table, in the key's order
   */
  public record ForeignKey(String constraint, List<String> columns) {
    public ForeignKey {
      columns = List.copyOf(columns);
    }
  }
}
