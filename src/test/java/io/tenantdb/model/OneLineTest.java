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
  void aDifferenceAtTheEndOfALongLineIsShown() {
    OneLine was = OneLine.of(KEYS + " WHERE open");
    OneLine is = OneLine.of(KEYS + " WHERE closed");

    assertThat(was.difference(is, 40)).hasSizeLessThanOrEqualTo(40).endsWith("WHERE open");
    assertThat(is.difference(was, 40)).hasSizeLessThanOrEqualTo(40).endsWith("WHERE closed");
  }

  @Test
  void whatFitsOrDiffersEarlyIsShownFromItsBeginning() {
    assertThat(OneLine.of("absent").difference(OneLine.of(KEYS), 40)).isEqualTo("absent");
    assertThat(OneLine.of(KEYS).difference(OneLine.of("absent"), 40)).startsWith("btree (grower");
  }

  @Test
  void aLineThatGoesOnWhereTheOtherEndsShowsItsEnd() {
    assertThat(OneLine.of(KEYS + " WHERE open").difference(OneLine.of(KEYS), 40))
        .endsWith("WHERE open");
  }
}
