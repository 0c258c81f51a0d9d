package io.tenantdb.api.v1alpha1;

public record DatabaseSpec(
    String host,
    Integer port,
    String name,
    CredentialsSecretRef credentialsSecretRef,
    TlsSpec tls,
    Integer maxConnections) {

  public record CredentialsSecretRef(String name, String usernameKey, String passwordKey) {}

  public record TlsSpec(String mode, KeyRef caSecretRef, KeyRef caConfigMapRef) {}

  public record KeyRef(String name, String key) {}
}
