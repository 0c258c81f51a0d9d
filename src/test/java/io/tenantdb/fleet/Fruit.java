package io.tenantdb.fleet;

import io.fabric8.kubernetes.client.utils.Serialization;
import io.tenantdb.api.v1alpha1.TenantDatabaseSpec;
import io.tenantdb.database.ConnectionSettings;
import io.tenantdb.database.ConnectionSettings.Tls;
import io.tenantdb.database.Database;
import io.tenantdb.database.Password;
import io.tenantdb.desired.Resolution;
import io.tenantdb.model.Change;
import io.tenantdb.model.Desired;
import io.tenantdb.model.TenantSelection;
import io.tenantdb.testing.PostgresServer;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.List;
import java.util.Optional;

/** Tenants with FruitPak's tables, in a database of a test's own. */
final class Fruit {

  static final String INDEXES =
      """
      indexes:
      - {name: ix_batches_intake_date, table: batches, columns: [intake_date]}
      - {name: ix_batches_grower, table: batches, columns: [grower_id, status]}
      - {name: ix_payments_created, table: grower_payments, columns: [created_at]}
      """;

  private final PostgresServer server;
  private final String name;

  /** Creates the database. */
  Fruit(PostgresServer server, String name) {
    this.server = server;
    this.name = server.createDatabase("engine_" + name);
  }

  /** Creates tenants with rows, owned by a role of their own. */
  Fruit tenants(String... schemas) {
    for (String schema : schemas) {
      String owner = schema + "_owner";
      execute(
          "DO $$ BEGIN CREATE ROLE \"%s\" LOGIN; EXCEPTION WHEN duplicate_object THEN NULL; END $$"
              .formatted(owner),
          "CREATE SCHEMA \"%s\" AUTHORIZATION \"%s\"".formatted(schema, owner),
          "SET ROLE \"%s\"".formatted(owner),
          "CREATE TABLE \"%s\".batches (id bigint, intake_date timestamptz NOT NULL, grower_id text, status text)"
              .formatted(schema),
          "CREATE TABLE \"%s\".grower_payments (id bigint PRIMARY KEY, grower_id text, created_at timestamptz)"
              .formatted(schema),
          "INSERT INTO \"%s\".batches SELECT i, now(), 'g' || i %% 10, 'received' FROM generate_series(1, 500) i"
              .formatted(schema));
    }
    return this;
  }

  /** What a spec declares: {@code tenant_*}, settled at once, and the rest of the spec in YAML. */
  static Desired desired(String rest) {
    String yaml =
        """
        database: {host: localhost, name: fruit, credentialsSecretRef: {name: x}}
        tenants: {patterns: ["tenant_*"], settle: 0s}
        """
            + rest;
    return Resolution.template(
        "platform", "fruit", Serialization.unmarshal(yaml, TenantDatabaseSpec.class));
  }

  /** The indexes, with another selection of tenants beside {@code tenant_*}. */
  static Desired selecting(List<String> schemas, Duration settle) {
    Desired base = desired(INDEXES);
    return new Desired(
        base.ownerId(),
        new TenantSelection(
            schemas,
            List.of("tenant_*"),
            List.of(),
            List.of("public"),
            settle,
            base.tenants().onMissingTable()),
        base.indexes(),
        base.hypertables(),
        base.aggregates(),
        base.overrides(),
        base.whenTimescaleMissing(),
        base.safety());
  }

  /** The database as the engine is let into it; the caller closes it. */
  Database open() {
    return open(server.user(), server.password());
  }

  Database open(String user, String password) {
    return open(server.port(), user, password);
  }

  /** By way of what listens on another port of this machine. */
  Database through(int port) {
    return open(port, server.user(), server.password());
  }

  private Database open(int port, String user, String password) {
    return Database.of(
        new ConnectionSettings(
            server.host(),
            port,
            name,
            user,
            new Password(password),
            new Tls(Tls.Mode.DISABLE, Optional.empty()),
            4,
            "tenantdb test"));
  }

  /**
   * Runs what is printed of the changes in psql, which every developer's machine has.
   *
   * @return what it says, errors and warnings alone
   */
  String psql(List<Change> changes) {
    StringBuilder script = new StringBuilder("SET client_min_messages = warning;\n");
    changes.forEach(change -> script.append(change.script()).append('\n'));
    ProcessBuilder builder = new ProcessBuilder("psql", "-X", "-q", "-A", "-t", "-f", "-");
    builder.environment().putAll(server.psqlEnvironment(name));
    builder.redirectErrorStream(true);
    try {
      Path file = Files.createTempFile("tenantdb-script", ".sql");
      try {
        Files.writeString(file, script);
        Process process = builder.redirectInput(file.toFile()).start();
        String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        process.waitFor();
        return said;
      } finally {
        Files.delete(file);
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException(e);
    }
  }

  Connection connect() throws SQLException {
    return server.connect(name);
  }

  void execute(String... statements) {
    server.execute(name, statements);
  }

  /** First column of all rows, as text. */
  List<String> query(String sql) {
    return server.query(name, sql);
  }

  /** Valid indexes of the tenants that are neither reserved nor behind a constraint. */
  List<String> validIndexes() {
    return query(
        """
        SELECT n.nspname || '.' || i.relname
        FROM pg_index x JOIN pg_class i ON i.oid = x.indexrelid JOIN pg_namespace n ON n.oid = i.relnamespace
        WHERE n.nspname LIKE 'tenant%' AND x.indisvalid AND NOT x.indisprimary AND i.relname NOT LIKE '\\_tdb\\_%'
        ORDER BY 1""");
  }

  /** What must never be left behind. */
  List<String> leftovers() {
    return query(
        """
        SELECT n.nspname || '.' || i.relname
        FROM pg_index x JOIN pg_class i ON i.oid = x.indexrelid JOIN pg_namespace n ON n.oid = i.relnamespace
        WHERE NOT x.indisvalid OR i.relname LIKE '\\_tdb\\_%'""");
  }

  /** Every row version of the catalogs that a pass could have touched. */
  List<String> catalogVersions() {
    return query(
        """
        SELECT 'class ' || oid || ' ' || xmin FROM pg_class
        UNION ALL SELECT 'index ' || indexrelid || ' ' || xmin FROM pg_index
        UNION ALL SELECT 'description ' || objoid || ' ' || xmin FROM pg_description
        ORDER BY 1""");
  }
}
