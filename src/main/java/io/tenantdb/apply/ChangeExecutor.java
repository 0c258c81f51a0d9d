package io.tenantdb.apply;

import io.tenantdb.database.SqlStates;
import io.tenantdb.model.Change;
import io.tenantdb.model.ChangeResult;
import io.tenantdb.model.IndexChange.CreateIndex;
import io.tenantdb.model.IndexChange.DropLeftover;
import io.tenantdb.model.IndexChange.PublishIndex;
import io.tenantdb.model.Reason;
import java.sql.SQLException;
import java.time.Duration;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Carries the changes of one tenant out and says how each ended. Never throws for what the database
 * did.
 */
public final class ChangeExecutor implements AutoCloseable {

  private static final Logger LOG = LoggerFactory.getLogger(ChangeExecutor.class);

  private final WorkSession session;
  private final IndexBuilder indexes;

  public ChangeExecutor(WorkSession session) {
    this.session = session;
    this.indexes = new IndexBuilder(session);
  }

  /** Carries the change out. */
  public ChangeResult execute(Change change) {
    long start = System.nanoTime();
    try {
      session.actAs(change.target().owner());
      if (change instanceof CreateIndex create) {
        indexes.create(create);
      } else if (change instanceof PublishIndex publish) {
        indexes.publish(publish);
      } else if (change instanceof DropLeftover leftover) {
        indexes.drop(leftover);
      } else {
        session.transaction(change.mustFindNothing(), change.statements());
      }
      return ChangeResult.done(change);
    } catch (ApplyException e) {
      return ended(change, e.reason(), "", e.getMessage(), start);
    } catch (SQLException e) {
      return ended(
          change,
          SqlStates.whileChanging(e),
          SqlStates.state(e),
          SqlStates.primaryMessage(e),
          start);
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
    String sentence =
        change.target().schema()
            + ": "
            + change.object()
            + ": "
            + sentence(change, reason, sqlState, words);
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
    if (change instanceof DropLeftover && gaveUp) {
      return Reason.LeftoverPending;
    }
    boolean timeIsUp = took.compareTo(session.safety().buildTimeout()) >= 0;
    return change instanceof CreateIndex && gaveUp && timeIsUp ? Reason.BuildTimeout : found;
  }

  /**
   * PostgreSQL's words, but where they would name a reserved name, hold a row's values or lack what
   * to do.
   */
  private static String sentence(Change change, Reason reason, String sqlState, String words) {
    if (reason == Reason.DuplicateRows) {
      return "rows of "
          + change.target().table()
          + " break the unique index; remove the duplicates, and it will be built.";
    }
    if (reason == Reason.DefinitionRefused && change instanceof CreateIndex) {
      // Class 22 quotes the value ("invalid input syntax for type integer: ..."), and whatever a
      // function of the tenant raises may.
      return "rows of "
          + change.target().table()
          + " break the definition: SQLSTATE "
          + sqlState
          + "; correct the rows, or the index in the spec.";
    }
    if (reason == Reason.BuildTimeout) {
      return "the build was given up after spec.safety.buildTimeout; it is tried again.";
    }
    if (reason == Reason.LockTimeout) {
      return "other sessions hold the table locked; it is tried again.";
    }
    return words.endsWith(".") ? words : words + ".";
  }
}
