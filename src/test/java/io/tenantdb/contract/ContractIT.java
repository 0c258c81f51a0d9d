package io.tenantdb.contract;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.tenantdb.testing.Command;
import io.tenantdb.testing.KubernetesApi;
import io.tenantdb.testing.RealParts;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.assertj.core.api.SoftAssertions;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Only a real API server proves a definition. */
@RealParts
class ContractIT {
  private static final Path CRD = Path.of("crds", "tenantdatabases.tenantdb.io.yaml");
  private static final List<String> SERVER_SIDE =
      List.of("apply", "--server-side", "--dry-run=server", "-f");
  private static final List<String> CLIENT_SIDE = List.of("apply", "--dry-run=server", "-f");

  private final KubernetesApi api;

  @TempDir Path directory;

  ContractIT(KubernetesApi api) {
    this.api = api;
  }

  @BeforeEach
  void theDefinitionIsInstalled() {
    api.applyCrd(CRD);
    if (api.adminClient().namespaces().withName("platform").get() == null) {
      api.createNamespace("platform");
    }
  }

  @Test
  void theDefinitionIsTakenByClientSideApplyToo() {
    Command.Result result = api.kubectl("apply", "--dry-run=server", "-f", CRD.toString());
    assertThat(result.status()).as(result.error()).isZero();
  }

  @Test
  void everyValidResourceIsTakenEitherWay() {
    SoftAssertions softly = new SoftAssertions();
    for (Corpus.Case valid : Corpus.valid()) {
      for (List<String> mode : List.of(CLIENT_SIDE, SERVER_SIDE)) {
        Command.Result result = apply(mode, valid.file());
        softly.assertThat(result.status()).as("%s: %s", valid.file(), result.error()).isZero();
      }
    }
    softly.assertAll();
  }

  @Test
  void theSecretOfTheExampleIsTaken() {
    Command.Result result = apply(SERVER_SIDE, Path.of("examples", "fruitpak-secret.yaml"));
    assertThat(result.status()).as(result.error()).isZero();
  }

  @Test
  void everyInvalidResourceIsRefusedByClientSideApply() {
    SoftAssertions softly = new SoftAssertions();
    for (Corpus.Case invalid : Corpus.invalid()) {
      Command.Result result = apply(CLIENT_SIDE, invalid.file());
      softly.assertThat(result.status()).as("%s", invalid.file()).isNotZero();
      softly
          .assertThat(result.error())
          .as("%s", invalid.file())
          .contains(invalid.expect().orElseThrow());
    }
    softly.assertAll();
  }

  @Test
  void everyInvalidResourceIsRefusedByServerSideApply() {
    SoftAssertions softly = new SoftAssertions();
    for (Corpus.Case invalid : Corpus.invalid()) {
      Command.Result result = apply(SERVER_SIDE, invalid.file());
      softly.assertThat(result.status()).as("%s", invalid.file()).isNotZero();
      softly
          .assertThat(result.error())
          .as("%s", invalid.file())
          .contains(invalid.expectServerSide().orElseThrow());
    }
    softly.assertAll();
  }

  @Test
  void aResourceOfFullSizeIsTakenAndCanBeChanged() throws IOException {
    ObjectNode resource = FullSize.withOpclasses();
    assertThat(resource.toString().length()).isLessThan(1 << 20);
    Path file = directory.resolve("full.json");
    Files.writeString(file, resource.toString());
    api.kubectl("apply", "--server-side", "-f", file.toString()).orThrow();

    ((ObjectNode) resource.get("spec")).put("interval", "5m");
    Files.writeString(file, resource.toString());
    api.kubectl("apply", "--server-side", "-f", file.toString()).orThrow();
    assertThat(
            api.kubectl(
                    "get",
                    "tdb",
                    "valid-full-size",
                    "-n",
                    "default",
                    "-o",
                    "jsonpath={.spec.interval} {.spec.indexes[511].name}")
                .orThrow())
        .isEqualTo("5m ix_of_ordinary_length_511");
    api.kubectl("delete", "tdb", "valid-full-size", "-n", "default").orThrow();
  }

  @Test
  void databaseAndOwnerCannotBeChanged() throws IOException {
    String yaml =
        Files.readString(Path.of("examples", "minimal.yaml"))
            .replace("name: minimal", "name: immutable")
            .replace("spec:\n", "spec:\n  ownerId: team/app\n");
    Path file = directory.resolve("resource.yaml");
    Files.writeString(file, yaml);
    api.kubectl("apply", "--server-side", "-f", file.toString()).orThrow();

    Files.writeString(file, yaml.replace("name: app\n", "name: other\n"));
    assertThat(apply(SERVER_SIDE, file).error())
        .contains("database.name is immutable: create another TenantDatabase.");
    Files.writeString(file, yaml.replace("team/app", "team/other"));
    assertThat(apply(SERVER_SIDE, file).error())
        .contains("ownerId cannot be changed: the marks on the database would belong to nobody.");
    Files.writeString(file, yaml.replace("  ownerId: team/app\n", ""));
    assertThat(apply(SERVER_SIDE, file).error()).contains("ownerId cannot be changed");
    api.kubectl("delete", "-f", file.toString(), "--ignore-not-found").orThrow();
  }

  @Test
  void absentFieldsOutsideListsAreFilledInAndNoneBelowThem() {
    String spec =
        api.kubectl(
                "apply",
                "--server-side",
                "--dry-run=server",
                "-o",
                "json",
                "-f",
                "examples/fruitpak.yaml")
            .orThrow();
    assertThat(Corpus.parse(spec).at("/spec/safety"))
        .isEqualTo(
            Corpus.parse(
                "{onDestructive: Deny, onDrift: Correct, prune: Disabled, deletionPolicy: Retain,"
                    + " allowSuperuserOwned: false, lockTimeout: 3s, buildTimeout: 2h}"));
    assertThat(Corpus.parse(spec).at("/spec/rollout/maxParallel").asInt()).isEqualTo(2);
    assertThat(Corpus.parse(spec).at("/spec/database/tls/mode").asText()).isEqualTo("VerifyFull");
    assertThat(Corpus.parse(spec).at("/spec/indexes/1"))
        .isEqualTo(
            Corpus.parse("{name: ix_batches_intake_date, table: batches, columns: [intake_date]}"));
    assertThat(Corpus.parse(spec).at("/spec/tenants/overrides/0/hypertables/0"))
        .isEqualTo(Corpus.parse("{table: batch_history, retention: {dropAfter: 7 years}}"));
  }

  @Test
  void explainIsTheManual() {
    assertThat(api.kubectl("explain", "tdb.spec.hypertables.compression.after").orThrow())
        .contains("add_compression_policy(compress_after)");
    assertThat(api.kubectl("explain", "tdb.spec.indexes.keys.statistics").orThrow())
        .contains("SET STATISTICS");
    assertThat(api.kubectl("explain", "tdb").orThrow())
        .contains("The indexes and policies that every tenant schema");
    assertThat(api.kubectl("api-resources", "--categories=databases").orThrow()).contains("tdb");
  }

  private Command.Result apply(List<String> mode, Path file) {
    return api.kubectl(
        Stream.concat(mode.stream(), Stream.of(file.toString())).toArray(String[]::new));
  }
}
