package io.tenantdb.chart;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.dataformat.yaml.YAMLMapper;
import io.tenantdb.testing.Command;
import io.tenantdb.testing.Helm;
import io.tenantdb.testing.Markdown;
import io.tenantdb.testing.RealParts;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What the chart can be told, and what it refuses. */
@RealParts
class ValuesIT {

  private final Helm helm;
  private final Chart chart;

  ValuesIT(Helm helm) {
    this.helm = helm;
    this.chart = new Chart(helm);
  }

  @ParameterizedTest
  @ValueSource(strings = {"default", "ha", "list"})
  void helm_finds_no_fault(String values) {
    Command.Result lint =
        helm.run("lint", "--strict", Chart.DIRECTORY.toString(), "--values", ChartIT.file(values));
    assertThat(lint.status()).as(lint.output() + lint.error()).isZero();
    assertThat(lint.output()).doesNotContain("[WARNING]", "[ERROR]");
  }

  @Test
  void without_an_image_it_says_how_to_make_one() {
    Command.Result result = helm.run("template", "release", Chart.DIRECTORY.toString());
    assertThat(result.status()).isNotZero();
    assertThat(result.error()).contains("image.repository must be set", "jib:build");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '"',
      textBlock =
          """
          replica=2                                  | 'replica' not allowed
          replicas=two                               | /replicas
          replicas=-1                                | /replicas
          watch=some                                 | /watch
          watch=                                     | /watch
          watch={Team_A}                             | /watch/0
          watch={team-a,all}                         | /watch/1
          watch={a,a}                                | /watch
          watchReferences=yes                        | /watchReferences
          requireSecretLabel=yes                     | /requireSecretLabel
          image.repository=registry/tenantdb:1       | /image/repository
          image.digest=sha1:00                       | /image/digest
          image.tag=a b                              | /image/tag
          image.pullPolicy=Sometimes                 | /image/pullPolicy
          image.name=tenantdb                        | 'name' not allowed
          shutdownGraceSeconds=25s                   | /shutdownGraceSeconds
          livenessGraceSeconds=0                     | /livenessGraceSeconds
          log.level=LOUD                             | /log/level
          log.format=xml                             | /log/format
          extraEnv[0].name=TENANTDB_LISTEN           | /extraEnv/0/name
          extraEnv[0].value=nameless                 | 'name'
          resources.memory=1Gi                       | 'memory' not allowed
          rbac.create=maybe                          | /rbac/create
          crds.keep=false                            | 'keep' not allowed
          crds.install=1                             | /crds/install
          serviceAccount.annotations.a=1             | /serviceAccount/annotations/a
          metrics.service.port=0                     | /metrics/service/port
          metrics.serviceMonitor.enabled=on          | /metrics/serviceMonitor/enabled
          metrics.serviceMonitor.interval=often      | /metrics/serviceMonitor/interval
          fullnameOverride=Big                       | /fullnameOverride
          podLabels=none                             | /podLabels
          """)
  void a_wrong_value_is_refused_by_its_name(String value, String named) {
    Command.Result result = chart.template("release", "system", "--set", value);
    assertThat(result.status()).as(result.output()).isNotZero();
    assertThat(result.error())
        .contains("don't meet the specifications of the schema")
        .contains(named);
  }

  @Test
  void what_the_pages_tell_a_reader_to_install_is_accepted() {
    List<String> commands =
        Stream.of("README.md", "docs/how-to/install.md")
            .flatMap(page -> Markdown.read(page).blocks("sh").stream())
            .flatMap(block -> block.text().replace("\\\n", " ").lines())
            .filter(line -> line.matches("helm (install|upgrade) .*"))
            .toList();
    assertThat(commands).hasSize(3);
    for (String command : commands) {
      List<String> words = new ArrayList<>(List.of(command.split(" +", -1)));
      assertThat(words.subList(2, 4))
          .containsExactly("tenantdb-operator", "helm/tenantdb-operator");
      // What a release is asked for beside its values needs a cluster.
      List<String> values = new ArrayList<>();
      for (int i = 0; i < words.size(); i++) {
        if (words.get(i).equals("--set")) {
          values.addAll(words.subList(i, i + 2));
        }
      }
      Command.Result result =
          chart.template("tenantdb-operator", "tenantdb-system", values.toArray(String[]::new));
      assertThat(result.status()).as("%s: %s", command, result.error()).isZero();
    }
  }

  @Test
  void it_can_be_a_part_of_another_chart() {
    assertThat(chart.template("release", "system", "--set", "global.any=thing").status()).isZero();
  }

  @Test
  void every_value_of_the_schema_is_in_the_file_of_values() throws IOException {
    JsonNode schema =
        new ObjectMapper().readTree(Chart.DIRECTORY.resolve("values.schema.json").toFile());
    JsonNode values = new YAMLMapper().readTree(Chart.DIRECTORY.resolve("values.yaml").toFile());
    assertThat(absent(schema, values, "")).containsExactly("/global");
  }

  private static List<String> absent(JsonNode schema, JsonNode values, String path) {
    List<String> absent = new ArrayList<>();
    if (values.isObject()) {
      schema
          .path("properties")
          .properties()
          .forEach(
              property -> {
                String at = path + "/" + property.getKey();
                // Which resources are asked for is Kubernetes' own choice.
                if (values.has(property.getKey())) {
                  absent.addAll(absent(property.getValue(), values.get(property.getKey()), at));
                } else if (!at.equals("/resources/claims")) {
                  absent.add(at);
                }
              });
    }
    return absent;
  }
}
