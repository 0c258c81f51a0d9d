package io.tenantdb.desired;

import java.util.Optional;

/**
 * How to reach the database of a spec; the values behind the references are not here.
 *
 * @param host name or address, without a port
 * @param credentials where user name and password are
 * @param authentication how the password may be shown to the server
 * @param maxConnections upper bound of connections open at once, pooled and dedicated together
 */
public record DesiredDatabase(
    String host,
    int port,
    String name,
    Credentials credentials,
    Authentication authentication,
    Tls tls,
    int maxConnections) {

  /**
   * A Secret of the resource's namespace.
   *
   * @param secret its name
   * @param usernameKey key of the role to log in as
   * @param passwordKey key of the password
   */
  public record Credentials(String secret, String usernameKey, String passwordKey) {}

  /**
   * {@code spec.database.authentication}: how the password may be shown at most, the most careful
   * first. Each allows those before it.
   */
  public enum Authentication {
    /** Proved, never sent. */
    SCRAM_SHA_256,
    /** Sent as a hash with which one can log in elsewhere. */
    MD5,
    /** Sent as it is. */
    PASSWORD
  }

  /**
   * Transport security.
   *
   * @param ca where the certificate authorities are; the JVM's trust store when empty
   */
  public record Tls(Mode mode, Optional<CaRef> ca) {}

  /** {@code spec.database.tls.mode}; the meanings are those of libpq's sslmode. */
  public enum Mode {
    DISABLE,
    REQUIRE,
    VERIFY_CA,
    VERIFY_FULL
  }

  /**
   * A bundle of certificate authorities in PEM, in the resource's namespace.
   *
   * @param name of the Secret or ConfigMap
   * @param key of the bundle in it
   */
  public record CaRef(Source source, String name, String key) {}

  /** What holds a bundle. */
  public enum Source {
    SECRET,
    CONFIG_MAP
  }
}
