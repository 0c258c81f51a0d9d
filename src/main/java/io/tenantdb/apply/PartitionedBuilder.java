package io.tenantdb.apply;

import io.tenantdb.apply.PartitionTree.Branch;
import io.tenantdb.apply.PartitionTree.Built;
import io.tenantdb.apply.PartitionTree.Index;
import io.tenantdb.database.Sql;
import io.tenantdb.database.SqlStates;
import io.tenantdb.model.Identifiers;
import io.tenantdb.model.IndexChange.CreateIndex;
import io.tenantdb.model.Partition;
import io.tenantdb.model.Partition.Kind;
import io.tenantdb.model.PartitionedBuild;
import io.tenantdb.model.Reason;
import io.tenantdb.model.ReservedName;
import io.tenantdb.model.Statement;
import java.sql.SQLException;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * Builds an index on a partitioned table part by part ({@link PartitionedBuild}). Goes by the
 * catalogs alone: what a killed run made is kept and what is missing is made, so that partitions
 * that come or go meanwhile are taken as they are. The caller holds the table's lock.
 */
final class PartitionedBuilder {

  private final WorkSession session;
  private final SnapshotGuard guard;

  PartitionedBuilder(WorkSession session, SnapshotGuard guard) {
    this.session = session;
    this.guard = guard;
  }

  /**
   * Builds it under its reserved name, or goes on with that. It is valid on return.
   *
   * @throws ApplyException where what is there, or what came out, is not what was declared
   */
  void build(CreateIndex change) throws SQLException {
    PartitionedBuild build = new PartitionedBuild(change);
    PartitionTree tree = read(change);
    if (tree.root().isEmpty()) {
      session.transaction(resolved(change, List.of(Statement.of(change.buildSql()))));
      tree = read(change);
    }
    while (!root(tree, change).valid()) {
      List<Branch> missing = tree.branches().stream().filter(b -> b.part().isEmpty()).toList();
      if (missing.isEmpty()) {
        finish(change, build, tree);
        return;
      }
      Branch next = missing.get(0);
      if (next.partition().kind() == Kind.PARTITIONED) {
        addBranch(change, build, next);
      } else {
        for (Branch leaf : missing) {
          if (leaf.partition().kind() == Kind.LEAF && leaf.above().isPresent()) {
            addLeaf(change, build, leaf);
          }
        }
      }
      tree = read(change);
    }
    unreserve(build, tree);
  }

  private PartitionTree read(CreateIndex change) throws SQLException {
    session.actAs(change.target().owner());
    return PartitionTree.read(session.connection(), change.target(), change.reservedName());
  }

  private static Built root(PartitionTree tree, CreateIndex change) {
    Built root =
        tree.root()
            .orElseThrow(
                () -> new ApplyException(Reason.Gone, "the index vanished while it was built"));
    verify(root, change);
    return root;
  }

  private static void verify(Built index, CreateIndex change) {
    if (!change.accepted().contains(index.body())) {
      throw new ApplyException(
          Reason.VerificationFailed,
          "what was built is not what was declared: " + index.body().summary());
    }
  }

  /**
   * The statements on the declared path, which nothing else here may be on: what a query of ours
   * calls would be looked up among the tenant's functions and operators, and run with our rights.
   */
  private static List<Statement> resolved(CreateIndex change, List<Statement> creating) {
    return change.index().resolvesNames()
        ? Stream.concat(
                Stream.of(
                    Statement.of(
                        "SET LOCAL search_path = " + Identifiers.list(change.searchPath()))),
                creating.stream())
            .toList()
        : creating;
  }

  private void createLeaf(CreateIndex change, Statement leaf) throws SQLException {
    if (change.index().resolvesNames()) {
      session.with(
          "search_path",
          Identifiers.list(change.searchPath()),
          "pg_catalog, pg_temp",
          () -> session.execute(leaf));
    } else {
      session.execute(leaf);
    }
  }

  private void addBranch(CreateIndex change, PartitionedBuild build, Branch branch)
      throws SQLException {
    Partition partition = branch.partition();
    session.actAs(build.ownerAbove(partition));
    session.transaction(
        resolved(
            change,
            build.branch(
                partition, branch.above().orElseThrow().qualified(), freeName(build, partition))));
  }

