package io.tenantdb.api.v1alpha1;

import io.fabric8.kubernetes.api.model.IntOrString;
import java.util.List;

public record HypertableSpec(
    String table,
    String timeColumn,
    String convert,
    IntOrString chunkInterval,
    CompressionSpec compression,
    RetentionSpec retention) {

  public record CompressionSpec(
      String state,
      IntOrString after,
      List<String> segmentBy,
      List<OrderBySpec> orderBy,
      String every) {}

  public record RetentionSpec(String state, IntOrString dropAfter, String every) {}
}
