package io.tenantdb.operator;

import static org.assertj.core.api.Assertions.assertThat;

import io.javaoperatorsdk.operator.processing.retry.RetryExecution;
import java.time.Duration;
import org.junit.jupiter.api.Test;

class BackoffTest {

  @Test
  void delays_double_up_to_the_cap_and_stay_there_for_ever() {
    Backoff backoff = new Backoff(Duration.ofSeconds(5), Duration.ofMinutes(5), () -> 0.5);

    assertThat(backoff.after(1)).isEqualTo(Duration.ofSeconds(5));
    assertThat(backoff.after(2)).isEqualTo(Duration.ofSeconds(10));
    assertThat(backoff.after(7)).isEqualTo(Duration.ofMinutes(5));
    assertThat(backoff.after(1_000_000)).isEqualTo(Duration.ofMinutes(5));
  }

  @Test
  void a_delay_is_a_tenth_shorter_or_longer_at_most() {
    Duration ten = Duration.ofSeconds(10);

    assertThat(new Backoff(ten, ten, () -> 0.0).after(1)).isEqualTo(Duration.ofSeconds(9));
    assertThat(new Backoff(ten, ten, () -> 1.0).after(1)).isEqualTo(Duration.ofSeconds(11));
  }

  @Test
  void the_reconciler_never_gives_up() {
    RetryExecution execution =
        new UnlimitedRetry(new Backoff(Duration.ofSeconds(1), Duration.ofMinutes(5), () -> 0.5))
            .initExecution();
    for (int i = 0; i < 100; i++) {
      assertThat(execution.nextDelay()).isPresent();
    }
    assertThat(execution.isLastAttempt()).isFalse();
    assertThat(execution.getAttemptCount()).isEqualTo(100);
  }
}
