package io.tenantdb.apply;

import io.tenantdb.apply.IndexCatalog.Built;
import io.tenantdb.database.Sql;
import io.tenantdb.model.IndexBody;
import io.tenantdb.model.IndexChange.RenameIndex;
import io.tenantdb.model.IndexReplacement;
import io.tenantdb.model.IndexSetting.SetAsideIndex;
import io.tenantdb.model.IndexTie;
import io.tenantdb.model.Reason;
import io.tenantdb.model.Statement;
import io.tenantdb.model.Target;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * Gives a built index its declared name, in one transaction that ends well only if the index is
 * valid and what was declared.
 */
final class IndexPublisher {

  private final WorkSession session;
  private final IndexCatalog catalog;

  IndexPublisher(WorkSession session, IndexCatalog catalog) {
    this.session = session;
    this.catalog = catalog;
  }

  /**
   * Publishes an index where there was none of its name.
   *
   * @throws ApplyException when what was built is invalid or not what was declared; nothing is
   *     changed then
   */
  void publish(Target target, String name, Set<IndexBody> accepted, List<Statement> publishing)
      throws SQLException {
    publish(target, name, accepted, publishing, Optional.empty());
  }

  /**
   * The same where another index bears the name, which is among the statements renamed.
   *
   * @throws ApplyException also when that is not as the plan saw it any more
   */
  void publish(
      Target target,
      String name,
      Set<IndexBody> accepted,
      List<Statement> publishing,
      Optional<SetAsideIndex> displaced)
      throws SQLException {
    session.marking(
        publishing,
        statements ->
            session.atomically(
                () -> {
                  verified(target, name, accepted, waiting(statements));
                  requireAside(displaced);
                }));
  }

  /** Renames an index of ours out of the way. */
  void setAside(SetAsideIndex change) throws SQLException {
    session.atomically(
        () -> {
          Sql.executeAll(session.connection(), waiting(change.statements()));
          requireAside(Optional.of(change));
        });
  }

  private List<Statement> waiting(List<Statement> statements) {
    List<Statement> all = new ArrayList<>();
    all.add(WorkSession.waitingForLocks(session.safety().lockTimeout()));
    all.addAll(statements);
    return all;
  }

  /** Looks at an index that this transaction has renamed, when nobody can change it any more. */
  void requireAside(Optional<SetAsideIndex> displaced) throws SQLException {
    if (displaced.isEmpty()) {
      return;
    }
    SetAsideIndex other = displaced.get();
    Optional<LiveIndex> live =
        Optional.ofNullable(
            catalog.read(other.target(), other.reservedName()).get(other.reservedName()));
    if (live.isEmpty()
        || live.get().mark().filter(other.mark()::equals).isEmpty()
        || live.get()
            .against(other.leaves() ? IndexTie.Use.DROP : IndexTie.Use.RENAME)
            .isPresent()) {
      throw new ApplyException(
          Reason.Progressing,
          "the index "
              + other.name()
              + " on "
              + other.target().table()
              + ", which has the name, changed since this was planned; the next pass plans it anew");
    }
  }

  /**
   * Lets the built index and the old one change places.
   *
   * @param onTable not on a materialized view
   * @throws ApplyException as {@link #publish}, and when the old one is not as the plan saw it
   */
  void swap(IndexReplacement change, boolean onTable) throws SQLException {
    session.marking(
        change.succeeding(),
        planned ->
            session.atomically(
                () -> swap(change, onTable, planned.size() == change.succeeding().size())));
  }

  private void swap(IndexReplacement change, boolean onTable, boolean marking) throws SQLException {
    List<Statement> locking = new ArrayList<>();
    locking.add(WorkSession.waitingForLocks(session.safety().lockTimeout()));
    if (onTable) {
      locking.add(change.keepingConstraintsOff());
    }
    List<Statement> succeeding =
        retire(change, locking).succeeding().stream()
            .filter(statement -> marking || !statement.marking())
            .toList();
    verified(change.target(), change.build().index().name(), change.build().accepted(), succeeding);
  }

  /**
   * Gives an index of ours its declared name back.
   *
   * @throws ApplyException when the one that bears the other name is not the one that was planned
   *     any more, or may not be renamed
   */
  void rename(RenameIndex change) throws SQLException {
    session.atomically(
        () -> {
          List<Statement> statements = new ArrayList<>();
          statements.add(WorkSession.waitingForLocks(session.safety().lockTimeout()));
          statements.addAll(change.statements());
          LiveIndex live =
              catalog.readAfter(statements, change.target(), change.name()).get(change.name());
          if (live == null
              || !live.valid()
              || live.body().filter(change.body()::equals).isEmpty()
              || live.mark().filter(change.mark()::equals).isEmpty()
              || live.against(IndexTie.Use.RENAME).isPresent()) {
            throw new ApplyException(
                Reason.Progressing,
                "the index is another one than when this was planned, or something has come to rest"
                    + " on its name; it is left alone, and the next pass plans it anew");
          }
        });
  }

  /**
   * Takes the declared name off the old index, and then, when nobody can change it any more, looks
   * whether it is what the plan saw.
   *
   * @param locking what is run before, in the same round trip
   * @return the change with what is carried over as it is now
   */
  IndexReplacement retire(IndexReplacement change, List<Statement> locking) throws SQLException {
    List<Statement> statements = new ArrayList<>(locking);
    statements.add(change.retiring());
    String name = change.old().retiredName();
    return new PlannedIndex(change)
        .still(Optional.ofNullable(catalog.readAfter(statements, change.target(), name).get(name)));
  }

  /** Runs the statements and then looks at the index, in one round trip. */
  void verified(Target target, String name, Set<IndexBody> accepted, List<Statement> statements)
      throws SQLException {
    List<Built> found =
        Sql.queryAfter(
            session.connection(), statements, IndexCatalog.built(target, name), Built::of);
    if (found.isEmpty()) {
      throw new ApplyException(Reason.Gone, "the index vanished while it was built");
    }
    Built built = found.get(0);
    if (!built.valid()) {
      throw new ApplyException(
          Reason.Interrupted, "the build left an invalid index; it is dropped and built again");
    }
    if (built.body().filter(accepted::contains).isEmpty()) {
      throw new ApplyException(
          Reason.VerificationFailed,
          "what was built is not what was declared: "
              + built.body().map(body -> body.summary()).orElse("it was renamed meanwhile"));
    }
  }
}
