package io.tenantdb.apply;

import io.tenantdb.database.EventTriggers;
import io.tenantdb.database.SqlStates;
import io.tenantdb.database.SqlStates.Stage;
import io.tenantdb.model.AggregateChange.CreateAggregate;
import io.tenantdb.model.AggregateChange.FillAggregate;
import io.tenantdb.model.AggregateIndexChange.ReplaceAggregateIndex;
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
import io.tenantdb.model.PruneChange;
import io.tenantdb.model.PruneChange.DropAggregateIndex;
import io.tenantdb.model.Reason;
import io.tenantdb.model.RefreshPolicyChange;
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

  /**
   * TimescaleDB's words, which are not translated: the SQLSTATE of a query's errors is the same.
   */
  private static final String WINDOW_TOO_SMALL = "policy refresh window too small";

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
      } else if (change instanceof DropAggregateIndex drop) {
        indexes.carryOut(drop);
      } else if (change instanceof ReplaceAggregateIndex replace) {
        indexes.carryOut(replace);
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
      Optional<String> trigger = eventTrigger(e);
      return trigger.isPresent()
          ? ended(change, Reason.EventTriggerRefused, SqlStates.state(e), trigger.get(), start)
          : ended(change, reason(change, e), SqlStates.state(e), words(change, e), start);
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
            || change instanceof DropIndex
            || change instanceof DropAggregateIndex;
    if (drops && (gaveUp || found == Reason.BuildTimeout)) {
      return Reason.LeftoverPending;
    }
    boolean timeIsUp = took.compareTo(session.safety().buildTimeout()) >= 0;
    // The filler knows better: the time is that of one window.
    boolean one = change.lasting() && !(change instanceof FillAggregate);
    return one && gaveUp && timeIsUp ? Reason.BuildTimeout : found;
  }

  /** What the server's refusal means for this change. */
  private static Reason reason(Change change, SQLException e) {
    boolean readsRows =
        change.lasting() || change instanceof IndexChange || change instanceof PruneChange;
    Reason reason = SqlStates.reason(e, readsRows ? Stage.BUILDING : Stage.MAKING);
    boolean refused = reason == Reason.DefinitionRefused;
    if (change instanceof CreateAggregate) {
      if (refused && SqlStates.primaryMessage(e).equals(WINDOW_TOO_SMALL)) {
        return Reason.RefreshWindowInvalid;
      }
      // TimescaleDB's own rules for the query are 0A000 too.
      return reason == Reason.NotSupported ? Reason.DefinitionRefused : reason;
    }
    return refused && change instanceof RefreshPolicyChange && SqlStates.state(e).equals("22023")
        ? Reason.RefreshWindowInvalid
        : reason;
  }

  private Optional<String> eventTrigger(SQLException e) {
    try {
      return session.usable() ? EventTriggers.refusal(session.connection(), e) : Optional.empty();
    } catch (SQLException again) {
      e.addSuppressed(again);
      return Optional.empty();
    }
  }

  /**
   * No row is read when an aggregate is made, nor when anything is dropped: no detail holds values.
   */
  private static String words(Change change, SQLException e) {
    if (SqlStates.whileChanging(e) == Reason.HasDependents) {
      return SqlStates.dependents(e);
    }
    return change instanceof CreateAggregate || change instanceof RefreshPolicyChange
        ? SqlStates.messageAndDetail(e)
        : SqlStates.messageAndHint(e);
  }
}
