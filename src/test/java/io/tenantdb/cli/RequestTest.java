package io.tenantdb.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.tenantdb.database.ConnectionSettings;
import io.tenantdb.database.ConnectionSettings.Tls.Mode;
import io.tenantdb.database.Password;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class RequestTest {
  @TempDir Path directory;
  private CommandRun run;

  @BeforeEach
  void commandLine() {
    run = new CommandRun(directory);
  }

  private ConnectionSettings settings(String... arguments) {
    run.passes(Fleet.of()).run("plan", arguments);
    assertThat(run.err).isEmpty();
    return run.settings.orElseThrow();
  }

  private void refused(String sentence, String... arguments) {
    assertThat(run.passes(Fleet.of()).run("plan", arguments)).isEqualTo(1);
    assertThat(run.err).contains("tenantdb: " + sentence);
    assertThat(run.out).isEmpty();
    assertThat(run.settings).isEmpty();
  }

  @Test
  void theFileSaysWhereAndAsWhom() {
    ConnectionSettings settings = settings();
    assertThat(settings.host()).isEqualTo("postgres.platform.svc");
    assertThat(settings.port()).isEqualTo(5432);
    assertThat(settings.database()).isEqualTo("fruitpak");
    assertThat(settings.user()).isEqualTo("operator");
    assertThat(settings.password()).isEqualTo(new Password("s3cret-in-file"));
    assertThat(settings.tls().mode()).isEqualTo(Mode.VERIFY_FULL);
    assertThat(settings.tls().caPem()).isEmpty();
    assertThat(run.desired.orElseThrow().ownerId()).isEqualTo("platform/fruitpak");
  }

  @Test
  void optionsBeatTheFile() {
    Path password = run.write("password", "from-option\n");
    Path ca = run.write("ca.pem", "PEM");
    ConnectionSettings settings =
        settings(
            "--host",
            "localhost",
            "--port",
            "15432",
            "--tls",
            "verifyca",
            "--ca-file",
            ca.toString(),
            "--user",
            "me",
            "--password-file",
            password.toString());
    assertThat(settings.host()).isEqualTo("localhost");
    assertThat(settings.port()).isEqualTo(15432);
    assertThat(settings.tls())
        .isEqualTo(new ConnectionSettings.Tls(Mode.VERIFY_CA, java.util.Optional.of("PEM")));
    assertThat(settings.user()).isEqualTo("me");
    assertThat(settings.password()).isEqualTo(new Password("from-option"));
  }

  @Test
  void ourOwnVariablesBeatTheSecretAndPostgresOnesStandIn() {
    run.environment.put("PGUSER", "pg");
    run.environment.put("PGPASSWORD", "pg-password");
    assertThat(settings().user()).isEqualTo("operator");
    run.environment.put("TENANTDB_USER", "ours");
    run.environment.put("TENANTDB_PASSWORD", "ours-password");
    assertThat(settings().user()).isEqualTo("ours");
    assertThat(settings().password()).isEqualTo(new Password("ours-password"));
    run.environment.remove("TENANTDB_USER");
    run.environment.remove("TENANTDB_PASSWORD");
    run.file(CommandRun.RESOURCE);
    assertThat(settings().user()).isEqualTo("pg");
    assertThat(settings().password()).isEqualTo(new Password("pg-password"));
  }

  @Test
  void aSecretInASecondFileIsFound() {
    run.file(CommandRun.RESOURCE);
    Path secret =
        run.write(
            "secret.yaml",
            """
            apiVersion: v1
            kind: Secret
            metadata: {name: fruitpak-db}
            data: {username: b3BlcmF0b3I=, password: czNjcmV0}
            """);
    ConnectionSettings settings = settings("-f", secret.toString());
    assertThat(settings.user()).isEqualTo("operator");
    assertThat(settings.password()).isEqualTo(new Password("s3cret"));
  }

  @Test
  void missingCredentialsNameTheSecretAndTheOptions() {
    run.file(CommandRun.RESOURCE);
    refused("The user is in Secret fruitpak-db (key username), which is not in the file");
    assertThat(run.err)
        .contains("give --user, set TENANTDB_USER or PGUSER")
        .contains("The password is in Secret fruitpak-db (key password)")
        .contains("give --password-file, set TENANTDB_PASSWORD or PGPASSWORD");
  }

  @Test
  void aSecretOfAnotherNameIsNotTaken() {
    run.file(CommandRun.RESOURCE + "---\n" + CommandRun.SECRET.replace("fruitpak-db", "other"));
    refused("The user is in Secret fruitpak-db");
  }

  @Test
  void aCertificateAuthorityComesFromWhatTheFileRefersTo() {
    String resource =
        CommandRun.RESOURCE.replace(
            "    name: fruitpak\n",
            "    name: fruitpak\n    tls: {caConfigMapRef: {name: fruitpak-ca}}\n");
    run.file(resource + "---\n" + CommandRun.SECRET);
    refused("The certificate authority is in ConfigMap fruitpak-ca (key ca.crt)");
    run.file(
        resource
            + "---\n"
            + CommandRun.SECRET
            + "---\n{apiVersion: v1, kind: ConfigMap, metadata: {name: fruitpak-ca}, data: {ca.crt: PEM}}\n");
    assertThat(settings().tls().caPem()).contains("PEM");
  }

  @Test
  void noPasswordIsPrinted() {
    run.passes(Fleet.of("tenant_a")).run("plan", "--sql");
    assertThat(run.out + run.err).doesNotContain("s3cret");
    run.file(CommandRun.SECRET + "  password: *s3cret-alias\n" + CommandRun.RESOURCE);
    run.run("plan");
    assertThat(run.out + run.err).doesNotContain("s3cret");
    assertThat(run.settings.orElseThrow().toString()).doesNotContain("s3cret");
  }

  @Test
  void marksMustBeTheOperators() {
    String homeless = CommandRun.RESOURCE.replace(", namespace: platform", "");
    run.file(homeless + "---\n" + CommandRun.SECRET);
    refused("The resource has no metadata.namespace: give --namespace, or set spec.ownerId");
    settings("--namespace", "elsewhere");
    assertThat(run.desired.orElseThrow().ownerId()).isEqualTo("elsewhere/fruitpak");
    run.file(
        homeless.replace("spec:\n", "spec:\n  ownerId: moved/fruitpak\n")
            + "---\n"
            + CommandRun.SECRET);
    settings();
    assertThat(run.desired.orElseThrow().ownerId()).isEqualTo("moved/fruitpak");
  }

  @Test
  void aNamespaceThatContradictsTheFileIsRefused() {
    refused("metadata.namespace is platform, and --namespace says other", "-n", "other");
  }

  @Test
  void everyProblemOfTheResourceHasItsLine() {
    run.refusals = resource -> List.of("spec.a: first.", "spec.b: second.");
    assertThat(run.run("plan")).isEqualTo(1);
    assertThat(run.err.lines())
        .containsExactly("tenantdb: spec.a: first.", "tenantdb: spec.b: second.");
  }

  @Test
  void rulesThatTheSchemaCannotSayAreToldToo() {
    run.file(
        CommandRun.RESOURCE.replace("name: fruitpak\n", "name: fruitpak\n    maxConnections: 0\n")
            + "---\n"
            + CommandRun.SECRET);
    refused("spec.database.maxConnections");
  }

  @Test
  void filesThatAreNoneAreNamed() throws IOException {
    Path absent = directory.resolve("absent.yaml");
    assertThat(run.execute("plan", "-f", absent.toString())).isEqualTo(1);
    assertThat(run.err).contains("There is no file " + absent);
    assertThat(run.execute("plan", "-f", directory.toString())).isEqualTo(1);
    assertThat(run.err).contains("it is a directory");
    Path latin1 = directory.resolve("latin1.yaml");
    Files.write(latin1, new byte[] {'a', ':', ' ', (byte) 0xe9, '\n'});
    assertThat(run.execute("plan", "-f", latin1.toString())).isEqualTo(1);
    assertThat(run.err).contains("it is not in UTF-8");
    run.file("a: [1\nb: }");
    refused(directory.resolve("resource.yaml") + " is not YAML: line 2");
    run.file(CommandRun.SECRET);
    refused(directory.resolve("resource.yaml") + " holds no TenantDatabase");
    run.file(CommandRun.RESOURCE + "---\n" + CommandRun.RESOURCE);
    refused(directory.resolve("resource.yaml") + " holds 2 TenantDatabases (fruitpak, fruitpak)");
    run.file(CommandRun.RESOURCE.replace("v1alpha1", "v9"));
    refused("apiVersion must be tenantdb.io/v1alpha1, not 'tenantdb.io/v9'");
    run.file("{apiVersion: tenantdb.io/v1alpha1, kind: TenantDatabase, metadata: {name: x}}");
    refused("spec is required");
  }

  @Test
  void anchorsAndMergeKeysMeanWhatTheyMeanToKubectl() {
    run.file(
        CommandRun.RESOURCE.replace(
                "columns: [intake_date]}\n",
                """
                columns: &intake [intake_date]}
                  - &h {name: ix_batch_history_intake, table: batch_history, columns: *intake}
                  - {<<: *h, name: ix_batch_history_intake_2}
                """)
            + "---\n"
            + CommandRun.SECRET);
    settings();
    assertThat(run.desired.orElseThrow().indexes())
        .extracting(index -> index.table() + " " + index.keys().get(0).column().orElseThrow())
        .containsExactly(
            "batches intake_date", "batch_history intake_date", "batch_history intake_date");
  }

  @Test
  void aListIsItsResources() {
    run.file(
        "apiVersion: v1\nkind: List\nitems:\n-\n"
            + CommandRun.RESOURCE.indent(2)
            + "-\n"
            + CommandRun.SECRET.indent(2));
    assertThat(settings().user()).isEqualTo("operator");
  }

  @Test
  void aDocumentThatIsNoResourceIsRefused() {
    run.file("- a\n");
    refused(directory.resolve("resource.yaml") + " has a document that is no resource.");
  }

  @Test
  void aValueOfASecretThatIsNoStringIsRefused() {
    run.file(
        CommandRun.RESOURCE + "---\n" + CommandRun.SECRET.replace("s3cret-in-file", "0123456"));
    refused("stringData.password of Secret fruitpak-db is no string: put it into quotes.");
    assertThat(run.err).doesNotContain("42798");
  }

  @Test
  void usageErrorsAreExitCodeOne() {
    assertThat(run.execute()).isEqualTo(1);
    assertThat(run.execute("plan")).isEqualTo(1);
    assertThat(run.err).contains("Missing required option: '--file=FILE'");
    assertThat(run.execute("destroy")).isEqualTo(1);
    assertThat(run.run("plan", "--nonsense")).isEqualTo(1);
    assertThat(run.run("plan", "-o", "xml")).isEqualTo(1);
    assertThat(run.run("apply", "--port", "many")).isEqualTo(1);
    refused("--tls must be Disable, Require, VerifyCA or VerifyFull, not 'off'", "--tls", "off");
  }

  @Test
  void helpSaysTheExitCodes() {
    for (String command : List.of("plan", "apply", "status", "indexes")) {
      assertThat(run.execute(command, "--help")).isZero();
      assertThat(run.out).contains("Exit codes:", "Examples:", "--password-file=FILE");
    }
    assertThat(run.execute("--help")).isZero();
    assertThat(run.out).contains("plan", "apply", "status", "Commands:");
    assertThat(run.execute("--version")).isZero();
    assertThat(run.out).startsWith("tenantdb ");
  }
}
