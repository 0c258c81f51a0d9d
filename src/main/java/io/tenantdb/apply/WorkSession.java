package io.tenantdb.apply;

import io.tenantdb.database.Database;
import io.tenantdb.database.EventTriggers;
import io.tenantdb.database.Sql;
import io.tenantdb.database.SqlStates;
import io.tenantdb.model.Blocker;
import io.tenantdb.model.Desired.Safety;
import io.tenantdb.model.Identifiers;
import io.tenantdb.model.Reason;
import io.tenantdb.model.Statement;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.postgresql.PGConnection;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The connection on which one worker makes its changes: dedicated, because session locks and roles
 * must not leak into a pool. Not thread-safe, but for {@link #cancel()} and {@link #giveUp}.
 *
 * <p>Waits as long as {@code buildTimeout} for locks unless told otherwise: a short {@code
 * lock_timeout} would abort the waits of CREATE INDEX CONCURRENTLY, which queue nobody, and leave
 * an invalid index each time.
 */
public final class WorkSession implements AutoCloseable {

  private static final Logger LOG = LoggerFactory.getLogger(WorkSession.class);

  /** How a server refuses to have a mark written, unless an event trigger does. */
  private static final Set<Reason> REFUSALS =
      Set.of(Reason.NotSupported, Reason.InsufficientPrivilege);

  private final Database database;
  private final Connection connection;
  private final Safety safety;
  private final OldSnapshots snapshots;
  private final int backendPid;
  private final Object turn = new Object();
  private boolean inStatement;
  private Optional<ApplyException> givenUp = Optional.empty();
  private volatile Optional<Blocker> blocker = Optional.empty();
  // Touched by the watch only.
  private boolean sawNobody;
  private String role = "";
  private volatile boolean cancelled;
  private volatile boolean cleaningUp;

  private WorkSession(
      Database database,
      Connection connection,
      Safety safety,
      OldSnapshots snapshots,
      int backendPid) {
    this.database = database;
    this.connection = connection;
    this.safety = safety;
    this.snapshots = snapshots;
    this.backendPid = backendPid;
  }

  /**
   * Opens a session.
   *
   * @throws io.tenantdb.database.DatabaseException when the database cannot be reached
   */
  public static WorkSession open(Database database, Safety safety) throws SQLException {
    return open(database, safety, new OldSnapshots(database, OldSnapshots.LIMIT));
  }

  /** The same, with a look at snapshots that several sessions share. */
  public static WorkSession open(Database database, Safety safety, OldSnapshots snapshots)
      throws SQLException {
    Connection connection = database.dedicated();
    try {
      String build = millis(safety.buildTimeout());
      Sql.execute(connection, Statement.of("SET lock_timeout = " + build));
      Sql.execute(connection, Statement.of("SET statement_timeout = " + build));
      Sql.execute(connection, Statement.of("SET synchronous_commit = off"));
      int pid =
          Sql.query(connection, Statement.of("SELECT pg_backend_pid()"), row -> row.getInt(1))
              .get(0);
      return new WorkSession(database, connection, safety, snapshots, pid);
    } catch (SQLException | RuntimeException e) {
      connection.close();
      throw e;
    }
  }

  /** The server process of this session. */
  public int backendPid() {
    return backendPid;
  }

  /** Whom a concurrent build would wait for. */
  OldSnapshots snapshots() {
    return snapshots;
  }

  /** Where it is, for what must not be done in this session. */
  Database database() {
    return database;
  }

  /** Guard rails that this session keeps. */
  Safety safety() {
    return safety;
  }

  /** How long a clean-up may wait for a lock: not long once somebody waits for us to stop. */
  private Duration patience() {
    Duration whenStopping = Duration.ofMillis(500);
    return cancelled && safety.lockTimeout().compareTo(whenStopping) > 0
        ? whenStopping
        : safety.lockTimeout();
  }

  Connection connection() {
    return connection;
  }

  /**
   * {@code SET ROLE}: changes run with the rights of the table's owner, and what they make belongs
   * to it.
   */
  void actAs(String owner) throws SQLException {
    if (!role.equals(owner)) {
      Sql.execute(connection, Statement.of("SET ROLE " + Identifiers.quote(owner)));
      role = owner;
    }
  }

  /**
   * Runs one statement by itself: one that may last, and that {@link #giveUp} may end.
   *
   * @throws ApplyException that it was given up for
   */
  void execute(Statement statement) throws SQLException {
    throwIfCancelled();
    synchronized (turn) {
      inStatement = true;
    }
    Optional<ApplyException> why;
    try {
      Sql.execute(connection, statement);
      return;
    } catch (SQLException e) {
      why = endOfStatement().filter(by -> SqlStates.state(e).equals("57014"));
      if (why.isEmpty()) {
        throw e;
      }
      why.get().addSuppressed(e);
    } finally {
      endOfStatement();
    }
    throw why.get();
  }

  /**
   * Runs one statement by itself that locks a table against everybody and then its partitions or
   * chunks, one after the other. It waits for each of those locks no longer than {@code
   * lockTimeout}, and as all of these waits together keep everybody off the table, {@link #giveUp}
   * may end it for whoever waits for that.
   *
   * @throws ApplyException that it was given up for
   */
  void executeExclusively(Statement statement) throws SQLException {
    with(
        "lock_timeout",
        millis(safety.lockTimeout()),
        millis(safety.buildTimeout()),
        () -> execute(statement));
  }

  private Optional<ApplyException> endOfStatement() {
    synchronized (turn) {
      Optional<ApplyException> why = givenUp;
      inStatement = false;
      givenUp = Optional.empty();
      return why;
    }
  }

  /**
   * From another thread: ends the lasting statement that runs now, which then fails with the given
   * reason. A statement that has ended meanwhile is left alone, and so is whatever follows it: the
   * session waits here until the server has been told.
   *
   * @return false when none runs
   */
  boolean giveUp(ApplyException why) {
    synchronized (turn) {
      if (!inStatement) {
        return false;
      }
      givenUp = Optional.of(why);
      cancelStatement();
      return true;
    }
  }

  /** Who was last seen in the way of the running change. */
  Optional<Blocker> blocker() {
    return blocker;
  }

  /** A change begins, which nobody is seen in the way of. */
  void begins() {
    blocker = Optional.empty();
  }

  /**
   * From another thread: tells who is in the way of the running change. Nobody is believed when
   * seen twice: the first look may have come after a statement was given up because of somebody.
   * While a half-made thing is removed, who was in the way of making it is still to be told.
   */
  void sees(Optional<Blocker> inTheWay) {
    if (inTheWay.isPresent() || (sawNobody && !cleaningUp)) {
      blocker = inTheWay;
    }
    sawNobody = inTheWay.isEmpty();
  }

  /** Runs the action with a session setting changed, and puts the setting back. */
  void with(String setting, String value, String normal, SqlAction action) throws SQLException {
    Sql.execute(connection, Statement.of("SET " + setting + " = " + value));
    try {
      action.run();
    } finally {
      if (!connection.isClosed()) {
        Sql.execute(connection, Statement.of("SET " + setting + " = " + normal));
      }
    }
  }

  /** Something that talks to the server. */
  @FunctionalInterface
  interface SqlAction {
    void run() throws SQLException;
  }

  /**
   * Runs the statements in one transaction that waits for a lock no longer than {@code
   * lockTimeout}.
   */
  void transaction(List<Statement> statements) throws SQLException {
    transaction(Optional.empty(), statements);
  }

  /**
   * The same, but only while a query finds nothing.
   *
   * @throws ApplyException with {@link Reason#Progressing} when it finds something
   */
  void transaction(Optional<Statement> mustFindNothing, List<Statement> statements)
      throws SQLException {
    marking(
        statements,
        those ->
            atomically(
                () -> {
                  List<Statement> first = List.of(waitingForLocks(safety.lockTimeout()));
                  if (mustFindNothing.isPresent()
                      && !Sql.queryAfter(
                              connection, first, mustFindNothing.get(), row -> row.getString(1))
                          .isEmpty()) {
                    throw new ApplyException(
                        Reason.Progressing,
                        "what it was planned on has changed since (a chunk has fallen due, or the object is another"
                            + " one); the next pass plans it anew");
                  }
                  List<Statement> all = new ArrayList<>();
                  all.addAll(first);
                  all.addAll(those);
                  Sql.executeAll(connection, all);
                }));
  }

  /** A transaction of statements. */
  @FunctionalInterface
  interface Transaction {
    void run(List<Statement> statements) throws SQLException;
  }

  /**
   * Runs the transaction, and where the server refuses it for good runs it again without the
   * statements that only write marks: a mark never keeps from being made what it is to tell of. The
   * next look finds the object without its mark, and says who refuses that.
   */
  void marking(List<Statement> statements, Transaction transaction) throws SQLException {
    try {
      transaction.run(statements);
    } catch (SQLException e) {
      List<Statement> without = statements.stream().filter(s -> !s.marking()).toList();
      if (without.size() == statements.size()
          || SqlStates.endsSession(e)
          || !(REFUSALS.contains(SqlStates.whileChanging(e))
              || EventTriggers.refusal(connection, e).isPresent())) {
        throw e;
      }
      transaction.run(without);
      LOG.warn("made without its mark, which the server refuses: {}", SqlStates.primaryMessage(e));
    }
  }

  /** Runs the action in one transaction; what goes wrong in it rolls it back. */
  void atomically(SqlAction action) throws SQLException {
    throwIfCancelled();
    connection.setAutoCommit(false);
    try {
      action.run();
      connection.commit();
    } catch (SQLException | RuntimeException e) {
      rollback(e);
      throw e;
    } finally {
      if (!connection.isClosed()) {
        connection.setAutoCommit(true);
      }
    }
  }

  private void rollback(Exception cause) {
    try {
      connection.rollback();
    } catch (SQLException e) {
      cause.addSuppressed(e);
    }
  }

  /** Bounds the waits for locks until the end of the transaction. */
  static Statement waitingForLocks(Duration atMost) {
    return Statement.of("SET LOCAL lock_timeout = " + millis(atMost));
  }

  /** A short wait in the server's unit. */
  static String millis(Duration duration) {
    return Long.toString(Math.max(1, duration.toMillis()));
  }

  /**
   * True while the connection can be used for another change; the driver closes it when it breaks.
   */
  public boolean usable() {
    try {
      return !connection.isClosed();
    } catch (SQLException e) {
      return false;
    }
  }

  /** From another thread: cancels the statement that runs now, and refuses further ones. */
  public void cancel() {
    cancelled = true;
    if (!cleaningUp) {
      cancelStatement();
    }
  }

  /**
   * Runs what removes a half-made thing: not cancelled, and waiting for locks only for a moment.
   */
  void cleanUp(List<Statement> statements) throws SQLException {
    cleaningUp = true;
    try {
      with(
          "lock_timeout",
          millis(patience()),
          millis(safety.buildTimeout()),
          () -> {
            for (Statement statement : statements) {
              Sql.execute(connection, statement);
            }
          });
    } finally {
      cleaningUp = false;
    }
  }

  /** True once {@link #cancel()} was called. */
  boolean cancelled() {
    return cancelled;
  }

  private void cancelStatement() {
    try {
      connection.unwrap(PGConnection.class).cancelQuery();
    } catch (SQLException e) {
      // The statement ended by itself, or the connection did: either way nothing runs any more.
      return;
    }
  }

  void throwIfCancelled() throws SQLException {
    if (cancelled) {
      throw new SQLException("cancelled before it started", "57014");
    }
  }

  @Override
  public void close() throws SQLException {
    connection.close();
  }
}
