package io.tenantdb.bench;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;

class GrowthTest {
  @Test
  void each_thing_is_compared_once_with_itself() {
    List<Growth> growth =
        Growth.between(
            1000,
            List.of(measured("apply", 2), measured("nothing", 0.5), measured("nothing", 0.5)),
            5000,
            List.of(measured("apply", 11), measured("nothing", 2), measured("nothing", 2)));

    assertThat(growth).extracting(Growth::what).containsExactly("apply", "nothing");
    assertThat(growth).extracting(Growth::factor).containsExactly(5.5, 4.0);
    assertThat(growth).extracting(Growth::goal).containsOnly(6.0);
  }

  @Test
  void without_a_smaller_fleet_there_is_none() {
    assertThat(Growth.between(1000, List.of(), 1000, List.of(measured("apply", 2)))).isEmpty();
  }

  private static Measured measured(String what, double seconds) {
    return new Measured(what, seconds, "psql", 1, 2);
  }
}
