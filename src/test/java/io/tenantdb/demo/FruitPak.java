package io.tenantdb.demo;

import io.tenantdb.testing.Checkout;
import io.tenantdb.testing.TimescaleServer;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;

/**
 * FruitPak's database: one schema a tenant, owned by the application's role, with rows; the tables
 * are hypertables already, because a table with rows is never converted.
 */
final class FruitPak {
  static final String APPLICATION = "fruitpak_app";
  static final String OPERATOR = "tenantdb";
  static final String BIG = "tenant_acme";
  static final String TEMPLATE = "tenant_template";

  /** One with 100,000 batches, twelve with a few thousand. */
  static final List<String> TENANTS =
      List.of(
          "public",
          BIG,
          "tenant_alpine",
          "tenant_breeze",
          "tenant_citrus",
          "tenant_delta",
          "tenant_ember",
          "tenant_fjord",
          "tenant_grove",
          "tenant_harbor",
          "tenant_island",
          "tenant_juniper",
          "tenant_karoo");

  private final TimescaleServer server;
  private final String password;

  FruitPak(TimescaleServer server, String password) {
    this.server = server;
    this.password = password;
  }

  /** Roles, schemas, tables and rows. */
  String create(Consumer<String> progress) throws SQLException {
    server.execute(
        "CREATE ROLE " + APPLICATION + " LOGIN PASSWORD '" + password + "'",
        "CREATE ROLE " + OPERATOR + " LOGIN PASSWORD '" + password + "'",
        "GRANT " + APPLICATION + " TO " + OPERATOR,
        "GRANT pg_read_all_stats TO " + OPERATOR,
        "GRANT CREATE, USAGE ON SCHEMA public TO " + APPLICATION);
    List<String> schemas = new ArrayList<>(TENANTS);
    schemas.remove("public");
    schemas.add(TEMPLATE);
    for (String schema : schemas) {
      server.execute("CREATE SCHEMA " + schema + " AUTHORIZATION " + APPLICATION);
    }
    long rows = 0;
    try (Connection connection = application()) {
      for (String schema : TENANTS) {
        boolean big = schema.equals(BIG);
        tables(connection, schema);
        hypertables(connection, schema);
        rows += fill(connection, schema, big ? 100_000 : 2_000, big ? 100_000 : 20_000, 3_000);
        progress.accept(schema);
      }
      tables(connection, TEMPLATE);
    }
    return "%d tenants and %s, %,d rows, none older than its retention"
        .formatted(TENANTS.size(), TEMPLATE, rows);
  }

  /** A tenant as a sign-up makes it: plain empty tables. */
  void createEmpty(String schema) throws SQLException {
    server.execute("CREATE SCHEMA " + schema + " AUTHORIZATION " + APPLICATION);
    try (Connection connection = application()) {
      tables(connection, schema);
    }
  }

  /** Statements of the application, or of a person with its rights. */
  void asApplication(String... statements) throws SQLException {
    try (Connection connection = application()) {
      execute(connection, statements);
    }
  }

  /** The tables of {@code examples/fruitpak.sql}. */
  private static void tables(Connection connection, String schema) throws SQLException {
    String sql;
    try {
      sql = Files.readString(Checkout.root().resolve("examples/fruitpak.sql"));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    execute(connection, "SET search_path = " + schema, sql, "RESET search_path");
  }

  private static void hypertables(Connection connection, String schema) throws SQLException {
    execute(
        connection,
        "SELECT create_hypertable('%s.batches', 'intake_date', create_default_indexes => false, chunk_time_interval => interval '30 days')"
            .formatted(schema),
        // Not what is declared: the operator sets 7 days for the chunks to come.
        "SELECT create_hypertable('%s.batch_history', 'recorded_at', create_default_indexes => false, chunk_time_interval => interval '14 days')"
            .formatted(schema));
  }

  private static long fill(
      Connection connection, String schema, int batches, int history, int payments)
      throws SQLException {
    execute(
        connection,
        """
        INSERT INTO %s.batches
          (grower_id, packhouse_id, fruit_type, net_weight_kg, status, harvest_date, intake_date,
           is_deleted)
        SELECT g %% 97, g %% 5, (ARRAY['apple','pear','plum','cherry'])[1 + g %% 4],
               200 + g %% 800, (ARRAY['received','graded','packed','rejected'])[1 + g %% 4],
               (now() - g * interval '120 days' / %d)::date,
               now() - g * interval '120 days' / %d, g %% 50 = 0
        FROM generate_series(1, %d) g
        """
            .formatted(schema, batches, batches, batches),
        """
        INSERT INTO %s.batch_history (batch_id, recorded_at, event, details)
        SELECT g %% 40, now() - g * interval '90 days' / %d,
               (ARRAY['received','graded','packed','shipped'])[1 + g %% 4],
               jsonb_build_object('line', g %% 7)
        FROM generate_series(1, %d) g
        """
            .formatted(schema, history, history),
        """
        INSERT INTO %s.grower_payments (grower_id, amount, paid_date, created_at)
        SELECT g %% 97, 100 + g %% 900, (now() - g * interval '1 hour')::date,
               now() - g * interval '1 hour'
        FROM generate_series(1, %d) g
        """
            .formatted(schema, payments),
        "ANALYZE %1$s.batches, %1$s.batch_history, %1$s.grower_payments".formatted(schema));
    return (long) batches + history + payments;
  }

  private Connection application() throws SQLException {
    return DriverManager.getConnection(server.jdbcUrl(), APPLICATION, password);
  }

  private static void execute(Connection connection, String... statements) throws SQLException {
    try (Statement statement = connection.createStatement()) {
      for (String sql : statements) {
        statement.execute(sql);
      }
    }
  }

  /** The rows of a query, as text. */
  List<List<String>> rows(String sql, String... parameters) {
    try (Connection connection = server.connect();
        PreparedStatement statement = connection.prepareStatement(sql)) {
      for (int i = 0; i < parameters.length; i++) {
        statement.setString(i + 1, parameters[i]);
      }
      List<List<String>> rows = new ArrayList<>();
      try (ResultSet result = statement.executeQuery()) {
        int columns = result.getMetaData().getColumnCount();
        while (result.next()) {
          List<String> row = new ArrayList<>();
          for (int i = 1; i <= columns; i++) {
            row.add(String.valueOf(result.getString(i)));
          }
          rows.add(row);
        }
      }
      return rows;
    } catch (SQLException e) {
      throw new IllegalStateException(e.getMessage(), e);
    }
  }
}
