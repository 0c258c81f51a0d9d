package io.tenantdb.model;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

class ReservedNameTest {
  private static final String HASH = "0123456789abcdef";

  @Test
  void theNameIsReadBackAndFitsIntoPostgresqlsSixtyThreeBytes() {
    ReservedName building = ReservedName.building("t".repeat(63), "n".repeat(63), HASH);
    assertThat(ReservedName.parse(building.text())).contains(building);
    assertThat(building.text()).startsWith("_tdb_b_").endsWith("_" + HASH).hasSizeLessThan(64);
    ReservedName out = new ReservedName(building.id(), HASH, false);
    assertThat(out.text()).startsWith("_tdb_o_");
    assertThat(ReservedName.parse(out.text())).contains(out);
  }

  @Test
  void tableAndNameAreToldApart() {
    assertThat(ReservedName.building("ab", "c", HASH).id())
        .isEqualTo(ReservedName.building("ab", "c", HASH).id())
        .isNotEqualTo(ReservedName.building("a", "bc", HASH).id());
  }

  @Test
  void otherNamesAreNotReserved() {
    String ours = ReservedName.building("t", "n", HASH).text();
    assertThat(
            Stream.of(
                "ix", "_tdb_", ours + "x", "x" + ours, ours.replace("_b_", "_c_"), ours + "\n"))
        .allSatisfy(name -> assertThat(ReservedName.parse(name)).isEmpty());
  }
}
