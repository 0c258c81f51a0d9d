package io.tenantdb.operator;

import static org.assertj.core.api.Assertions.assertThat;

import io.fabric8.kubernetes.api.model.Secret;
import io.fabric8.kubernetes.api.model.SecretBuilder;
import io.tenantdb.desired.DesiredDatabase;
import io.tenantdb.desired.DesiredDatabase.Authentication;
import io.tenantdb.desired.DesiredDatabase.Mode;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class SecretConsentTest {

  private final SecretConsent consent = new SecretConsent(false);

  private static Secret secret(String type) {
    return new SecretBuilder()
        .withNewMetadata()
        .withName("fruit-db")
        .endMetadata()
        .withType(type)
        .build();
  }

  private static Secret labelled(String type) {
    return secret(type)
        .edit()
        .editMetadata()
        .addToLabels(SecretConsent.LABEL, "true")
        .endMetadata()
        .build();
  }

  private static DesiredDatabase database(Authentication authentication, String usernameKey) {
    return new DesiredDatabase(
        "db",
        5432,
        "fruit",
        new DesiredDatabase.Credentials("fruit-db", usernameKey, "password"),
        authentication,
        new DesiredDatabase.Tls(Mode.VERIFY_FULL, Optional.empty()),
        4);
  }

  private static DesiredDatabase usual() {
    return database(Authentication.SCRAM_SHA_256, "username");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "kubernetes.io/service-account-token",
        "kubernetes.io/dockercfg",
        "kubernetes.io/dockerconfigjson",
        "kubernetes.io/tls",
        "kubernetes.io/ssh-auth",
        "kubernetes.io/basic-auth-of-something",
        "bootstrap.kubernetes.io/token",
        "helm.sh/release.v1"
      })
  void one_that_was_made_for_something_else_is_refused_whatever_its_labels(String type) {
    assertThat(consent.refusal(labelled(type), usual()))
        .contains(
            "Secret fruit-db of spec.database.credentialsSecretRef is of type "
                + type
                + ", which is made for something else; nothing of it was sent. Make one of type"
                + " Opaque for the database.");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "Opaque",
        "kubernetes.io/basic-auth",
        "servicebinding.io/postgresql",
        "my-helm.sh/x"
      })
  void one_of_a_database_is_used(String type) {
    assertThat(consent.refusal(secret(type), usual())).isEmpty();
    assertThat(consent.refusal(secret(null), usual())).isEmpty();
  }

  @Test
  void a_password_is_shown_only_where_the_secret_consents() {
    for (Authentication shown :
        new Authentication[] {Authentication.MD5, Authentication.PASSWORD}) {
      assertThat(consent.refusal(secret("Opaque"), database(shown, "username")))
          .hasValueSatisfying(
              sentence ->
                  assertThat(sentence)
                      .contains("Secret fruit-db")
                      .contains("has no label tenantdb.io/credentials: \"true\"")
                      .contains("where spec.database.authentication is not ScramSha256"));
      assertThat(consent.refusal(labelled("Opaque"), database(shown, "username"))).isEmpty();
    }
  }

  /** It travels in the clear to the server that the author names, and stands in his status. */
  @ParameterizedTest
  @ValueSource(strings = {"password", "token", "uri", "users.json", "user-password", "ca.key"})
  void a_value_that_is_no_user_name_is_not_sent_as_one(String key) {
    assertThat(consent.refusal(secret("Opaque"), database(Authentication.SCRAM_SHA_256, key)))
        .hasValueSatisfying(sentence -> assertThat(sentence).contains("usernameKey (" + key + ")"));
    assertThat(consent.refusal(labelled("Opaque"), database(Authentication.SCRAM_SHA_256, key)))
        .isEmpty();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "username",
        "user",
        "PGUSER",
        "POSTGRES_USER",
        "db-username",
        "user_name",
        "login",
        "role"
      })
  void keys_of_user_names_need_no_label(String key) {
    assertThat(consent.refusal(secret("Opaque"), database(Authentication.SCRAM_SHA_256, key)))
        .isEmpty();
  }

  @Test
  void the_label_can_be_asked_for_always() {
    SecretConsent always = new SecretConsent(true);
    assertThat(always.refusal(secret("Opaque"), usual()))
        .hasValueSatisfying(sentence -> assertThat(sentence).contains("requireSecretLabel"));
    assertThat(always.refusal(labelled("Opaque"), usual())).isEmpty();
    Secret no =
        secret("Opaque")
            .edit()
            .editMetadata()
            .addToLabels(SecretConsent.LABEL, "false")
            .endMetadata()
            .build();
    assertThat(always.refusal(no, usual())).isPresent();
  }
}
