package io.tenantdb.api.v1alpha1;

import java.util.List;
import java.util.Map;

public record IndexSpec(
    String name,
    String table,
    List<String> columns,
    List<IndexKeySpec> keys,
    String method,
    Boolean unique,
    Boolean nullsNotDistinct,
    List<String> include,
    String where,
    Map<String, IntOrText> with) {

  public record IndexKeySpec(
      String column,
      String expression,
      String order,
      String nulls,
      String opclass,
      String collation) {}
}
