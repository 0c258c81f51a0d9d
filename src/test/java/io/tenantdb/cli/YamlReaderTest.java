package io.tenantdb.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * The right-hand sides were printed by sigs.k8s.io/yaml 1.6.0 (go-yaml 2.4.3), the library of
 * {@code kubectl}.
 */
class YamlReaderTest {

  private static String read(String text) throws Exception {
    List<JsonNode> documents = YamlReader.read("fruit.yaml", text);
    assertThat(documents).hasSize(1);
    return new ObjectMapper().writeValueAsString(documents.get(0));
  }

  private static void refused(String text, String sentence) {
    assertThat(catchThrowableOfType(CliException.class, () -> YamlReader.read("fruit.yaml", text)))
        .as(text.substring(0, Math.min(200, text.length())))
        .hasMessage("fruit.yaml " + sentence);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "y | true",
        "Yes | true",
        "yES | \"yES\"",
        "on | true",
        "n | false",
        "No | false",
        "OFF | false",
        "True | true",
        "tRue | \"tRue\"",
        "~ | null",
        "Null | null",
        "nULL | \"nULL\"",
        "01 | 1",
        "017 | 15",
        "08 | 8",
        "09.5 | 9.5",
        "0o17 | 15",
        "0x1F | 31",
        "0b11 | 3",
        "-0b11 | -3",
        "+5 | 5",
        "-017 | -15",
        "1_000 | 1000",
        "_1 | \"_1\"",
        "1e3 | 1000",
        "1e999 | \"1e999\"",
        "1. | 1",
        ".5 | 0.5",
        "5e | \"5e\"",
        "5432.0 | 5432",
        "0x | \"0x\"",
        "0b2 | \"0b2\"",
        "1:30 | \"1:30\"",
        "2001-01-01 | \"2001-01-01\"",
        "30d | \"30d\"",
        "18446744073709551615 | 18446744073709551615",
        "= | \"=\"",
        "! x | \"x\"",
        "!!str 12 | \"12\"",
        "!!float 3 | 3",
        "!!int '12' | 12",
        "!!binary aGVsbG8= | \"hello\"",
        "!tenant x | \"x\"",
        "'yes' | \"yes\"",
        "\"012\" | \"012\"",
      })
  void aWordMeansWhatItMeansToKubectl(String word, String json) throws Exception {
    assertThat(read("v: " + word + "\n")).isEqualTo("{\"v\":" + json + "}");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "on | true",
        "0x10 | 16",
        "1.5 | 1.5",
        "true | true",
        "2001-01-01 | 2001-01-01",
      })
  void aKeyIsText(String key, String text) throws Exception {
    assertThat(read(key + ": v\n")).isEqualTo("{\"" + text + "\":\"v\"}");
  }

  @Test
  void anAliasIsWhatItsAnchorIs() throws Exception {
    assertThat(read("a: &t batches\nb: *t\n")).isEqualTo("{\"a\":\"batches\",\"b\":\"batches\"}");
    assertThat(read("exclude: [&x tenant_a, *x]\nmore: {columns: &c [u, v], keys: *c}\n"))
        .isEqualTo(
            "{\"exclude\":[\"tenant_a\",\"tenant_a\"],\"more\":{\"columns\":[\"u\",\"v\"],"
                + "\"keys\":[\"u\",\"v\"]}}");
    assertThat(read("a: &k key\n*k : v\n")).isEqualTo("{\"a\":\"key\",\"key\":\"v\"}");
  }

  @Test
  void whatIsMergedGivesWayToWhatIsWritten() throws Exception {
    assertThat(read("a: &a {x: 1, z: 2}\nb: {<<: *a, z: 3}\n"))
        .isEqualTo("{\"a\":{\"x\":1,\"z\":2},\"b\":{\"x\":1,\"z\":3}}");
    assertThat(read("a: &a {x: 1}\nb: &b {x: 2, z: 3}\nc: {<<: [*a, *b]}\n"))
        .endsWith("\"c\":{\"x\":1,\"z\":3}}");
    assertThat(read("'<<': {a: 1}\n")).isEqualTo("{\"<<\":{\"a\":1}}");
    // kubectl takes 1, the specification 3.
    refused(
        "a: &a {x: 1}\nb:\n  x: 3\n  <<: *a\n",
        "cannot be read: line 3, column 3 has a key that << below it has, too: write << above what"
            + " is to stand instead.");
    refused(
        "a: &a [x]\nb: {<<: *a}\n",
        "cannot be read: line 2, column 5 merges something that has no keys.");
  }

  @Test
  void severalDocumentsStandInOneFileAndEmptyOnesAreNone() {
    assertThat(YamlReader.read("f", "---\n# a\n---\na: 1\n---\n---\nb: 2\n...\n"))
        .extracting(JsonNode::toString)
        .containsExactly("{\"a\":1}", "{\"b\":2}");
  }

  @Test
  void jsonIsRead() throws Exception {
    assertThat(read("{\n\t\"a\": 1,\n\t\"b\": [\n\t\t\"\\u00e9\"]\n}\n"))
        .isEqualTo("{\"a\":1,\"b\":[\"é\"]}");
    assertThat(YamlReader.read("f", "{\"a\": 1}\n{\"a\": 2}")).hasSize(2);
    refused(
        "{\"a\": 1,\n \"a\": 2}",
        "cannot be read: line 2, column 2 has a key that is there already.");
  }

  @Test
  void whatIsAmbiguousOrNoResourceIsRefusedWithItsPlace() {
    refused(
        "a: 1\nb: 2\na: 3\n", "cannot be read: line 3, column 1 has a key that is there already.");
    refused("1: a\n'1': b\n", "cannot be read: line 2, column 1 has a key that is there already.");
    refused("a:\n- b: {~: x}\n", "cannot be read: line 2, column 7 has an empty key.");
    refused("a:\n- ? [b]\n  : x\n", "cannot be read: line 2, column 5 has a key that is no word.");
    refused("a: .inf\n", "cannot be read: line 1, column 4 has a number that JSON cannot say.");
    refused(
        "a: !!int x\n",
        "cannot be read: line 1, column 4 has a value that is not what its tag says.");
    refused("a: *s3cret\n", "is not YAML: line 1, column 4.");
    refused("a:\n\tb: 1\n", "is not YAML: line 2, column 1.");
    refused(
        "a: 1\nb: \u0007\n",
        "is not YAML: line 2 has a character that must not be there (U+0007).");
  }

  @Test
  void anAnchorInsideItselfIsRefused() {
    refused(
        "a: &a [*a]\n",
        "cannot be read: line 1, column 4 has an anchor whose value contains itself.");
  }

  @Test
  void aliasesOfAliasesFillNoMemory() {
    StringBuilder bomb = new StringBuilder("a0: &a0 lol\n");
    for (int i = 1; i < 40; i++) {
      bomb.append("a%d: &a%d [".formatted(i, i))
          .append(("*a" + (i - 1) + ",").repeat(10))
          .append("]\n");
    }
    assertThat(
            catchThrowableOfType(
                CliException.class, () -> YamlReader.read("fruit.yaml", bomb.toString())))
        .hasMessageContaining("has more than 200000 values, those behind aliases included");
  }

  @Test
  void aliasesOfAliasesFillNoStack() {
    StringBuilder deep = new StringBuilder("a0: &a0 lol\n");
    for (int i = 1; i < 20_000; i++) {
      deep.append("a%d: &a%d [*a%d]\n".formatted(i, i, i - 1));
    }
    assertThat(
            catchThrowableOfType(
                CliException.class, () -> YamlReader.read("fruit.yaml", deep.toString())))
        .hasMessageContaining("is more than 50 levels deep");
    refused("[".repeat(100_000), "is not YAML, or too large or too deep.");
  }

  /** An index for each of many tables may name its columns once. */
  @Test
  void aliasesThatAreManyAndShortAreRead() {
    String text = "c: &c [a, b]\nl:\n" + "- {columns: *c}\n".repeat(1_000);
    assertThat(YamlReader.read("f", text).get(0).path("l")).hasSize(1_000);
  }
}
