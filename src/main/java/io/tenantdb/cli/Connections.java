package io.tenantdb.cli;

import io.tenantdb.database.ConnectionSettings;
import io.tenantdb.database.Password;
import io.tenantdb.desired.DesiredDatabase;
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
  ConnectionSettings resolve(DesiredDatabase database) {
    DesiredDatabase.Credentials declared = database.credentials();
    Optional<String> user =
        credential("user", options::user, declared.secret(), declared.usernameKey(), "--user");
    Optional<String> password =
        credential(
            "password",
            () -> options.passwordFile().map(this::firstLine),
            declared.secret(),
            declared.passwordKey(),
            "--password-file");
    ConnectionSettings.Tls tls = tls(database.tls());
    if (!problems.isEmpty()) {
      throw new CliException(problems);
    }
    return new ConnectionSettings(
        options.host().orElse(database.host()),
        options.port().orElse(database.port()),
        database.name(),
        user.orElseThrow(),
        new Password(password.orElseThrow()),
        ConnectionSettings.Authentication.valueOf(database.authentication().name()),
        tls,
        database.maxConnections(),
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

  private ConnectionSettings.Tls tls(DesiredDatabase.Tls declared) {
    ConnectionSettings.Tls.Mode mode =
        options
            .tls()
            .map(Connections::mode)
            .orElseGet(() -> ConnectionSettings.Tls.Mode.valueOf(declared.mode().name()));
    boolean verified =
        mode == ConnectionSettings.Tls.Mode.VERIFY_CA
            || mode == ConnectionSettings.Tls.Mode.VERIFY_FULL;
    return new ConnectionSettings.Tls(
        mode, verified ? certificateAuthority(declared.ca()) : Optional.empty());
  }

  private static ConnectionSettings.Tls.Mode mode(String text) {
    return Arrays.stream(ConnectionSettings.Tls.Mode.values())
        .filter(mode -> mode.name().replace("_", "").equalsIgnoreCase(text))
        .findFirst()
        .orElseThrow(
            () ->
                new CliException(
                    "--tls must be Disable, Require, VerifyCA or VerifyFull, not '%s'."
                        .formatted(text)));
  }

  private Optional<String> certificateAuthority(Optional<DesiredDatabase.CaRef> declared) {
    if (options.caFile().isPresent()) {
      return options.caFile().map(this::content);
    }
    Optional<String> value = declared.flatMap(this::referred);
    if (declared.isPresent() && value.isEmpty()) {
      String kind =
          declared.get().source() == DesiredDatabase.Source.SECRET ? "Secret" : "ConfigMap";
      problems.add(
          ("The certificate authority is in %s %s (key %s), which is not in the file: give"
                  + " --ca-file, or add the %s with a second -f.")
              .formatted(kind, declared.get().name(), declared.get().key(), kind));
    }
    return value;
  }

  private Optional<String> referred(DesiredDatabase.CaRef reference) {
    return switch (reference.source()) {
      case SECRET -> documents.secret(reference.name(), reference.key());
      case CONFIG_MAP -> documents.configMap(reference.name(), reference.key());
    };
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
