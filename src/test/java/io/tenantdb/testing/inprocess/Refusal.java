package io.tenantdb.testing.inprocess;

import io.fabric8.kubernetes.api.model.StatusBuilder;
import io.fabric8.mockwebserver.http.MockResponse;
import java.net.HttpURLConnection;

/** A request that is not carried out; the message is for whoever sent it. */
final class Refusal extends RuntimeException {
  private static final long serialVersionUID = 1L;
  private static final int UNPROCESSABLE = 422;

  private final int code;
  private final String reason;

  private Refusal(int code, String reason, String message) {
    super(message);
    this.code = code;
    this.reason = reason;
  }

  static Refusal notFound(String path) {
    return new Refusal(HttpURLConnection.HTTP_NOT_FOUND, "NotFound", path + " not found");
  }

  static Refusal invalid(String message) {
    return new Refusal(UNPROCESSABLE, "Invalid", message);
  }

  static Refusal notHere(String message) {
    return new Refusal(HttpURLConnection.HTTP_BAD_METHOD, "MethodNotAllowed", message);
  }

  static Refusal failed(RuntimeException cause) {
    return new Refusal(
        HttpURLConnection.HTTP_INTERNAL_ERROR, "InternalError", String.valueOf(cause));
  }

  /** As the API server says it. */
  MockResponse response() {
    return Json.response(
        code,
        new StatusBuilder()
            .withStatus("Failure")
            .withCode(code)
            .withReason(reason)
            .withMessage(getMessage())
            .build());
  }
}
