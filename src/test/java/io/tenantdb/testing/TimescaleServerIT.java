package io.tenantdb.testing;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

@RealParts
class TimescaleServerIT {

  private static final String HYPERTABLE =
      "SELECT public.create_hypertable('orchard.weather', 'at', chunk_time_interval => interval '7 days')";

  private final TimescaleServer timescale;

  TimescaleServerIT(TimescaleServer timescale) {
    this.timescale = timescale;
  }

  @BeforeEach
  void empty() {
    assertThat(timescale.alive()).isTrue();
    timescale.reset();
    timescale.execute(
        "CREATE SCHEMA orchard",
        "CREATE TABLE orchard.weather (at timestamptz NOT NULL, celsius numeric)");
  }

  @Test
  void a_retention_policy_is_a_job() throws SQLException {
    timescale.execute(
        HYPERTABLE, "SELECT public.add_retention_policy('orchard.weather', interval '30 days')");
    try (Connection connection = timescale.connect();
        PreparedStatement statement =
            connection.prepareStatement(
                """
                SELECT proc_name, config ->> 'drop_after' FROM timescaledb_information.jobs
                WHERE hypertable_schema = ? AND hypertable_name = ?
                """)) {
      statement.setString(1, "orchard");
      statement.setString(2, "weather");
      try (ResultSet rows = statement.executeQuery()) {
        assertThat(rows.next()).isTrue();
        assertThat(rows.getString(1)).isEqualTo("policy_retention");
        assertThat(rows.getString(2)).isEqualTo("30 days");
        assertThat(rows.next()).isFalse();
      }
    }
  }

  @Test
  void each_connection_keeps_its_settings_and_its_transaction() throws SQLException {
    try (Connection first = timescale.connect();
        Connection second = timescale.connect();
        Statement one = first.createStatement();
        Statement two = second.createStatement()) {
      one.execute("SET search_path = orchard");
      two.execute("SET application_name = 'second'");
      one.execute("INSERT INTO weather VALUES (now(), 7)");
      assertThatThrownBy(() -> two.execute("SELECT 1 FROM weather"))
          .isInstanceOfSatisfying(
              SQLException.class, e -> assertThat(e.getSQLState()).isEqualTo("42P01"));
      first.setAutoCommit(false);
      one.execute("DELETE FROM weather");
      first.rollback();
      try (ResultSet rows = two.executeQuery("SELECT count(*) FROM orchard.weather")) {
        rows.next();
        assertThat(rows.getInt(1)).isEqualTo(1);
      }
    }
  }

  @Test
  void transactions_of_several_connections_do_not_mix() throws Exception {
    timescale.execute(
        "CREATE TABLE orchard.counter (value int)", "INSERT INTO orchard.counter VALUES (0)");
    Callable<Void> client =
        () -> {
          try (Connection connection = timescale.connect();
              PreparedStatement read =
                  connection.prepareStatement("SELECT value FROM orchard.counter FOR UPDATE");
              PreparedStatement write =
                  connection.prepareStatement("UPDATE orchard.counter SET value = ?")) {
            connection.setAutoCommit(false);
            for (int i = 0; i < 50; i++) {
              try (ResultSet rows = read.executeQuery()) {
                rows.next();
                write.setInt(1, rows.getInt(1) + 1);
              }
              write.executeUpdate();
              if (i % 5 == 0) {
                connection.rollback();
              } else {
                connection.commit();
              }
            }
            return null;
          }
        };
    ExecutorService clients = Executors.newFixedThreadPool(4);
    try {
      for (Future<Void> done : clients.invokeAll(Collections.nCopies(4, client))) {
        done.get();
      }
    } finally {
      clients.shutdownNow();
    }
    try (Connection connection = timescale.connect();
        Statement statement = connection.createStatement();
        ResultSet rows = statement.executeQuery("SELECT value FROM orchard.counter")) {
      rows.next();
      assertThat(rows.getInt(1)).isEqualTo(160);
    }
  }

  @Test
  void a_wide_batch_and_an_error_leave_the_connection_usable() throws SQLException {
    try (Connection connection = timescale.connect();
        PreparedStatement insert =
            connection.prepareStatement("INSERT INTO orchard.weather VALUES (now(), ?)");
        Statement statement = connection.createStatement()) {
      for (int i = 0; i < 1000; i++) {
        insert.setInt(1, i);
        insert.addBatch();
      }
      insert.executeBatch();
      assertThatThrownBy(() -> statement.execute("SELECT 1 / 0"))
          .isInstanceOfSatisfying(
              SQLException.class, e -> assertThat(e.getSQLState()).isEqualTo("22012"));
      try (ResultSet rows = statement.executeQuery("SELECT count(*) FROM orchard.weather")) {
        rows.next();
        assertThat(rows.getInt(1)).isEqualTo(1000);
      }
    }
  }

  @Test
  void a_concurrent_index_build_on_a_plain_table_ends_in_a_valid_index() throws SQLException {
    timescale.execute("CREATE INDEX CONCURRENTLY ix_weather ON orchard.weather (celsius)");
    try (Connection connection = timescale.connect();
        Statement statement = connection.createStatement();
        ResultSet rows =
            statement.executeQuery(
                "SELECT indisvalid FROM pg_index WHERE indexrelid = 'orchard.ix_weather'::regclass")) {
      rows.next();
      assertThat(rows.getBoolean(1)).isTrue();
    }
    timescale.execute("DROP INDEX CONCURRENTLY orchard.ix_weather");
  }

  @Test
  void under_the_apache_licence_policies_are_refused(@RealParts.ApacheOnly TimescaleServer apache)
      throws SQLException {
    apache.execute(
        "CREATE TABLE h (at timestamptz NOT NULL)", "SELECT create_hypertable('h', 'at')");
    try (Connection connection = apache.connect();
        Statement statement = connection.createStatement()) {
      assertThatThrownBy(
              () -> statement.execute("SELECT add_retention_policy('h', interval '30 days')"))
          .isInstanceOfSatisfying(
              SQLException.class, e -> assertThat(e.getSQLState()).isEqualTo("0A000"));
    }
  }

  @Test
  void psql_connects_by_the_environment() {
    String answer =
        Command.run(
                Duration.ofSeconds(30),
                timescale.psqlEnvironment(),
                List.of("psql", "-XAtc", "SELECT 6 * 7"))
            .orThrow();
    assertThat(answer.strip()).isEqualTo("42");
  }

  @Test
  @RealParts.NativeTimescale
  void a_running_statement_ends_at_its_timeout() throws SQLException {
    try (Connection connection = timescale.connect();
        Statement statement = connection.createStatement()) {
      statement.execute("SET statement_timeout = '100ms'");
      assertThatThrownBy(() -> statement.execute("SELECT pg_sleep(5)"))
          .isInstanceOfSatisfying(
              SQLException.class, e -> assertThat(e.getSQLState()).isEqualTo("57014"));
    }
  }
}
