package io.tenantdb.database;

import static io.tenantdb.database.Connections.ask;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.tenantdb.model.Reason;
import io.tenantdb.model.Statement;
import io.tenantdb.testing.PostgresServer;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TimeZone;
import java.util.concurrent.CompletableFuture;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

class DatabaseIT {
  private static PostgresServer server;

  @BeforeAll
  static void start() {
    server = PostgresServer.start(PostgresServer.NEWEST);
    server.createDatabase("app");
    server.execute(
        "app",
        "CREATE ROLE tenant NOLOGIN",
        "CREATE ROLE stubborn LOGIN SUPERUSER PASSWORD 'p'",
        "ALTER ROLE stubborn SET search_path = public",
        "ALTER ROLE stubborn SET \"TimeZone\" = 'Asia/Tokyo'",
        "ALTER ROLE stubborn SET \"DateStyle\" = 'German'",
        "ALTER ROLE stubborn SET \"IntervalStyle\" = 'iso_8601'",
        "ALTER ROLE stubborn SET standard_conforming_strings = off",
        "ALTER ROLE stubborn SET quote_all_identifiers = on",
        "ALTER ROLE stubborn SET extra_float_digits = -3",
        "ALTER ROLE stubborn SET bytea_output = 'escape'",
        "ALTER ROLE stubborn SET lc_monetary = 'POSIX'",
        "ALTER ROLE stubborn SET transform_null_equals = on",
        "ALTER ROLE stubborn SET role = 'pg_monitor'",
        "ALTER ROLE stubborn SET jit = on",
        "ALTER ROLE stubborn SET statement_timeout = '7s'",
        "ALTER ROLE stubborn SET transaction_timeout = '7s'",
        "ALTER ROLE stubborn SET lock_timeout = '7s'",
        "ALTER ROLE stubborn SET idle_in_transaction_session_timeout = '7s'",
        "ALTER ROLE stubborn SET idle_session_timeout = '7s'",
        "ALTER ROLE stubborn SET default_transaction_isolation = 'serializable'");
  }

  @AfterAll
  static void stop() {
    if (server != null) {
      server.close();
    }
  }

  @Test
  void everyConnectionHasTheSameSettingsWhateverTheRoleAndTheJvmSay() throws SQLException {
    Map<String, String> pinned = new LinkedHashMap<>();
    pinned.put("search_path", "pg_catalog, pg_temp");
    pinned.put("TimeZone", "UTC");
    pinned.put("DateStyle", "ISO, MDY");
    pinned.put("IntervalStyle", "postgres");
    pinned.put("standard_conforming_strings", "on");
    pinned.put("quote_all_identifiers", "off");
    pinned.put("extra_float_digits", "1");
    pinned.put("bytea_output", "hex");
    pinned.put("lc_monetary", "C");
    pinned.put("transform_null_equals", "off");
    pinned.put("role", "none");
    pinned.put("jit", "off");
    pinned.put("statement_timeout", "0");
    pinned.put("transaction_timeout", "0");
    pinned.put("lock_timeout", "2s");
    pinned.put("idle_in_transaction_session_timeout", "0");
    pinned.put("idle_session_timeout", "0");
    pinned.put("default_transaction_isolation", "read committed");
    pinned.put("application_name", "tenantdb test");
    TimeZone before = TimeZone.getDefault();
    TimeZone.setDefault(TimeZone.getTimeZone("America/New_York"));
    try (Database database = app().user("stubborn", "p").open();
        Connection pooled = database.borrow();
        Connection dedicated = database.dedicated()) {
      for (Connection connection : List.of(pooled, dedicated)) {
        for (Map.Entry<String, String> setting : pinned.entrySet()) {
          assertThat(ask(connection, "SHOW " + setting.getKey()))
              .as(setting.getKey())
              .isEqualTo(setting.getValue());
        }
        assertThat(connection.getAutoCommit()).isTrue();
      }
    } finally {
      TimeZone.setDefault(before);
    }
  }

  @Test
  void whatABorrowerSetsDoesNotReachTheNextOne() throws SQLException {
    try (Database database = app().maxConnections(1).open()) {
      String pid;
      try (Connection first = database.borrow()) {
        pid = ask(first, "SELECT pg_backend_pid()");
        Sql.execute(first, Statement.of("SET ROLE tenant"));
        Sql.execute(first, Statement.of("SET search_path = public"));
        Sql.execute(first, Statement.of("SET lock_timeout = '1h'"));
      }
      try (Connection second = database.borrow()) {
        assertThat(ask(second, "SELECT pg_backend_pid()")).isEqualTo(pid);
        assertThat(ask(second, "SELECT current_user")).isEqualTo(server.user());
        assertThat(ask(second, "SHOW search_path")).isEqualTo("pg_catalog, pg_temp");
        assertThat(ask(second, "SHOW lock_timeout")).isEqualTo("2s");
      }
    }
  }

  @Test
  void a0A000DoesNotEndTheSession() throws SQLException {
    try (Database database = app().open();
        Connection connection = database.borrow()) {
      String pid = ask(connection, "SELECT pg_backend_pid()");
      SQLException e =
          catchThrowableOfType(
              SQLException.class,
              () ->
                  Sql.execute(
                      connection, Statement.of("DO $$ BEGIN RAISE feature_not_supported; END $$")));
      assertThat(e.getSQLState()).isEqualTo("0A000");
      assertThat(connection.isClosed()).isFalse();
      assertThat(ask(connection, "SELECT pg_backend_pid()")).isEqualTo(pid);
    }
  }

