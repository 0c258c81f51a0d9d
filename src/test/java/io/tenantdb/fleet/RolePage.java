package io.tenantdb.fleet;

import io.tenantdb.database.ConnectionSettings;
import io.tenantdb.database.ConnectionSettings.Tls;
import io.tenantdb.database.Database;
import io.tenantdb.database.Password;
import io.tenantdb.testing.Markdown;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * The statements of docs/how-to/database-role.md, and the world that they are written for: the
 * shipped example, whose tables belong to {@code fruitpak_app} in schemas of its own and in {@code
 * public}, in a database where {@code PUBLIC} has no right.
 */
final class RolePage {

  static final String EVERY_SERVER = "Every server";
  static final String SCHEMA = "Where the owner of the tables does not own the schema";
  static final String REFRESHES = "Where materialized views stand in for aggregates";
  static final String AGGREGATES = "What an aggregate reads of others";
  static final String TIMESCALE = "With TimescaleDB";
  static final String STILL_LESS = "Still less, from PostgreSQL 16 on";

  private static final Markdown PAGE = Markdown.read("docs/how-to/database-role.md");
  private static final String PASSWORD = "change-me";

  private RolePage() {}

  /** The page's statements, in its order, of a database with this name. */
  static List<String> statements(String database, String... sections) {
    List<String> statements = new ArrayList<>();
    for (String section : sections) {
      PAGE.block("sql", section).statements().stream()
          .map(sql -> sql.replace("DATABASE fruitpak ", "DATABASE \"" + database + "\" "))
          .forEach(statements::add);
    }
    return statements;
  }

  /** Tenants as the application makes them. */
  static List<String> tenants(String database, String... schemas) {
    List<String> statements = new ArrayList<>(noRoles(database));
    statements.add("CREATE ROLE fruitpak_app NOLOGIN");
    statements.add("REVOKE ALL ON DATABASE \"%s\" FROM PUBLIC".formatted(database));
    statements.add("REVOKE ALL ON SCHEMA public FROM PUBLIC");
    for (String schema : schemas) {
      if (!schema.equals("public")) {
        statements.add("CREATE SCHEMA %s AUTHORIZATION fruitpak_app".formatted(schema));
      }
      statements.add("SET search_path = " + schema);
      statements.add(Example.tables());
      for (String table : List.of("batches", "batch_history", "grower_payments")) {
        statements.add("ALTER TABLE %s OWNER TO fruitpak_app".formatted(table));
      }
      statements.add("RESET search_path");
    }
    return statements;
  }

  /** Ends both roles and gives PUBLIC back what it has by default. */
  static List<String> noRoles(String database) {
    List<String> statements = new ArrayList<>();
    for (String role : List.of("tenantdb", "fruitpak_app")) {
      statements.add(
          """
          DO $$ BEGIN
            IF EXISTS (SELECT FROM pg_roles WHERE rolname = '%1$s') THEN
              DROP OWNED BY %1$s CASCADE;
              DROP ROLE %1$s;
            END IF;
          END $$"""
              .formatted(role));
    }
    statements.add("GRANT CONNECT, TEMPORARY ON DATABASE \"%s\" TO PUBLIC".formatted(database));
    statements.add("GRANT USAGE ON SCHEMA public TO PUBLIC");
    return statements;
  }

  /** The database as the operator's role is let in. */
  static Database open(String host, int port, String database) {
    return Database.of(
        new ConnectionSettings(
            host,
            port,
            database,
            "tenantdb",
            new Password(PASSWORD),
            new Tls(Tls.Mode.DISABLE, Optional.empty()),
            4,
            "tenantdb test"));
  }
}
