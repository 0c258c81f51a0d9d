package io.tenantdb.apply;

import io.tenantdb.database.SqlStates;
import io.tenantdb.model.AggregateChange.CreateAggregate;
import io.tenantdb.model.AggregateChange.FillAggregate;
import io.tenantdb.model.Blocker;
import io.tenantdb.model.BuildProgress;
import io.tenantdb.model.Change;
import io.tenantdb.model.ChangeResult;
import io.tenantdb.model.IndexChange;
import io.tenantdb.model.IndexChange.DropLeftover;
import io.tenantdb.model.IndexPartChange.DropPartLeftover;
import io.tenantdb.model.IndexSetting.DropIndex;
import io.tenantdb.model.MaterializedViewChange.CreateMaterializedView;
import io.tenantdb.model.MaterializedViewChange.RefreshMaterializedView;
import io.tenantdb.model.Reason;
import java.sql.SQLException;
import java.time.Duration;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.function.Predicate;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Carries the changes of one tenant out and says how each ended. Never throws for what the database
 * did.
 */
public final class ChangeExecutor implements AutoCloseable {

  private static final Logger LOG = LoggerFactory.getLogger(ChangeExecutor.class);

  private final WorkSession session;
  private final SessionLocks locks;
  private final IndexChanges indexes;
  private final AggregateFiller filler;

  /**
   * @param progress hears how far a fill is
   * @param mayGoOn asked within a change that can stop half-way and go on later
   */
  public ChangeExecutor(
      WorkSession session, Consumer<BuildProgress> progress, Predicate<Change> mayGoOn) {
    this.session = session;
    this.locks = new SessionLocks(session);
    this.indexes = new IndexChanges(session, locks);
    this.filler = new AggregateFiller(session, progress, mayGoOn);
  }

  /**
   * How a change ends that has waited for {@code buildTimeout}.
   *
   * @param blocker who was last seen in its way
   */
  public static ChangeResult givenUp(Change change, Optional<Blocker> blocker) {
    return ChangeResult.postponed(
        change, Reason.BuildTimeout, "", Sentences.givenUp(change, blocker));
  }

  /** Carries the change out. */
  public ChangeResult execute(Change change) {
    long start = System.nanoTime();
    try {
      session.actAs(change.target().owner());
      if (change instanceof IndexChange index) {
        indexes.carryOut(index);
      } else if (change instanceof FillAggregate fill) {
        filler.fill(fill);
      } else if (change instanceof CreateMaterializedView
          || change instanceof RefreshMaterializedView) {
        // Long transactions: a concurrent build waits for them, and they for each other's rows.
        locks.aloneInDatabaseInTime(
            "another refresh, or a build with expressions, runs in this database; it is tried"
                + " again",
            () -> session.transaction(change.statements()));
      } else {
        session.transaction(change.mustFindNothing(), change.statements());
      }
      return ChangeResult.done(change);
    } catch (ApplyException e) {
      return ended(change, e.reason(), "", e.getMessage(), start);
    } catch (SQLException e) {
      return ended(change, SqlStates.whileChanging(e), SqlStates.state(e), words(change, e), start);
    } catch (RuntimeException e) {
      LOG.error("{} of {}.{} failed", change.kind(), change.target().schema(), change.object(), e);
      return ended(
          change,
          Reason.InternalError,
          "",
          "a defect of the operator (" + e.getClass().getSimpleName() + "); the log has it",
          start);
    }
  }

  private ChangeResult ended(
      Change change, Reason found, String sqlState, String words, long start) {
    Reason reason = inContext(change, found, Duration.ofNanos(System.nanoTime() - start));
    String sentence = Sentences.of(change, reason, sqlState, words, session.blocker());
    return reason.stalls()
        ? ChangeResult.failed(change, reason, sqlState, sentence)
        : ChangeResult.postponed(change, reason, sqlState, sentence);
  }

  /** Gives back what was held between the changes. */
  @Override
  public void close() throws SQLException {
    indexes.release();
  }

  private Reason inContext(Change change, Reason found, Duration took) {
    boolean gaveUp = found == Reason.LockTimeout || found == Reason.Interrupted;
    boolean drops =
        change instanceof DropLeftover
            || change instanceof DropPartLeftover
            || change instanceof DropIndex;
    if (drops && (gaveUp || found == Reason.BuildTimeout)) {
      return Reason.LeftoverPending;
    }
    if (change instanceof CreateAggregate && found == Reason.NotSupported) {
      // TimescaleDB's own rules for the query are 0A000 too.
      return Reason.DefinitionRefused;
    }
    boolean timeIsUp = took.compareTo(session.safety().buildTimeout()) >= 0;
    // The filler knows better: the time is that of one window.
    boolean one = change.lasting() && !(change instanceof FillAggregate);
    return one && gaveUp && timeIsUp ? Reason.BuildTimeout : found;
  }

  /**
   * No row is read when an aggregate is made, nor when anything is dropped: no detail holds values.
   */
  private static String words(Change change, SQLException e) {
    if (SqlStates.whileChanging(e) == Reason.HasDependents) {
      return SqlStates.dependents(e);
    }
    return change instanceof CreateAggregate
        ? SqlStates.messageAndDetail(e)
        : SqlStates.primaryMessage(e);
  }
}
