package io.tenantdb.operator;

import io.tenantdb.database.ConnectionSettings;
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

  static Notice reconnected(ConnectionSettings settings) {
    return normal(
        Reason.Reconnected,
        "Connected anew to database %s on %s as %s."
            .formatted(settings.database(), settings.host(), settings.user()));
  }

  static Notice warning(Reason reason, String message) {
    return new Notice(Severity.WARNING, reason, message);
  }
}
