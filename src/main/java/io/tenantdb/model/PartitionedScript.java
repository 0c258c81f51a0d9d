package io.tenantdb.model;

import io.tenantdb.model.IndexChange.CreateIndex;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;

/**
 * The steps by which a person builds an index on a partitioned table ({@link PartitionedBuild}).
 * They go by what is there: a part that is attached is kept, whatever it is named, and what a
 * killed build left on a leaf is gone on with.
 *
 * @param change builds {@link IndexChange.Build#PARTITIONED}
 */
record PartitionedScript(CreateIndex change) {

  // An index that is replaced, one that is not dropped yet, and one that is built.
  private static final int NAMES = 5;

  private static final String REFUSED =
      "the index of a partition is invalid or not what is declared: it is not attached";

  void build(Script script) {
    Target target = change.target();
    IndexCheck root = IndexCheck.of(target, change.reservedName());
    script.add(
        Block.as(target.owner())
            .when(
                "NOT (" + root.exists() + ")",
                block -> IndexScript.resolved(block, change, Statement.of(change.buildSql()))));
    for (Partition partition : change.partitions()) {
      switch (partition.kind()) {
        case FOREIGN -> {}
        case PARTITIONED -> branch(script, partition);
        case LEAF -> leaf(script, partition);
      }
    }
    script.role(target.owner());
  }

  private PartitionedBuild parts() {
    return new PartitionedBuild(change);
  }

  private void branch(Script script, Partition partition) {
    String built = parts().reservedName(partition);
    script.add(
        Block.as(partition.owner())
            .when(
                part(partition) + " IS NULL",
                block -> {
                  IndexScript.resolved(
                      block,
                      change,
                      Statement.of(
                          change.index().createSql(built, "ONLY " + partition.relation(), false)));
                  attach(block.role(parts().ownerAbove(partition)), partition, built);
                  named(block.role(partition.owner()), partition, built);
                }));
  }

  private void leaf(Script script, Partition partition) {
    String built = parts().reservedName(partition);
    String discarded = ReservedName.discarded(partition.name(), built).text();
    IndexCheck check = IndexCheck.of(change.target(), partition, built);
    String part = part(partition);
    script
        .role(partition.owner())
        .add(
            Block.as(partition.owner())
                // So that it is not built once more.
                .when(
                    part + " IS NOT NULL AND NOT (" + check.exists() + ")",
                    block ->
                        block.execute(
                            "format('ALTER INDEX %s RENAME TO %I', "
                                + part
                                + ", "
                                + Identifiers.literal(built)
                                + ")"))
                .when(
                    part
                        + " IS NULL AND "
                        + check.exists()
                        + " AND NOT "
                        + check.valid(change.accepted()),
                    block ->
                        IndexScript.free(
                                IndexScript.idle(block, check), check, IndexTie.Use.DROP, false)
                            .run(parts().named(partition, built, discarded))))
        .add(IndexScript.dropConcurrently(partition.sibling(discarded)))
        .with(
            Script.reading(change.index(), change.searchPath()),
            within -> within.add(IndexScript.ifNotExists(parts().leaf(partition).display())));
    Target leaf = new Target(partition.schema(), partition.name(), partition.owner());
    script.add(
        Block.as(parts().ownerAbove(partition))
            .when(
                part + " IS NULL",
                block -> {
                  block.require(
                      check.valid(change.accepted()),
                      REFUSED,
                      "Drop it, mend what kept it from being built, and run this again.");
                  attach(block, partition, built);
                  block
                      .role(partition.owner())
                      .run(
                          IndexStatements.setStatistics(leaf, built, change.index().statistics())
                              .toList());
                })
            .when(check.exists(), block -> named(block.role(partition.owner()), partition, built)));
  }

  /** The part of the index on a partition, qualified and quoted; NULL where there is none. */
  private String part(Partition partition) {
    String root = Identifiers.literal(change.target().sibling(change.reservedName()));
    // By the catalog's rows: the owner of a partition need not be let into the tenant's schema.
    return "(SELECT x.indexrelid::regclass::text FROM pg_class r JOIN pg_namespace n ON n.oid ="
        + " r.relnamespace CROSS JOIN pg_partition_tree(r.oid) p JOIN pg_index x ON x.indexrelid = p.relid WHERE n.nspname = (parse_ident("
        + root
        + "))[1] AND r.relname = (parse_ident("
        + root
        + "))[2] AND x.indrelid = to_regclass("
        + Identifiers.literal(partition.relation())
        + "))";
  }

  private void attach(Block block, Partition partition, String built) {
    String above =
        partition
            .parent()
            .map(this::part)
            .orElseGet(() -> Identifiers.literal(change.target().sibling(change.reservedName())));
    block.execute(
        "format("
            + Identifiers.literal(parts().attached("%s", "%s").sql())
            + ", "
            + above
            + ", "
            + Identifiers.literal(partition.sibling(built))
            + ")");
  }

  /** Gives it the first name that nothing bears. */
  private void named(Block block, Partition partition, String built) {
    List<String> names = new ArrayList<>();
    for (int nth = 0; nth < NAMES; nth++) {
      names.add(parts().finalName(partition, nth));
    }
    String schema = Identifiers.literal(Identifiers.quote(partition.schema()) + ".");
    block.execute(
        "(SELECT format("
            + Identifiers.literal("ALTER INDEX %s RENAME TO %I")
            + ", "
            + Identifiers.literal(partition.sibling(built))
            + ", n.name) FROM unnest(ARRAY["
            + names.stream().map(Identifiers::literal).collect(Collectors.joining(", "))
            + "]) WITH ORDINALITY AS n(name, nth) WHERE to_regclass("
            + schema
            + " || quote_ident(n.name)) IS NULL ORDER BY n.nth LIMIT 1)");
  }
}
