package io.tenantdb.operator;

import io.javaoperatorsdk.operator.processing.retry.Retry;
import io.javaoperatorsdk.operator.processing.retry.RetryExecution;
import java.util.Optional;

/**
 * Retries for ever, with capped delays. The framework's own gives up after five tries and then
 * leaves the resource alone for hours.
 */
final class UnlimitedRetry implements Retry {
  private final Backoff backoff;

  UnlimitedRetry(Backoff backoff) {
    this.backoff = backoff;
  }

  @Override
  public RetryExecution initExecution() {
    return new RetryExecution() {
      private int attempts;

      @Override
      public Optional<Long> nextDelay() {
        attempts++;
        return Optional.of(backoff.after(attempts).toMillis());
      }

      @Override
      public int getAttemptCount() {
        return attempts;
      }

      @Override
      public boolean isLastAttempt() {
        return false;
      }
    };
  }
}
