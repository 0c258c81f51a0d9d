package io.tenantdb.apply;

import io.tenantdb.database.Sql;
import io.tenantdb.database.SqlStates;
import io.tenantdb.model.AggregateIndexChange.ReplaceAggregateIndex;
import io.tenantdb.model.IndexChange.DropLeftover;
import io.tenantdb.model.IndexPartChange.DropPartLeftover;
import io.tenantdb.model.IndexReplacement;
import io.tenantdb.model.IndexReplacement.RebuildIndex;
import io.tenantdb.model.IndexSetting.DropIndex;
import io.tenantdb.model.IndexTie;
import io.tenantdb.model.ObservedAggregate.Materialization;
import io.tenantdb.model.Partition;
import io.tenantdb.model.PruneChange.DropAggregateIndex;
import io.tenantdb.model.Reason;
import io.tenantdb.model.ReservedName;
import io.tenantdb.model.Statement;
import io.tenantdb.model.Target;
import java.sql.SQLException;
import java.util.List;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Drops indexes whose time is over, and none that something rests on: the server itself would drop
 * one that is the table's replica identity. One that is gone already is dropped; one that an
 * interrupted drop left invalid is dropped again.
 */
final class IndexDropper {

  private static final Logger LOG = LoggerFactory.getLogger(IndexDropper.class);

  private final WorkSession session;
  private final IndexCatalog catalog;
  private final TableReaders readers;

  IndexDropper(WorkSession session, IndexCatalog catalog) {
    this.session = session;
    this.catalog = catalog;
    this.readers = new TableReaders(session);
  }

  /** Drops what a build or a replacement left. */
  void leftover(DropLeftover change) throws SQLException {
    Optional<LiveIndex> live = droppable(change.target(), change.reservedName());
    if (live.isEmpty()) {
      return;
    }
    if (ReservedName.parse(change.reservedName()).isEmpty() && live.get().valid()) {
      throw new ApplyException(
          Reason.Progressing,
          "the index has become valid since this was planned; it is left alone, and the next pass"
              + " plans it anew");
    }
    drop(change.statements(), !change.inTransaction());
  }

  /** Drops what a build left on a partition, whose owner need not be the parent's. */
  void leftover(DropPartLeftover change) throws SQLException {
    Partition partition = change.partition();
    Target leaf = new Target(partition.schema(), partition.name(), partition.owner());
    if (droppable(leaf, change.reservedName()).isPresent()) {
      session.actAs(partition.owner());
      session.execute(change.statements().get(0));
    }
  }

  /** Drops an index that was made for a declaration that is no more. */
  void made(DropIndex change) throws SQLException {
    Optional<LiveIndex> live = droppable(change.target(), change.name());
    if (live.isEmpty()) {
      return;
    }
    if (live.get().mark().filter(change.mark()::equals).isEmpty()) {
      throw new ApplyException(
          Reason.Progressing,
          "the index has another mark than when this was planned; it is left alone, and the next"
              + " pass plans it anew");
    }
    drop(change.statements(), change.concurrently());
  }

  /** Drops an index on a continuous aggregate that was made for a declaration that is no more. */
  void made(DropAggregateIndex change) throws SQLException {
    if (droppable(keeping(change.target(), change.materialization()), change.liveName())
        .isPresent()) {
      session.executeExclusively(change.statements().get(0));
    }
  }

  /** Builds an index beside the one on a continuous aggregate that then makes way for it. */
  void makeWay(ReplaceAggregateIndex change) throws SQLException {
    session.marking(
        change.statements(), statements -> session.atomically(() -> makeWay(change, statements)));
  }

  private void makeWay(ReplaceAggregateIndex change, List<Statement> statements)
      throws SQLException {
    Optional<LiveIndex> old =
        Optional.ofNullable(
            catalog
                .read(keeping(change.target(), change.materialization()), change.old())
                .get(change.old()));
    if (old.filter(live -> !live.comment().equals(change.comment())).isPresent()) {
      throw new ApplyException(
          Reason.Progressing,
          "the comment of the index changed since this was planned; the next pass plans it anew");
    }
    Optional<String> ties = old.flatMap(live -> live.against(IndexTie.Use.MAKE_WAY));
    if (ties.isPresent()) {
      throw new ApplyException(
          Reason.Conflict,
          "the index is not replaced: " + ties.get() + " rests on it; take that away first");
    }
    Sql.executeAll(session.connection(), statements);
  }

  /** The hypertable that keeps the aggregate's rows. */
  private static Target keeping(Target aggregate, Materialization materialization) {
    return new Target(materialization.schema(), materialization.table(), aggregate.owner());
  }

  /**
   * Drops the old index of a replacement that has succeeded. It is not waited for for long: what
   * stays bears a reserved name, by which the next look finds it.
   */
  void retired(IndexReplacement change) throws SQLException {
    List<Statement> dropping = List.of(change.dropping());
    try {
      session.with(
          "lock_timeout",
          WorkSession.millis(session.safety().lockTimeout()),
          WorkSession.millis(session.safety().buildTimeout()),
          () -> {
            if (readers.letGo(change.target(), session.safety().lockTimeout())) {
              drop(dropping, change.old().concurrently());
            } else {
              later(change, "queries go on that know no other");
            }
          });
    } catch (SQLException e) {
      if (!givesUp(e)) {
        throw e;
      }
      later(change, SqlStates.primaryMessage(e));
    } catch (ApplyException e) {
      if (e.reason() != Reason.YieldedTo) {
        throw e;
      }
      later(change, e.getMessage());
    }
  }

  private static void later(IndexReplacement change, String why) {
    LOG.info(
        "{}.{} is replaced; the old index is dropped later: {}",
        change.target().schema(),
        change.object(),
        why);
  }

  /** Drops the old index of a replacement that can only be built once that is gone. */
  void before(RebuildIndex change) throws SQLException {
    if (droppable(change.target(), change.build().index().name()).isPresent()) {
      session.executeExclusively(change.dropping());
    }
  }

  /**
   * Drops an index that stands in a build's or a replacement's way.
   *
   * @throws ApplyException with {@link Reason#LeftoverPending} while other sessions keep it
   */
  void inTheWay(Target target, LiveIndex index, boolean concurrently) throws SQLException {
    DropLeftover change = new DropLeftover(target, index.name(), !concurrently);
    requireFree(index);
    try {
      drop(change.statements(), concurrently);
    } catch (SQLException e) {
      if (!givesUp(e)) {
        throw e;
      }
      throw new ApplyException(
          Reason.LeftoverPending,
          "an index that an earlier change left cannot be dropped while other sessions use the"
              + " table; it is tried again");
    }
  }

  private Optional<LiveIndex> droppable(Target target, String name) throws SQLException {
    Optional<LiveIndex> live = Optional.ofNullable(catalog.read(target, name).get(name));
    live.ifPresent(IndexDropper::requireFree);
    return live;
  }

  private static void requireFree(LiveIndex index) {
    Optional<String> ties = index.against(IndexTie.Use.DROP);
    if (ties.isPresent()) {
      throw new ApplyException(
          Reason.Conflict,
          "the index is not dropped: " + ties.get() + " rests on it; take that away first");
    }
  }

  private void drop(List<Statement> statements, boolean concurrently) throws SQLException {
    if (concurrently) {
      session.execute(statements.get(0));
    } else {
      session.executeExclusively(statements.get(0));
    }
  }

  private static boolean givesUp(SQLException e) {
    Reason reason = SqlStates.whileChanging(e);
    return reason == Reason.LockTimeout || reason == Reason.Interrupted;
  }
}
