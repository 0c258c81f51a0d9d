package io.tenantdb.model;

import static org.assertj.core.api.Assertions.assertThat;

import io.tenantdb.model.ServerInfo.Edition;
import io.tenantdb.model.ServerInfo.Timescale;
import java.util.Optional;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ServerInfoTest {

  @ParameterizedTest
  @CsvSource({
    "2.10.1, false",
    "2.21.4, false",
    "2.22.0, true",
    "2.23.0-dev, true",
    "2.100.0, true",
    "3.0.0, true",
    "1.99.9, false",
    "'', false",
    "two, false"
  })
  void versionsAreComparedAsNumbers(String version, boolean atLeast222) {
    Timescale timescale =
        new Timescale(Edition.COMMUNITY, Optional.of(version), Optional.of("public"));

    assertThat(timescale.atLeast(2, 22)).isEqualTo(atLeast222);
  }

  @ParameterizedTest
  @CsvSource({
    "2.13.1, true",
    "2.22.0, true",
    "2.22.1, false",
    "2.23.0, false",
    "2.23.0-dev, false",
    "2.23, false",
    "2.23.1, true",
    "2.28.3, true",
    "3.0.0, true"
  })
  void whichVersionsAlterTheJobsOfAggregatesOverAggregates(String version, boolean alters) {
    assertThat(
            new Timescale(Edition.COMMUNITY, Optional.of(version), Optional.of("public"))
                .altersHierarchies())
        .isEqualTo(alters);
  }
}
