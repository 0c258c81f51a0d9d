package io.tenantdb.database;

import io.tenantdb.model.Reason;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.cert.Certificate;
import java.security.cert.CertificateException;
import java.security.cert.CertificateFactory;
import java.util.Collection;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManagerFactory;
import org.postgresql.ssl.WrappedFactory;

/**
 * Trusts the certificate authorities of a PEM text, which never touches a disk, and no others.
 * pgjdbc makes it by name ({@code sslfactory}, {@code sslfactoryarg}); the host name is its own
 * business ({@code sslmode=verify-full}).
 */
public final class PemTrustFactory extends WrappedFactory {

  /** The constructor that pgjdbc looks for. */
  public PemTrustFactory(String pem) throws GeneralSecurityException, IOException {
    KeyStore authorities = KeyStore.getInstance(KeyStore.getDefaultType());
    authorities.load(null, null);
    int next = 0;
    for (Certificate certificate : certificates(pem)) {
      authorities.setCertificateEntry("ca" + next++, certificate);
    }
    TrustManagerFactory trust =
        TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
    trust.init(authorities);
    SSLContext context = SSLContext.getInstance("TLS");
    context.init(null, trust.getTrustManagers(), null);
    factory = context.getSocketFactory();
  }

  /**
   * @throws DatabaseException {@link Reason#CertificateAuthorityNotFound} where the text holds no
   *     certificate
   */
  static void check(String pem) {
    try {
      if (!certificates(pem).isEmpty()) {
        return;
      }
    } catch (CertificateException e) {
      // Not a certificate, which is what the sentence says.
    }
    throw new DatabaseException(
        Reason.CertificateAuthorityNotFound,
        "",
        "The certificate authority given for the database holds no certificate in PEM form"
            + " (-----BEGIN CERTIFICATE-----); correct what database.tls refers to.",
        null);
  }

  private static Collection<? extends Certificate> certificates(String pem)
      throws CertificateException {
    return CertificateFactory.getInstance("X.509")
        .generateCertificates(new ByteArrayInputStream(pem.getBytes(StandardCharsets.UTF_8)));
  }
}
