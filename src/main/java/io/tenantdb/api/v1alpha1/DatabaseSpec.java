package io.tenantdb.api.v1alpha1;

import com.fasterxml.jackson.annotation.JsonClassDescription;
import com.fasterxml.jackson.annotation.JsonIgnoreProperties;
import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonPropertyDescription;
import io.fabric8.generator.annotation.Max;
import io.fabric8.generator.annotation.Min;
import io.fabric8.generator.annotation.Pattern;
import io.fabric8.generator.annotation.Required;
import io.fabric8.generator.annotation.Size;
import io.fabric8.generator.annotation.ValidationRule;

/** {@code spec.database}: how to reach the database. */
@JsonClassDescription("The database to connect to.")
@JsonInclude(JsonInclude.Include.NON_NULL)
@JsonIgnoreProperties(ignoreUnknown = true)
@ValidationRule(
    value =
        "!has(self.authentication) || self.authentication != 'Password' || !has(self.tls) || "
            + "!has(self.tls.mode) || self.tls.mode in ['VerifyCA', 'VerifyFull']",
    message = Grammar.PASSWORD_MODE_MESSAGE,
    fieldPath = ".authentication")
@ValidationRule(
    value = "self.name == oldSelf.name",
    message = Grammar.DATABASE_NAME_MESSAGE,
    fieldPath = ".name")
public record DatabaseSpec(
    @JsonPropertyDescription(
            "Host name or address of the server, without the port. VerifyFull wants it in "
                + "the server's certificate.")
        @Required
        @Size(min = 1, max = 253)
        @Pattern(Grammar.HOST)
        String host,
    @JsonPropertyDescription("TCP port.") @Min(1) @Max(65535) Integer port,
    @JsonPropertyDescription(
            "Name of the database. Immutable: another database is another resource.")
        @Required
        @Size(min = 1, max = 63)
        @Pattern(Grammar.NAME)
        String name,
    @JsonPropertyDescription(
            "Secret of this namespace with user name and password. A changed Secret is used "
                + "at once. One whose type says that it is for something else is refused.")
        @Required
        CredentialsSecretRef credentialsSecretRef,
    @JsonPropertyDescription(
            "How the password may be shown to the server at most: ScramSha256 (it is proved, not "
                + "sent), Md5 (a hash of it too), Password (as it is, too; needs VerifyCA or "
                + "VerifyFull). The latter two need the label tenantdb.io/credentials: \"true\" on the "
                + "Secret. A server that asks for nothing gets nothing. Maps to libpq's require_auth.")
        @Size(max = 16)
        String authentication,
    @JsonPropertyDescription("Transport security.") TlsSpec tls,
    @JsonPropertyDescription(
            "Upper bound of connections that the operator has open at once in this database; for "
                + "moments one more, whose session ends at once.")
        @Min(4)
        @Max(32)
        Integer maxConnections) {
  /** {@code spec.database.credentialsSecretRef}. */
  @JsonClassDescription("A Secret of this namespace with user name and password.")
  @JsonInclude(JsonInclude.Include.NON_NULL)
  @JsonIgnoreProperties(ignoreUnknown = true)
  public record CredentialsSecretRef(
      @JsonPropertyDescription("Name of a Secret in the namespace of this resource.")
          @Required
          @Size(min = 1, max = 253)
          @Pattern(Grammar.OBJECT_NAME)
          String name,
      @JsonPropertyDescription(
              "Key of the role to log in as. One whose name does not end in user, username, login or "
                  + "role needs the label tenantdb.io/credentials: \"true\" on the Secret: a user name "
                  + "is no secret.")
          @Size(min = 1, max = 253)
          @Pattern(Grammar.OBJECT_KEY)
          String usernameKey,
      @JsonPropertyDescription("Key of the password.")
          @Size(min = 1, max = 253)
          @Pattern(Grammar.OBJECT_KEY)
          String passwordKey) {}

  /** {@code spec.database.tls}. */
  @JsonClassDescription("Transport security.")
  @JsonInclude(JsonInclude.Include.NON_NULL)
  @JsonIgnoreProperties(ignoreUnknown = true)
  @ValidationRule(
      value =
          "!(has(self.caSecretRef) || has(self.caConfigMapRef)) || !has(self.mode) || "
              + "self.mode in ['VerifyCA', 'VerifyFull']",
      message = Grammar.CA_MODE_MESSAGE)
  @ValidationRule(
      value = "!(has(self.caSecretRef) && has(self.caConfigMapRef))",
      message = Grammar.ONE_CA_MESSAGE)
  public record TlsSpec(
      @JsonPropertyDescription(
              "What is asked of the server's certificate: Disable (no TLS), Require (TLS, "
                  + "certificate not looked at), VerifyCA (issued by the CA) or VerifyFull (and for "
                  + "this host). Maps to libpq's sslmode.")
          @Size(max = 16)
          String mode,
      @JsonPropertyDescription(
              "Secret of this namespace with the CA bundle (PEM). Without it and "
                  + "caConfigMapRef, the JVM's trust store. Maps to libpq's sslrootcert.")
          KeyRef caSecretRef,
      @JsonPropertyDescription(
              "ConfigMap of this namespace with the CA bundle (PEM). Only one of caSecretRef "
                  + "and caConfigMapRef.")
          KeyRef caConfigMapRef) {}

  /** A key of a Secret or ConfigMap of the same namespace. */
  @JsonClassDescription("A key of an object of this namespace.")
  @JsonInclude(JsonInclude.Include.NON_NULL)
  @JsonIgnoreProperties(ignoreUnknown = true)
  public record KeyRef(
      @JsonPropertyDescription("Name of the object in the namespace of this resource.")
          @Required
          @Size(min = 1, max = 253)
          @Pattern(Grammar.OBJECT_NAME)
          String name,
      @JsonPropertyDescription("Key of the CA bundle (PEM).")
          @Size(min = 1, max = 253)
          @Pattern(Grammar.OBJECT_KEY)
          String key) {}
}
