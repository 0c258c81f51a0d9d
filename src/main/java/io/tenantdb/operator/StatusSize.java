package io.tenantdb.operator;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.tenantdb.api.v1alpha1.TenantDatabaseStatus;
import io.tenantdb.api.v1alpha1.TenantDatabaseStatus.PlanStatus;
import java.util.List;
import java.util.stream.Stream;

/** Keeps a status small: it is copied to every watcher at each write. */
final class StatusSize {
  static final int BYTES = 24 * 1024;
  private static final ObjectMapper JSON = new ObjectMapper();

  private StatusSize() {}

  /** The same status, its longest lists cut where it would be too long. */
  static TenantDatabaseStatus bounded(TenantDatabaseStatus status) {
    TenantDatabaseStatus smaller = status;
    int most = longest(smaller);
    while (bytes(smaller) > BYTES && most > 0) {
      most--;
      smaller = limited(smaller, most);
    }
    return smaller;
  }

  private static int longest(TenantDatabaseStatus status) {
    return Stream.of(
            templates(status),
            status.failures(),
            status.aggregates(),
            status.indexes(),
            status.redundancies())
        .mapToInt(StatusSize::size)
        .max()
        .orElse(0);
  }

  static int bytes(TenantDatabaseStatus status) {
    try {
      return JSON.writeValueAsBytes(status).length;
    } catch (JsonProcessingException e) {
      throw new IllegalStateException("a status cannot be written as JSON", e);
    }
  }

  private static TenantDatabaseStatus limited(TenantDatabaseStatus status, int most) {
    PlanStatus plan = status.plan();
    return new TenantDatabaseStatus(
        status.observedGeneration(),
        status.conditions(),
        status.database(),
        status.tenants(),
        first(status.failures(), most),
        plan == null
            ? null
            : new PlanStatus(
                plan.hash(),
                plan.creates(),
                plan.changes(),
                plan.destructive(),
                first(plan.templates(), most)),
        first(status.aggregates(), most),
        first(status.indexes(), most),
        first(status.redundancies(), most),
        status.progress(),
        status.convergence());
  }

  private static List<?> templates(TenantDatabaseStatus status) {
    return status.plan() == null ? List.of() : status.plan().templates();
  }

  private static int size(List<?> list) {
    return list == null ? 0 : list.size();
  }

  /** An empty list is left out. */
  private static <T> List<T> first(List<T> list, int most) {
    if (size(list) <= most) {
      return list;
    }
    return most == 0 ? null : list.subList(0, most);
  }
}
