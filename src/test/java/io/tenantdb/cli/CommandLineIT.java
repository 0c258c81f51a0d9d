package io.tenantdb.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.tenantdb.testing.PostgresServer;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;

/** The commands on a real server, one after the other, as a person types them. */
class CommandLineIT {
  private static PostgresServer server;

  @TempDir Path directory;
  private Path file;
  private String database;
  private String out = "";
  private String err = "";

  @BeforeAll
  static void start() {
    server = PostgresServer.start(PostgresServer.NEWEST);
  }

  @AfterAll
  static void stop() {
    server.close();
  }

  @BeforeEach
  void twoTenants() throws IOException {
    database = server.createDatabase("cli_" + Long.toString(System.nanoTime(), 36));
    server.execute(
        database,
        "CREATE SCHEMA tenant_a",
        "CREATE TABLE tenant_a.batches (id bigint, intake_date date, fruit_type text)",
        "CREATE SCHEMA tenant_b",
        "CREATE TABLE tenant_b.batches (id bigint, intake_date date, fruit_type text)",
        "INSERT INTO tenant_b.batches SELECT g, current_date, 'apple' FROM generate_series(1, 500) g",
        "CREATE SCHEMA tenant_c");
    file =
        Files.writeString(
            directory.resolve("fruitpak.yaml"),
            """
            apiVersion: tenantdb.io/v1alpha1
            kind: TenantDatabase
            metadata: {name: fruitpak, namespace: platform}
            spec:
              database:
                host: elsewhere.invalid
                name: %s
                credentialsSecretRef: {name: fruitpak-db}
                tls: {mode: Disable}
              tenants: {patterns: ["tenant_*"], settle: 1s}
              indexes:
              - {name: ix_batches_intake_date, table: batches, columns: [intake_date]}
              - {name: ix_batches_fruit_type, table: batches, columns: [fruit_type]}
            ---
            apiVersion: v1
            kind: Secret
            metadata: {name: fruitpak-db, namespace: platform}
            stringData: {username: "%s", password: "%s"}
            """
                .formatted(database, server.user(), server.password()));
  }

  private int tenantdb(String command, String... more) {
    StringWriter stdout = new StringWriter();
    StringWriter stderr = new StringWriter();
    CommandLine line = new CommandLine(new TenantdbCommand());
    line.setOut(new PrintWriter(stdout)).setErr(new PrintWriter(stderr));
    String[] common = {
      command, "-f", file.toString(), "--host", server.host(), "--port", "" + server.port()
    };
    String[] words = java.util.Arrays.copyOf(common, common.length + more.length);
    System.arraycopy(more, 0, words, common.length, more.length);
    int code = line.execute(words);
    out = stdout.toString();
    err = stderr.toString();
    return code;
  }

  @Test
  void planApplyPlanStatusAgreeWithEachOther() {
    assertThat(tenantdb("plan")).as(err).isEqualTo(2);
    assertThat(err).contains("2 tenants are new: looking again in 1 s");
    assertThat(out)
        .contains("create batches.ix_batches_intake_date  in 2 schemas")
        .contains("Waiting:\n  tenant_c");

    assertThat(tenantdb("apply", "--yes", "--no-settle")).as(err).isZero();
    assertThat(out).contains("4 changes done, 0 failed, 0 postponed.");

    assertThat(tenantdb("plan", "--no-settle")).as(err).isZero();
    assertThat(tenantdb("status", "--no-settle")).as(err).isZero();
    assertThat(out)
        .contains("3: 2 synced, 1 waiting")
        .contains("no TimescaleDB: indexes and materialized views only");
    assertThat(tenantdb("indexes")).as(err).isZero();
    assertThat(out)
        .containsPattern("batches\\.ix_batches_intake_date +2 +[0-9.]+ KiB +[0-9.]+ KiB +0 +2");

    server.execute(database, "DROP INDEX tenant_a.ix_batches_fruit_type");
    assertThat(tenantdb("status", "--no-settle")).isEqualTo(2);
    assertThat(tenantdb("apply", "--yes", "--no-settle")).as(err).isZero();
    assertThat(tenantdb("status", "--no-settle")).isZero();
  }

  @Test
  void theSqlOfAPlanIsWhatPsqlWouldRun() {
    tenantdb("plan", "--no-settle", "--sql");
    assertThat(out).contains("CREATE INDEX CONCURRENTLY").contains("ON <schema>.\"batches\"");
  }

  @Test
  void aWrongPasswordIsOneSentenceWithoutThePassword() throws IOException {
    Files.writeString(
        file, Files.readString(file).replace("\"" + server.password() + "\"", "\"wr0ng-s3cret\""));
    assertThat(tenantdb("plan")).isEqualTo(1);
    assertThat(err).startsWith("tenantdb: AuthenticationFailed: ").doesNotContain("wr0ng-s3cret");
    assertThat(err.lines()).hasSize(1);
  }

  @Test
  void standardOutputIsTheCommandsAlone() throws Exception {
    Process process = process("plan", "--no-settle", "-o", "json");
    assertThat(process.waitFor()).isEqualTo(2);
    assertThat(Files.readString(directory.resolve("out"))).startsWith("{").endsWith("}\n");
    assertThat(directory.resolve("err")).isEmptyFile();
  }

  @Test
  void controlCStopsAtOnceAndTheNextRunFinishes() throws Exception {
    Process process;
    try (Connection writer = server.connect(database);
        Statement statement = writer.createStatement()) {
      writer.setAutoCommit(false);
      // A concurrent build waits for every transaction that has written to the table.
      statement.execute("DELETE FROM tenant_b.batches WHERE id = 1");
      process = process("apply", "--no-settle", "--yes");
      await()
          .atMost(Duration.ofMinutes(1))
          .until(() -> count("pg_stat_progress_create_index WHERE phase ~ 'waiting'") > 0);
      assertThat(new ProcessBuilder("kill", "-INT", "" + process.pid()).start().waitFor()).isZero();
      assertThat(process.waitFor(90, TimeUnit.SECONDS)).isTrue();
      writer.rollback();
    }
    assertThat(process.exitValue()).isEqualTo(130);
    assertThat(Files.readString(directory.resolve("err")))
        .contains("Interrupted: ", "run apply again.");

    assertThat(tenantdb("apply", "--yes", "--no-settle")).as(err).isZero();
    assertThat(count("pg_index WHERE NOT indisvalid")).isZero();
    assertThat(count("pg_class WHERE relname LIKE '\\_tdb\\_%'")).isZero();
  }

  private long count(String from) throws SQLException {
    try (Connection connection = server.connect(database);
        Statement statement = connection.createStatement();
        ResultSet row = statement.executeQuery("SELECT count(*) FROM " + from)) {
      row.next();
      return row.getLong(1);
    }
  }

  /** The program in a process of its own, its output in the files out and err. */
  private Process process(String command, String... more) throws IOException {
    List<String> words =
        new ArrayList<>(
            List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                // The tests have a logging configuration of their own.
                "-Dlogback.configurationFile=logback.xml",
                "-cp",
                System.getProperty("java.class.path"),
                "io.tenantdb.Main",
                command));
    words.addAll(List.of("-f", file.toString(), "--host", server.host()));
    words.addAll(List.of("--port", "" + server.port()));
    words.addAll(List.of(more));
    return new ProcessBuilder(words)
        .redirectOutput(directory.resolve("out").toFile())
        .redirectError(directory.resolve("err").toFile())
        .start();
  }
}
