package io.tenantdb.operator;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.tenantdb.api.v1alpha1.TenantDatabaseStatus;
import io.tenantdb.api.v1alpha1.TenantDatabaseStatus.PlanStatus;
import java.util.List;

/** Keeps a status small: it is copied to every watcher at each write. */
final class StatusSize {
  static final int BYTES = 24 * 1024;
  private static final ObjectMapper JSON = new ObjectMapper();

  private StatusSize() {}

  /** The same status, with fewer templates, failures and aggregates where it would be too long. */
  static TenantDatabaseStatus bounded(TenantDatabaseStatus status) {
    TenantDatabaseStatus smaller = status;
    while (bytes(smaller) > BYTES && longest(smaller) > 0) {
      smaller = smaller(smaller);
    }
    return smaller;
  }

  private static int longest(TenantDatabaseStatus status) {
    return Math.max(
        size(templates(status)), Math.max(size(status.failures()), size(status.aggregates())));
  }

  static int bytes(TenantDatabaseStatus status) {
    try {
      return JSON.writeValueAsBytes(status).length;
    } catch (JsonProcessingException e) {
      throw new IllegalStateException("a status cannot be written as JSON", e);
    }
  }

  private static TenantDatabaseStatus smaller(TenantDatabaseStatus status) {
    int longest = longest(status);
    PlanStatus plan = status.plan();
    boolean cutTemplates = size(templates(status)) == longest;
    boolean cutFailures = !cutTemplates && size(status.failures()) == longest;
    return new TenantDatabaseStatus(
        status.observedGeneration(),
        status.conditions(),
        status.database(),
        status.tenants(),
        cutFailures ? withoutLast(status.failures()) : status.failures(),
        cutTemplates
            ? new PlanStatus(
                plan.hash(),
                plan.creates(),
                plan.changes(),
                plan.destructive(),
                withoutLast(plan.templates()))
            : plan,
        cutTemplates || cutFailures ? status.aggregates() : withoutLast(status.aggregates()),
        status.progress());
  }

  private static List<?> templates(TenantDatabaseStatus status) {
    return status.plan() == null ? List.of() : status.plan().templates();
  }

  private static int size(List<?> list) {
    return list == null ? 0 : list.size();
  }

  private static <T> List<T> withoutLast(List<T> list) {
    return list.size() <= 1 ? null : list.subList(0, list.size() - 1);
  }
}
