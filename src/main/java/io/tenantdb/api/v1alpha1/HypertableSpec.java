package io.tenantdb.api.v1alpha1;

import java.util.List;

public record HypertableSpec(
    String table,
    String timeColumn,
    String convert,
    IntOrText chunkInterval,
    CompressionSpec compression,
    RetentionSpec retention) {

  public record CompressionSpec(
      String state,
      IntOrText after,
      List<String> segmentBy,
      List<OrderBySpec> orderBy,
      String every) {}

  public record RetentionSpec(String state, IntOrText dropAfter, String every) {}
}
