package io.tenantdb.api.v1alpha1;

import io.fabric8.kubernetes.api.model.Condition;
import java.util.List;

public record TenantDatabaseStatus(
    Long observedGeneration,
    List<Condition> conditions,
    DatabaseStatus database,
    TenantsStatus tenants,
    List<FailureStatus> failures,
    PlanStatus plan,
    List<ProgressStatus> progress) {

  public record DatabaseStatus(
      String serverVersion, String timescaleVersion, String license, String systemIdentifier) {}

  public record TenantsStatus(
      int total, int synced, int pending, int drifted, int failed, int waiting, int skipped) {}

  public record FailureStatus(
      String schema, String object, String reason, String sqlState, String message, String since) {}

  public record PlanStatus(
      String hash, int creates, int changes, int destructive, List<TemplateStatus> templates) {}

  public record TemplateStatus(
      String kind, String object, String before, String after, String hazard, int tenants) {}

  public record ProgressStatus(
      String schema, String object, Integer percent, String phase, String blocker) {}
}
