package io.tenantdb.apply;

import io.tenantdb.database.Confinement;
import io.tenantdb.database.Database;
import io.tenantdb.database.DatabaseException;
import io.tenantdb.database.Sql;
import io.tenantdb.database.SqlStates;
import io.tenantdb.model.Identifiers;
import io.tenantdb.model.Statement;
import io.tenantdb.model.Target;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Duration;
import java.util.Optional;
import java.util.OptionalLong;

/**
 * Asks what the present is where time is a whole number: the function of {@code
 * set_integer_now_func}, of the first hypertable below a continuous aggregate that has one, as its
 * refresh policy does.
 *
 * <p>It is a tenant's code. So it is called in a session that serves nothing else, with the rights
 * of the aggregate's owner and in {@link Confinement}; the session ends right after the answer,
 * without another statement. A function that does not answer in time is left, and its session is
 * terminated: it can survive a cancel, by an exception handler.
 *
 * <p>Sources: {@code _timescaledb_catalog.continuous_agg}, {@code dimension} and {@code
 * hypertable}, in columns that TimescaleDB 2.10 and later have.
 */
final class IntegerClock {

  private static final Duration PATIENCE = Duration.ofSeconds(4);
  private static final Duration LAST_PATIENCE = Duration.ofSeconds(6);

  private static final String FUNCTION =
      """
      WITH RECURSIVE below (hypertable, depth) AS (
        SELECT ca.raw_hypertable_id, 1 FROM _timescaledb_catalog.continuous_agg ca
        WHERE ca.user_view_schema = ? AND ca.user_view_name = ?
        UNION ALL
        SELECT ca.raw_hypertable_id, below.depth + 1
        FROM below JOIN _timescaledb_catalog.continuous_agg ca
          ON ca.mat_hypertable_id = below.hypertable
      )
      SELECT d.integer_now_func_schema, d.integer_now_func,
        (SELECT r.rolsuper FROM pg_roles r WHERE r.rolname = ?)
      FROM below JOIN _timescaledb_catalog.dimension d ON d.hypertable_id = below.hypertable
      WHERE d.num_slices IS NULL AND d.integer_now_func IS NOT NULL
      ORDER BY below.depth
      LIMIT 1""";

  // Behind a pooler the driver has another number.
  private static final String PROCESS =
      """
      SELECT p.pid, a.backend_start::text
      FROM (SELECT pg_backend_pid() AS pid) p
      LEFT JOIN pg_stat_activity a ON a.pid = p.pid""";

  // Nobody else's session is ended: a process id may have been given to another meanwhile.
  private static final String TERMINATE =
      """
      SELECT pg_terminate_backend(pid) FROM pg_stat_activity
      WHERE pid = ?::int AND backend_start = ?::timestamptz""";

  /**
   * What came of it.
   *
   * @param now in units of the time column
   * @param unknown why it is not known, for people
   */
  record Answer(OptionalLong now, Optional<String> unknown) {
    private static Answer of(long now) {
      return new Answer(OptionalLong.of(now), Optional.empty());
    }

    private static Answer unknown(String why) {
      return new Answer(OptionalLong.empty(), Optional.of(why));
    }
  }

  private record Function(String schema, String name, boolean superuser) {
    static Function of(ResultSet row) throws SQLException {
      return new Function(row.getString(1), row.getString(2), row.getBoolean(3));
    }

    String call() {
      return "SELECT " + Identifiers.qualified(schema, name) + "()::bigint";
    }
  }

  /** The process that called it, as {@code pg_stat_activity} has it. */
  private record ServerProcess(String pid, Optional<String> started) {}

  private final Connection catalog;
  private final Database database;

  /**
   * @param catalog where catalogs are read
   */
  IntegerClock(Connection catalog, Database database) {
    this.catalog = catalog;
    this.database = database;
  }

  /** What the clock below the continuous aggregate says now. */
  Answer ask(Target aggregate) throws SQLException {
    Optional<Function> function =
        Sql.query(
                catalog,
                Statement.of(FUNCTION, aggregate.schema(), aggregate.table(), aggregate.owner()),
                Function::of)
            .stream()
            .findFirst();
    if (function.isEmpty()) {
      return Answer.unknown("there is no integer_now function");
    }
    if (function.get().superuser()) {
      return Answer.unknown("it would run with the rights of a superuser");
    }
    return ask(function.get(), aggregate.owner());
  }

  private Answer ask(Function function, String owner) throws SQLException {
    Optional<ServerProcess> process = Optional.empty();
    try (Connection connection = alone()) {
      process = Optional.of(process(connection));
      connection.setNetworkTimeout(Runnable::run, Math.toIntExact(LAST_PATIENCE.toMillis()));
      connection.setAutoCommit(false);
      Sql.execute(
          connection,
          Statement.of(
              "SET LOCAL statement_timeout = "
                  + PATIENCE.toMillis()
                  + "; SET LOCAL lock_timeout = 1000; SET LOCAL client_min_messages = error"));
      Optional<Confinement> confinement = Confinement.of(connection, owner);
      return confinement.isEmpty()
          ? Answer.unknown(owner + " may not make temporary functions in this database")
          : confinement
              .get()
              .ask(function.call())
              .map(now -> Answer.of(Long.parseLong(now)))
              .orElseGet(() -> Answer.unknown("it returns NULL"));
    } catch (SQLException e) {
      if (SqlStates.endsSession(e) && process.isPresent()) {
        terminate(process.get());
      }
      return Answer.unknown("it fails (SQLSTATE " + SqlStates.state(e) + ")");
    }
  }

  private Connection alone() {
    try {
      return database.alone();
    } catch (DatabaseException e) {
      throw new ApplyException(e.reason(), e.getMessage());
    }
  }

  private static ServerProcess process(Connection connection) throws SQLException {
    return Sql.query(
            connection,
            Statement.of(PROCESS),
            row -> new ServerProcess(row.getString(1), Optional.ofNullable(row.getString(2))))
        .get(0);
  }

  private void terminate(ServerProcess process) throws SQLException {
    if (process.started().isEmpty()) {
      return;
    }
    try (Connection connection = database.borrow()) {
      Sql.execute(connection, Statement.of(TERMINATE, process.pid(), process.started().get()));
    } catch (DatabaseException e) {
      throw new ApplyException(e.reason(), e.getMessage());
    }
  }
}
