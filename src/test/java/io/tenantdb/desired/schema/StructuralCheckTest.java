package io.tenantdb.desired.schema;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.dataformat.yaml.YAMLMapper;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;

class StructuralCheckTest {

  @Test
  void theDefinitionSaysNothingThatTheCheckDoesNotKnow() throws IOException {
    Set<String> keywords = new TreeSet<>();
    collect(
        new YAMLMapper()
            .readTree(Path.of("crds", "tenantdatabases.tenantdb.io.yaml").toFile())
            .at("/spec/versions/0/schema/openAPIV3Schema"),
        keywords);
    assertThat(keywords).contains("pattern", "maxItems").isSubsetOf(StructuralCheck.KEYWORDS);
  }

  private static void collect(JsonNode schema, Set<String> keywords) {
    schema.fieldNames().forEachRemaining(keywords::add);
    schema.path("properties").forEach(property -> collect(property, keywords));
    collectAt(schema, "items", keywords);
    collectAt(schema, "additionalProperties", keywords);
  }

  private static void collectAt(JsonNode schema, String field, Set<String> keywords) {
    if (schema.has(field)) {
      collect(schema.get(field), keywords);
    }
  }
}
