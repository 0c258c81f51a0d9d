package io.tenantdb.model;

import java.util.List;

/** A change of an index of a partition that is part of no parent's index. */
public sealed interface IndexPartChange extends IndexChange {

  /**
   * Drops what a killed build of ours left on a partition, and no build goes on with.
   *
   * @param target the partitioned table
   * @param partition the partition that it is on
   * @param reservedName its name
   */
  record DropPartLeftover(Target target, Partition partition, String reservedName)
      implements IndexPartChange {
    @Override
    public List<Effect> effects() {
      return List.of(Effect.drops(partition.schema(), reservedName));
    }

    @Override
    public String object() {
      return partition.name() + "." + reservedName;
    }

    @Override
    public String before() {
      return "half-built";
    }

    @Override
    public String after() {
      return "absent";
    }

    @Override
    public List<Statement> statements() {
      return List.of(Statement.of("DROP INDEX CONCURRENTLY " + partition.sibling(reservedName)));
    }

    @Override
    public List<String> steps() {
      return IndexScript.drop(
          new Target(partition.schema(), partition.name(), partition.owner()),
          reservedName,
          false,
          statements().get(0),
          block -> {});
    }

    @Override
    public DropPartLeftover anyTenant() {
      return new DropPartLeftover(target.anyTenant(), partition.anyTenant(target), reservedName);
    }
  }
}
