package io.tenantdb.apply;

import io.tenantdb.database.AdvisoryLock;
import io.tenantdb.database.EventTriggers;
import io.tenantdb.database.Sql;
import io.tenantdb.database.SqlStates;
import io.tenantdb.model.Identifiers;
import io.tenantdb.model.IndexChange.Build;
import io.tenantdb.model.IndexChange.CreateIndex;
import io.tenantdb.model.IndexReplacement;
import io.tenantdb.model.Statement;
import io.tenantdb.model.Target;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * Builds and publishes an index of a small ordinary table in one transaction: no old snapshot stops
 * it, and nothing half-made can stay. Writers of the table wait meanwhile, so it asks for little
 * and gives up soon; the caller then builds concurrently.
 *
 * <p>Small is what has at most 100 pages, and none where expressions or a predicate would be
 * computed from its rows: functions may be slow however few rows there are.
 */
final class SmallBuild {

  private static final int PAGES = 100;
  private static final int TRIES = 3;
  private static final Duration LOCK_TIMEOUT = Duration.ofMillis(50);
  private static final Duration STATEMENT_TIMEOUT = Duration.ofMillis(500);
  private static final Duration PAUSE = Duration.ofMillis(50);

  // A stopped client is not to keep writers waiting; a slow one is not to lose its session.
  private static final Duration LEAST_IDLE = Duration.ofSeconds(1);

  private static final String DIVISION_BY_ZERO = "22012";

  // Not small, or not now: guard, lock, statement timeout, deadlock, somebody took the name. To
  // lock
  // a table needs rights that its owner can have given up, unlike an index.
  private static final Set<String> GIVES_WAY =
      Set.of(DIVISION_BY_ZERO, "55P03", "57014", "40P01", "42P07", "42501");

  // A hypertable's own file is empty: its rows are in its children's.
  private static final String SIZE =
      "CASE WHEN c.relkind = 'r' AND NOT c.relhassubclass"
          + " THEN pg_relation_size(c.oid) / current_setting('block_size')::int END";

  private final WorkSession session;
  private final IndexPublisher publisher;
  private Optional<Seen> seen = Optional.empty();

  private record Seen(Target target, long pages) {}

  SmallBuild(WorkSession session, IndexPublisher publisher) {
    this.session = session;
    this.publisher = publisher;
  }

  /** True when the index is built and published; false when nothing was done. */
  boolean create(CreateIndex change) throws SQLException {
    return small(change)
        && tried(
            change,
            () -> {
              List<Statement> statements = beginning(change);
              statements.addAll(building(change));
              statements.addAll(change.publishing());
              verified(change, statements);
              publisher.requireAside(change.displaces());
            });
  }

  /** The same beside the index that bears the name, which is retired and has yet to be dropped. */
  boolean replace(IndexReplacement change) throws SQLException {
    CreateIndex build = change.build();
    return small(build)
        && tried(
            build,
            () -> {
              IndexReplacement now = publisher.retire(change, beginning(build));
              List<Statement> statements = building(build);
              statements.addAll(now.succeeding());
              verified(build, statements);
            });
  }

  private void verified(CreateIndex build, List<Statement> statements) throws SQLException {
    publisher.verified(build.target(), build.index().name(), build.accepted(), statements);
  }

  private boolean tried(CreateIndex build, WorkSession.SqlAction transaction) throws SQLException {
    for (int attempt = 1; ; attempt++) {
      try {
        session.atomically(transaction);
        return true;
      } catch (SQLException e) {
        String state = SqlStates.state(e);
        session.throwIfCancelled();
        // What refuses the mark alone is found out where the built index is kept meanwhile.
        if (!GIVES_WAY.contains(state)
            && EventTriggers.refusal(session.connection(), e).isEmpty()) {
          throw e;
        }
        if (!state.equals("55P03") || attempt == TRIES) {
          seen = Optional.of(new Seen(build.target(), Long.MAX_VALUE));
          return false;
        }
      }
      pause(attempt);
    }
  }

  private static void pause(int attempt) throws SQLException {
    try {
      Thread.sleep(PAUSE.multipliedBy(attempt).toMillis());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new SQLException("interrupted between two tries", "57014", e);
    }
  }

  private boolean small(CreateIndex build) throws SQLException {
    return build.build() == Build.CONCURRENTLY && pages(build.target()) <= most(build);
  }

  private static int most(CreateIndex build) {
    return build.index().plainColumns() ? PAGES : 0;
  }

  /** A look before the leap: who writes to a big table is not to wait for our asking. */
  private long pages(Target target) throws SQLException {
    if (seen.filter(s -> s.target().equals(target)).isEmpty()) {
      seen = Optional.of(new Seen(target, read(target)));
    }
    return seen.get().pages();
  }

  private long read(Target target) throws SQLException {
    try {
      return Sql.queryAfter(
              session.connection(),
              List.of(
                  Statement.of(
                      "SELECT set_config('lock_timeout', ?, true)",
                      WorkSession.millis(LOCK_TIMEOUT))),
              Statement.of(
                  "SELECT "
                      + SIZE
                      + " FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace"
                      + " WHERE n.nspname = ? AND c.relname = ?",
                  target.schema(),
                  target.table()),
              row -> {
                long pages = row.getLong(1);
                return row.wasNull() ? Long.MAX_VALUE : pages;
              })
          .stream()
          .findFirst()
          .orElse(Long.MAX_VALUE);
    } catch (SQLException e) {
      if (SqlStates.state(e).equals("55P03")) {
        return Long.MAX_VALUE;
      }
      throw e;
    }
  }

  /**
   * Locks the table against writers and makes sure that it is small. A division by zero ends the
   * transaction on the server, with no round trip while writers wait.
   */
  private List<Statement> beginning(CreateIndex build) {
    List<Statement> all = new ArrayList<>();
    all.add(WorkSession.waitingForLocks(LOCK_TIMEOUT));
    all.add(Statement.of("SET LOCAL statement_timeout = " + WorkSession.millis(STATEMENT_TIMEOUT)));
    Duration idle = session.safety().lockTimeout();
    all.add(
        Statement.of(
            "SET LOCAL idle_in_transaction_session_timeout = "
                + WorkSession.millis(idle.compareTo(LEAST_IDLE) > 0 ? idle : LEAST_IDLE)));
    all.add(
        Statement.of(
            "SELECT 1 / "
                + AdvisoryLock.Key.database().trySharedInTransaction()
                + "::int /* 0: a build that others wait for runs */"));
    all.add(Statement.of("LOCK TABLE ONLY " + build.target().relation() + " IN SHARE MODE"));
    all.add(
        Statement.of(
            "SELECT 1 / coalesce("
                + SIZE
                + " <= "
                + most(build)
                + ", false)::int /* 0: the table is not small */ FROM pg_class c WHERE c.oid = "
                + Identifiers.literal(build.target().relation())
                + "::regclass"));
    return all;
  }

  private static List<Statement> building(CreateIndex build) {
    Statement create =
        Statement.of(
            build.index().createSql(build.reservedName(), build.target().relation(), false));
    return new ArrayList<>(
        build.index().resolvesNames()
            ? List.of(
                Statement.of("SET LOCAL search_path = " + Identifiers.list(build.searchPath())),
                create,
                Statement.of("SET LOCAL search_path = pg_catalog, pg_temp"))
            : List.of(create));
  }
}
