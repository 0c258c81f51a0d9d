package io.tenantdb.apply;

import io.tenantdb.model.Reason;

/** A change could not be carried out for a reason that is not PostgreSQL's. */
final class ApplyException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  private final Reason reason;

  ApplyException(Reason reason, String message) {
    super(message);
    this.reason = reason;
  }

  Reason reason() {
    return reason;
  }
}