  @Test
  void anIdlePoolKeepsNoSession() throws SQLException {
    String housekeeping = "com.zaxxer.hikari.housekeeping.periodMs";
    System.setProperty(housekeeping, "500");
    try (Database database = app().maxConnections(5).open()) {
      assertThat(database.hikari().getHikariPoolMXBean().getTotalConnections()).isZero();
      try (Connection one = database.borrow()) {
        assertThat(one.isValid(5)).isTrue();
        assertThat(database.hikari().getHikariPoolMXBean().getTotalConnections()).isEqualTo(1);
      }
      database.hikari().setIdleTimeout(10_000);
      Awaitility.await()
          .atMost(Duration.ofMinutes(2))
          .until(() -> database.hikari().getHikariPoolMXBean().getTotalConnections() == 0);
      assertThat(database.hikari().getMinimumIdle()).isZero();
    } finally {
      System.clearProperty(housekeeping);
    }
  }

  @Test
  void aSessionThatDiedInThePoolIsReplaced() throws SQLException {
    try (Database database = app().maxConnections(1).open();
        Connection killer = server.connect("app")) {
      String pid;
      try (Connection first = database.borrow()) {
        pid = ask(first, "SELECT pg_backend_pid()");
      }
      ask(killer, "SELECT pg_terminate_backend(" + pid + ", 5000)");
      try (Connection second = database.borrow()) {
        assertThat(ask(second, "SELECT pg_backend_pid()")).isNotEqualTo(pid);
      }
    }
  }

  @Test
  void aDedicatedConnectionIsASessionOfItsOwn() throws SQLException {
    Connection dedicated;
    try (Database database = app().open()) {
      dedicated = database.dedicated();
      assertThat(dedicated.getNetworkTimeout()).isZero();
      assertThat(database.hikari().getHikariPoolMXBean().getTotalConnections()).isZero();
    }
    String pid = ask(dedicated, "SELECT pg_backend_pid()");
    dedicated.close();
    try (Connection watcher = server.connect("app")) {
      Awaitility.await()
          .until(
              () ->
                  ask(watcher, "SELECT count(*) FROM pg_stat_activity WHERE pid = " + pid)
                      .equals("0"));
    }
  }

  @Test
  void maxConnectionsBoundsPooledAndDedicatedTogether() throws SQLException {
    try (Database database = app().maxConnections(2).open();
        Connection pooled = database.borrow()) {
      Connection dedicated = database.dedicated();
      CompletableFuture<DatabaseException> refused =
          CompletableFuture.supplyAsync(
              () -> catchThrowableOfType(DatabaseException.class, database::borrow));
      for (DatabaseException e :
          List.of(
              catchThrowableOfType(DatabaseException.class, database::dedicated), refused.join())) {
        assertThat(e.reason()).isEqualTo(Reason.Busy);
        assertThat((Throwable) e).hasMessageContaining("maxConnections = 2");
      }
      dedicated.close();
      dedicated.close();
      try (Connection again = database.dedicated()) {
        assertThat(again.isValid(5) && pooled.isValid(5)).isTrue();
      }
    }
  }

  @Test
  void aClosedDatabaseOpensNoSession() {
    Database database = app().open();
    database.close();
    assertThat(catchThrowableOfType(DatabaseException.class, database::borrow).reason())
        .isEqualTo(Reason.Interrupted);
  }

  @Test
  void whatFailsNamesTheDatabaseAndLeavesTheRowsOut() throws SQLException {
    try (Database database = app().open();
        Connection connection = database.borrow()) {
      Sql.execute(connection, Statement.of("CREATE TABLE public.people (tax_id text)"));
      Sql.execute(
          connection, Statement.of("INSERT INTO public.people VALUES ('DE-77'), ('DE-77')"));
      SQLException e =
          catchThrowableOfType(
              SQLException.class,
              () ->
                  Sql.execute(
                      connection,
                      Statement.of("CREATE UNIQUE INDEX ux ON public.people (tax_id)")));
      DatabaseException failure = database.failure(e, "build ux");
      assertThat(failure.reason()).isEqualTo(Reason.DuplicateRows);
      assertThat((Throwable) failure)
          .hasMessage(
              "Could not build ux on 127.0.0.1:"
                  + server.port()
                  + "/app as "
                  + server.user()
                  + ": could not create unique index \"ux\".");
      assertThat(e.getMessage()).doesNotContain("DE-77");
    }
  }

  @Test
  void questionMarksAndBracesReachTheServer() throws SQLException {
    try (Database database = app().open();
        Connection connection = database.borrow()) {
      assertThat(ask(connection, "SELECT '{\"a\": 1}'::jsonb ? 'a'")).isEqualTo("t");
      assertThat(ask(connection, "SELECT $x${fn now()}$x$ || '{d 2020}'"))
          .isEqualTo("{fn now()}{d 2020}");
      assertThat(
              Sql.query(
                  connection,
                  Statement.of("SELECT '{\"a\": 1}'::jsonb ?? ? AND ?::interval > '0'", "a", "7d"),
                  row -> row.getBoolean(1)))
          .containsExactly(true);
    }
  }

  private static Connections app() {
    return Connections.to(server, "app");
  }
}
