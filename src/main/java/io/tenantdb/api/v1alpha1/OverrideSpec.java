package io.tenantdb.api.v1alpha1;

import java.util.List;

public record OverrideSpec(
    String name, List<String> schemas, List<HypertableOverrideSpec> hypertables) {

  public record HypertableOverrideSpec(
      String table,
      IntOrText chunkInterval,
      CompressionOverrideSpec compression,
      RetentionOverrideSpec retention) {}

  public record CompressionOverrideSpec(
      String state,
      IntOrText after,
      List<String> segmentBy,
      List<OrderBySpec> orderBy,
      String every) {}

  public record RetentionOverrideSpec(String state, IntOrText dropAfter, String every) {}
}
