package io.tenantdb.model;

/** Whether a declared policy must be there, or must not. Not declared at all means not managed. */
public enum PolicyState {
  PRESENT,
  ABSENT
}
