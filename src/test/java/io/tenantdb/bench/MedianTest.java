package io.tenantdb.bench;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;

class MedianTest {
  @Test
  void one_disturbed_run_changes_nothing() {
    assertThat(Median.of(1.8, 90, 1.7)).isEqualTo(1.8);
  }

  @Test
  void of_an_even_number_it_is_the_mean_of_the_middle_two() {
    assertThat(Median.of(4, 1, 3, 2)).isEqualTo(2.5);
  }

  @Test
  void what_was_given_keeps_its_order() {
    double[] values = {3, 1, 2};
    assertThat(Median.of(values)).isEqualTo(2);
    assertThat(values).containsExactly(3, 1, 2);
  }

  @Test
  void nothing_has_no_median() {
    assertThatThrownBy(Median::of).isInstanceOf(IllegalArgumentException.class);
  }
}
