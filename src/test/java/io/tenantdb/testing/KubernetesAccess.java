package io.tenantdb.testing;

import io.fabric8.kubernetes.client.Config;
import io.fabric8.kubernetes.client.ConfigBuilder;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.List;

/**
 * How people connect to an API server.
 *
 * @param url the server's
 * @param authority signs the certificates by which the server knows its users
 */
record KubernetesAccess(String url, CertificateAuthority authority) {

  /** With a client certificate of {@code user}, a member of {@code groups}. */
  Config as(String user, List<String> groups) {
    CertificateAuthority.Issued issued = authority.forClient(user, groups);
    return server()
        .withClientCertData(base64(issued.certificatePem()))
        .withClientKeyData(base64(issued.keyPem()))
        .withClientKeyAlgo("RSA")
        .build();
  }

  /** With a bearer token. */
  Config withToken(String token) {
    return server().withOauthToken(token).build();
  }

  /** The text of a kubeconfig file that connects as {@link #as} or {@link #withToken} does. */
  static String kubeconfig(Config config) {
    String user =
        config.getOauthToken() != null
            ? "token: " + config.getOauthToken()
            : "client-certificate-data: %s, client-key-data: %s"
                .formatted(config.getClientCertData(), config.getClientKeyData());
    return """
        apiVersion: v1
        kind: Config
        clusters:
        - name: test
          cluster: {server: "%s", certificate-authority-data: %s}
        users:
        - name: user
          user: {%s}
        contexts:
        - name: test
          context: {cluster: test, user: user}
        current-context: test
        """
        .formatted(config.getMasterUrl(), config.getCaCertData(), user);
  }

  private ConfigBuilder server() {
    return new ConfigBuilder(Config.empty())
        .withMasterUrl(url)
        .withCaCertData(base64(authority.pem()))
        .withRequestRetryBackoffLimit(0);
  }

  private static String base64(String text) {
    return Base64.getEncoder().encodeToString(text.getBytes(StandardCharsets.UTF_8));
  }
}
