package io.tenantdb.operator;

import io.tenantdb.model.Reason;

/**
 * Something worth telling once: it becomes a Kubernetes event.
 *
 * @param message one sentence that names tenant and object
 */
record Notice(Severity severity, Reason reason, String message) {

  /** {@code type} of a Kubernetes event. */
  enum Severity {
    NORMAL("Normal"),
    WARNING("Warning");

    private final String type;

    Severity(String type) {
      this.type = type;
    }

    String type() {
      return type;
    }
  }

  static Notice normal(Reason reason, String message) {
    return new Notice(Severity.NORMAL, reason, message);
  }

  static Notice warning(Reason reason, String message) {
    return new Notice(Severity.WARNING, reason, message);
  }
}
