package io.tenantdb.operator;

import io.fabric8.kubernetes.api.model.ConfigMap;
import io.fabric8.kubernetes.api.model.Secret;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.tenantdb.database.ConnectionSettings;
import io.tenantdb.database.ConnectionSettings.Authentication;
import io.tenantdb.database.ConnectionSettings.Tls;
import io.tenantdb.database.Password;
import io.tenantdb.desired.DesiredDatabase;
import io.tenantdb.model.Reason;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.Map;
import java.util.Optional;

/**
 * Reads what a spec refers to: the credentials' Secret and the certificate authorities. Read with
 * GET each time, from the resource's own namespace only; nothing of it is kept here.
 */
final class References {
  private static final String APPLICATION = "tenantdb";

  private final KubernetesClient client;
  private final SecretConsent consent;

  References(KubernetesClient client, SecretConsent consent) {
    this.client = client;
    this.consent = consent;
  }

  /** Something that is referred to is not there, or is not what it should be. */
  static final class MissingException extends Exception {
    private static final long serialVersionUID = 1L;

    private final transient Problem problem;

    MissingException(Reason reason, String message) {
      super(message);
      this.problem = Problem.of(reason, message);
    }

    Problem problem() {
      return problem;
    }
  }

  /**
   * How to reach the database, with everything that was referred to.
   *
   * @throws MissingException naming the object and the key
   */
  ConnectionSettings read(String namespace, DesiredDatabase database) throws MissingException {
    DesiredDatabase.Credentials credentials = database.credentials();
    Secret found =
        Optional.ofNullable(
                client.secrets().inNamespace(namespace).withName(credentials.secret()).get())
            .orElseThrow(
                () ->
                    new MissingException(
                        Reason.SecretNotFound,
                        "Secret %s of spec.database.credentialsSecretRef is not in namespace %s."
                            .formatted(credentials.secret(), namespace)));
    Optional<String> refusal = consent.refusal(found, database);
    if (refusal.isPresent()) {
      throw new MissingException(Reason.SecretRefused, refusal.get());
    }
    Map<String, String> secret = Optional.ofNullable(found.getData()).orElse(Map.of());
    return new ConnectionSettings(
        database.host(),
        database.port(),
        database.name(),
        credential(secret, credentials.secret(), credentials.usernameKey()),
        new Password(credential(secret, credentials.secret(), credentials.passwordKey())),
        switch (database.authentication()) {
          case SCRAM_SHA_256 -> Authentication.SCRAM_SHA_256;
          case MD5 -> Authentication.MD5;
          case PASSWORD -> Authentication.PASSWORD;
        },
        tls(namespace, database.tls()),
        database.maxConnections(),
        APPLICATION);
  }

  private static String credential(Map<String, String> data, String secret, String key)
      throws MissingException {
    return text(data, key)
        .filter(value -> !value.isEmpty())
        .orElseThrow(
            () ->
                new MissingException(
                    Reason.SecretNotFound,
                    "Secret %s of spec.database.credentialsSecretRef has no key %s, or it is empty."
                        .formatted(secret, key)));
  }

  private Tls tls(String namespace, DesiredDatabase.Tls tls) throws MissingException {
    Optional<String> pem = Optional.empty();
    if (tls.ca().isPresent()) {
      pem = Optional.of(authorities(namespace, tls.ca().get()));
    }
    return new Tls(
        switch (tls.mode()) {
          case DISABLE -> Tls.Mode.DISABLE;
          case REQUIRE -> Tls.Mode.REQUIRE;
          case VERIFY_CA -> Tls.Mode.VERIFY_CA;
          case VERIFY_FULL -> Tls.Mode.VERIFY_FULL;
        },
        pem);
  }

  private String authorities(String namespace, DesiredDatabase.CaRef ref) throws MissingException {
    Optional<String> pem =
        switch (ref.source()) {
          case SECRET ->
              Optional.ofNullable(
                      client.secrets().inNamespace(namespace).withName(ref.name()).get())
                  .map(Secret::getData)
                  .flatMap(data -> text(data, ref.key()));
          case CONFIG_MAP ->
              Optional.ofNullable(
                      client.configMaps().inNamespace(namespace).withName(ref.name()).get())
                  .map(ConfigMap::getData)
                  .map(data -> data.get(ref.key()));
        };
    return pem.filter(text -> text.contains("BEGIN CERTIFICATE"))
        .orElseThrow(
            () ->
                new MissingException(
                    Reason.CertificateAuthorityNotFound,
                    "%s %s of spec.database.tls is not in namespace %s, or its key %s holds no certificate in PEM."
                        .formatted(
                            ref.source() == DesiredDatabase.Source.SECRET ? "Secret" : "ConfigMap",
                            ref.name(),
                            namespace,
                            ref.key())));
  }

  private static Optional<String> text(Map<String, String> data, String key) {
    return Optional.ofNullable(data.get(key))
        .map(encoded -> new String(Base64.getDecoder().decode(encoded), StandardCharsets.UTF_8));
  }
}
