package io.tenantdb.apply;

import io.tenantdb.database.ConnectionSettings;
import io.tenantdb.database.ConnectionSettings.Tls;
import io.tenantdb.database.Database;
import io.tenantdb.database.Password;
import io.tenantdb.model.Change;
import io.tenantdb.model.ChangeResult;
import io.tenantdb.model.Desired.OnDestructive;
import io.tenantdb.model.Desired.Safety;
import io.tenantdb.model.Target;
import io.tenantdb.testing.PostgresServer;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * A database of one tenant with a table {@code batches (id, grower, intake)}, on which changes are
 * carried out one by one.
 */
final class Batches {

  static final Target TABLE = new Target("tenant_a", "batches", "fruit_owner");

  /** Rows of less than 100 pages. */
  static final int FEW = 1_000;

  /** Rows of more than 100 pages. */
  static final int MANY = 30_000;

  static final Duration PATIENT = Duration.ofSeconds(3);

  private final PostgresServer server;
  private final String database;

  Batches(PostgresServer server, String database, int rows) {
    this.server = server;
    this.database = server.createDatabase(database);
    execute(
        "DO $$ BEGIN CREATE ROLE fruit_owner; EXCEPTION WHEN duplicate_object THEN NULL; END $$",
        "CREATE SCHEMA tenant_a AUTHORIZATION fruit_owner");
    fill(rows);
  }

  /** Makes the table anew. */
  void fill(int rows) {
    execute(
        "SET ROLE fruit_owner",
        "DROP TABLE IF EXISTS tenant_a.batches",
        "CREATE TABLE tenant_a.batches (id int, grower text, intake date)",
        "INSERT INTO tenant_a.batches SELECT i, 'grower ' || i % 1000, date '2025-01-01' + i % 100"
            + " FROM generate_series(1, "
            + rows
            + ") i");
  }

  ChangeResult run(Change change) {
    return run(change, PATIENT, Duration.ofMinutes(1));
  }

  ChangeResult run(Change change, Duration lockTimeout, Duration buildTimeout) {
    try (Database open = open();
        WorkSession session =
            WorkSession.open(open, new Safety(OnDestructive.ALLOW, lockTimeout, buildTimeout));
        ChangeExecutor executor = new ChangeExecutor(session, told -> {}, any -> true)) {
      return executor.execute(change);
    } catch (SQLException e) {
      throw new IllegalStateException(e.getMessage(), e);
    }
  }

  Database open() {
    return Database.of(
        new ConnectionSettings(
            server.host(),
            server.port(),
            database,
            server.user(),
            new Password(server.password()),
            new Tls(Tls.Mode.DISABLE, Optional.empty()),
            4,
            "tenantdb test"));
  }

  Connection connect() throws SQLException {
    return server.connect(database);
  }

  void execute(String... statements) {
    server.execute(database, statements);
  }

  /** A transaction that has run the statement, and stays open. */
  Connection open(String isolation, String statement) throws SQLException {
    Connection connection = connect();
    connection.setAutoCommit(false);
    try (Statement open = connection.createStatement()) {
      open.execute("SET TRANSACTION ISOLATION LEVEL " + isolation);
      open.execute(statement);
    }
    return connection;
  }

  List<String> query(String sql) {
    try (Connection connection = connect();
        Statement statement = connection.createStatement();
        ResultSet rows = statement.executeQuery(sql)) {
      List<String> out = new ArrayList<>();
      while (rows.next()) {
        out.add(rows.getString(1));
      }
      return out;
    } catch (SQLException e) {
      throw new IllegalStateException(e.getMessage(), e);
    }
  }

  /** All indexes of the schema, as {@code name (keys)}, invalid ones with a word behind. */
  List<String> indexes() {
    return query(
        """
        SELECT i.relname || substring(pg_get_indexdef(i.oid) FROM ' \\(.*$')
               || CASE WHEN x.indisvalid THEN '' ELSE ' invalid' END
        FROM pg_index x JOIN pg_class i ON i.oid = x.indexrelid
        WHERE i.relnamespace = 'tenant_a'::regnamespace ORDER BY 1""");
  }

  String comment(String index) {
    return query("SELECT obj_description('tenant_a." + index + "'::regclass, 'pg_class')").get(0);
  }

  String oid(String index) {
    return query("SELECT 'tenant_a." + index + "'::regclass::oid").get(0);
  }

  /** Leaves an index invalid, as an interrupted build does. */
  void invalidate(String index) {
    execute(
        "UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'tenant_a."
            + index
            + "'::regclass");
  }
}
