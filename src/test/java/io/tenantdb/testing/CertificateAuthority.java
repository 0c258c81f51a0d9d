package io.tenantdb.testing;

import static io.tenantdb.testing.Der.bitString;
import static io.tenantdb.testing.Der.bool;
import static io.tenantdb.testing.Der.explicit;
import static io.tenantdb.testing.Der.implicit;
import static io.tenantdb.testing.Der.integer;
import static io.tenantdb.testing.Der.octets;
import static io.tenantdb.testing.Der.oid;
import static io.tenantdb.testing.Der.sequence;
import static io.tenantdb.testing.Der.set;
import static io.tenantdb.testing.Der.time;
import static io.tenantdb.testing.Der.utf8;

import java.math.BigInteger;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.PrivateKey;
import java.security.PublicKey;
import java.security.SecureRandom;
import java.security.Signature;
import java.security.spec.ECGenParameterSpec;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;

/**
 * A certificate authority of one test: X.509 version 3 (RFC 5280), ECDSA on P-256, valid for a day.
 *
 * <p>The JDK reads certificates but has no public way to make them, and not every machine has
 * openssl.
 */
public final class CertificateAuthority {

  private static final String ECDSA_WITH_SHA256 = "1.2.840.10045.4.3.2";

  private final String name;
  private final KeyPair keys;
  private final String pem;

  /**
   * A certificate and its key.
   *
   * @param certificatePem the certificate
   * @param keyPem the private key, PKCS #8, not encrypted
   */
  public record Issued(String certificatePem, String keyPem) {}

  /** A new authority with a key of its own. */
  public CertificateAuthority(String name) {
    this.name = name;
    this.keys = newKeys();
    this.pem =
        certificate(
            name(name, List.of()),
            keys.getPublic(),
            List.of(
                extension("2.5.29.19", true, sequence(bool(true))),
                // keyCertSign and cRLSign.
                extension("2.5.29.15", true, new byte[] {3, 2, 1, 6})));
  }

  /** The authority's own certificate, which a client must trust. */
  public String pem() {
    return pem;
  }

  /** A certificate for a server that is reached as localhost or 127.0.0.1. */
  public Issued forLocalhost() {
    byte[] names =
        sequence(
            implicit(2, "localhost".getBytes(StandardCharsets.US_ASCII)),
            implicit(7, new byte[] {127, 0, 0, 1}));
    return issue(
        name("localhost", List.of()),
        newKeys(),
        "1.3.6.1.5.5.7.3.1",
        List.of(extension("2.5.29.17", false, names)));
  }

  /** A certificate by which a client proves to be {@code user}, a member of {@code groups}. */
  public Issued forClient(String user, List<String> groups) {
    // RSA, because the Kubernetes client reads other keys by BouncyCastle only.
    return issue(name(user, groups), newRsaKeys(), "1.3.6.1.5.5.7.3.2", List.of());
  }

  /** A key pair for other uses, as PEM: the public key, then the private key. */
  static List<String> keyPairPem() {
    KeyPair pair = newKeys();
    return List.of(
        Der.pem("PUBLIC KEY", pair.getPublic().getEncoded()),
        Der.pem("PRIVATE KEY", pair.getPrivate().getEncoded()));
  }

  private Issued issue(byte[] subject, KeyPair pair, String usage, List<byte[]> more) {
    List<byte[]> extensions = new ArrayList<>(more);
    extensions.add(extension("2.5.29.37", false, sequence(oid(usage))));
    return new Issued(
        certificate(subject, pair.getPublic(), extensions),
        Der.pem("PRIVATE KEY", pair.getPrivate().getEncoded()));
  }

  private String certificate(byte[] subject, PublicKey key, List<byte[]> extensions) {
    Instant now = Instant.now();
    byte[] algorithm = sequence(oid(ECDSA_WITH_SHA256));
    byte[] body =
        sequence(
            explicit(0, integer(BigInteger.TWO)),
            integer(new BigInteger(120, new SecureRandom())),
            algorithm,
            name(name, List.of()),
            // Clocks of test machines drift.
            sequence(time(now.minus(Duration.ofHours(1))), time(now.plus(Duration.ofDays(1)))),
            subject,
            key.getEncoded(),
            explicit(3, sequence(extensions.toArray(byte[][]::new))));
    byte[] whole = sequence(body, algorithm, bitString(sign(keys.getPrivate(), body)));
    return Der.pem("CERTIFICATE", whole);
  }

  private static byte[] extension(String id, boolean critical, byte[] value) {
    return critical
        ? sequence(oid(id), bool(true), octets(value))
        : sequence(oid(id), octets(value));
  }

  private static byte[] name(String commonName, List<String> organizations) {
    List<byte[]> parts = new ArrayList<>();
    for (String organization : organizations) {
      parts.add(set(sequence(oid("2.5.4.10"), utf8(organization))));
    }
    parts.add(set(sequence(oid("2.5.4.3"), utf8(commonName))));
    return sequence(parts.toArray(byte[][]::new));
  }

  private static KeyPair newKeys() {
    try {
      KeyPairGenerator generator = KeyPairGenerator.getInstance("EC");
      generator.initialize(new ECGenParameterSpec("secp256r1"));
      return generator.generateKeyPair();
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException(e);
    }
  }

  private static KeyPair newRsaKeys() {
    try {
      KeyPairGenerator generator = KeyPairGenerator.getInstance("RSA");
      generator.initialize(2048);
      return generator.generateKeyPair();
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException(e);
    }
  }

  private static byte[] sign(PrivateKey key, byte[] body) {
    try {
      Signature signature = Signature.getInstance("SHA256withECDSA");
      signature.initSign(key);
      signature.update(body);
      return signature.sign();
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException(e);
    }
  }
}
