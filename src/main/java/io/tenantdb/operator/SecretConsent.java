package io.tenantdb.operator;

import io.fabric8.kubernetes.api.model.Secret;
import io.tenantdb.desired.DesiredDatabase;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Pattern;

/**
 * Whether a Secret may be used for a database. Whoever may create a {@code TenantDatabase} names
 * any Secret and any server, and need not be able to read the one nor to be trusted by the other:
 * so what the Secret itself says decides, and who can label it can read it.
 */
final class SecretConsent {

  /** Its owner says that it is a database's, and goes to the server that a resource names. */
  static final String LABEL = "tenantdb.io/credentials";

  /** Source: Kubernetes documentation, "Types of Secret"; basic-auth is user name and password. */
  private static final Pattern OTHER_PURPOSE =
      Pattern.compile("(?:[^/]*\\.)?kubernetes\\.io/(?!basic-auth$).*|helm\\.sh/.*");

  /** A user name travels in the clear, and stands in the status: no other value may. */
  private static final Pattern USER_KEY =
      Pattern.compile("(?i).*(?:user|login|role)(?:[-_.]?name)?");

  private final boolean always;

  /**
   * @param always the label is needed whatever the resource asks for
   */
  SecretConsent(boolean always) {
    this.always = always;
  }

  /** Why it may not be used, as a sentence; empty where it may. */
  Optional<String> refusal(Secret secret, DesiredDatabase database) {
    String name =
        "Secret %s of spec.database.credentialsSecretRef".formatted(secret.getMetadata().getName());
    String type = Optional.ofNullable(secret.getType()).orElse("Opaque");
    if (OTHER_PURPOSE.matcher(type).matches()) {
      return Optional.of(
          "%s is of type %s, which is made for something else; nothing of it was sent. Make one of type Opaque for the database."
              .formatted(name, type));
    }
    Map<String, String> labels =
        Optional.ofNullable(secret.getMetadata().getLabels()).orElse(Map.of());
    if ("true".equals(labels.get(LABEL))) {
      return Optional.empty();
    }
    return needsLabel(database)
        .map(
            because ->
                "%s has no label %s: \"true\", which is needed %s; nothing of it was sent. Whoever owns the Secret sets it."
                    .formatted(name, LABEL, because));
  }

  private Optional<String> needsLabel(DesiredDatabase database) {
    if (database.authentication() != DesiredDatabase.Authentication.SCRAM_SHA_256) {
      return Optional.of("where spec.database.authentication is not ScramSha256");
    }
    if (!USER_KEY.matcher(database.credentials().usernameKey()).matches()) {
      return Optional.of(
          "where usernameKey (%s) does not end in user, username, login or role"
              .formatted(database.credentials().usernameKey()));
    }
    return always ? Optional.of("for every Secret here (requireSecretLabel)") : Optional.empty();
  }
}
