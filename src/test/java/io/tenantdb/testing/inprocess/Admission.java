package io.tenantdb.testing.inprocess;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.tenantdb.desired.schema.ResourceSchema;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.List;

/** What happens to an object before it is stored. */
final class Admission {
  private final ResourceSchema tenantDatabases = ResourceSchema.ofThisRelease();

  /** Turns what is only ever written into what is stored. */
  void prepare(ServedKind kind, ObjectNode object) {
    if (kind.kind().equals("Secret") && object.remove("stringData") instanceof ObjectNode texts) {
      ObjectNode data = object.withObject("/data");
      texts
          .properties()
          .forEach(
              text ->
                  data.put(
                      text.getKey(),
                      Base64.getEncoder()
                          .encodeToString(
                              text.getValue().asText().getBytes(StandardCharsets.UTF_8))));
    }
  }

  /**
   * Completes a whole object.
   *
   * @throws Refusal when it breaks the definition
   */
  void admit(ServedKind kind, ObjectNode object) {
    prepare(kind, object);
    kind.setDefaults(object);
    if (kind.kind().equals("CustomResourceDefinition")) {
      object
          .withObject("/status")
          .putArray("conditions")
          .addObject()
          .put("type", "Established")
          .put("status", "True");
    }
    if (kind.kind().equals("TenantDatabase")) {
      ObjectNode withoutStatus = object.deepCopy();
      withoutStatus.remove("status");
      List<String> problems = tenantDatabases.validate(withoutStatus);
      if (!problems.isEmpty()) {
        throw Refusal.invalid(
            "TenantDatabase \"%s\" is invalid: %s"
                .formatted(object.at("/metadata/name").asText(), String.join(", ", problems)));
      }
    }
  }
}
