package io.tenantdb.database;

import java.util.Optional;

/**
 * How to reach one database. Equal settings mean that open connections can go on being used.
 *
 * @param user role to log in as
 * @param tls transport security
 * @param maxConnections upper bound of connections open at once, pooled and dedicated together
 * @param applicationName what {@code pg_stat_activity} shows
 */
public record ConnectionSettings(
    String host,
    int port,
    String database,
    String user,
    Password password,
    Tls tls,
    int maxConnections,
    String applicationName) {

  /**
   * Transport security.
   *
   * @param mode as libpq's sslmode
   * @param caPem certificate authorities in PEM; the JVM's trust store when empty
   */
  public record Tls(Mode mode, Optional<String> caPem) {

    /** {@code spec.database.tls.mode}. */
    public enum Mode {
      DISABLE,
      REQUIRE,
      VERIFY_CA,
      VERIFY_FULL
    }
  }
}
