package io.tenantdb.desired;

import io.tenantdb.api.v1alpha1.DatabaseSpec;
import io.tenantdb.api.v1alpha1.DatabaseSpec.CredentialsSecretRef;
import io.tenantdb.api.v1alpha1.DatabaseSpec.KeyRef;
import io.tenantdb.api.v1alpha1.DatabaseSpec.TlsSpec;
import io.tenantdb.api.v1alpha1.Grammar;
import io.tenantdb.desired.DesiredDatabase.Authentication;
import io.tenantdb.desired.DesiredDatabase.CaRef;
import io.tenantdb.desired.DesiredDatabase.Credentials;
import io.tenantdb.desired.DesiredDatabase.Mode;
import io.tenantdb.desired.DesiredDatabase.Source;
import io.tenantdb.desired.DesiredDatabase.Tls;
import java.util.Objects;
import java.util.Optional;

/** Reads {@code spec.database}. */
final class DatabaseReader {
  private static final String PATH = "spec.database";
  private static final int MAX_NAME = 253;
  private static final int MAX_PORT = 65_535;
  private static final int MIN_CONNECTIONS = 4;
  private static final int MAX_CONNECTIONS = 32;

  private final Fields fields;

  DatabaseReader(Fields fields) {
    this.fields = fields;
  }

  /** The settings. */
  DesiredDatabase read(DatabaseSpec spec) {
    DesiredDatabase database =
        new DesiredDatabase(
            fields.text(
                PATH + ".host",
                spec.host(),
                Grammar.HOST,
                MAX_NAME,
                "a host name or an address without a port"),
            fields.number(PATH + ".port", spec.port(), Defaults.PORT, 1, MAX_PORT),
            fields.name(PATH + ".name", spec.name()),
            credentials(PATH + ".credentialsSecretRef", spec.credentialsSecretRef()),
            fields.word(
                PATH + ".authentication",
                spec.authentication(),
                Defaults.AUTHENTICATION,
                Words.AUTHENTICATION),
            tls(PATH + ".tls", spec.tls()),
            fields.number(
                PATH + ".maxConnections",
                spec.maxConnections(),
                Defaults.MAX_CONNECTIONS,
                MIN_CONNECTIONS,
                MAX_CONNECTIONS));
    if (database.authentication() == Authentication.PASSWORD && !verified(database.tls().mode())) {
      fields.problems().add(PATH + ".authentication", Grammar.PASSWORD_MODE_MESSAGE);
    }
    return database;
  }

  private Credentials credentials(String path, CredentialsSecretRef spec) {
    CredentialsSecretRef ref =
        Objects.requireNonNullElse(spec, new CredentialsSecretRef(null, null, null));
    return new Credentials(
        objectName(path + ".name", ref.name()),
        key(path + ".usernameKey", ref.usernameKey(), Defaults.USERNAME_KEY),
        key(path + ".passwordKey", ref.passwordKey(), Defaults.PASSWORD_KEY));
  }

  private Tls tls(String path, TlsSpec spec) {
    TlsSpec tls = Objects.requireNonNullElse(spec, new TlsSpec(null, null, null));
    Mode mode = fields.word(path + ".mode", tls.mode(), Defaults.TLS_MODE, Words.TLS_MODE);
    Optional<CaRef> secret = ca(path + ".caSecretRef", Source.SECRET, tls.caSecretRef());
    Optional<CaRef> configMap =
        ca(path + ".caConfigMapRef", Source.CONFIG_MAP, tls.caConfigMapRef());
    if (secret.isPresent() && configMap.isPresent()) {
      fields.problems().add(path, Grammar.ONE_CA_MESSAGE);
    }
    Optional<CaRef> ca = secret.or(() -> configMap);
    if (ca.isPresent() && !verified(mode)) {
      fields.problems().add(path, Grammar.CA_MODE_MESSAGE);
    }
    return new Tls(mode, ca);
  }

  private static boolean verified(Mode mode) {
    return mode == Mode.VERIFY_CA || mode == Mode.VERIFY_FULL;
  }

  private Optional<CaRef> ca(String path, Source source, KeyRef ref) {
    return Optional.ofNullable(ref)
        .map(
            r ->
                new CaRef(
                    source,
                    objectName(path + ".name", r.name()),
                    key(path + ".key", r.key(), Defaults.CA_KEY)));
  }

  private String objectName(String path, String value) {
    return fields.text(
        path,
        value,
        Grammar.OBJECT_NAME,
        MAX_NAME,
        "the name of an object of this namespace: lower case letters, digits, dashes and dots");
  }

  private String key(String path, String value, String absent) {
    return value == null
        ? absent
        : fields.text(
            path, value, Grammar.OBJECT_KEY, MAX_NAME, "a key: letters, digits, -, _ and .");
  }
}
