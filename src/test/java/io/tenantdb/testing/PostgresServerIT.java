package io.tenantdb.testing;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.List;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class PostgresServerIT {

  @TempDir Path directory;

  @Test
  void every_version_starts_and_says_which_it_is() throws SQLException {
    for (int version : PostgresServer.VERSIONS) {
      try (PostgresServer server = PostgresServer.start(version);
          Connection connection = server.connect(server.createDatabase("Fruit \"pak\""));
          Statement statement = connection.createStatement();
          ResultSet rows = statement.executeQuery("SHOW server_version")) {
        rows.next();
        assertThat(rows.getString(1)).startsWith(version + ".");
      }
    }
  }

  @Test
  void a_wrong_password_is_refused() {
    try (PostgresServer server = PostgresServer.start(PostgresServer.NEWEST)) {
      assertThatThrownBy(
              () -> DriverManager.getConnection(server.jdbcUrl("postgres"), "postgres", "guess"))
          .isInstanceOfSatisfying(
              SQLException.class, e -> assertThat(e.getSQLState()).isEqualTo("28P01"));
    }
  }

  @Test
  void tls_is_verified_by_the_right_authority_only() throws Exception {
    try (PostgresServer server =
        PostgresServer.start(PostgresServer.Options.of(PostgresServer.NEWEST).withTls())) {
      Path right = Files.writeString(directory.resolve("right.pem"), server.caPem().orElseThrow());
      Path wrong = Files.writeString(directory.resolve("wrong.pem"), server.wrongCaPem());
      String url = "jdbc:postgresql://%s:%d/postgres?sslmode=verify-full&sslrootcert=%s";
      for (String host : List.of("localhost", "127.0.0.1")) {
        DriverManager.getConnection(
                url.formatted(host, server.port(), right), server.user(), server.password())
            .close();
      }
      assertThatThrownBy(
              () ->
                  DriverManager.getConnection(
                      url.formatted("localhost", server.port(), wrong),
                      server.user(),
                      server.password()))
          .isInstanceOf(SQLException.class)
          .rootCause()
          .hasMessageContaining("unable to find valid certification path");
      assertThatThrownBy(
              () ->
                  DriverManager.getConnection(
                      "jdbc:postgresql://127.0.0.1:%d/postgres?sslmode=disable"
                          .formatted(server.port()),
                      server.user(),
                      server.password()))
          .hasMessageContaining("no encryption");
    }
  }

  @Test
  void data_survive_a_restart_and_the_kill_of_a_backend() throws SQLException {
    try (PostgresServer server =
        PostgresServer.start(PostgresServer.Options.of(15).with("work_mem", "7MB"))) {
      server.execute("postgres", "CREATE TABLE kept (id int)", "INSERT INTO kept VALUES (1)");
      server.restart();
      try (Connection connection = server.connect("postgres");
          Statement statement = connection.createStatement()) {
        ResultSet rows =
            statement.executeQuery(
                "SELECT count(*), current_setting('work_mem'), pg_backend_pid() FROM kept");
        rows.next();
        assertThat(rows.getInt(1)).isEqualTo(1);
        assertThat(rows.getString(2)).isEqualTo("7MB");
        server.killBackend(rows.getInt(3));
        assertThatThrownBy(() -> statement.execute("SELECT 1")).isInstanceOf(SQLException.class);
      }
      Awaitility.await()
          .atMost(Duration.ofSeconds(30))
          .ignoreExceptions()
          .until(
              () -> {
                server.execute("postgres", "SELECT id FROM kept");
                return true;
              });
    }
  }

  @Test
  void psql_connects_by_the_environment() {
    try (PostgresServer server = PostgresServer.start(16)) {
      String answer =
          Command.run(
                  Duration.ofSeconds(20),
                  server.psqlEnvironment("postgres"),
                  List.of("psql", "-XAtc", "SELECT 6 * 7"))
              .orThrow();
      assertThat(answer.strip()).isEqualTo("42");
    }
  }
}
