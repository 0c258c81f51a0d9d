package io.tenantdb.cli;

import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import picocli.CommandLine.Option;

/** The options that say which resource, which database, and as whom. */
final class ResourceOptions {

  @Option(
      names = {"-f", "--file"},
      required = true,
      paramLabel = "FILE",
      description = {
        "The TenantDatabase, as YAML.",
        "A Secret or ConfigMap that it refers to may stand in the same file, or in another one"
            + " given by a second -f."
      })
  private List<Path> files = List.of();

  @Option(
      names = {"-n", "--namespace"},
      paramLabel = "NAMESPACE",
      description = {
        "The resource's namespace, where the file has none: the marks on the database's objects"
            + " bear <namespace>/<name>, unless spec.ownerId says otherwise."
      })
  private Optional<String> namespace = Optional.empty();

  @Option(
      names = "--host",
      paramLabel = "HOST",
      description = "Instead of spec.database.host, for example behind a port-forward.")
  private Optional<String> host = Optional.empty();

  @Option(names = "--port", paramLabel = "PORT", description = "Instead of spec.database.port.")
  private Optional<Integer> port = Optional.empty();

  @Option(
      names = "--tls",
      paramLabel = "MODE",
      description = "Instead of spec.database.tls.mode: Disable, Require, VerifyCA or VerifyFull.")
  private Optional<String> tls = Optional.empty();

  @Option(
      names = "--ca-file",
      paramLabel = "FILE",
      description = "Certificate authorities in PEM, instead of what spec.database.tls refers to.")
  private Optional<Path> caFile = Optional.empty();

  @Option(
      names = {"-U", "--user"},
      paramLabel = "ROLE",
      description = "Role to log in as; else TENANTDB_USER, the Secret in the file, PGUSER.")
  private Optional<String> user = Optional.empty();

  @Option(
      names = "--password-file",
      paramLabel = "FILE",
      description =
          "File whose first line is the password; else TENANTDB_PASSWORD, the Secret in the file,"
              + " PGPASSWORD. There is no option for the password itself: other users would see it.")
  private Optional<Path> passwordFile = Optional.empty();

  @Option(
      names = "--no-settle",
      description =
          "Take a new tenant's tables as they are now. Otherwise, where there is a new tenant, the"
              + " command looks twice, spec.tenants.settle apart.")
  private boolean noSettle;

  List<Path> files() {
    return files;
  }

  Optional<String> namespace() {
    return namespace;
  }

  Optional<String> host() {
    return host;
  }

  Optional<Integer> port() {
    return port;
  }

  Optional<String> tls() {
    return tls;
  }

  Optional<Path> caFile() {
    return caFile;
  }

  Optional<String> user() {
    return user;
  }

  Optional<Path> passwordFile() {
    return passwordFile;
  }

  boolean noSettle() {
    return noSettle;
  }
}
