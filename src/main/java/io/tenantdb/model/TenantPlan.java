package io.tenantdb.model;

import java.util.Collections;
import java.util.List;
import java.util.Set;

/**
 * What is to be done in one tenant.
 *
 * @param changes in the order in which they are made
 * @param findings what is not as declared and will not be changed
 * @param asDeclared what is as declared, or had been and drifted
 */
public record TenantPlan(
    String schema, List<Change> changes, List<Finding> findings, Set<Declaration> asDeclared) {

  public TenantPlan {
    changes = List.copyOf(changes);
    findings = List.copyOf(findings);
    asDeclared = Collections.unmodifiableSet(asDeclared);
  }

  /** Nothing is known of what is as declared. */
  public TenantPlan(String schema, List<Change> changes, List<Finding> findings) {
    this(schema, changes, findings, Set.of());
  }

  /** Where the tenant stands while nothing more is done. */
  public TenantState state() {
    if (has(Finding.Verdict.FAILED)) {
      return TenantState.FAILED;
    }
    if (has(Finding.Verdict.DRIFTED) || changes.stream().anyMatch(Change::drift)) {
      return TenantState.DRIFTED;
    }
    if (has(Finding.Verdict.WAITING)) {
      return TenantState.WAITING;
    }
    if (!changes.isEmpty() || has(Finding.Verdict.REFUSED) || has(Finding.Verdict.POSTPONED)) {
      return TenantState.PENDING;
    }
    return has(Finding.Verdict.SKIPPED) ? TenantState.SKIPPED : TenantState.SYNCED;
  }

  private boolean has(Finding.Verdict verdict) {
    return findings.stream().anyMatch(finding -> finding.verdict() == verdict);
  }
}
