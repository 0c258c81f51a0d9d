package io.tenantdb.model;

import io.tenantdb.model.Effect.Aspect;
import io.tenantdb.model.IndexSetting.SetAsideIndex;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.stream.Stream;

/**
 * A change of an index. All but the build itself run in one transaction; names stay reserved until
 * the index is valid and what was declared.
 */
public sealed interface IndexChange extends Change
    permits IndexChange.CreateIndex,
        IndexChange.PublishIndex,
        IndexChange.RenameIndex,
        IndexChange.MarkIndex,
        IndexChange.DropLeftover,
        IndexPartChange,
        IndexReplacement,
        IndexSetting {

  /** How an index is built. */
  enum Build {
    /** {@code CREATE INDEX CONCURRENTLY}. */
    CONCURRENTLY,
    /** On a hypertable, one chunk at a time ({@code timescaledb.transaction_per_chunk}). */
    PER_CHUNK,
    /** On a hypertable, a UNIQUE index: one transaction that locks every chunk against writers. */
    ONE_TRANSACTION,
    /**
     * On a partitioned table: {@code ON ONLY} the parents, concurrently on every leaf, then {@code
     * ATTACH PARTITION}.
     */
    PARTITIONED
  }

  /**
   * Builds an index under its reserved name, verifies it, and publishes it with its mark in one
   * transaction.
   *
   * @param index the declared index
   * @param build how
   * @param canonical what PostgreSQL makes of it
   * @param mark the mark that it will bear
   * @param searchPath where names in the definition are looked up: the tenant's schema first
   * @param partitions of the table, where it is partitioned, parents first
   * @param displaces the index that bears the declared name until this one is published
   */
  record CreateIndex(
      Target target,
      DesiredIndex index,
      Build build,
      CanonicalIndex.Buildable canonical,
      Mark mark,
      List<String> searchPath,
      List<Partition> partitions,
      boolean drift,
      Optional<SetAsideIndex> displaces)
      implements IndexChange {

    public CreateIndex {
      partitions = List.copyOf(partitions);
    }

    /** Of a name that is free. */
    public CreateIndex(
        Target target,
        DesiredIndex index,
        Build build,
        CanonicalIndex.Buildable canonical,
        Mark mark,
        List<String> searchPath,
        List<Partition> partitions,
        boolean drift) {
      this(target, index, build, canonical, mark, searchPath, partitions, drift, Optional.empty());
    }

    /** The same where another index, of the same owner, has the name until it is published. */
    public CreateIndex displacing(SetAsideIndex other) {
      return new CreateIndex(
          target, index, build, canonical, mark, searchPath, partitions, drift, Optional.of(other));
    }

    /** On a table without partitions. */
    public CreateIndex(
        Target target,
        DesiredIndex index,
        Build build,
        CanonicalIndex.Buildable canonical,
        Mark mark,
        List<String> searchPath,
        boolean drift) {
      this(target, index, build, canonical, mark, searchPath, List.of(), drift);
    }

    /** The name under which it is built. */
    public String reservedName() {
      return index.reservedName();
    }

    /** The bodies that count as the declared one. */
    public Set<IndexBody> accepted() {
      return canonical.accepted();
    }

    /** The statement that builds it. */
    public String buildSql() {
      return switch (build) {
        case CONCURRENTLY -> index.createSql(reservedName(), target.relation(), true);
        case PER_CHUNK -> index.createPerChunkSql(reservedName(), target.relation());
        case ONE_TRANSACTION -> index.createSql(reservedName(), target.relation(), false);
        case PARTITIONED -> index.createSql(reservedName(), "ONLY " + target.relation(), false);
      };
    }

    /** Says whose it is until it is published: nothing else does, once nobody declares it. */
    public Statement signing() {
      return IndexStatements.commentOn(target, reservedName(), new BuildMark(mark.owner()).text());
    }

    /** The statements of the transaction that publishes it. */
    public List<Statement> publishing() {
      Stream<Statement> statistics =
          build == Build.PARTITIONED
              ? IndexStatements.setOwnStatistics(target, reservedName(), index.statistics())
              : IndexStatements.setStatistics(target, reservedName(), index.statistics());
      return Stream.of(
              displaces.stream().flatMap(other -> other.statements().stream()),
              statistics,
              IndexStatements.publish(target, reservedName(), index.name(), mark).stream())
          .flatMap(s -> s)
          .toList();
    }

    /** Without those of the parts, which are many, and nobody else's but another build's. */
    @Override
    public Set<String> takes() {
      return Set.of(reservedName(), index.name());
    }

    @Override
    public Set<String> frees() {
      return displaces.isPresent() ? Set.of(index.name()) : Set.of();
    }

    @Override
    public List<Effect> effects() {
      return Stream.concat(
              displaces.stream().flatMap(other -> other.effects().stream()),
              Stream.concat(
                  Stream.of(
                      Effect.takes(target.schema(), reservedName()),
                      Effect.takes(target.schema(), index.name())),
                  leaves().map(leaf -> Effect.takes(leaf.schema(), reservedName(leaf)))))
          .toList();
    }

    private Stream<Partition> leaves() {
      return build == Build.PARTITIONED
          ? partitions.stream().filter(partition -> partition.kind() == Partition.Kind.LEAF)
          : Stream.empty();
    }

    /** The name under which the part of a partition is built. */
    public String reservedName(Partition partition) {
      return ReservedName.building(partition.name(), index.name(), index.specHash()).text();
    }

    @Override
    public String object() {
      return target.table() + "." + index.name();
    }

    @Override
    public String before() {
      return IndexStatements.absent(displaces);
    }

    @Override
    public String after() {
      return canonical.printed().summary()
          + index.tablespace().map(name -> " in tablespace " + name).orElse("");
    }

    @Override
    public boolean lasting() {
      return true;
    }

    @Override
    public Optional<DesiredIndex> builds() {
      return Optional.of(index);
    }

    @Override
    public Hazard hazard() {
      return displaces.isPresent()
          ? Hazard.DROPS_OBJECT
          : build == Build.ONE_TRANSACTION ? Hazard.BLOCKS_WRITES : Hazard.NONE;
    }

    @Override
    public List<Statement> statements() {
      return publishing();
    }

    @Override
    public List<String> steps() {
      return IndexScript.create(this);
    }

    @Override
    public CreateIndex anyTenant() {
      List<String> path =
          Stream.concat(Stream.of("<schema>"), searchPath.stream().skip(1)).toList();
      List<Partition> parts = partitions.stream().map(p -> p.anyTenant(target)).toList();
      return new CreateIndex(
          target.anyTenant(),
          index,
          build,
          canonical,
          mark,
          path,
          parts,
          drift,
          displaces.map(SetAsideIndex::anyTenant));
    }
  }

  /**
   * Publishes an index that a run of ours built and could not publish any more.
   *
   * @param reservedName the name that it bears
   * @param name the declared name
   * @param statistics targets that are declared, by the key's position from 1
   * @param partitioned the table is, and all parts of the index have the targets
   * @param displaces the index that bears the declared name until this one is published
   */
  record PublishIndex(
      Target target,
      String reservedName,
      String name,
      Mark mark,
      IndexBody body,
      SortedMap<Integer, Integer> statistics,
      boolean partitioned,
      Optional<SetAsideIndex> displaces)
      implements IndexChange {

    /** Under a name that is free. */
    public PublishIndex(
        Target target,
        String reservedName,
        String name,
        Mark mark,
        IndexBody body,
        SortedMap<Integer, Integer> statistics,
        boolean partitioned) {
      this(target, reservedName, name, mark, body, statistics, partitioned, Optional.empty());
    }

    /** The same where another index, of the same owner, has the name until it is published. */
    public PublishIndex displacing(SetAsideIndex other) {
      return new PublishIndex(
          target, reservedName, name, mark, body, statistics, partitioned, Optional.of(other));
    }

    /** One without declared statistics. */
    public PublishIndex(
        Target target, String reservedName, String name, Mark mark, IndexBody body) {
      this(target, reservedName, name, mark, body, new TreeMap<>(), false);
    }

    @Override
    public List<Effect> effects() {
      return Stream.concat(
              displaces.stream().flatMap(other -> other.effects().stream()),
              Stream.of(
                  Effect.leaves(target.schema(), reservedName),
                  Effect.takes(target.schema(), name)))
          .toList();
    }

    @Override
    public String object() {
      return target.table() + "." + name;
    }

    @Override
    public String before() {
      return "built, not published"
          + displaces.map(other -> "; the name is on " + other.target().table()).orElse("");
    }

    @Override
    public Hazard hazard() {
      return displaces.isPresent() ? Hazard.DROPS_OBJECT : Hazard.NONE;
    }

    @Override
    public String after() {
      return body.summary();
    }

    @Override
    public List<Statement> statements() {
      return Stream.of(
              displaces.stream().flatMap(other -> other.statements().stream()),
              partitioned
                  ? IndexStatements.setOwnStatistics(target, reservedName, statistics)
                  : IndexStatements.setStatistics(target, reservedName, statistics),
              IndexStatements.publish(target, reservedName, name, mark).stream())
          .flatMap(s -> s)
          .toList();
    }

    @Override
    public List<String> steps() {
      return IndexScript.publish(this);
    }

    @Override
    public PublishIndex anyTenant() {
      return new PublishIndex(
          target.anyTenant(),
          reservedName,
          name,
          mark,
          body,
          statistics,
          partitioned,
          displaces.map(SetAsideIndex::anyTenant));
    }
  }

  /**
   * Gives an index of ours, renamed by somebody, its declared name back.
   *
   * @param mark the one that it must bear still
   * @param body what it must be still
   */
  record RenameIndex(Target target, String liveName, String name, Mark mark, IndexBody body)
      implements IndexChange {
    @Override
    public List<Effect> effects() {
      return List.of(Effect.leaves(target.schema(), liveName), Effect.takes(target.schema(), name));
    }

    @Override
    public String object() {
      return target.table() + "." + name;
    }

    @Override
    public String before() {
      return "named " + liveName;
    }

    @Override
    public String after() {
      return "named " + name;
    }

    @Override
    public boolean drift() {
      return true;
    }

    @Override
    public List<Statement> statements() {
      return List.of(IndexStatements.rename(target, liveName, name));
    }

    @Override
    public List<String> steps() {
      return IndexScript.rename(this);
    }

    @Override
    public RenameIndex anyTenant() {
      return new RenameIndex(target.anyTenant(), liveName, name, mark, body);
    }
  }

  /**
   * Writes our mark on an index that is as declared: adopts it, or renews a stale hash.
   *
   * @param comment the comment that it has now
   * @param body what it is, and must be still: a mark vouches for nothing else
   */
  record MarkIndex(Target target, String name, Mark mark, String comment, IndexBody body)
      implements IndexChange {
    @Override
    public List<Effect> effects() {
      return List.of(Effect.sets(target.schema(), name, Aspect.MARK));
    }

    @Override
    public String object() {
      return target.table() + "." + name;
    }

    @Override
    public String before() {
      return Mark.parse(comment).isPresent() ? "stale mark" : "unmarked";
    }

    @Override
    public String after() {
      return mark.origin() == Mark.Origin.ADOPTED ? "adopted" : "marked";
    }

    @Override
    public List<Statement> statements() {
      return List.of(IndexStatements.commentOn(target, name, mark.above(comment)));
    }

    @Override
    public Optional<Statement> mustFindNothing() {
      return Optional.of(IndexCheck.of(target, name).isAnother(body, comment));
    }

    @Override
    public List<String> steps() {
      return IndexScript.comment(target, name, comment, List.of(body), statements());
    }

    @Override
    public MarkIndex anyTenant() {
      return new MarkIndex(target.anyTenant(), name, mark, comment, body);
    }
  }

  /**
   * Drops an index that nobody builds any more: what a killed build of ours left, what ours has
   * replaced, or what a killed {@code REINDEX CONCURRENTLY} left of ours.
   *
   * @param reservedName its name
   * @param inTransaction it cannot be dropped concurrently: a hypertable's, or a partitioned
   *     table's
   */
  record DropLeftover(Target target, String reservedName, boolean inTransaction)
      implements IndexChange {
    @Override
    public List<Effect> effects() {
      return List.of(Effect.drops(target.schema(), reservedName));
    }

    @Override
    public String object() {
      return target.table() + "." + reservedName;
    }

    @Override
    public String before() {
      return ReservedName.parse(reservedName).filter(name -> !name.building()).isPresent()
          ? "replaced"
          : "half-built";
    }

    @Override
    public String after() {
      return "absent";
    }

    @Override
    public List<Statement> statements() {
      return List.of(
          Statement.of(
              "DROP INDEX "
                  + (inTransaction ? "" : "CONCURRENTLY ")
                  + target.sibling(reservedName)));
    }

    @Override
    public List<String> steps() {
      return IndexScript.drop(
          target,
          reservedName,
          inTransaction,
          statements().get(0),
          block -> {
            if (ReservedName.parse(reservedName).isEmpty()) {
              IndexScript.stillInvalid(block, target, reservedName);
            }
          });
    }

    @Override
    public DropLeftover anyTenant() {
      return new DropLeftover(target.anyTenant(), reservedName, inTransaction);
    }
  }
}
