package io.tenantdb.testing;

/** A part that this machine cannot have; the message says why and what would help. */
public final class PartUnavailableException extends RuntimeException {

  private static final long serialVersionUID = 1L;

  PartUnavailableException(String message) {
    super(message);
  }

  PartUnavailableException(String message, Throwable cause) {
    super(message, cause);
  }
}
