package io.tenantdb.crd;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.dataformat.yaml.YAMLMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.BiConsumer;
import org.junit.jupiter.api.Test;

class CrdTest {

  @Test
  void theFileIsWhatTheRecordsSay() throws IOException {
    if (System.getProperty("tenantdb.crd", "").equals("write")) {
      CrdGenerator.main(new String[0]);
    }
    for (Path file : List.of(CrdGenerator.FILE, CrdGenerator.CHART_FILE)) {
      assertThat(file)
          .as("%s is stale: mvn -B -q test -Dtest=CrdTest -Dtenantdb.crd=write rewrites it", file)
          .exists()
          .content()
          .isEqualTo(CrdGenerator.yaml());
    }
  }

  @Test
  void theChartHasEachDefinitionAndNoOther() {
    assertThat(CrdGenerator.CHART_FILE.getParent().toFile().list())
        .containsExactlyInAnyOrder(CrdGenerator.FILE.getParent().toFile().list());
  }

  @Test
  void theReferenceIsWhatTheDefinitionsSay() throws IOException {
    if (System.getProperty("tenantdb.crd", "").equals("write")) {
      // The page is made of the definition, whichever of the two tests runs first.
      CrdGenerator.main(new String[0]);
      Files.writeString(ReferencePage.FILE, ReferencePage.of(Path.of("")));
    }
    assertThat(ReferencePage.FILE)
        .as(
            "%s is stale: mvn -B -q test -Dtest=CrdTest -Dtenantdb.crd=write rewrites it",
            ReferencePage.FILE)
        .exists()
        .content()
        .isEqualTo(ReferencePage.of(Path.of("")));
  }

  @Test
  void everyFieldHasADescription() throws IOException {
    List<String> silent = new ArrayList<>();
    each(
        (path, schema) -> {
          if (!path.endsWith("[]")
              && !path.equals("metadata")
              && schema.path("description").asText().length() < 4) {
            silent.add(path);
          }
        });
    assertThat(silent).isEmpty();
  }

  @Test
  void everyListStringAndMapHasABound() throws IOException {
    List<String> unbounded = new ArrayList<>();
    each(
        (path, schema) -> {
          boolean text =
              schema.path("type").asText().equals("string")
                  || schema.has("x-kubernetes-int-or-string");
          boolean bounded = schema.has("maxLength") || schema.has("enum") || schema.has("format");
          boolean unboundedHere =
              (text && !bounded)
                  || (schema.has("items") && !schema.has("maxItems"))
                  || (schema.has("additionalProperties") && !schema.has("maxProperties"));
          if (unboundedHere && (path.startsWith("spec") || path.startsWith("status"))) {
            unbounded.add(path);
          }
        });
    assertThat(unbounded).isEmpty();
  }

  @Test
  void sizesAndCountersOfAFleetHave64Bits() throws IOException {
    Map<String, String> formats = new TreeMap<>();
    each(
        (path, schema) -> {
          if (path.endsWith(".bytes") || path.endsWith(".scans")) {
            formats.put(path, schema.path("format").asText());
          }
        });
    assertThat(formats).isNotEmpty();
    assertThat(formats.values()).containsOnly("int64");
  }

  @Test
  void everyListSaysHowItIsMerged() throws IOException {
    List<String> silent = new ArrayList<>();
    each(
        (path, schema) -> {
          if (schema.has("items") && !schema.has("x-kubernetes-list-type")) {
            silent.add(path);
          }
        });
    assertThat(silent).isEmpty();
  }

  @Test
  void noDefaultStandsBelowAList() throws IOException {
    List<String> defaults = new ArrayList<>();
    each(
        (path, schema) -> {
          if (path.contains("[]") && schema.has("default")) {
            defaults.add(path);
          }
        });
    assertThat(defaults).isEmpty();
  }

  @Test
  void noRuleStandsTwiceOnOneField() throws IOException {
    each(
        (path, schema) ->
            assertThat(schema.path("x-kubernetes-validations").findValuesAsText("rule"))
                .as(path)
                .doesNotHaveDuplicates());
  }

  @Test
  void columnsAreInTheOrderInWhichTheyAreRead() throws IOException {
    assertThat(crd().at("/spec/versions/0/additionalPrinterColumns").findValuesAsText("name"))
        .containsExactly("Ready", "Synced", "Tenants", "Drifted", "Failed", "Reason", "Age");
  }

  private static void each(BiConsumer<String, JsonNode> visit) throws IOException {
    JsonNode root = crd().at("/spec/versions/0/schema/openAPIV3Schema/properties");
    List<String> seen = new ArrayList<>();
    root.properties()
        .forEach(
            field ->
                visit(
                    field.getKey(),
                    field.getValue(),
                    (path, schema) -> {
                      seen.add(path);
                      visit.accept(path, schema);
                    }));
    assertThat(seen).hasSizeGreaterThan(100);
  }

  private static void visit(String path, JsonNode schema, BiConsumer<String, JsonNode> visit) {
    visit.accept(path, schema);
    schema
        .path("properties")
        .properties()
        .forEach(field -> visit(path + "." + field.getKey(), field.getValue(), visit));
    if (schema.has("items")) {
      visit(path + "[]", schema.get("items"), visit);
    }
    if (schema.has("additionalProperties")) {
      visit(path + "[]", schema.get("additionalProperties"), visit);
    }
  }

  private static JsonNode crd() throws IOException {
    return new YAMLMapper().readTree(Files.readString(Path.of("").resolve(CrdGenerator.FILE)));
  }
}
