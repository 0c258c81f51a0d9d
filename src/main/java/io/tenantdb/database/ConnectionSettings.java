package io.tenantdb.database;

import java.util.Optional;

/**
 * How to reach one database. Equal settings mean that open connections can go on being used.
 *
 * @param user role to log in as
 * @param authentication how the password may be shown to the server
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
    Authentication authentication,
    Tls tls,
    int maxConnections,
    String applicationName) {

  /** With a password that is proved, and never sent. */
  public ConnectionSettings(
      String host,
      int port,
      String database,
      String user,
      Password password,
      Tls tls,
      int maxConnections,
      String applicationName) {
    this(
        host,
        port,
        database,
        user,
        password,
        Authentication.SCRAM_SHA_256,
        tls,
        maxConnections,
        applicationName);
  }

  /** How the password may be shown to the server at most; each allows those before it. */
  public enum Authentication {
    SCRAM_SHA_256("scram-sha-256"),
    MD5("scram-sha-256,md5"),
    PASSWORD("scram-sha-256,md5,password");

    private final String methods;

    Authentication(String methods) {
      this.methods = methods;
    }

    /** As libpq's {@code require_auth}. A server that asks for nothing ("trust") gets nothing. */
    String required() {
      return methods + ",none";
    }
  }

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
