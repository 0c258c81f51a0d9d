package io.tenantdb.cli;

import io.tenantdb.api.v1alpha1.DatabaseSpec;
import io.tenantdb.database.ConnectionSettings;
import io.tenantdb.database.Password;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.function.Supplier;

/**
 * Where to connect, as whom: the file, what overrides it, and what stands in for the references
 * that only a cluster could follow.
 */
final class Connections {
  private static final int DEFAULT_PORT = 5432;
  private static final int DEFAULT_CONNECTIONS = 4;

  private final Surroundings surroundings;
  private final ResourceOptions options;
  private final Documents documents;
  private final List<String> problems = new ArrayList<>();

  Connections(Surroundings surroundings, ResourceOptions options, Documents documents) {
    this.surroundings = surroundings;
    this.options = options;
    this.documents = documents;
  }

  /**
   * The settings for a database.
   *
   * @throws CliException naming everything that is missing
   */
  ConnectionSettings resolve(DatabaseSpec spec) {
    Optional<DatabaseSpec.CredentialsSecretRef> reference =
        Optional.ofNullable(spec.credentialsSecretRef());
    String secret = reference.map(DatabaseSpec.CredentialsSecretRef::name).orElse("");
    Optional<String> user =
        credential(
            "user",
            options::user,
            secret,
            reference.map(DatabaseSpec.CredentialsSecretRef::usernameKey).orElse("username"),
            "--user");
    Optional<String> password =
        credential(
            "password",
            () -> options.passwordFile().map(this::firstLine),
            secret,
            reference.map(DatabaseSpec.CredentialsSecretRef::passwordKey).orElse("password"),
            "--password-file");
    ConnectionSettings.Tls tls = tls(spec);
    if (!problems.isEmpty()) {
      throw new CliException(problems);
    }
    return new ConnectionSettings(
        options.host().orElse(spec.host()),
        options.port().or(() -> Optional.ofNullable(spec.port())).orElse(DEFAULT_PORT),
        spec.name(),
        user.orElseThrow(),
        new Password(password.orElseThrow()),
        tls,
        Optional.ofNullable(spec.maxConnections()).orElse(DEFAULT_CONNECTIONS),
        "tenantdb");
  }

  private Optional<String> credential(
      String what,
      Supplier<Optional<String>> option,
      String secret,
      String key,
      String optionName) {
    String variable = what.toUpperCase(Locale.ROOT);
    Optional<String> value =
        option
            .get()
            .or(() -> surroundings.variable("TENANTDB_" + variable))
            .or(() -> documents.secret(secret, key))
            .or(() -> surroundings.variable("PG" + variable));
    if (value.isEmpty()) {
      problems.add(
          ("The %s is in Secret %s (key %s), which is not in the file: give %s, set TENANTDB_%s or"
                  + " PG%s, or add the Secret with a second -f.")
              .formatted(what, secret, key, optionName, variable, variable));
    }
    return value;
  }

  private ConnectionSettings.Tls tls(DatabaseSpec spec) {
    Optional<DatabaseSpec.TlsSpec> declared = Optional.ofNullable(spec.tls());
    ConnectionSettings.Tls.Mode mode =
        options
            .tls()
            .or(() -> declared.map(DatabaseSpec.TlsSpec::mode))
            .map(this::mode)
            .orElse(ConnectionSettings.Tls.Mode.VERIFY_FULL);
    boolean verified =
        mode == ConnectionSettings.Tls.Mode.VERIFY_CA
            || mode == ConnectionSettings.Tls.Mode.VERIFY_FULL;
    return new ConnectionSettings.Tls(
        mode, verified ? certificateAuthority(declared) : Optional.empty());
  }

  private ConnectionSettings.Tls.Mode mode(String text) {
    return Arrays.stream(ConnectionSettings.Tls.Mode.values())
        .filter(mode -> mode.name().replace("_", "").equalsIgnoreCase(text))
        .findFirst()
        .orElseThrow(
            () ->
                new CliException(
                    "--tls must be Disable, Require, VerifyCA or VerifyFull, not '%s'."
                        .formatted(text)));
  }

  private Optional<String> certificateAuthority(Optional<DatabaseSpec.TlsSpec> declared) {
    if (options.caFile().isPresent()) {
      return options.caFile().map(this::content);
    }
    Optional<DatabaseSpec.KeyRef> secret = declared.map(DatabaseSpec.TlsSpec::caSecretRef);
    Optional<DatabaseSpec.KeyRef> configMap = declared.map(DatabaseSpec.TlsSpec::caConfigMapRef);
    if (secret.isPresent()) {
      return referred("Secret", secret.get(), documents.secret(secret.get().name(), key(secret)));
    }
    if (configMap.isPresent()) {
      return referred(
          "ConfigMap",
          configMap.get(),
          documents.configMap(configMap.get().name(), key(configMap)));
    }
    return Optional.empty();
  }

  private static String key(Optional<DatabaseSpec.KeyRef> reference) {
    return reference.map(DatabaseSpec.KeyRef::key).orElse("ca.crt");
  }

  private Optional<String> referred(
      String kind, DatabaseSpec.KeyRef reference, Optional<String> value) {
    if (value.isEmpty()) {
      problems.add(
          ("The certificate authority is in %s %s (key %s), which is not in the file: give"
                  + " --ca-file, or add the %s with a second -f.")
              .formatted(kind, reference.name(), key(Optional.of(reference)), kind));
    }
    return value;
  }

  private String firstLine(Path file) {
    return content(file).lines().findFirst().orElse("");
  }

  private String content(Path file) {
    try {
      return Files.readString(file);
    } catch (IOException e) {
      throw new CliException(
          "The file %s cannot be read (%s).".formatted(file, e.getClass().getSimpleName()));
    }
  }
}
