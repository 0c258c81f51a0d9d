package io.tenantdb.contract;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.tenantdb.desired.schema.ResourceSchema;
import java.util.List;
import org.assertj.core.api.SoftAssertions;
import org.junit.jupiter.api.Test;

/** What the API server takes and refuses, the command line takes and refuses without one. */
class ContractTest {
  private static final ResourceSchema SCHEMA = ResourceSchema.ofThisRelease();

  @Test
  void everyValidResourceIsTaken() {
    assertThat(Corpus.valid()).hasSizeGreaterThan(5);
    SoftAssertions softly = new SoftAssertions();
    for (Corpus.Case valid : Corpus.valid()) {
      softly.assertThat(SCHEMA.validate(valid.resource())).as("%s", valid.file()).isEmpty();
      softly.assertThat(Corpus.resolve(valid.resource())).as("%s", valid.file()).isEmpty();
    }
    softly.assertAll();
  }

  @Test
  void everyInvalidResourceIsRefusedInTheApiServersWords() {
    assertThat(Corpus.invalid()).hasSizeGreaterThan(80);
    SoftAssertions softly = new SoftAssertions();
    for (Corpus.Case invalid : Corpus.invalid()) {
      softly
          .assertThat(String.join("\n", SCHEMA.validate(invalid.resource())))
          .as("%s", invalid.file())
          .contains(invalid.expect().orElseThrow());
    }
    softly.assertAll();
  }

  @Test
  void whatStorageMightStillHoldIsRefusedByTheResolutionToo() {
    SoftAssertions softly = new SoftAssertions();
    for (Corpus.Case invalid : Corpus.invalid()) {
      if (!invalid.resolvable()) {
        softly.assertThat(Corpus.resolve(invalid.resource())).as("%s", invalid.file()).isNotEmpty();
      }
    }
    softly.assertAll();
  }

  @Test
  void aResourceOfFullSizeIsTaken() {
    assertThat(SCHEMA.validate(FullSize.withOpclasses())).isEmpty();
    assertThat(Corpus.resolve(FullSize.withOpclasses())).isEmpty();
  }

  @Test
  void aNullIsAFieldThatIsAbsent() {
    ObjectNode resource = FullSize.resource();
    ((ObjectNode) resource.get("spec")).putNull("interval").putNull("safety");
    assertThat(SCHEMA.validate(resource)).isEmpty();
  }

  @Test
  void anotherKindOrVersionIsRefused() {
    assertThat(SCHEMA.validate(Corpus.parse("{apiVersion: v1, kind: Secret}")))
        .containsExactly(
            "apiVersion: Invalid value: \"v1\": must be tenantdb.io/v1alpha1 in this release",
            "kind: Invalid value: \"Secret\": must be TenantDatabase in this release",
            "metadata.name: Required value: name the resource");
    assertThat(SCHEMA.validate(Corpus.parse("[]"))).hasSize(1);
    JsonNode resource = FullSize.resource();
    ((ObjectNode) resource.get("metadata")).put("name", "Capital");
    assertThat(SCHEMA.validate(resource)).singleElement().asString().startsWith("metadata.name:");
  }

  @Test
  void aLineEndAfterTheLastCharacterIsNotOverlooked() {
    ObjectNode resource = FullSize.resource();
    ((ObjectNode) resource.at("/spec/indexes/0")).put("method", "btree\n");
    ((ObjectNode) resource.get("spec")).put("interval", "10m\n");
    assertThat(SCHEMA.validate(resource)).hasSize(2);
    assertThat(Corpus.resolve(resource)).hasSize(2);
  }

  @Test
  void numbersOutOfRangeAreRefused() {
    ObjectNode resource = FullSize.resource();
    ((ObjectNode) resource.at("/spec/database")).put("port", 5_000_000_000L);
    assertThat(SCHEMA.validate(resource))
        .isEqualTo(List.of("spec.database.port: Invalid value: 5000000000: is out of range"));
  }
}
