package io.tenantdb.api.v1alpha1;

import io.fabric8.kubernetes.api.model.IntOrString;
import java.util.List;

public record OverrideSpec(
    String name, List<String> schemas, List<HypertableOverrideSpec> hypertables) {

  public record HypertableOverrideSpec(
      String table,
      IntOrString chunkInterval,
      CompressionOverrideSpec compression,
      RetentionOverrideSpec retention) {}

  public record CompressionOverrideSpec(
      String state,
      IntOrString after,
      List<String> segmentBy,
      List<OrderBySpec> orderBy,
      String every) {}

  public record RetentionOverrideSpec(String state, IntOrString dropAfter, String every) {}
}
