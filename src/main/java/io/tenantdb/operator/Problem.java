package io.tenantdb.operator;

import io.tenantdb.model.Reason;

/**
 * Why the whole resource cannot be looked at, or could not at the last try.
 *
 * @param sqlState PostgreSQL's five characters; empty text where the server did not say so
 * @param message one sentence, without secrets
 */
record Problem(Reason reason, String sqlState, String message) {

  static Problem of(Reason reason, String message) {
    return new Problem(reason, "", message);
  }
}
