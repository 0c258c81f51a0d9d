package io.tenantdb.model;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class OneLineTest {
  private static final String KEYS = "btree (grower, orchard, intake_date, fruit_type, packhouse)";

  @Test
  void whiteSpaceIsOneBlankAndWhatIsTooLongIsCut() {
    assertThat(OneLine.of("btree\n  (a,\tb)").cut(12)).isEqualTo("btree (a, b)");
    assertThat(OneLine.of("btree (a, b)").cut(8)).isEqualTo("btree (…");
  }

  @Test
  void theMiddleOfALongLineIsCutOut() {
    assertThat(OneLine.of(KEYS).middleCut(31)).isEqualTo("btree (grower, orcha…packhouse)");
    assertThat(OneLine.of("absent").middleCut(31)).isEqualTo("absent");
    assertThat(OneLine.of("🍎".repeat(40)).middleCut(20)).doesNotContain("\ufffd").contains("…");
    assertThat(OneLine.of("🍎".repeat(40)).cut(20)).isEqualTo("🍎".repeat(9) + "…");
  }

  @Test
  void whiteSpaceInALiteralIsAPartOfIt() {
    assertThat(OneLine.ofSql("(a\n  = 'x  y'::text\tAND \"b  c\")").text())
        .isEqualTo("(a = 'x  y'::text AND \"b  c\")");
    assertThat(OneLine.ofSql("'x\ny'").text()).isEqualTo("'x\\ny'");
  }
}
