package io.tenantdb.apply;

import io.tenantdb.database.Sql;
import io.tenantdb.database.TenantCode;
import io.tenantdb.model.AggregateIndexChange.ReplaceAggregateIndex;
import io.tenantdb.model.IndexChange;
import io.tenantdb.model.IndexChange.CreateIndex;
import io.tenantdb.model.IndexChange.DropLeftover;
import io.tenantdb.model.IndexChange.MarkIndex;
import io.tenantdb.model.IndexChange.PublishIndex;
import io.tenantdb.model.IndexChange.RenameIndex;
import io.tenantdb.model.IndexPartChange.DropPartLeftover;
import io.tenantdb.model.IndexReplacement;
import io.tenantdb.model.IndexReplacement.RebuildIndex;
import io.tenantdb.model.IndexSetting.DropIndex;
import io.tenantdb.model.IndexSetting.SetAsideIndex;
import io.tenantdb.model.IndexSetting.SetIndexStatistics;
import io.tenantdb.model.IndexSetting.UnmarkIndex;
import io.tenantdb.model.PruneChange.DropAggregateIndex;
import io.tenantdb.model.Reason;
import io.tenantdb.model.Statement;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * Carries the changes of indexes out: what builds or drops, under the session lock of its table.
 */
final class IndexChanges {

  private final WorkSession session;
  private final TableLocks tables;
  private final IndexBuilder builder;
  private final IndexDropper dropper;
  private final IndexPublisher publisher;

  IndexChanges(WorkSession session, SessionLocks locks) {
    this.session = session;
    this.tables = new TableLocks(session, locks);
    IndexCatalog catalog = new IndexCatalog(session);
    this.dropper = new IndexDropper(session, catalog);
    this.publisher = new IndexPublisher(session, catalog);
    SnapshotGuard snapshots = new SnapshotGuard(session);
    this.builder =
        new IndexBuilder(
            catalog,
            new IndexBuild(session, locks, snapshots, catalog),
            new SmallBuild(session, publisher),
            publisher,
            dropper);
  }

  void carryOut(IndexChange change) throws SQLException {
    if (change instanceof CreateIndex create) {
      requireNobodysCode(create);
    } else if (change instanceof IndexReplacement replacement) {
      requireNobodysCode(replacement.build());
    }
    if (change instanceof CreateIndex create) {
      locked(change, () -> builder.create(create));
    } else if (change instanceof PublishIndex publish) {
      locked(change, () -> builder.publish(publish));
    } else if (change instanceof RebuildIndex rebuild) {
      locked(change, () -> builder.rebuild(rebuild));
    } else if (change instanceof IndexReplacement replacement) {
      locked(change, () -> builder.replace(replacement));
    } else if (change instanceof DropLeftover leftover) {
      locked(change, () -> dropper.leftover(leftover));
    } else if (change instanceof DropPartLeftover leftover) {
      locked(change, () -> dropper.leftover(leftover));
    } else if (change instanceof DropIndex drop) {
      locked(change, () -> dropper.made(drop));
    } else if (change instanceof MarkIndex mark) {
      locked(change, () -> session.transaction(mark.mustFindNothing(), mark.statements()));
    } else if (change instanceof UnmarkIndex unmark) {
      locked(change, () -> session.transaction(unmark.mustFindNothing(), unmark.statements()));
    } else if (change instanceof SetAsideIndex aside) {
      locked(change, () -> publisher.setAside(aside));
    } else if (change instanceof RenameIndex rename) {
      locked(change, () -> publisher.rename(rename));
    } else if (change instanceof SetIndexStatistics set) {
      session.transaction(set.mustFindNothing(), setting(set));
    } else {
      session.transaction(change.statements());
    }
  }

  /** Drops an index on a continuous aggregate. */
  void carryOut(DropAggregateIndex drop) throws SQLException {
    dropper.made(drop);
  }

  /** Replaces one. */
  void carryOut(ReplaceAggregateIndex replace) throws SQLException {
    dropper.makeWay(replace);
  }

  /** PostgreSQL asks whoever sets it on a partitioned index for the rights of all owners below. */
  private List<Statement> setting(SetIndexStatistics set) throws SQLException {
    List<SetIndexStatistics.Part> parts = new ArrayList<>();
    for (PartitionTree.Branch branch :
        PartitionTree.read(session.connection(), set.target(), set.name()).branches()) {
      branch
          .part()
          .map(part -> new SetIndexStatistics.Part(part.qualified(), branch.partition().owner()))
          .ifPresent(parts::add);
    }
    return parts.stream().allMatch(part -> part.owner().equals(set.target().owner()))
        ? set.statements()
        : set.statements(parts);
  }

  /** At each build: the tenant may have put something there since the definition was tried. */
  private void requireNobodysCode(CreateIndex build) throws SQLException {
    if (build.index().plainColumns()) {
      return;
    }
    List<Long> table =
        Sql.query(
            session.connection(),
            Statement.of("SELECT to_regclass(?)::oid", build.target().relation()),
            row -> row.getLong(1));
    Optional<String> code = TenantCode.ofLiterals(session.connection(), table, build.searchPath());
    if (code.isPresent()) {
      throw new ApplyException(Reason.TenantCodeRefused, TenantCode.refusal(code.get()));
    }
  }

  private void locked(IndexChange change, WorkSession.SqlAction action) throws SQLException {
    tables.during(change.target(), action);
  }

  /** Gives back what was held between the changes. */
  void release() throws SQLException {
    tables.release();
  }
}