  private void addLeaf(CreateIndex change, PartitionedBuild build, Branch branch)
      throws SQLException {
    Partition leaf = branch.partition();
    Optional<Built> earlier = leafIndex(change, build, leaf);
    if (earlier.filter(index -> isUsable(index, change)).isEmpty()) {
      session.actAs(leaf.owner());
      if (earlier.isPresent()) {
        session.execute(build.dropLeaf(leaf));
      }
      guard.check(change);
      createLeaf(change, build.leaf(leaf));
      Built built =
          leafIndex(change, build, leaf)
              .orElseThrow(
                  () -> new ApplyException(Reason.Gone, "the index vanished while it was built"));
      verify(built, change);
      if (!built.valid()) {
        throw new ApplyException(
            Reason.Interrupted, "the build left an invalid index; it is dropped and built again");
      }
    }
    session.actAs(build.ownerAbove(leaf));
    session.transaction(
        build.attach(leaf, branch.above().orElseThrow().qualified(), freeName(build, leaf)));
  }

  private static boolean isUsable(Built index, CreateIndex change) {
    return index.valid() && change.accepted().contains(index.body());
  }

  private Optional<Built> leafIndex(CreateIndex change, PartitionedBuild build, Partition leaf)
      throws SQLException {
    return PartitionTree.leafIndex(
        session.connection(), leaf, build.reservedName(leaf), change.target().schema());
  }

  /**
   * All parts are there and the index does not know: the partition that it waited for has gone. To
   * attach a part once more makes the server look again, from the minor versions of February 2025
   * on.
   */
  private void finish(CreateIndex change, PartitionedBuild build, PartitionTree tree)
      throws SQLException {
    for (int i = tree.branches().size() - 1; i >= 0; i--) {
      Branch branch = tree.branches().get(i);
      session.actAs(build.ownerAbove(branch.partition()));
      session.transaction(
          List.of(
              build.attached(
                  branch.above().orElseThrow().qualified(),
                  branch.part().orElseThrow().qualified())));
    }
    PartitionTree after = read(change);
    if (!root(after, change).valid()) {
      session.executeExclusively(dropRoot(change));
      throw new ApplyException(
          Reason.Interrupted,
          "a partition went while the index was built, after which this server never makes it"
              + " valid; it is built again");
    }
    unreserve(build, after);
  }

  /**
   * PostgreSQL makes an index of a partition that is attached a part by itself where it is equal:
   * under whatever name.
   */
  private void unreserve(PartitionedBuild build, PartitionTree tree) throws SQLException {
    for (Branch branch : tree.branches()) {
      Optional<String> reserved =
          branch.part().map(Index::name).filter(name -> ReservedName.parse(name).isPresent());
      if (reserved.isPresent()) {
        session.actAs(branch.partition().owner());
        session.transaction(
            List.of(
                build.named(
                    branch.partition(), reserved.get(), freeName(build, branch.partition()))));
      }
    }
    session.actAs(build.change().target().owner());
  }

  /** The first of the names for a partition's part that nothing bears. */
  private String freeName(PartitionedBuild build, Partition partition) throws SQLException {
    for (int nth = 0; ; nth++) {
      String name = build.finalName(partition, nth);
      boolean free =
          Sql.query(
                  session.connection(),
                  Statement.of(
                      "SELECT 1 FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace"
                          + " WHERE n.nspname = ? AND c.relname = ?",
                      partition.schema(),
                      name),
                  row -> row.getInt(1))
              .isEmpty();
      if (free) {
        return name;
      }
    }
  }

  /**
   * Cleans up after a build that failed. What only has to be tried again is kept, but for a leaf's
   * index that is not valid; where a person has to do something first, all of it goes. Best effort:
   * what stays is found by the next pass.
   */
  void giveUp(CreateIndex change, Exception cause) {
    try {
      if (!session.connection().isClosed()) {
        drop(change, isFinal(cause));
      }
    } catch (SQLException | ApplyException e) {
      cause.addSuppressed(e);
    }
  }

  private static boolean isFinal(Exception cause) {
    Reason reason =
        cause instanceof ApplyException e
            ? e.reason()
            : cause instanceof SQLException e ? SqlStates.whileChanging(e) : Reason.InternalError;
    return reason.stalls();
  }

  private void drop(CreateIndex change, boolean all) throws SQLException {
    PartitionedBuild build = new PartitionedBuild(change);
    PartitionTree tree =
        PartitionTree.read(session.connection(), change.target(), change.reservedName());
    for (Branch branch : tree.branches()) {
      Partition partition = branch.partition();
      if (partition.kind() == Kind.LEAF && branch.part().isEmpty()) {
        Optional<Built> left = leafIndex(change, build, partition);
        if (left.filter(index -> all || !index.valid()).isPresent()) {
          session.actAs(partition.owner());
          session.cleanUp(List.of(build.dropLeaf(partition)));
        }
      }
    }
    session.actAs(change.target().owner());
    if (all && tree.root().isPresent()) {
      session.cleanUp(List.of(dropRoot(change)));
    }
  }

  private static Statement dropRoot(CreateIndex change) {
    return Statement.of("DROP INDEX " + change.target().sibling(change.reservedName()));
  }
}
