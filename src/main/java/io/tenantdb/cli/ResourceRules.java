package io.tenantdb.cli;

import com.fasterxml.jackson.databind.JsonNode;
import io.tenantdb.desired.schema.ResourceSchema;
import java.util.List;

/** Says what the API server would refuse in a resource, one sentence a problem. */
@FunctionalInterface
interface ResourceRules {

  /** Those of the CRD. */
  ResourceRules OF_THE_SERVER = resource -> ResourceSchema.ofThisRelease().validate(resource);

  List<String> problems(JsonNode resource);
}
