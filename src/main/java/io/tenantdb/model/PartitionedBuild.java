package io.tenantdb.model;

import io.tenantdb.model.IndexChange.CreateIndex;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * The statements that build an index on a partitioned table without keeping writers out: an empty
 * one on the table itself ({@code ON ONLY}), the same on each partition that is partitioned too,
 * and on each leaf one that is built concurrently and then attached. The index is invalid until its
 * last part is there, and valid by itself from then on. Source: PostgreSQL documentation, {@code
 * CREATE INDEX}, "Notes".
 *
 * @param change builds {@link IndexChange.Build#PARTITIONED}
 */
public record PartitionedBuild(CreateIndex change) {

  private static final int SUFFIX_BYTES = 17;

  /** The name under which a leaf's index is built. */
  public String reservedName(Partition partition) {
    return change.reservedName(partition);
  }

  /**
   * The name that a partition's index bears in the end. Another spec has another, so that the parts
   * of an index and of the one that replaces it do not meet.
   *
   * @param nth from 0; the first that nothing else in the schema bears is taken
   */
  public String finalName(Partition partition, int nth) {
    String key =
        String.join(
            "\0",
            partition.name(),
            change.index().name(),
            change.index().specHash(),
            Integer.toString(nth));
    return Identifiers.cut(partition.name(), Identifiers.MAX_BYTES - SUFFIX_BYTES)
        + '_'
        + Hashes.hex16(key);
  }

  /** The owner of the table that the partition is right below: who may attach an index of it. */
  public String ownerAbove(Partition partition) {
    return partition.parent().map(Partition::owner).orElseGet(() -> change.target().owner());
  }

  /**
   * The transaction that gives a partition which is partitioned itself its part. Begins and ends
   * with the role of {@link #ownerAbove}.
   *
   * @param indexAbove qualified and quoted index of the table that it is right below
   * @param name the part's name
   */
  public List<Statement> branch(Partition partition, String indexAbove, String name) {
    String sql = change.index().createSql(name, "ONLY " + partition.relation(), false);
    return Stream.of(
            takeRole(ownerAbove(partition), partition.owner()),
            Stream.of(Statement.of(sql)),
            takeRole(partition.owner(), ownerAbove(partition)),
            Stream.of(attached(indexAbove, partition.sibling(name))))
        .flatMap(s -> s)
        .toList();
  }

  /** The statement that builds a leaf's part, by the leaf's owner. */
  public Statement leaf(Partition partition) {
    return Statement.of(
        change.index().createSql(reservedName(partition), partition.relation(), true));
  }

  /** The statement that removes what a build of a leaf left, by the leaf's owner. */
  public Statement dropLeaf(Partition partition) {
    return Statement.of("DROP INDEX CONCURRENTLY " + partition.sibling(reservedName(partition)));
  }

  /**
   * The transaction that makes a leaf's index a part. Begins with the role of {@link #ownerAbove}.
   *
   * @param indexAbove qualified and quoted index of the table that it is right below
   * @param name the part's name in the end
   */
  public List<Statement> attach(Partition partition, String indexAbove, String name) {
    String built = reservedName(partition);
    Target leaf = new Target(partition.schema(), partition.name(), partition.owner());
    return Stream.of(
            Stream.of(attached(indexAbove, partition.sibling(built))),
            takeRole(ownerAbove(partition), partition.owner()),
            IndexStatements.setStatistics(leaf, built, change.index().statistics()),
            Stream.of(named(partition, built, name)))
        .flatMap(s -> s)
        .toList();
  }

  /**
   * Attaches an index of a partition, or does so once more.
   *
   * @param indexAbove qualified and quoted, as is the other one
   */
  public Statement attached(String indexAbove, String index) {
    return Statement.of("ALTER INDEX " + indexAbove + " ATTACH PARTITION " + index);
  }

  /** Gives a partition's index another name. */
  public Statement named(Partition partition, String from, String to) {
    return Statement.of(
        "ALTER INDEX " + partition.sibling(from) + " RENAME TO " + Identifiers.quote(to));
  }

  private static Stream<Statement> takeRole(String from, String to) {
    return Optional.of(to)
        .filter(role -> !role.equals(from))
        .map(IndexStatements::takeRole)
        .stream();
  }
}
