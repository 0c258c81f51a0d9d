package io.tenantdb.desired;

/** {@code spec.safety.deletionPolicy}: what becomes of the database when the resource goes. */
public enum DeletionPolicy {
  /** It stays as it is. */
  RETAIN,
  /** What we made is dropped; what we adopted loses our mark. */
  DELETE
}
