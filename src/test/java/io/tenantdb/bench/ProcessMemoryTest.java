package io.tenantdb.bench;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;

class ProcessMemoryTest {
  private static final String STATUS =
      """
      Name:\tjava
      VmPeak:\t 7886352 kB
      VmHWM:\t  236076 kB
      VmRSS:\t  230172 kB
      RssAnon:\t  201000 kB
      Threads:\t47
      """;

  @Test
  void resident_memory_and_its_peak_are_read_not_their_neighbours() {
    assertThat(ProcessMemory.parse(STATUS)).isEqualTo(new ProcessMemory(230172, 236076));
  }

  @Test
  void a_process_that_has_ended_is_no_process_of_zero_bytes() {
    assertThatThrownBy(() -> ProcessMemory.parse("Name:\tjava\nState:\tZ (zombie)\n"))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("VmRSS");
  }
}
