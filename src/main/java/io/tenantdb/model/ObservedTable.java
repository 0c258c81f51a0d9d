package io.tenantdb.model;

import java.util.List;
import java.util.Optional;

/**
 * One declared table of one tenant.
 *
 * @param kind what sort of relation it is
 * @param columnSignature hash over the columns; equal ones share a {@link TableLayout}
 * @param constraintSignature hash over the constraints; with the columns it tells whether a new
 *     tenant has settled
 * @param pages size of the main fork in 8 KiB pages. From the file itself where a hypertable
 *     declaration may convert the table, and then {@link #UNKNOWN_PAGES} where another session's
 *     lock hides it. Elsewhere {@code relpages}, the planner's last estimate
 * @param foreignLock true where another session holds or awaits a lock above ACCESS SHARE on it
 * @param referencedBy foreign keys that point here, the table's own among them, as {@code
 *     schema.table.constraint}; read only where a hypertable declaration may convert the table
 * @param published true where a publication has it; read like {@code referencedBy}
 * @param indexes all its indexes
 * @param hypertable its hypertable side, where it is one
 * @param partitions of a partitioned table, at any depth, parents first
 * @param partitionKey of a partitioned table
 */
public record ObservedTable(
    long oid,
    String name,
    Kind kind,
    String owner,
    String columnSignature,
    String constraintSignature,
    long pages,
    boolean foreignLock,
    List<String> referencedBy,
    boolean published,
    List<ObservedIndex> indexes,
    Optional<ObservedHypertable> hypertable,
    List<Partition> partitions,
    PartitionKey partitionKey) {

  /** A table without partitions. */
  public ObservedTable(
      long oid,
      String name,
      Kind kind,
      String owner,
      String columnSignature,
      String constraintSignature,
      long pages,
      boolean foreignLock,
      List<String> referencedBy,
      boolean published,
      List<ObservedIndex> indexes,
      Optional<ObservedHypertable> hypertable) {
    this(
        oid,
        name,
        kind,
        owner,
        columnSignature,
        constraintSignature,
        pages,
        foreignLock,
        referencedBy,
        published,
        indexes,
        hypertable,
        List.of(),
        PartitionKey.NONE);
  }

  /** {@link #pages} of a table whose file could not be looked at. */
  public static final long UNKNOWN_PAGES = -1;

  /** What sort of relation bears the name. */
  public enum Kind {
    ORDINARY,
    PARTITIONED,
    MATERIALIZED_VIEW,
    /**
     * A declared continuous aggregate: {@code oid}, columns and indexes are those of the hypertable
     * that keeps its rows.
     */
    CONTINUOUS_AGGREGATE,
    /** A view, sequence, foreign table, …: nothing can be built on it. */
    OTHER
  }

  /** The index of the name, where it exists on this table. */
  public Optional<ObservedIndex> index(String indexName) {
    // Asked for every declared index of every tenant.
    for (ObservedIndex index : indexes) {
      if (index.name().equals(indexName)) {
        return Optional.of(index);
      }
    }
    return Optional.empty();
  }

  /** True when an index or a policy of it bears a mark of the owner, or a reserved name. */
  public boolean hasMarkOf(String ownerId) {
    // A build of ours that was killed has no mark yet; its reserved name says as much.
    return indexes.stream()
            .anyMatch(
                index ->
                    ReservedName.parse(index.name()).isPresent()
                        || index.mark().filter(m -> m.owner().equals(ownerId)).isPresent())
        || hypertable.stream()
            .flatMap(h -> h.jobs().stream())
            .flatMap(job -> job.mark().stream())
            .anyMatch(m -> m.owner().equals(ownerId));
  }
}
