package io.tenantdb.database;

import io.tenantdb.database.ConnectionSettings.Tls;
import io.tenantdb.model.Statement;
import io.tenantdb.testing.PostgresServer;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.Optional;

/** Connection settings for the tests of this package, changed one thing at a time. */
record Connections(ConnectionSettings settings) {

  /** The superuser, as the server wants it: TLS verified in full where it has TLS. */
  static Connections to(PostgresServer server, String database) {
    Tls.Mode mode = server.caPem().isPresent() ? Tls.Mode.VERIFY_FULL : Tls.Mode.DISABLE;
    return new Connections(
        new ConnectionSettings(
            server.host(),
            server.port(),
            database,
            server.user(),
            new Password(server.password()),
            new Tls(mode, server.caPem()),
            6,
            "tenantdb test"));
  }

  Connections host(String host) {
    return at(host, settings.port());
  }

  Connections at(String host, int port) {
    return new Connections(
        new ConnectionSettings(
            host,
            port,
            settings.database(),
            settings.user(),
            settings.password(),
            settings.authentication(),
            settings.tls(),
            settings.maxConnections(),
            settings.applicationName()));
  }

  Connections user(String user, String password) {
    return new Connections(
        new ConnectionSettings(
            settings.host(),
            settings.port(),
            settings.database(),
            user,
            new Password(password),
            settings.authentication(),
            settings.tls(),
            settings.maxConnections(),
            settings.applicationName()));
  }

  Connections tls(Tls.Mode mode, Optional<String> caPem) {
    return new Connections(
        new ConnectionSettings(
            settings.host(),
            settings.port(),
            settings.database(),
            settings.user(),
            settings.password(),
            settings.authentication(),
            new Tls(mode, caPem),
            settings.maxConnections(),
            settings.applicationName()));
  }

  Connections authentication(ConnectionSettings.Authentication authentication) {
    return new Connections(
        new ConnectionSettings(
            settings.host(),
            settings.port(),
            settings.database(),
            settings.user(),
            settings.password(),
            authentication,
            settings.tls(),
            settings.maxConnections(),
            settings.applicationName()));
  }

  Connections maxConnections(int max) {
    return new Connections(
        new ConnectionSettings(
            settings.host(),
            settings.port(),
            settings.database(),
            settings.user(),
            settings.password(),
            settings.authentication(),
            settings.tls(),
            max,
            settings.applicationName()));
  }

  Database open() {
    return Database.of(settings);
  }

  /** The one value that the query returns, as text. */
  static String ask(Connection connection, String sql) throws SQLException {
    return Sql.query(connection, Statement.of(sql), row -> row.getString(1)).get(0);
  }
}
