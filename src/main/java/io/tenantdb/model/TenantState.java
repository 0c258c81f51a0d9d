package io.tenantdb.model;

/** Where a tenant stands. Every tenant is in exactly one state. */
public enum TenantState {
  /** As declared. */
  SYNCED,
  /** Changes wait to be made. */
  PENDING,
  /** Something live differs from what is declared, and was not (or may not be) corrected yet. */
  DRIFTED,
  /** A change failed, or cannot be made. */
  FAILED,
  /** A declared table is not there yet, or the tenant has not settled. */
  WAITING,
  /** None of the declared tables is there, under {@code onMissingTable: Skip}. */
  SKIPPED
}
